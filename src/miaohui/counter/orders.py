"""The counter's own orders: what was bought, what it cost after the offers, where it stands.

The status is what Miaohui answered last. An order that was never paid runs out at `expires_ms`; the counter shows it as
expired from then on without being told.
"""

from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from miaohui.counter.miaohui import Offer, OrderAnswer
from miaohui.text import Text

ORDERS_SHOWN = 50


class Item(Struct, frozen=True):
    """One line of an order: `quantity` pieces of `sku` at the shop's own price, and what the offers took off."""

    line: str
    sku: str
    title: Text
    picture: str
    quantity: int
    unit_price_minor: int
    discount_minor: int = 0

    @property
    def list_minor(self) -> int:
        """The line at the shop's own price."""
        return self.quantity * self.unit_price_minor


class Order(Struct, frozen=True, kw_only=True):
    """One order of one shopper."""

    id: str
    shopper: str
    placed_at: datetime
    currency: str
    status: str
    items: list[Item]
    offers: list[Offer]
    list_minor: int
    discount_minor: int
    refunded_minor: int
    expires_ms: int
    note: str

    @property
    def total_minor(self) -> int:
        """What the shopper pays."""
        return self.list_minor - self.discount_minor


_KEEP = """
insert into counter_order (id, shopper, currency, status, lines, claims, list_minor, discount_minor, expires_ms)
values ($1, $2, $3, 'placed', $4::text::jsonb, $5::text::jsonb, $6, $7, $8)
on conflict (id) do nothing
"""
_MOVE = """
update counter_order set status = $2, expires_ms = $3, note = case when $4 = '' then note else $4 end where id = $1
"""
_REFUND = """
insert into counter_refund (once, order_id, minor)
select $2, id, case when $3 > 0 then $3 else list_minor - discount_minor end from counter_order where id = $1
on conflict (once) do nothing
"""
_ROW = """
select o.*, now_ms() as now_ms,
       (select coalesce(sum(minor), 0)::bigint from counter_refund where order_id = o.id) as refunded_minor
from counter_order o
"""
_ONE = f"{_ROW} where id = $1"
_MINE = f"{_ROW} where shopper = $1 order by placed_at desc, id limit $2"


async def keep(
    db: "asyncpg.Pool[Any]",
    order: str,
    shopper: str,
    currency: str,
    items: list[Item],
    offers: list[Offer],
    answer: OrderAnswer,
) -> None:
    """Write down an order that Miaohui knows now; writing it twice changes nothing."""
    off = {line.line: line.discount_minor for line in answer.lines}
    kept = [msgspec.structs.replace(item, discount_minor=off[item.line]) for item in items]
    await db.execute(
        _KEEP, order, shopper, currency, msgspec.json.encode(kept).decode(), msgspec.json.encode(offers).decode(),
        sum(item.list_minor for item in items), answer.discount_minor, answer.expires_ms if offers else 0,
    )  # fmt: skip


async def move(db: "asyncpg.Pool[Any]", order: str, answer: OrderAnswer) -> None:
    """The order stands where Miaohui says."""
    await db.execute(_MOVE, order, answer.status, answer.expires_ms, answer.refund)


async def expire(db: "asyncpg.Pool[Any]", order: str) -> None:
    """Miaohui let go of what the order had claimed."""
    await db.execute("update counter_order set status = 'expired' where id = $1 and status = 'placed'", order)


async def give_back(db: "asyncpg.Pool[Any]", order: str, once: str, answer: OrderAnswer) -> None:
    """Money goes back: what Miaohui says this refund comes to, or all of it for an order it had let go of."""
    async with db.acquire() as connection, connection.transaction():
        await connection.execute(_MOVE, order, answer.status, answer.expires_ms, "")
        await connection.execute(_REFUND, order, once, answer.refunded_minor)


async def one(db: "asyncpg.Pool[Any]", order: str) -> Order | None:
    """An order of the counter; None if it is not one."""
    row = await db.fetchrow(_ONE, order)
    return _order(row) if row else None


async def mine(db: "asyncpg.Pool[Any]", shopper: str) -> list[Order]:
    """The shopper's orders, newest first."""
    return [_order(row) for row in await db.fetch(_MINE, shopper, ORDERS_SHOWN)]


def _order(row: "asyncpg.Record") -> Order:
    ran_out = row["status"] == "placed" and 0 < row["expires_ms"] <= row["now_ms"]
    return Order(
        id=row["id"],
        shopper=row["shopper"],
        placed_at=row["placed_at"],
        currency=row["currency"],
        status="expired" if ran_out else row["status"],
        items=msgspec.json.decode(row["lines"], type=list[Item]),
        offers=msgspec.json.decode(row["claims"], type=list[Offer]),
        list_minor=row["list_minor"],
        discount_minor=row["discount_minor"],
        refunded_minor=row["refunded_minor"],
        expires_ms=row["expires_ms"],
        note=row["note"],
    )
