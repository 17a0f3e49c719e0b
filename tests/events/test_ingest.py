"""The ingest: good rows are kept, bad rows come back, an id counts once."""

import asyncio
import json
from uuid import UUID

import pytest

from miaohui.events import outbox
from miaohui.events.envelope import NOBODY
from miaohui.events.ingest import DAY_MS, REASONS, WINDOW_DAYS, Busy, Ingest, Refused, Sender

NOW_MS = 1_790_000_000_000
ANN = "01990000-0000-7000-8000-00000000000a"
SHOP = Sender("shop")


def uuid7_of(at_ms, n=0):
    return str(UUID(int=at_ms << 80 | 7 << 76 | 2 << 62 | n))


def row(**fields):
    return json.dumps({"name": "page.viewed", "page": "/"} | fields).encode()


async def resolve(_connection, shop_ids):
    return {"ann": ANN} if "ann" in shop_ids else {}


@pytest.fixture
def ingest(database):
    return Ingest(database, resolve, clock=lambda: NOW_MS)


async def stored(database):
    async with database.acquire() as connection:
        rows = await outbox.read(connection, outbox.START, events_max=1_000_000)
    return [event for row in rows for event in row.events]


async def test_a_row_is_stored_as_it_was_sent(database, ingest):
    order = {
        "name": "order.paid", "id": uuid7_of(NOW_MS), "at": "2026-09-21T14:13:00+00:00", "customer": "ann", "order": "A-1",
        "currency": "CNY", "total_minor": 9900, "discount_minor": 1000, "session": "s1", "properties": {"store": "west"},
        "lines": [{"line": "1", "sku": "tea", "quantity": 2, "total_minor": 9900}],
    }  # fmt: skip
    taken = await ingest.take([json.dumps(order).encode()], SHOP)
    assert (taken.accepted, taken.repeated, taken.refused) == (1, 0, [])
    [event] = await stored(database)
    assert (event.id, event.name, event.at_ms, event.received_at_ms) == (
        uuid7_of(NOW_MS),
        "order.paid",
        1_789_999_980_000,
        NOW_MS,
    )
    assert (event.source, event.customer, event.order, event.session) == ("live", ANN, "A-1", "s1")
    assert (event.currency, event.total_minor, event.discount_minor) == ("CNY", 9900, 1000)
    assert event.lines == (("1", "tea", 2, 9900),)
    assert event.properties == {"store": "west"}


async def test_what_is_left_out_is_filled_in(database, ingest):
    await ingest.take([row(category="tea")], Sender("shop", source="simulated"))
    [event] = await stored(database)
    assert (event.at_ms, event.source, event.customer) == (NOW_MS, "simulated", NOBODY)
    assert event.properties == {"page": "/", "category": "tea"}
    assert UUID(event.id).version == 7


async def test_a_profile_keeps_traits_and_tags(database, ingest):
    body = {"name": "customer.profiled", "customer": "ann", "traits": {"tier": "gold"}, "tags": ["tea", "gift"]}
    await ingest.take([json.dumps(body).encode()], SHOP)
    [event] = await stored(database)
    assert event.properties == {"tier": "gold", "_tags": "tea|gift"}


BAD = [
    (b"[]", "malformed", {"problem": "Expected `object`, got `array`"}),
    (b'{"page": "/"}', "malformed", {"problem": "Object missing required field `name`"}),
    (row(page=""), "malformed", {"problem": "Expected `str` of length >= 1 - at `$.page`"}),
    (row(colour="red"), "malformed", {"problem": "Object contains unknown field `colour`"}),
    (
        row(at="2026-09-21T14:13:00"),
        "malformed",
        {"problem": "Expected `datetime` with a timezone component - at `$.at`"},
    ),
    (row(schema=2), "malformed", {"problem": "Invalid enum value 2 - at `$.schema`"}),
    (row(name="page.seen"), "unknown_name", {"name": "page.seen"}),
    (
        json.dumps({"name": "refund.requested", "customer": "ann", "order": "1", "lines": "1", "reason": "x"}).encode(),
        "not_yours",
        {"name": "refund.requested", "sender": "shop", "by": "miaohui"},
    ),
    (row(id="0b0e9a52-3c5c-4f6e-9a3c-0c6a6f1f2a11"), "id_not_uuid7", {"id": "0b0e9a52-3c5c-4f6e-9a3c-0c6a6f1f2a11"}),
    (
        row(id=uuid7_of(NOW_MS - WINDOW_DAYS * DAY_MS - 1)),
        "id_out_of_window",
        {"id": uuid7_of(NOW_MS - WINDOW_DAYS * DAY_MS - 1), "days": 7},
    ),
    (row(id=uuid7_of(NOW_MS + DAY_MS + 1)), "id_out_of_window", {"id": uuid7_of(NOW_MS + DAY_MS + 1), "days": 7}),
    (row(at="2026-09-21T14:23:21Z"), "at_out_of_window", {"at": "2026-09-21 14:23:21+00:00"}),
    (row(at="1999-12-31T23:59:59Z"), "at_out_of_window", {"at": "1999-12-31 23:59:59+00:00"}),
    (row(customer="bob"), "unknown_customer", {"customer": "bob"}),
]


