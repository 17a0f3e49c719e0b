"""The way out: a reader that keeps its cursor sees every event once, in one order."""

import pytest

from miaohui.events import feed, outbox
from miaohui.events.envelope import NOBODY, Event
from miaohui.events.feed import Cursor
from miaohui.server.database import as_owner, migrate
from tests.events.test_relay import AT_MS, facts, write

BEGIN = Cursor(0, 0, 0)


async def read_all(database, limit, wanted=()):
    """Every event behind the beginning, page by page, and how many pages it took."""
    seen, here, pages = [], BEGIN, 0
    async with database.acquire() as connection:
        while True:
            page = await feed.read(connection, here, wanted, limit)
            seen += [int(event.order) for event in page.events]
            pages += 1
            here = feed.cursor(page.cursor.text())
            if not page.more and not page.events:
                return seen, pages


async def test_pages_of_any_size_say_the_same(database):
    for first in range(0, 30, 10):
        await write(database, facts(first, 10))
    assert await read_all(database, 200) == (list(range(30)), 2)
    assert await read_all(database, 7) == (list(range(30)), 6)
    assert (await read_all(database, 1))[0] == list(range(30))


async def test_a_late_commit_is_not_skipped(database):
    async with database.acquire() as early, database.acquire() as connection:
        transaction = early.transaction()
        await transaction.start()
        await outbox.write(early, facts(0, 2))
        await write(database, facts(2, 2))
        page = await feed.read(connection, BEGIN)
        assert page == ([], BEGIN, False)
        await transaction.commit()
        page = await feed.read(connection, page.cursor)
        assert [event.order for event in page.events] == ["0", "1", "2", "3"]


async def test_a_filter_moves_the_cursor_past_what_it_holds_back(database):
    await write(database, facts(0, 3))
    async with database.acquire() as connection:
        page = await feed.read(connection, BEGIN, ["refund.requested"])
        assert page.events == []
        assert page.cursor.n == 3
        again = await feed.read(connection, page.cursor, ["order.*"])
        assert again == ([], page.cursor, False)
        assert len((await feed.read(connection, BEGIN, ["order.*"])).events) == 3


async def test_in_a_database_loaded_into_a_younger_server_nothing_is_skipped(database, postgres_url):
    schema = await database.fetchval("select current_schema")
    await write(database, facts(0, 3))
    async with database.acquire() as connection:
        seen = (await feed.read(connection, BEGIN, limit=1)).cursor
        async with as_owner(postgres_url, schema) as owner:  # numbers that this server has not come to
            await owner.execute("update outbox set xid = (xid::text::bigint + 1000000)::text::xid8")
        seen = seen._replace(xid=seen.xid + 1_000_000)
        assert await feed.read(connection, seen) == ([], seen, False)
        await migrate(postgres_url, schema, months_ahead=1)
        end = await feed.end(connection)
        await write(database, facts(3, 3))
        page = await feed.read(connection, seen)
        assert [event.order for event in page.events] == ["1", "2", "3", "4", "5"]
        assert [event.order for event in (await feed.read(connection, end)).events] == ["3", "4", "5"]
        shift = await connection.fetchval("select xid_shift from workspace")
        await migrate(postgres_url, schema, months_ahead=1)
        assert await connection.fetchval("select xid_shift from workspace") == shift > 999_000


async def test_a_start_beside_processes_that_write_shifts_nothing(database, postgres_url):
    schema = await database.fetchval("select current_schema")
    async with as_owner(postgres_url, schema) as owner, owner.transaction():
        await owner.fetchval("select pg_current_xact_id()")  # as the partitions of the start do
        await write(database, facts(0, 1))
        assert await owner.fetchval("select keep_the_order()") == 0
    assert await database.fetchval("select xid_shift from workspace") == 0


async def test_the_end_is_behind_everything_that_was_committed(database):
    await write(database, facts(0, 3))
    async with database.acquire() as connection:
        end = await feed.end(connection)
        assert (await feed.read(connection, end)).events == []
        await write(database, facts(3, 1))
        assert [event.order for event in (await feed.read(connection, end)).events] == ["3"]


@pytest.mark.parametrize("text", ["x", "MS4y", "MS4yLng", "LTEuMi4z", "é", "MS4yLjk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_made_up_cursor_is_refused(text):
    with pytest.raises(ValueError, match="is no cursor of ours: send one that an answer gave, or none to begin"):
        feed.cursor(text)


def test_names_are_checked_and_families_let_through():
    assert feed.names(["party.*", "order.paid", "order.paid"]) == ("order.paid", "party.*")
    with pytest.raises(ValueError, match=r"'\*' is no event name"):
        feed.names(["*"])
    assert feed.lets_through((), "order.paid")
    assert feed.lets_through(("party.*",), "party.completed")
    assert not feed.lets_through(("party.*",), "party_x.completed")


def test_an_event_on_the_wire():
    [event] = facts(5, 1)
    assert feed.on_the_wire(event, {event.customer: "ann"}) == {
        "id": event.id,
        "name": "order.paid",
        "at": "2026-09-21T14:13:20.005Z",
        "received_at": "2026-09-21T14:13:20.005Z",
        "source": "live",
        "schema": 1,
        "customer": "ann",
        "campaign": "fair",
        "order": "5",
        "currency": "CNY",
        "total_minor": 5,
        "discount_minor": 0,
        "lines": [{"line": "1", "sku": "tea", "quantity": 1, "total_minor": 5}],
        "properties": {"store": "west"},
    }
    plain = Event(id=event.id, name="page.viewed", at_ms=AT_MS, received_at_ms=AT_MS, customer=NOBODY)
    assert feed.on_the_wire(plain, {}) == {
        "id": event.id,
        "name": "page.viewed",
        "at": "2026-09-21T14:13:20.000Z",
        "received_at": "2026-09-21T14:13:20.000Z",
        "source": "live",
        "schema": 1,
    }
