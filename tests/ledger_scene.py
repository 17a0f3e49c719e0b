"""A small story in the ledger of a workspace, booked by the ledger's own rules, for tests that read it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from miaohui.ledger.accounts import Account, Kind, Transfer, is_world
from miaohui.ledger.book import apply

Step = tuple[Transfer, str]
"""A transfer and what caused it."""


async def book(connection: "asyncpg.Connection[Any]", steps: list[Step], begin: datetime) -> None:
    """Book `steps` a minute apart from `begin`, the n-th under the id n; pools are opened with the unit of the debit side."""
    balances: dict[str, Account] = {}
    holds: dict[bytes, Any] = {}
    async with connection.transaction():
        for n, (transfer, action) in enumerate(steps, 1):
            id, at = n.to_bytes(16, "big"), begin + timedelta(minutes=n)
            for key in (transfer.debit, transfer.credit):
                balances.setdefault(key, Account(overdraft=is_world(key)))
            debit, credit = balances[transfer.debit], balances[transfer.credit]
            unit = debit.unit or transfer.debit.removeprefix("world/")
            debit.unit, credit.unit = unit, unit
            result = apply([(id, transfer)], balances, holds)
            assert result == "ok", (result, transfer)
            await connection.execute(
                """insert into transfer (at, id, debit, credit, amount, kind, pending, action)
                   values ($1, $2, $3, $4, $5, $6, $7, $8)""",
                at, id, transfer.debit, transfer.credit, transfer.amount, transfer.kind, transfer.pending or None, action,
            )  # fmt: skip
        for key, a in balances.items():
            await connection.execute(
                """insert into account (key, unit, debits, credits, debits_pending, credits_pending, overdraft, ceiling)
                   values ($1, $2, $3, $4, $5, $6, $7, $8)""",
                key, a.unit, a.debits, a.credits, a.debits_pending, a.credits_pending, a.overdraft, a.ceiling,
            )  # fmt: skip
        for hold in holds.values():
            at = begin + timedelta(minutes=int.from_bytes(hold.id, "big"))
            await connection.execute(
                "insert into hold (id, keeper, debit, credit, amount, at) values ($1, $2, $3, $4, $5, $6)",
                hold.id, hold.keeper, hold.debit, hold.credit, hold.amount, at,
            )  # fmt: skip


TEA, BUDGET, POOL = "sku/1078362", "budget/tea", "play/tea/coupon/money"
LIN = "wallet/0190a000-0000-7000-8000-000000000001/coupon:tea"


def tea() -> list[Step]:
    """Stock and money come in, a coupon pool is filled, three coupons are held: one taken in part, one released, one open."""

    def held(n: int) -> bytes:
        return n.to_bytes(16, "big")

    return [
        (Transfer("world/piece:1078362", TEA, 500), "import/stock"),
        (Transfer("world/USD", BUDGET, 100_000), "tea/open"),
        (Transfer(BUDGET, POOL, 60_000), "tea/coupon/open"),
        (Transfer(POOL, LIN, 1_000, Kind.PENDING), "tea/coupon/place"),
        (Transfer(POOL, LIN, 750, Kind.POST, held(4)), "tea/coupon/pay"),
        (Transfer(POOL, LIN, 2_000, Kind.PENDING), "tea/coupon/place"),
        (Transfer(POOL, LIN, 2_000, Kind.VOID, held(6)), "tea/coupon/release"),
        (Transfer(POOL, LIN, 500, Kind.PENDING), "tea/coupon/place"),
        (Transfer(POOL, BUDGET, 10_000), "tea/coupon/close"),
    ]


NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
"""When the story begins: 12:00 in New York."""
