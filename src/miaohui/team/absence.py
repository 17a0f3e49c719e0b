"""Who is away, and who works less: days [from, until), with the percent of a day that is left (0: away). Targets of a day are given
to people by what they can do on it."""

from datetime import date
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.team import TeamRefusal, audit
from miaohui.text import Text


class Absence(Struct, frozen=True, kw_only=True):
    """One absence of `name`."""

    id: int
    operator: str
    name: str
    from_on: date
    until_on: date
    works: int
    why: str


async def absences(c: "asyncpg.Connection[Any]", since: date) -> list[Absence]:
    """Those that last beyond `since`, the next first."""
    rows = await c.fetch(
        """select a.id, a.operator, o.name, a.from_on, a.until_on, a.works, a.why
           from absence a join operator o on o.id = a.operator
           where a.archived_at is null and a.until_on > $1 and o.archived_at is null
           order by a.from_on, o.name, a.id limit 200""",
        since,
    )
    return [Absence(**row) for row in rows]


async def capacity(c: "asyncpg.Connection[Any]", on: date) -> dict[str, int]:
    """Percent of a day that each operator (by name) works on `on`, those who are away at 0; the least of several absences."""
    rows = await c.fetch(
        """select o.name, coalesce(min(a.works), 100) as works from operator o
           left join absence a on a.operator = o.id and a.archived_at is null and a.from_on <= $1 and $1 < a.until_on
           where o.archived_at is null group by o.name order by o.name""",
        on,
    )
    return {row["name"]: row["works"] for row in rows}


async def add(
    c: "asyncpg.Connection[Any]", by: str, operator: str, from_on: date, until_on: date, works: int, why: str
) -> None:
    """A new absence of an operator (by id). TeamRefusal: no such operator, it ends before it begins, works as always."""
    if until_on <= from_on:
        raise TeamRefusal(Text(f"{until_on} 不晚于 {from_on}。", f"{until_on} does not come after {from_on}."))
    if not 0 <= works <= 99:
        raise TeamRefusal(Text(f"{works} % 不在 0 到 99 之间。", f"{works} percent is not from 0 to 99."))
    async with c.transaction():
        name = await c.fetchval("select name from operator where id = $1 and archived_at is null", operator)
        if name is None:
            raise TeamRefusal(Text("没有这个操作员：刷新页面。", "There is no such operator: reload the page."))
        await c.execute(
            "insert into absence (operator, from_on, until_on, works, why, by) values ($1, $2, $3, $4, $5, $6)",
            operator, from_on, until_on, works, " ".join(why.split())[:200], by,
        )  # fmt: skip
        detail = {"from": str(from_on), "until": str(until_on), "works": works}
        await audit.record(c, by, "operator.absence_added", name, detail)


async def archive(c: "asyncpg.Connection[Any]", by: str, id: int) -> None:
    """It does not come to that. TeamRefusal: there is none."""
    async with c.transaction():
        row = await c.fetchrow(
            """update absence a set archived_at = now() from operator o
               where a.id = $1 and a.archived_at is null and o.id = a.operator returning o.name, a.from_on""",
            id,
        )
        if row is None:
            raise TeamRefusal(Text("没有这条缺勤：刷新页面。", "There is no such absence: reload the page."))
        await audit.record(c, by, "operator.absence_archived", row["name"], {"from": str(row["from_on"])})
