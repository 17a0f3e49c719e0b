"""API keys: what the shop's programs log in with. A key is 256 random bits, shown once; its SHA-256 is kept.

`KeyRing.caller` answers from memory for up to 3 seconds, so that a call costs no query and a revoked key is dead
within 5. A key's `source` marks what it does: customers that are simulated call with keys of their own.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import asyncpg
from msgspec import Struct
from uuid_utils import uuid7

from miaohui.team import TeamRefusal, audit
from miaohui.text import Text

REMEMBERED_S = 3.0
_MOST_REMEMBERED = 10_000


class ApiKey(Struct, frozen=True):
    """A key as the list shows it."""

    id: str
    label: str
    source: str
    created_by: str
    created_at: datetime
    revoked_at: datetime | None


class Caller(Struct, frozen=True):
    """Who calls: the key's id and label, and whether what it sends is live or simulated."""

    id: str
    label: str
    source: str


async def create(connection: "asyncpg.Connection[Any]", by: str, label: str, source: str = "live") -> tuple[str, str]:
    """A new key: its id, and the key itself, which nobody can show again. TeamRefusal without a label."""
    label = label.strip()
    if not label or len(label) > 60:
        raise TeamRefusal(Text("说明要有 1 到 60 个字。", "The label needs 1 to 60 characters."))
    id, key = str(uuid7()), f"mh_{secrets.token_urlsafe(32)}"
    async with connection.transaction():
        await connection.execute(
            "insert into api_key (id, label, source, key_hash, created_by) values ($1, $2, $3, $4, $5)",
            id, label, source, _hash(key), by,
        )  # fmt: skip
        await audit.record(connection, by, "key.created", id, {"label": label, "source": source})
    return id, key


async def revoke(connection: "asyncpg.Connection[Any]", by: str, id: str) -> None:
    """The key opens nothing any more, within 5 seconds. TeamRefusal if there is no such key in use."""
    async with connection.transaction():
        label = await connection.fetchval(
            "update api_key set revoked_at = now() where id = $1 and revoked_at is null returning label", id
        )
        if label is None:
            raise TeamRefusal(Text("没有这个密钥，或已吊销。", "There is no such key, or it is revoked already."))
        await audit.record(connection, by, "key.revoked", id, {"label": label})


async def keys(connection: "asyncpg.Connection[Any]") -> list[ApiKey]:
    """The newest 200 keys, those in use first."""
    rows = await connection.fetch(
        """select id, label, source, created_by, created_at, revoked_at from api_key
           order by revoked_at is not null, id desc limit 200"""
    )
    return [ApiKey(**row) for row in rows]


class KeyRing:
    """The keys that called lately."""

    def __init__(self, pool: "asyncpg.Pool[Any]", time_s: Callable[[], float] = time.monotonic) -> None:
        self._pool, self._time_s = pool, time_s
        self._known: dict[bytes, tuple[float, Caller | None]] = {}
        self._asking: dict[bytes, asyncio.Task[Caller | None]] = {}

    def remembered(self, key: str) -> Caller | None:
        """Who calls with `key`, if that is known without a query; a key in use is asked about again before it is forgotten."""
        digest = _hash(key)
        until_s, known = self._known.get(digest, (0.0, None))
        left_s = until_s - self._time_s()
        if known is not None and 0 < left_s < REMEMBERED_S / 2:
            self._query(digest)
        return known if left_s > 0 else None

    async def caller(self, key: str) -> Caller | None:
        """Who calls with `key`; None if it opens nothing."""
        digest = _hash(key)
        until_s, known = self._known.get(digest, (0.0, None))
        if self._time_s() < until_s:
            return known
        return await asyncio.shield(self._query(digest))

    def _query(self, digest: bytes) -> "asyncio.Task[Caller | None]":
        """One query for all calls with the same key."""
        if digest not in self._asking:
            self._asking[digest] = asyncio.create_task(self._ask(digest))
            self._asking[digest].add_done_callback(_heard)
        return self._asking[digest]

    async def _ask(self, digest: bytes) -> Caller | None:
        until_s = self._time_s() + REMEMBERED_S
        try:
            row = await self._pool.fetchrow(
                "select id, label, source from api_key where key_hash = $1 and revoked_at is null", digest
            )
        finally:
            del self._asking[digest]
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[digest] = until_s, Caller(**row) if row else None
        return self._known[digest][1]


def _heard(asked: "asyncio.Task[Caller | None]") -> None:
    """If the database does not answer, the next call with the key will say so."""
    if not asked.cancelled():
        asked.exception()


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
