"""Logging in, slowly enough that nobody guesses: within 15 minutes a name may fail 5 times from one address, an
address 30 times, and a name 50 times from anywhere (so that a stranger alone cannot lock a name for long).

Each attempt is written before the password is looked at, and removed when the password was right: attempts that run
side by side count one another.
"""

from typing import Any

import asyncpg

from miaohui.team import TeamRefusal, audit, sessions
from miaohui.team.operators import Operator, password_fits
from miaohui.text import Text

WINDOW_MS = 15 * 60 * 1000
MOST_PAIR, MOST_ADDRESS, MOST_NAME = 5, 30, 50

WRONG = Text("登录名或密码不对。", "The name or the password is wrong.")
TOO_MANY = Text(
    "失败次数太多：请 15 分钟后再试，或请管理员重设密码。",
    "Too many failures: try again in 15 minutes, or ask an administrator for a new password.",
)


async def log_in(
    pool: "asyncpg.Pool[Any]", name: str, password: str, address: str, now_ms: int, old_token: str = ""
) -> tuple[Operator, str]:
    """The operator and the cookie of his new session. TeamRefusal: WRONG or TOO_MANY, and no session begins."""
    name = name.strip().lower()[:60]
    attempt = await _attempt(pool, name, address, now_ms)
    row = await pool.fetchrow(
        "select id, name, role, created_at, password from operator where lower(name) = $1 and archived_at is null", name
    )
    if not await password_fits(row and row["password"], password) or row is None:
        raise TeamRefusal(WRONG)
    operator = Operator(row["id"], row["name"], row["role"], row["created_at"])
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "delete from login_attempt where id = $1 or (name = $2 and address = $3) or at_ms < $4",
            attempt, name, address, now_ms - WINDOW_MS,
        )  # fmt: skip
        token = await sessions.begin(connection, operator, now_ms, old_token)
        await audit.record(connection, operator.name, "operator.logged_in", operator.name, {"address": address})
    return operator, token


async def _attempt(pool: "asyncpg.Pool[Any]", name: str, address: str, now_ms: int) -> int:
    """Write the attempt down and answer its id. TeamRefusal when there were too many before it."""
    id: int = await pool.fetchval(
        "insert into login_attempt (name, address, at_ms) values ($1, $2, $3) returning id", name, address, now_ms
    )
    failed = await pool.fetchrow(
        """select count(*) filter (where name = $1 and address = $2) as pair,
                  count(*) filter (where address = $2) as address,
                  count(*) filter (where name = $1) as name
           from login_attempt where at_ms > $3 and id < $4 and (name = $1 or address = $2)""",
        name, address, now_ms - WINDOW_MS, id,
    )  # fmt: skip
    if failed["pair"] >= MOST_PAIR or failed["address"] >= MOST_ADDRESS or failed["name"] >= MOST_NAME:
        await pool.execute("delete from login_attempt where id = $1", id)  # waiting in vain does not prolong the wait
        raise TeamRefusal(TOO_MANY)
    return id
