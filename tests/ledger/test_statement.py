"""Statements: balances that add up line by line, cursors that neither repeat nor lose a line."""

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger_scene import BUDGET, LIN, NOON, POOL, TEA, Step, book, tea

from miaohui.ledger.accounts import Kind, Transfer
from miaohui.ledger.statement import all_lines, balances, statement

STORIES = itertools.count(1)


@pytest.fixture
async def connection(database: "asyncpg.Pool[Any]") -> AsyncIterator["asyncpg.Connection[Any]"]:
    async with database.acquire() as connection:
        await book(connection, tea(), NOON)
        yield connection


async def test_a_pool_tells_its_story(connection: "asyncpg.Connection[Any]") -> None:
    found = await statement(connection, POOL)
    assert found is not None
    assert (found.account.balance, found.account.free, found.account.debits_pending) == (49_250, 48_750, 500)
    assert [(line.kind, line.amount, line.balance, line.other, line.action) for line in found.lines] == [
        (Kind.POSTED, -10_000, 49_250, BUDGET, "tea/coupon/close"),
        (Kind.PENDING, -500, 59_250, LIN, "tea/coupon/place"),
        (Kind.VOID, -2_000, 59_250, LIN, "tea/coupon/release"),
        (Kind.PENDING, -2_000, 59_250, LIN, "tea/coupon/place"),
        (Kind.POST, -750, 59_250, LIN, "tea/coupon/pay"),
        (Kind.PENDING, -1_000, 60_000, LIN, "tea/coupon/place"),
        (Kind.POSTED, 60_000, 60_000, BUDGET, "tea/coupon/open"),
    ]
    assert [(hold.amount, hold.other, hold.id) for hold in found.holds] == [(-500, LIN, f"{8:032x}")]
    assert found.before is None


async def test_the_other_side_sees_the_same_with_the_other_sign(connection: "asyncpg.Connection[Any]") -> None:
    found = await statement(connection, LIN)
    assert found is not None
    assert [(line.kind, line.amount, line.balance) for line in found.lines] == [
        (Kind.PENDING, 500, 750),
        (Kind.VOID, 2_000, 750),
        (Kind.PENDING, 2_000, 750),
        (Kind.POST, 750, 750),
        (Kind.PENDING, 1_000, 0),
    ]
    world = await statement(connection, "world/USD")
    assert world is not None
    assert [(line.amount, line.balance) for line in world.lines] == [(-100_000, -100_000)]


async def test_pages_continue_one_another(connection: "asyncpg.Connection[Any]") -> None:
    whole = await statement(connection, POOL)
    assert whole is not None
    lines, before = [], None
    for size in (3, 3, 1):
        page = await statement(connection, POOL, before=before, limit=3)
        assert page is not None
        assert len(page.lines) == size
        lines += page.lines
        before = page.before
    assert lines == whole.lines
    assert before is None


async def test_accounts_by_the_beginning_of_their_key(connection: "asyncpg.Connection[Any]") -> None:
    async def keys(prefix: str, **options: Any) -> list[str]:
        return [account.key for account in await balances(connection, prefix, **options)]

    assert await keys("") == [BUDGET, POOL, TEA, LIN, "world/USD", "world/piece:1078362"]
    assert await keys("world/") == ["world/USD", "world/piece:1078362"]
    assert await keys("", after=POOL, limit=2) == [TEA, LIN]
    assert await keys("wal%") == []
    assert await statement(connection, "sku/none") is None


@given(
    amounts=st.lists(st.integers(1, 1000), min_size=1, max_size=12),
    kinds=st.lists(st.sampled_from(["move", "take", "part", "release", "keep"]), min_size=12, max_size=12),
    limit=st.integers(1, 5),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_story_adds_up(
    database: "asyncpg.Pool[Any]", amounts: list[int], kinds: list[str], limit: int
) -> None:
    n = next(STORIES)
    budget, wallet = f"budget/{n}", f"wallet/c/{n}"
    steps: list[Step] = [(Transfer(f"world/unit {n}", budget, 100_000), "x/open")]
    for amount, kind in zip(amounts, kinds, strict=False):
        if kind == "move":
            steps.append((Transfer(budget, wallet, amount), "x/move"))
            continue
        steps.append((Transfer(budget, wallet, amount, Kind.PENDING), "x/hold"))
        hold = len(steps).to_bytes(16, "big")
        settled = {"take": (Kind.POST, amount), "part": (Kind.POST, (amount + 1) // 2), "release": (Kind.VOID, amount)}
        if kind in settled:
            how, much = settled[kind]
            steps.append((Transfer(budget, wallet, much, how, hold), "x/settle"))
    async with database.acquire() as connection:
        await book(connection, steps, NOON + timedelta(hours=n))
        await connection.execute("delete from hold")  # their ids are those of the next story
        whole = await statement(connection, budget, limit=200)
        lines, before, more = [], None, True
        while more:
            page = await statement(connection, budget, before=before, limit=limit)
            assert page is not None
            lines += page.lines
            before, more = page.before, page.before is not None
    assert whole is not None
    assert lines == whole.lines
    assert len(lines) == len(steps)
    assert lines[0].balance == whole.account.balance
    assert lines[-1].balance == lines[-1].amount == 100_000


async def test_the_file_holds_every_line(connection: "asyncpg.Connection[Any]", database: "asyncpg.Pool[Any]") -> None:
    found = await statement(connection, POOL)
    assert found is not None
    assert [line async for line in all_lines(database, POOL)] == found.lines
    assert [line async for line in all_lines(database, "sku/none")] == []
