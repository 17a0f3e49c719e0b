"""Money spent outside the plays: rows that are only ever added; a correction is a row of its own with the other sign."""

from datetime import date, datetime
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.team import audit

NOTE_MAX = 200


class Expense(Struct, frozen=True, kw_only=True):
    """What was paid for a line of the budget, in the smallest unit of `currency`; negative: given back, or corrected."""

    id: int
    line: str
    currency: str
    amount_minor: int
    spent_on: date
    note: str
    by: str
    at: datetime


async def expenses(c: "asyncpg.Connection[Any]", campaign: str, limit: int = 200) -> list[Expense]:
    """The newest first."""
    rows = await c.fetch(
        """select id, line, currency, amount_minor, spent_on, note, by, at from expense
           where campaign = $1 order by id desc limit $2""",
        campaign, limit,
    )  # fmt: skip
    return [Expense(**row) for row in rows]


async def by_line(c: "asyncpg.Connection[Any]", campaign: str, currency: str) -> dict[str, int]:
    """line -> all that was spent for it."""
    rows = await c.fetch(
        """select line, sum(amount_minor)::bigint as spent from expense
           where campaign = $1 and currency = $2 group by line""",
        campaign, currency,
    )  # fmt: skip
    return {row["line"]: row["spent"] for row in rows}


async def spend(
    c: "asyncpg.Connection[Any]",
    by: str,
    campaign: str,
    line: str,
    currency: str,
    amount_minor: int,
    on: date,
    note: str,
) -> None:
    """Enter an expense."""
    assert amount_minor, "an expense of nothing"
    async with c.transaction():
        await c.execute(
            """insert into expense (campaign, line, currency, amount_minor, spent_on, note, by)
               values ($1, $2, $3, $4, $5, $6, $7)""",
            campaign, line, currency, amount_minor, on, note[:NOTE_MAX], by,
        )  # fmt: skip
        detail = {"line": line, "amount_minor": amount_minor, "currency": currency, "on": on.isoformat()}
        await audit.record(c, by, "budget.spent", campaign, detail)