@pytest.fixture(scope="module")
async def quiet_database(fresh_database):
    async with fresh_database() as pool:
        yield pool


@pytest.mark.parametrize(("body", "code", "data"), BAD, ids=[f"{code}-{n}" for n, (_, code, _) in enumerate(BAD)])
async def test_a_bad_row_comes_back_and_leaves_nothing(quiet_database, body, code, data):
    taken = await Ingest(quiet_database, resolve, clock=lambda: NOW_MS).take([body], SHOP)
    assert taken.refused == [Refused(0, code, data)]
    assert taken.accepted == 0
    assert await stored(quiet_database) == []
    sentence, remedy = REASONS[code]
    for language in ("zh", "en"):
        assert "{" not in sentence(language).format(**data) + remedy(language).format(**data)


async def test_good_rows_are_kept_beside_bad_ones(database, ingest):
    taken = await ingest.take([row(page="/1"), b"{}", row(customer="bob"), row(page="/2"), row(page="")], SHOP)
    assert [(refused.index, refused.code) for refused in taken.refused] == [
        (1, "malformed"), (2, "unknown_customer"), (4, "malformed"),
    ]  # fmt: skip
    assert taken.accepted == 2
    assert [event.properties["page"] for event in await stored(database)] == ["/1", "/2"]


async def test_an_id_counts_once_in_a_batch_across_batches_and_at_the_same_time(database, ingest):
    a, b = row(id=uuid7_of(NOW_MS, 1)), row(id=uuid7_of(NOW_MS, 2).upper())
    taken = await ingest.take([a, a, b], SHOP)
    assert (taken.accepted, taken.repeated) == (3, 1)
    again = Ingest(database, resolve, clock=lambda: NOW_MS)  # another process
    answers = await asyncio.gather(*(one.take([b, a], SHOP) for one in (ingest, again, ingest)))
    assert [(taken.accepted, taken.repeated) for taken in answers] == [(2, 2)] * 3
    assert sorted(event.id for event in await stored(database)) == [uuid7_of(NOW_MS, 1), uuid7_of(NOW_MS, 2)]


async def test_a_refused_id_may_come_again_corrected(database, ingest):
    id = uuid7_of(NOW_MS, 3)
    assert (await ingest.take([row(id=id, customer="bob")], SHOP)).accepted == 0
    taken = await ingest.take([row(id=id, customer="ann")], SHOP)
    assert (taken.accepted, taken.repeated) == (1, 0)


async def test_only_ids_outside_the_window_are_forgotten(database, ingest):
    old, new = uuid7_of(NOW_MS - WINDOW_DAYS * DAY_MS), uuid7_of(NOW_MS)
    await ingest.take([row(id=old), row(id=new)], SHOP)
    await ingest.forget()
    assert await database.fetchval("select count(*) from event_seen") == 2
    await Ingest(database, resolve, clock=lambda: NOW_MS + 2 * 3_600_000).forget()
    assert [str(id["id"]) for id in await database.fetch("select id from event_seen")] == [new]


async def test_a_browser_sends_its_own_events_only(database, ingest):
    browser = Sender("browser", customer=ANN)
    order = {"name": "order.paid", "customer": "ann", "order": "1", "currency": "CNY", "total_minor": 1}
    taken = await ingest.take([row(customer="bob", at="2001-01-01T00:00:00Z"), json.dumps(order).encode()], browser)
    assert taken.refused == [Refused(1, "not_yours", {"name": "order.paid", "sender": "browser", "by": "shop"})]
    [event] = await stored(database)
    assert (event.customer, event.at_ms) == (ANN, NOW_MS)


async def test_what_waits_goes_into_one_transaction(database, ingest):
    await asyncio.gather(*(ingest.take([row()], SHOP) for _ in range(50)))
    assert await database.fetchval("select count(*) from outbox") == 1


async def test_too_much_waiting_is_refused(ingest, monkeypatch):
    monkeypatch.setattr("miaohui.events.ingest.WAITING_MAX", 1)
    first = asyncio.create_task(ingest.take([row()], SHOP))
    second = asyncio.create_task(ingest.take([row()], SHOP))
    third = asyncio.create_task(ingest.take([row()], SHOP))
    done = await asyncio.gather(first, second, third, return_exceptions=True)
    assert sum(isinstance(answer, Busy) for answer in done) == 2
