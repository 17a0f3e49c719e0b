"""The relay: each event of the outbox lies in the store once, in every table, whatever is killed when."""

import asyncio
import json
import random
import sys
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from miaohui.events import outbox
from miaohui.events.envelope import NOBODY, Event, event_id
from miaohui.events.relay import Relay

AT_MS = 1_790_000_000_000
KILLS = 12


def facts(first, count):
    """Orders of 1 each, of seven customers, in one campaign."""
    return [
        Event(
            id=event_id(AT_MS, n.to_bytes(16, "big"), 0),
            name="order.paid",
            at_ms=AT_MS + n,
            received_at_ms=AT_MS + n,
            customer=event_id(1, (n % 7).to_bytes(16, "big"), 0),
            campaign="fair",
            order=str(n),
            currency="CNY",
            total_minor=n,
            lines=(("1", "tea", 1, n),),
            properties={"store": "west"},
        )
        for n in range(first, first + count)
    ]


async def write(database, events):
    async with database.acquire() as connection, connection.transaction():
        await outbox.write(connection, events)


async def one(store, sql):
    return (await store.query(sql))[0]


async def test_events_lie_in_all_three_orders(database, store):
    nobody = Event(
        id=event_id(AT_MS, b"\1" * 16, 0), name="page.viewed", at_ms=AT_MS, received_at_ms=AT_MS, customer=NOBODY
    )
    await write(database, [*facts(0, 2500), nobody])
    async with database.acquire() as connection:
        relay = Relay(database, store)
        assert await relay.step(connection) == 2501
        assert await relay.step(connection) == 0
    assert await one(store, "select count() as n, uniqExact(id) as ids, sum(total_minor) as sum from events") == {
        "n": 2501, "ids": 2501, "sum": 3_123_750,
    }  # fmt: skip
    assert await one(store, "select count() as n, uniqExact(customer) as c from events_by_customer") == {
        "n": 2500,
        "c": 7,
    }
    assert await one(store, "select sum(events) as n, uniqIfMerge(customers) as c from counters_per_minute") == {
        "n": 2500, "c": 7,
    }  # fmt: skip
    row = await one(
        store, "select toUnixTimestamp64Milli(at) as at, lines.sku as sku, properties from events where order = '5'"
    )
    assert row == {"at": AT_MS + 5, "sku": ["tea"], "properties": {"store": "west"}}


async def test_a_row_that_commits_late_is_not_skipped(database, store):
    relay = Relay(database, store)
    async with database.acquire() as early, database.acquire() as connection:
        transaction = early.transaction()
        await transaction.start()
        await outbox.write(early, facts(0, 1))
        await write(database, facts(1, 1))  # a later transaction commits first
        assert await relay.step(connection) == 0
        await transaction.commit()
        assert await relay.step(connection) == 2
    assert await one(store, "select count() as n from events") == {"n": 2}


class Failing:
    """A store that takes a batch and dies before it answers, `times` times."""

    def __init__(self, store, times):
        self.store, self.times, self.tokens = store, times, []
        self.query, self.command, self.check = store.query, store.command, store.check

    async def insert_block(self, table, columns, block, token):
        await self.store.insert_block(table, columns, block, token)
        if table != "events":
            return
        self.tokens.append((token, block))
        if len(self.tokens) <= self.times:
            raise ConnectionError("died")


async def test_an_open_batch_is_repeated_as_it_was(database, store):
    await write(database, facts(0, 10))
    failing = Failing(store, times=2)
    async with database.acquire() as connection:
        for _ in range(2):
            with pytest.raises(ConnectionError):
                await Relay(database, failing).step(connection)
            await write(database, facts(100, 5))  # more has come, but the open batch stays what it was
        assert await Relay(database, failing).step(connection) == 10
        assert await Relay(database, failing).step(connection) == 10
    assert [token for token, _ in failing.tokens] == ["outbox batch 1"] * 3 + ["outbox batch 2"]
    assert len({block for _, block in failing.tokens}) == 2
    assert await one(store, "select count() as n from events") == {"n": 20}


async def test_a_failing_store_is_tried_again_and_shows_as_lag(database, store, monkeypatch):
    monkeypatch.setattr("miaohui.events.relay.PAUSE_S", 0.01)
    relay = Relay(database, Failing(store, times=2), tick_s=0.01)
    assert await outbox.lag_ms(database) == 0
    at = await database.fetchval(
        "insert into outbox (at, events) values (clock_timestamp() - interval '15 seconds', $1) returning at", b"\x90"
    )
    lag_ms, now = await outbox.lag_ms(database), await database.fetchval("select clock_timestamp()")
    assert 15_000 <= lag_ms <= (now - at) / timedelta(milliseconds=1) + 1  # it is rounded
    await write(database, facts(0, 1))
    running = asyncio.create_task(relay.run())
    while await outbox.lag_ms(database):
        pass
    running.cancel()
    assert relay.failures == 2
    assert await one(store, "select count() as n from events") == {"n": 1}


async def carried(database, store, batch):
    """The relay runs until batch number `batch` is closed; what lies in the store then."""
    running = asyncio.create_task(Relay(database, store, tick_s=0.01).run())
    while not await database.fetchval("select batch = $1 and open_xid is null from relay", batch):
        pass
    running.cancel()
    counted = await one(store, "select sum(events) as n from counters_per_minute")
    return counted | await one(store, "select count() as lie, sum(total_minor) as sum from events")


async def test_a_new_store_is_filled_again_and_a_full_one_is_not(database, store, fresh_store):
    await write(database, facts(0, 20))
    assert await carried(database, store, 1) == {"n": 20, "lie": 20, "sum": 190}
    await write(database, facts(20, 5))
    assert await carried(database, store, 2) == {"n": 25, "lie": 25, "sum": 300}
    async with fresh_store() as new:
        assert await carried(database, new, 3) == {"n": 25, "lie": 25, "sum": 300}
        await write(database, facts(25, 1))
        assert await carried(database, new, 4) == {"n": 26, "lie": 26, "sum": 325}
    assert await outbox.lag_ms(database) == 0


async def test_a_row_of_a_clock_that_is_ahead_waits_too(database):
    await database.execute(
        "insert into outbox (at, events) values (clock_timestamp() + interval '31 minutes', $1)", b"\x90"
    )
    assert await outbox.lag_ms(database) == 1


async def start(url, workspace, folder, what):
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("relay_process.py")), url, workspace, str(folder), what,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_exactly_once_after_kills_at_random_moments(database, postgres_url, tmp_path):
    workspace = await database.fetchval("select current_schema()")
    chance = random.Random(20260922)
    written = 0
    killed_open = 0
    for kills in count(1):
        process = await start(postgres_url, workspace, tmp_path, "carry")
        writing = []
        for _ in range(40):
            orders = chance.randint(1, 120)
            writing.append(write(database, facts(written, orders)))
            written += orders
        await asyncio.gather(*writing)
        try:
            await asyncio.wait_for(process.wait(), chance.uniform(0, 0.25))
        except TimeoutError:
            process.kill()
        assert await process.wait() == -9
        killed_open += await database.fetchval("select count(open_xid) from relay")
        if kills >= KILLS and killed_open:  # a kill that meets no open batch shows nothing
            break
    process = await start(postgres_url, workspace, tmp_path, "count")
    out, _ = await process.communicate()
    found = json.loads(out)
    assert found["ids"] == sorted(event.id for event in facts(0, written))
    once = {"n": written, "sum": written * (written - 1) // 2}
    assert found["totals"] == {"events": once | {"ids": written}, "by_customer": once, "counters": once}
    assert await outbox.lag_ms(database) == 0
