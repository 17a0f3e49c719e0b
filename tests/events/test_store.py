"""The event store: rows that come twice count once, everywhere; values and times come back as they went in."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from miaohui.events.store import EventsFailed, EventStore, statements

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
CUSTOMER = UUID(int=9)
COLUMNS = ["id", "name", "at", "received_at", "source", "customer", "campaign", "total_minor", "lines.line",
           "lines.sku", "lines.quantity", "lines.total_minor", "properties", "schema"]  # fmt: skip
COUNTS = {
    "events": "select count() as n from events",
    "events_by_customer": "select count() as n from events_by_customer",
    "counters_per_minute": "select toUInt64(sum(events)) as n from counters_per_minute",
    "profiles": "select count() as n from profiles",
}


def row(n: int, name: str = "order.paid") -> list[object]:
    """One event of 1 USD more each."""
    properties = {"_tags": "a|b", "household_size": "3"}
    return [UUID(int=n), name, AT, AT, "live", CUSTOMER, "mid", n * 100, ["1"], ["s"], [1], [n * 100], properties, 1]


ROWS = [row(1), row(2), row(3, "customer.profiled")]


async def counts(store: EventStore) -> dict[str, int]:
    """Rows of the table and of what its views filled."""
    return {table: (await store.query(sql))[0]["n"] for table, sql in COUNTS.items()}


async def test_the_same_token_counts_once_in_the_table_and_in_every_view(store: EventStore) -> None:
    for _ in range(3):
        await store.insert("events", COLUMNS, ROWS, "outbox/1-3")
    assert await counts(store) == {"events": 3, "events_by_customer": 3, "counters_per_minute": 3, "profiles": 1}
    await store.insert("events", COLUMNS, ROWS, "outbox/4-6")
    assert (await counts(store))["events"] == 6


SECOND_LIFE = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from test_store import COLUMNS, ROWS, counts
from miaohui.events.store import EventStore

async def main():
    store = await EventStore.open(sys.argv[1], "twice")
    await store.insert("events", COLUMNS, ROWS, "outbox/1-3")
    print(await counts(store))
    await store.close()

asyncio.run(main())
"""


def test_the_same_token_counts_once_after_a_restart(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SECOND_LIFE, str(tmp_path / "a folder"), str(Path(__file__).parent)]
    said = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    assert said == ["{'events': 3, 'events_by_customer': 3, 'counters_per_minute': 3, 'profiles': 1}\n"] * 2


async def test_values_come_back_as_they_went_in(store: EventStore) -> None:
    await store.insert("events", COLUMNS, ROWS, "one")
    asked = await store.query(
        "select id, name, at, customer, total_minor, `lines.sku` as skus, properties from events where id = {id:UUID}",
        {"id": UUID(int=2)},
    )
    properties = {"_tags": "a|b", "household_size": "3"}
    assert asked == [
        {"id": UUID(int=2), "name": "order.paid", "at": AT, "customer": CUSTOMER, "total_minor": 200, "skus": ["s"],
         "properties": properties}
    ]  # fmt: skip
    assert asked[0]["at"].utcoffset() is not None


async def test_parameters_are_values_never_sql(store: EventStore) -> None:
    nasty = "it's \\ {x:String} ; drop table events -- 中文"
    assert await store.query("select {nasty:String} as said", {"nasty": nasty}) == [{"said": nasty}]


async def test_a_query_that_takes_too_long_is_ended(store: EventStore) -> None:
    with pytest.raises(Exception, match="TIMEOUT_EXCEEDED"):
        await store.query(
            "select sleepEachRow(0.1) as slept from numbers(600) settings max_execution_time = 0.2, max_block_size = 1"
        )
    assert await store.query("select value from system.settings where name = 'max_execution_time'") == [{"value": "30"}]


async def test_no_rows_are_nothing_to_do(store: EventStore) -> None:
    await store.insert("events", COLUMNS, [], "empty")
    assert await counts(store) == {"events": 0, "events_by_customer": 0, "counters_per_minute": 0, "profiles": 0}


async def test_a_failed_insert_leaves_nothing_and_can_be_sent_again(store: EventStore) -> None:
    uneven = [*row(1)[:9], ["s", "two skus for one line"], *row(1)[10:]]
    with pytest.raises(Exception, match="SIZES_OF_ARRAYS_DONT_MATCH"):
        await store.insert("events", COLUMNS, [uneven], "again")
    assert (await counts(store))["events"] == 0
    await store.insert("events", COLUMNS, ROWS, "again")
    assert (await counts(store))["events"] == 3


async def test_two_databases_of_one_folder_do_not_see_one_another(store: EventStore, fresh_store) -> None:
    async with fresh_store() as other:
        await store.insert("events", COLUMNS, ROWS, "one")
        assert (await counts(other))["events"] == 0
        await other.insert("events", COLUMNS, ROWS, "one")
        assert (await counts(other))["events"] == 3


async def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(EventsFailed, match=r"http://127\.0\.0\.1:1 cannot be opened"):
        await EventStore.open("http://127.0.0.1:1", "nowhere")


def test_statements_end_with_a_line_of_their_own() -> None:
    assert statements("-- one; two\nselect ';'\n;\n\nselect 2\n;\n") == ["-- one; two\nselect ';'", "select 2"]


async def test_its_threads_give_way_and_the_one_that_serves_does_not(store):
    serves = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    asked = await store._run(lambda _: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert asked == max(10, serves)  # whoever runs the tests may have lowered all of it
