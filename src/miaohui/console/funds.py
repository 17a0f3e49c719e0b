"""What campaigns have spent, promised and still have, and what is left of the stock of their plays: from the ledger.

    total       everything in `budget/<campaign>` and in the pools of its plays that hold the same currency
    spent       pools called "spent": it has been given
    promised    pools called "promised": customers hold it and have not used it
    free        the rest: may still be promised

A pool that opening the play fills with anything but money is stock: boxes, coupons. `left` is what may still be given, without
what orders hold that are not paid yet.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.host.setup import Running, Setup, machine, unpack
from miaohui.ledger.accounts import budget_key, pool_key
from miaohui.plays._contract import Pool
from miaohui.text import Text


class Funds(Struct, frozen=True):
    """A campaign's money in the smallest unit of `currency`; all 0 before it opens."""

    campaign: str
    currency: str
    total_minor: int = 0
    spent_minor: int = 0
    promised_minor: int = 0

    @property
    def used_minor(self) -> int:
        """What is gone or promised."""
        return self.spent_minor + self.promised_minor

    @property
    def free_minor(self) -> int:
        """What may still be promised."""
        return self.total_minor - self.used_minor

    @property
    def used(self) -> float:
        """The used share of the total; 0 of nothing."""
        return self.used_minor / self.total_minor if self.total_minor else 0.0


class PoolFigure(Struct, frozen=True):
    """One pool of a play: `amount` was posted at the opening, `balance` is there, `held` of it waits for payment."""

    key: str
    title: Text
    unit: str
    amount: int
    balance: int
    held: int
    stock: bool

    @property
    def left(self) -> int:
        """What may still be given."""
        return self.balance - self.held

    @property
    def share(self) -> float:
        """The share of the stock that is left; 1 of a pool that was never filled."""
        return self.left / self.amount if self.amount else 1.0


class PlayFigures(Struct, frozen=True):
    """A play that was opened, with its pools."""

    setup: Setup
    running: Running
    pools: tuple[PoolFigure, ...]

    @property
    def stock(self) -> tuple[PoolFigure, ...]:
        """Its pools of things."""
        return tuple(pool for pool in self.pools if pool.stock)


class Fair(Struct, frozen=True):
    """One campaign in the ledger: its money, and its plays in the order of their names."""

    funds: Funds
    plays: tuple[PlayFigures, ...] = ()


_PLAYS = """
select r.campaign, r.running, v.setup from play_running r join play_version v using (campaign, play, version)
where r.campaign = any($1) order by r.campaign, r.play
"""
_ACCOUNTS = """
select key, unit, credits - debits as balance, debits_pending as held from account where key = any($1)
"""


async def fairs(c: "asyncpg.Connection[Any]", campaigns: Iterable[str], currency: str) -> dict[str, Fair]:
    """Every one of `campaigns` as the ledger has it; `currency` is that of those which have no budget yet."""
    names = list(campaigns)
    plays: dict[str, list[tuple[Setup, Running, dict[str, Pool]]]] = {name: [] for name in names}
    for row in await c.fetch(_PLAYS, names):
        setup = unpack(row["setup"])
        plays[row["campaign"]].append((setup, row["running"], machine(setup.module).module.pools(setup.rules)))
    keys = [budget_key(name) for name in names]
    keys += [pool_key(setup.id, pool) for of in plays.values() for setup, _, pools in of for pool in pools]
    accounts = {row["key"]: row for row in await c.fetch(_ACCOUNTS, keys)}
    return {name: _fair(name, plays[name], accounts, currency) for name in names}


def _fair(
    name: str,
    plays: Sequence[tuple[Setup, Running, dict[str, Pool]]],
    accounts: "dict[str, asyncpg.Record]",
    currency: str,
) -> Fair:
    budget = accounts.get(budget_key(name))
    unit = budget["unit"] if budget else currency
    made = tuple(
        PlayFigures(setup, running, tuple(_figure(setup, pool, declared, accounts) for pool, declared in pools.items()))
        for setup, running, pools in plays
    )
    money = [(pool.key.rsplit("/", 1)[1], pool.balance) for play in made for pool in play.pools if pool.unit == unit]
    spent, promised = (sum(n for pool, n in money if pool == of) for of in ("spent", "promised"))
    total = sum(n for _, n in money) + (budget["balance"] if budget else 0)
    return Fair(Funds(name, unit, total, spent, promised), made)


def _figure(setup: Setup, name: str, pool: Pool, accounts: "dict[str, asyncpg.Record]") -> PoolFigure:
    key = pool_key(setup.id, name)
    row = accounts.get(key)
    return PoolFigure(
        key=key,
        title=machine(setup.module).module.LABELS.get(name, Text(name, name)),
        unit=pool.unit,
        amount=pool.amount,
        balance=row["balance"] if row else 0,
        held=row["held"] if row else 0,
        stock=pool.amount > 0 and pool.unit != setup.currency,
    )
