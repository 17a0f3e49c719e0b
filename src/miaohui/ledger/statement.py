"""What an account shows: its balance, what is on hold, and every transfer with the balance it left, newest first.

The balance is what was credited less what was debited; a hold moves nothing until it is taken. So a PENDING and a
VOID leave the balance of their line as it was, and a POST moves it by what was taken. Everything of one statement
is read in one snapshot, so that the lines always add up to the balance above them.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.ledger.accounts import Kind

PAGE = 50


class Balance(Struct, frozen=True):
    """One account's totals, in the smallest unit of `unit`."""

    key: str
    unit: str
    debits: int
    credits: int
    debits_pending: int
    credits_pending: int
    ceiling: int | None

    @property
    def balance(self) -> int:
        """What it holds; below zero only for `world/...`."""
        return self.credits - self.debits

    @property
    def free(self) -> int:
        """What of it is not on hold."""
        return self.balance - self.debits_pending


class Line(Struct, frozen=True):
    """One transfer as the account sees it: `amount` > 0 came in, < 0 went out; `balance` is what it left."""

    seq: int
    at: datetime
    kind: Kind
    amount: int
    balance: int
    other: str
    action: str
    id: str


class OpenHold(Struct, frozen=True):
    """A hold that is neither taken nor given back; `amount` < 0 will leave the account."""

    id: str
    at: datetime
    amount: int
    other: str


class Statement(Struct, frozen=True):
    """`lines` are at most PAGE; `before` is the cursor of the next page, None at the end."""

    account: Balance
    holds: list[OpenHold]
    lines: list[Line]
    before: int | None


_BALANCE = "key, unit, debits, credits, debits_pending, credits_pending, ceiling"

_LINES = """
select seq, at, id, debit, credit, amount, kind, action from (
  (select seq, at, id, debit, credit, amount, kind, action from transfer
   where debit = $1 and seq < $2 order by seq desc limit $3)
  union all
  (select seq, at, id, debit, credit, amount, kind, action from transfer
   where credit = $1 and seq < $2 order by seq desc limit $3)
) t order by seq desc limit $3
"""

_MOVED_SINCE = """
select coalesce((select sum(amount) from transfer where credit = $1 and seq >= $2 and kind in (0, 2)), 0)
     - coalesce((select sum(amount) from transfer where debit = $1 and seq >= $2 and kind in (0, 2)), 0)
"""

_HOLDS = """
select id, at, debit, credit, amount from hold where debit = $1 or credit = $1 order by at desc, id limit $2
"""

_END = (1 << 63) - 1
_FILE_PAGE = 1000


async def balances(
    connection: "asyncpg.Connection[Any]", prefix: str, *, after: str = "", limit: int = PAGE
) -> list[Balance]:
    """At most `limit` accounts whose key begins with `prefix`, by key, after the key `after`."""
    rows = await connection.fetch(
        f"select {_BALANCE} from account where starts_with(key, $1) and key >= $1 and key > $2 order by key limit $3",
        prefix, after, limit,
    )  # fmt: skip
    return [Balance(**row) for row in rows]


async def statement(
    connection: "asyncpg.Connection[Any]", key: str, *, before: int | None = None, limit: int = PAGE
) -> Statement | None:
    """The account `key` with its lines before the cursor; None if there is no such account."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        row = await connection.fetchrow(f"select {_BALANCE} from account where key = $1", key)
        if row is None:
            return None
        account = Balance(**row)
        holds = [OpenHold(h["id"].hex(), h["at"], *_side(h, key)) for h in await connection.fetch(_HOLDS, key, PAGE)]
        left = account.balance
        if before is not None:
            left -= int(await connection.fetchval(_MOVED_SINCE, key, before))
        lines = await _lines_before(connection, key, _END if before is None else before, left, limit + 1)
    more = len(lines) > limit
    return Statement(account, holds, lines[:limit], lines[limit - 1].seq if more else None)


async def all_lines(pool: "asyncpg.Pool[Any]", key: str) -> AsyncIterator[Line]:
    """Every line of the account, newest first, read in pages: for files. Nothing if there is no such account."""
    async with pool.acquire() as connection:
        first = await statement(connection, key, limit=_FILE_PAGE)
    lines = first.lines if first else []
    while lines:
        for line in lines:
            yield line
        async with pool.acquire() as connection:  # none is held while a slow reader reads
            lines = await _lines_before(connection, key, lines[-1].seq, _left_before(lines[-1]), _FILE_PAGE)


async def _lines_before(
    connection: "asyncpg.Connection[Any]", key: str, before: int, left: int, limit: int
) -> list[Line]:
    """At most `limit` lines, of which the newest left the balance `left`."""
    lines = []
    for r in await connection.fetch(_LINES, key, before, limit):
        amount, other = _side(r, key)
        line = Line(r["seq"], r["at"], Kind(r["kind"]), amount, left, other, r["action"], r["id"].hex())
        lines.append(line)
        left = _left_before(line)
    return lines


def _left_before(line: Line) -> int:
    return line.balance - line.amount if line.kind in (Kind.POSTED, Kind.POST) else line.balance


def _side(row: Any, key: str) -> tuple[int, str]:
    """(signed amount, other account) of a transfer or hold, as `key` sees it."""
    return (row["amount"], row["debit"]) if row["credit"] == key else (-row["amount"], row["credit"])
