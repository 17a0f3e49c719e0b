"""The audit log: filters, cursor, and that nobody can change it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from miaohui.team import audit
from miaohui.team.audit import Filter


async def test_filters_and_cursor(database: "asyncpg.Pool[Any]") -> None:
    async with database.acquire() as connection:
        for n in range(7):
            await audit.record(connection, "lin", "campaign.edited", f"tea-{n}", {"version": n})
        await audit.record(connection, "clock", "campaign.opened", "tea-1")
        await audit.record(connection, "wang", "campaignx.opened", "tea_1")

        async def subjects(wanted: Filter, **options: Any) -> list[str]:
            return [entry.subject for entry in await audit.entries(connection, wanted, **options)]

        assert await subjects(Filter(who="clock")) == ["tea-1"]
        assert await subjects(Filter(what="campaign"), limit=3) == ["tea-1", "tea-6", "tea-5"]
        assert await subjects(Filter(what="campaign.opened")) == ["tea-1"]
        assert await subjects(Filter(subject="tea-1")) == ["tea-1", "tea-1"]
        first = await audit.entries(connection, Filter(who="lin"), limit=4)
        rest = await audit.entries(connection, Filter(who="lin"), before=first[-1].seq, limit=4)
        assert [e.detail["version"] for e in (*first, *rest)] == [6, 5, 4, 3, 2, 1, 0]
        assert [e.subject async for e in audit.all_entries(database, Filter(who="wang"))] == ["tea_1"]
        assert await audit.choices(connection) == (
            ["clock", "lin", "wang"],
            ["campaign", "campaign.edited", "campaign.opened", "campaignx", "campaignx.opened"],
        )
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        assert await subjects(Filter(since=tomorrow)) == []
        assert len(await subjects(Filter(until=tomorrow))) == 9


async def test_nobody_changes_or_removes_a_line(database: "asyncpg.Pool[Any]") -> None:
    async with database.acquire() as connection:
        await audit.record(connection, "lin", "campaign.approved", "tea")
        for sql in ("update audit set operator = 'wang'", "delete from audit"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(sql)
        assert await connection.fetchval("select operator from audit") == "lin"


async def test_a_change_that_is_rolled_back_leaves_no_line(database: "asyncpg.Pool[Any]") -> None:
    async with database.acquire() as connection:
        change = connection.transaction()
        await change.start()
        await audit.record(connection, "lin", "campaign.approved", "tea")
        await change.rollback()
        assert await audit.entries(connection, Filter()) == []
