"""An operator's session: a random cookie, of which only the SHA-256 is kept.

A log-in always begins a session with a new cookie and ends the one it came with, so that a cookie planted before
the log-in opens nothing afterwards. A session ends at log-out, after 12 hours without a page, and after 7 days in
any case.
"""

import hashlib
import secrets
from typing import Any

import asyncpg

from miaohui.team.operators import COLUMNS, FROM, Operator
from miaohui.team.operators import operator_of as row_of

IDLE_MS = 12 * 3600 * 1000
LONGEST_MS = 7 * 86400 * 1000
_NOTED_EVERY_MS = 60 * 1000


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def begin(connection: "asyncpg.Connection[Any]", operator: Operator, now_ms: int, instead_of: str = "") -> str:
    """Begin a session and answer its cookie; the session `instead_of` and all that have run out are removed."""
    token = secrets.token_urlsafe(32)
    async with connection.transaction():
        await connection.execute(
            "delete from operator_session where token_hash = $1 or seen_ms < $2 or began_ms < $3",
            _hash(instead_of), now_ms - IDLE_MS, now_ms - LONGEST_MS,
        )  # fmt: skip
        await connection.execute(
            "insert into operator_session (token_hash, operator, began_ms, seen_ms) values ($1, $2, $3, $3)",
            _hash(token), operator.id, now_ms,
        )  # fmt: skip
    return token


async def operator_of(connection: "asyncpg.Connection[Any]", token: str, now_ms: int) -> Operator | None:
    """Who is logged in with this cookie; None if nobody is, or no longer."""
    row = await connection.fetchrow(
        f"""select {COLUMNS}, s.seen_ms,
              (select count(*) from notice n where n.operator = o.id and n.read_at is null) as unread
           from {FROM} join operator_session s on o.id = s.operator
           where s.token_hash = $1 and s.seen_ms >= $2 and s.began_ms >= $3 and o.archived_at is null""",
        _hash(token), now_ms - IDLE_MS, now_ms - LONGEST_MS,
    )  # fmt: skip
    if row is None:
        return None
    if now_ms - row["seen_ms"] > _NOTED_EVERY_MS:
        await connection.execute("update operator_session set seen_ms = $2 where token_hash = $1", _hash(token), now_ms)
    return row_of(row, row["unread"])


async def end(connection: "asyncpg.Connection[Any]", token: str) -> None:
    """Log out."""
    await connection.execute("delete from operator_session where token_hash = $1", _hash(token))
