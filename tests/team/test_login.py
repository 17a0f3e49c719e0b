"""Logging in: sessions are renewed, run out and end; guessing is slowed down."""

import asyncio
from typing import Any

import asyncpg
import pytest

from miaohui.team import TeamRefusal, audit, operators, sessions
from miaohui.team.login import MOST_ADDRESS, MOST_PAIR, TOO_MANY, WINDOW_MS, WRONG, log_in

NOW = 1_780_000_000_000
HOUR_MS = 3_600_000
PASSWORD = "ten letters"
Pool = asyncpg.Pool


@pytest.fixture
async def pool(database: "Pool[Any]") -> "Pool[Any]":
    """A workspace with the operator lin."""
    async with database.acquire() as connection:
        await operators.add(connection, "setup", "lin", "operator", PASSWORD)
    return database


async def who(pool: "Pool[Any]", token: str, now_ms: int) -> str | None:
    async with pool.acquire() as connection:
        operator = await sessions.operator_of(connection, token, now_ms)
    return operator and operator.name


async def refused(pool: "Pool[Any]", name: str, password: str, address: str, now_ms: int = NOW) -> Any:
    with pytest.raises(TeamRefusal) as refusal:
        await log_in(pool, name, password, address, now_ms)
    return refusal.value.text


async def test_the_name_is_read_in_any_case(pool: "Pool[Any]") -> None:
    operator, token = await log_in(pool, " Lin ", PASSWORD, "10.0.0.1", NOW)
    assert (operator.name, operator.role, await who(pool, token, NOW)) == ("lin", "operator", "lin")


async def test_a_session_planted_before_the_login_opens_nothing(pool: "Pool[Any]") -> None:
    _, planted = await log_in(pool, "lin", PASSWORD, "10.0.0.1", NOW)
    _, renewed = await log_in(pool, "lin", PASSWORD, "10.0.0.2", NOW, old_token=planted)
    assert renewed != planted
    assert await who(pool, planted, NOW) is None
    assert await who(pool, renewed, NOW) == "lin"
    _, own = await log_in(pool, "lin", PASSWORD, "10.0.0.2", NOW, old_token="made up")
    assert own != "made up"
    assert await who(pool, "made up", NOW) is None


async def test_a_session_ends_unused_grown_old_or_logged_out(pool: "Pool[Any]") -> None:
    _, token = await log_in(pool, "lin", PASSWORD, "10.0.0.1", NOW)
    assert await who(pool, token, NOW + 12 * HOUR_MS) == "lin"  # and is used now
    assert await who(pool, token, NOW + 24 * HOUR_MS) == "lin"
    assert await who(pool, token, NOW + 36 * HOUR_MS + 1) is None
    for hour in range(10, 7 * 24, 10):
        seen = await who(pool, token, NOW + 24 * HOUR_MS + hour * HOUR_MS)
        assert seen == ("lin" if 24 + hour <= 7 * 24 else None), hour
    _, token = await log_in(pool, "lin", PASSWORD, "10.0.0.1", NOW)
    async with pool.acquire() as connection:
        await sessions.end(connection, token)
    assert await who(pool, token, NOW) is None


async def test_a_pair_of_name_and_address_fails_five_times(pool: "Pool[Any]") -> None:
    for _ in range(MOST_PAIR):
        assert await refused(pool, "lin", "guess", "10.0.0.1") == WRONG
    assert await refused(pool, "lin", PASSWORD, "10.0.0.1") == TOO_MANY
    assert await refused(pool, "LIN", PASSWORD, "10.0.0.1") == TOO_MANY
    await log_in(pool, "lin", PASSWORD, "10.0.0.2", NOW)  # from where he works he still gets in
    assert await refused(pool, "lin", PASSWORD, "10.0.0.1", NOW + WINDOW_MS - 1) == TOO_MANY
    await log_in(pool, "lin", PASSWORD, "10.0.0.1", NOW + WINDOW_MS)
    async with pool.acquire() as connection:
        actions = [entry.action for entry in await audit.entries(connection, audit.Filter(who="lin"))]
    assert actions == ["operator.logged_in"] * 2


async def test_an_address_fails_thirty_times_whatever_the_names(pool: "Pool[Any]") -> None:
    for n in range(MOST_ADDRESS):
        assert await refused(pool, f"somebody {n}", "guess", "10.0.0.1") == WRONG
    assert await refused(pool, "lin", PASSWORD, "10.0.0.1") == TOO_MANY
    await log_in(pool, "lin", PASSWORD, "10.0.0.2", NOW)


async def test_guesses_side_by_side_count_one_another(pool: "Pool[Any]") -> None:
    answers = await asyncio.gather(*(refused(pool, "lin", "guess", "10.0.0.1") for _ in range(12)))
    assert (answers.count(WRONG), answers.count(TOO_MANY)) == (MOST_PAIR, 12 - MOST_PAIR)


async def test_a_right_password_forgets_the_failures_before_it(pool: "Pool[Any]") -> None:
    for _ in range(3):
        for _ in range(MOST_PAIR - 1):
            await refused(pool, "lin", "guess", "10.0.0.1")
        await log_in(pool, "lin", PASSWORD, "10.0.0.1", NOW)
    assert await pool.fetchval("select count(*) from login_attempt") == 0


async def test_an_archived_operator_cannot_log_in(pool: "Pool[Any]") -> None:
    async with pool.acquire() as connection:
        wang = await operators.add(connection, "lin", "wang", "viewer", PASSWORD)
        await operators.archive(connection, "lin", wang.id)
    assert await refused(pool, "wang", PASSWORD, "10.0.0.1") == WRONG
