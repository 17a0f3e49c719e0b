"""Counters per minute: sums, and each customer once, of one campaign and of the sources that are asked for."""

from datetime import UTC, datetime, timedelta

from miaohui.events import counters
from miaohui.events.counters import Minute, Total
from miaohui.events.envelope import NOBODY, STORE_COLUMNS, Event, event_id, store_row

START = datetime(2026, 9, 22, 12, 0, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
ANN, BEN = "01990000-0000-7000-8000-00000000000a", "01990000-0000-7000-8000-00000000000b"


def event(n, name, second, customer=ANN, total_minor=0, **more):
    at_ms = START_MS + second * 1000
    return store_row(
        Event(
            id=event_id(at_ms, bytes(16), n),
            name=name,
            at_ms=at_ms,
            received_at_ms=at_ms,
            customer=customer,
            **({"campaign": "fair", "total_minor": total_minor, "discount_minor": total_minor // 10} | more),
        )
    )


async def test_minutes_and_totals(store):
    await store.insert(
        "events",
        STORE_COLUMNS,
        [
            event(1, "page.viewed", 0),
            event(2, "page.viewed", 59),
            event(3, "page.viewed", 30, NOBODY),
            event(4, "page.viewed", 60, BEN),
            event(5, "order.paid", 61, BEN, 9900, play="table"),
            event(6, "order.paid", 61, ANN, 100, play="table", source="simulated"),
            event(7, "order.paid", 61, ANN, 100, campaign="other"),
            event(8, "order.paid", 61, ANN, 100, campaign=""),
        ],
        "first",
    )
    await store.insert("events", STORE_COLUMNS, [event(9, "order.paid", 119, BEN, 100, play="table")], "second")
    until = START + timedelta(minutes=2)
    assert await counters.minutes(store, "fair", START, until) == [
        Minute(START, "page.viewed", "", 3, 1, 0, 0),
        Minute(START + timedelta(minutes=1), "order.paid", "table", 2, 1, 10_000, 1000),
        Minute(START + timedelta(minutes=1), "page.viewed", "", 1, 1, 0, 0),
    ]
    assert await counters.totals(store, "fair", START, until) == [
        Total("order.paid", "table", 2, 1, 10_000, 1000),
        Total("page.viewed", "", 4, 2, 0, 0),
    ]
    assert await counters.totals(store, "fair", START, START + timedelta(minutes=1)) == [
        Total("page.viewed", "", 3, 1, 0, 0)
    ]
    assert await counters.totals(store, "fair", START + timedelta(seconds=90), until, ["simulated"]) == [
        Total("order.paid", "table", 1, 1, 100, 10)
    ]
