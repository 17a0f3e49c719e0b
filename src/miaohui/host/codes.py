"""Codes that work once (一次性优惠码): how they are read, kept and tried.

A code that works once is one use of its promotion, made beforehand: an account that holds 1 `use` (see `plays/promotion`). The
account is named by a keyed hash of promotion and code, so that who reads the database has no code, and cannot tell by trying which
ones there are. What a customer typed becomes that hash where it comes in; orders, plays and events never see it.
"""

from collections.abc import Collection

from msgspec.structs import replace

from miaohui.host.orders import PlacedInput
from miaohui.host.rate import Rate
from miaohui.host.setup import Register
from miaohui.ledger.accounts import CODES, WITHDRAWN, pool_key
from miaohui.vault import Vault

WRONG_MAX, WRONG_S, STRANGERS = 20, 60, 50
"""A customer may type so many wrong codes in so many seconds; those whom the shop does not name together so many times that."""
_LONGEST = 64


class TypedCodes:
    """What is typed in one workspace."""

    def __init__(self, vault: Vault) -> None:
        self.vault, self._wrong = vault, Rate()

    def sealed(self, promotion: str, typed: str) -> str:
        """The name under which the promotion `<campaign>/<play>` knows the code: capitals, spaces and hyphens do not matter."""
        read = "".join(c for c in typed[:_LONGEST].upper() if c.isalnum())
        return self.vault.hash("code", f"{promotion}/{read}")

    def account(self, promotion: str, typed: str) -> str:
        """The account that holds its use."""
        return pool_key(promotion, CODES, self.sealed(promotion, typed))

    def withdrawn(self, promotion: str, typed: str) -> str:
        """The account that is there when the code is withdrawn."""
        return pool_key(promotion, WITHDRAWN, self.sealed(promotion, typed))

    def order(self, body: PlacedInput, register: Register) -> PlacedInput:
        """A placed order with the codes that work once sealed."""
        if not any(claim.code for claim in body.claims):
            return body
        claims = []
        for claim in body.claims:
            entry = register.entries.get((claim.campaign, claim.play))
            if claim.code and entry is not None and getattr(entry.current.rules, "single_use", False):
                claim = replace(claim, code=self.sealed(entry.current.id, claim.code))
            claims.append(claim)
        return replace(body, claims=claims)

    def too_many(self, customer: str, now_ms: int) -> bool:
        """Whether the customer ("": somebody) has typed so many wrong codes that none is looked up for him now."""
        return self._wrong.full("", customer, now_ms, self._most(customer), WRONG_S)

    def were_wrong(self, customer: str, codes: Collection[str], now_ms: int) -> None:
        """Count wrong codes."""
        for _ in codes:
            self._wrong.allows("", customer, now_ms, self._most(customer), WRONG_S)

    def _most(self, customer: str) -> int:
        return WRONG_MAX if customer else WRONG_MAX * STRANGERS
