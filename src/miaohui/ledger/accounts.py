"""Accounts, transfers, holds, and the one scheme of account keys.

An *account* holds one unit and four totals: what was debited and credited, and what is on hold on either side. A *transfer*
moves an amount > 0 from one account to another of the same unit. Two-phase transfers *hold* first (PENDING) and then take
(POST, perhaps less than was held: the rest is released) or give back (VOID).

Keys (the unit is a column of the account)
    sku/<sku>                                          the shop's stock of one product        unit piece:<sku>
    budget/<campaign>                                  a campaign's money                     unit: its currency
    play/<campaign>/<play>/<pool>                      what a play may give                   stock, coupons, budget ...
    play/<campaign>/<play>/<pool>/<instance>           a part of it that one party, order or coupon has
    limit/<campaign>/<play>/<identity kind>/<hash>     how often one identity took part       unit use
    <one of the last two>/<day>                        the same on one day, as 2026-11-11     unit use
    wallet/<customer>/<asset>                          what a customer owns                   unit: the asset
    world/<unit>                                       outside; the only one that may overdraw

Pools (`sku`, `budget`, `play` with four parts) are opened on purpose and refused when unknown; the others are born with the
first transfer that reaches them and take its unit.
"""

from enum import IntEnum

from msgspec import Struct

USE = "use"
"""Unit of the counters: one use of a play."""
CODES = "codes"
"""The pool whose instances are codes that work once, by their keyed hash: each holds its one use until it is taken."""
WITHDRAWN = "withdrawn"
"""The pool that has an instance for each of these codes that is withdrawn: the use it had left."""


class Kind(IntEnum):
    """What a transfer does: move now, hold, take (part of) a hold, give a hold back."""

    POSTED = 0
    PENDING = 1
    POST = 2
    VOID = 3


class Transfer(Struct, frozen=True, gc=False):
    """Move `amount` (> 0, smallest unit) from `debit` to `credit`.

    PENDING: `pending` names the new hold (16 bytes; empty: the transfer's own id); `keeper` is the state key it is loaded
    with (empty: the credit account's key). POST and VOID: `pending` is the hold they settle; a VOID gives all of it back.
    `ceiling`: the most the credit account may have received in sum, pending included; it is kept on the account.
    """

    debit: str
    credit: str
    amount: int
    kind: Kind = Kind.POSTED
    pending: bytes = b""
    keeper: str = ""
    ceiling: int | None = None


class Account(Struct, gc=False):
    """Balance of one account as the earlier actions of the batch left it. `unit` is None while it does not exist."""

    debits: int = 0
    credits: int = 0
    debits_pending: int = 0
    credits_pending: int = 0
    unit: str | None = None
    overdraft: bool = False
    ceiling: int | None = None
    version: int = 0

    def room(self) -> int:
        """How much may still be debited from an account that forbids overdraft."""
        return self.credits - self.debits - self.debits_pending

    def received(self) -> int:
        """What came in and stayed, holds included: what a ceiling is compared with."""
        return self.credits + self.credits_pending - self.debits


class Hold(Struct, frozen=True, gc=False):
    """An open PENDING transfer."""

    id: bytes
    keeper: str
    debit: str
    credit: str
    amount: int


def sku_key(sku: str) -> str:
    """The shop's stock of one product."""
    return f"sku/{sku}"


def piece(sku: str) -> str:
    """The unit of one product: boxes of tea cannot become boxes of rice."""
    return f"piece:{sku}"


def budget_key(campaign: str) -> str:
    """A campaign's money."""
    return f"budget/{campaign}"


def pool_key(campaign_play: str, pool: str, instance: str = "") -> str:
    """A play's pool, or one instance's part of it; `campaign_play` is `<campaign>/<play>`."""
    return f"play/{campaign_play}/{pool}/{instance}" if instance else f"play/{campaign_play}/{pool}"


def limit_key(campaign_play: str, kind: str, identity: str) -> str:
    """How often one identity took part in a play."""
    return f"limit/{campaign_play}/{kind}/{identity}"


def on_day(key: str, day: str) -> str:
    """The counter `key` on one day ("2026-11-11"): born with the day's first use."""
    return f"{key}/{day}"


def wallet_key(customer: str, asset: str) -> str:
    """What a customer owns of one asset."""
    return f"wallet/{customer}/{asset}"


def world_key(unit: str) -> str:
    """The outside: where a unit comes from and goes to."""
    return f"world/{unit}"


def is_pool(key: str) -> bool:
    """Whether the account must have been opened on purpose."""
    return key.startswith(("sku/", "budget/")) or (key.startswith("play/") and key.count("/") == 3)


def is_shared(key: str) -> bool:
    """Whether customers take from the account side by side, in several processes too: a batch adds to it what it moved."""
    return is_pool(key) or is_world(key)


def is_world(key: str) -> bool:
    """Whether the account may overdraw."""
    return key[:6] == "world/"
