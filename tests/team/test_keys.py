"""API keys: shown once, known for seconds, dead within five after they are revoked."""

import asyncio
import hashlib
from typing import Any

import asyncpg
import pytest

from miaohui.team import TeamRefusal, audit, keys


async def test_only_the_hash_of_a_key_is_kept(database: "asyncpg.Pool[Any]") -> None:
    async with database.acquire() as connection:
        id, key = await keys.create(connection, "lin", "Shop", "live")
        row = await connection.fetchrow("select * from api_key")
        assert (row["id"], row["label"], row["created_by"]) == (id, "Shop", "lin")
        assert row["key_hash"] == hashlib.sha256(key.encode()).digest()
        assert key not in repr(dict(row))
        assert len(key) == len("mh_") + 43  # 32 bytes in base64
        entry = (await audit.entries(connection, audit.Filter()))[0]
        assert (entry.action, entry.subject, entry.detail) == ("key.created", id, {"label": "Shop", "source": "live"})
        with pytest.raises(TeamRefusal, match="The label needs 1 to 60 characters"):
            await keys.create(connection, "lin", "")


async def test_a_revoked_key_is_dead_within_five_seconds(database: "asyncpg.Pool[Any]") -> None:
    now_s = 100.0
    ring = keys.KeyRing(database, lambda: now_s)
    async with database.acquire() as connection:
        id, key = await keys.create(connection, "lin", "Robots", "simulated")
        assert await ring.caller(key) == keys.Caller(id, "Robots", "simulated")
        await keys.revoke(connection, "lin", id)
        now_s = 102.9
        assert await ring.caller(key) == keys.Caller(id, "Robots", "simulated")
        now_s = 103.1
        assert await ring.caller(key) is None
        with pytest.raises(TeamRefusal, match="There is no such key, or it is revoked already"):
            await keys.revoke(connection, "lin", id)
        listed = await keys.keys(connection)
    assert [(k.id, k.revoked_at is None) for k in listed] == [(id, False)]


async def test_many_calls_cost_one_query(database: "asyncpg.Pool[Any]") -> None:
    class Counting:
        queries = 0

        async def fetchrow(self, *arguments: Any) -> Any:
            self.queries += 1
            return await database.fetchrow(*arguments)

    pool = Counting()
    ring = keys.KeyRing(pool, lambda: 1.0)  # type: ignore[arg-type]
    async with database.acquire() as connection:
        id, key = await keys.create(connection, "lin", "Shop")
    callers = await asyncio.gather(*(ring.caller(key) for _ in range(100)))
    assert callers == [keys.Caller(id, "Shop", "live")] * 100
    assert await ring.caller("mh_wrong") is None
    assert await ring.caller("mh_wrong") is None
    assert pool.queries == 2


async def test_a_key_in_use_is_asked_about_before_it_is_forgotten(database: "asyncpg.Pool[Any]") -> None:
    now_s = 100.0
    ring = keys.KeyRing(database, lambda: now_s)
    async with database.acquire() as connection:
        id, key = await keys.create(connection, "lin", "Shop")
        assert ring.remembered(key) is None
        caller = await ring.caller(key)
        now_s = 102.0
        assert ring.remembered(key) == ring.remembered(key) == caller
        [asked] = ring._asking.values()
        await asked
        now_s = 104.9  # nobody had to wait at 103
        assert ring.remembered(key) == caller
        await asyncio.gather(*ring._asking.values())
        await keys.revoke(connection, "lin", id)
        now_s = 106.5
        assert ring.remembered(key) == caller
        [asked] = ring._asking.values()
        assert await asked is None
        assert ring.remembered(key) is None
