"""What is missing after a kill is added, and nothing twice, whichever tables the kill left behind."""

import pytest

from miaohui.events.envelope import STORE_COLUMNS, Event, event_id, store_row
from miaohui.events.mend import again
from tests.events.test_relay import facts

AT_MS = 1_790_000_000_000
MONTH_MS = 31 * 86_400_000
TABLES = ("events", "events_by_customer", "counters_per_minute", "profiles")
COUNTS = {
    "events": "select count() as n, sum(total_minor) as sum from events",
    "events_by_customer": "select count() as n, sum(total_minor) as sum from events_by_customer",
    "counters_per_minute": """select sum(events) as n, sum(total_minor) as sum, uniqIfMerge(customers) as customers
                              from counters_per_minute""",
    "profiles": "select count() as n, any(traits['tier']) as tier from profiles final",
}


def profile(n, tier):
    customer = event_id(1, (99).to_bytes(16, "big"), 0)
    return Event(
        id=event_id(AT_MS, n.to_bytes(16, "big"), 0),
        name="customer.profiled",
        at_ms=AT_MS + n,
        received_at_ms=AT_MS + n,
        customer=customer,
        properties={"tier": tier, "_tags": "a|b"},
    )


def later(events, ms):
    return [Event(**{f: getattr(e, f) for f in e.__struct_fields__} | {"at_ms": e.at_ms + ms}) for e in events]


BEFORE = [store_row(event) for event in [*facts(0, 50), profile(60, "silver")]]
ROWS = [store_row(event) for event in [*facts(1000, 100), *later(facts(2000, 100), MONTH_MS), profile(3000, "gold")]]


async def counts(store):
    return {table: (await store.query(sql))[0] for table, sql in COUNTS.items()}


async def insert_again(store):
    """What the relay does after an insert of ROWS that was cut off."""
    await again(store, lambda table: store.insert(table, STORE_COLUMNS, ROWS, "rows"))


@pytest.fixture(scope="module")
async def whole(fresh_store):
    """What the tables hold when nothing went wrong."""
    async with fresh_store() as store:
        await store.insert("events", STORE_COLUMNS, BEFORE, "before")
        await store.insert("events", STORE_COLUMNS, ROWS, "rows")
        yield await counts(store)


LOST = [(), ("events",), ("events_by_customer",), ("counters_per_minute",), ("profiles",), TABLES]


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: " and ".join(lost) or "nothing")
async def test_a_block_that_is_remembered_and_not_there_is_added(store, whole, lost):
    await store.insert("events", STORE_COLUMNS, BEFORE, "before")
    parts = {(row["table"], row["name"]) for row in await parts_of(store)}
    await store.insert("events", STORE_COLUMNS, ROWS, "rows")
    for row in await parts_of(store):
        if row["table"] in lost and (row["table"], row["name"]) not in parts:
            await store.command(f"alter table {row['table']} drop part '{row['name']}'")
    assert (await counts(store) == whole) == (not lost)
    await insert_again(store)
    assert await counts(store) == whole
    await insert_again(store)
    assert await counts(store) == whole


async def parts_of(store):
    for table in TABLES:
        await store.command(f"system stop merges {table}")
    return await store.query("select table, name from system.parts where database = currentDatabase() and active")
