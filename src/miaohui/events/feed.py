"""The way out: the outbox, event by event, behind an opaque cursor. GET /events pages through it, webhooks follow it.

A cursor names the outbox row and how many of its events were seen. Since nothing appears behind a place of the outbox,
a reader that keeps its cursor sees every event once and in one order, also those whose transaction committed late.
Filters are names ("order.paid") and families ("party.*"); none lets everything through.
"""

import base64
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from miaohui.clock import moment_of
from miaohui.events import outbox
from miaohui.events.envelope import NOBODY, Event
from miaohui.events.outbox import Place

LIMIT_MAX = 200
_SCAN_MAX = 5000

ShopIds = Callable[["asyncpg.Connection[Any]", Sequence[str]], Awaitable[Mapping[str, str]]]
"""Internal ids of customers -> the shop's ids; who is not in the answer has none."""

_NAMES = re.compile(r"[a-z][a-z0-9_]*\.([a-z][a-z0-9_]*|\*)")


class Cursor(NamedTuple):
    """Everything up to the `n`-th event of outbox row (xid, id) was seen."""

    xid: int
    id: int
    n: int

    def text(self) -> str:
        """The cursor as readers keep it."""
        return base64.urlsafe_b64encode(f"{self.xid}.{self.id}.{self.n}".encode()).decode().rstrip("=")


class Page(NamedTuple):
    """Events in their order, the cursor behind them, and whether more may be there already."""

    events: list[Event]
    cursor: Cursor
    more: bool


def cursor(text: str) -> Cursor:
    """Read a cursor; the empty text is the beginning. ValueError says what to do."""
    if not text:
        return Cursor(0, 0, 0)
    try:
        xid, id, n = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(".")
        return Cursor(_count(xid), _count(id), _count(n))
    except ValueError:
        raise ValueError(f"{text!r} is no cursor of ours: send one that an answer gave, or none to begin") from None


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or (value := int(text)) >= 2**63:
        raise ValueError(text)
    return value


def names(wanted: Iterable[str]) -> tuple[str, ...]:
    """A filter, checked; ValueError names the bad part."""
    given = tuple(sorted(set(wanted)))
    for name in given:
        if not _NAMES.fullmatch(name):
            raise ValueError(f"{name!r} is no event name: write one such as order.paid, or a family such as party.*")
    return given


def lets_through(wanted: Sequence[str], name: str) -> bool:
    """Whether a filter takes the event called `name`."""
    return not wanted or name in wanted or f"{name.partition('.')[0]}.*" in wanted


async def end(connection: "asyncpg.Connection[Any]") -> Cursor:
    """The cursor of a reader that wants only what happens from now on."""
    return Cursor(*await outbox.end(connection), 0)


async def missed(connection: "asyncpg.Connection[Any]", after: Cursor) -> bool:
    """Whether events behind `after` have been dropped (see `host/retention`). Ask after reading: then what was read is whole."""
    row = await connection.fetchrow("select dropped_xid, dropped_id, dropped_n from workspace")
    assert row is not None  # every workspace has it
    return after < Cursor(*row)


async def read(
    connection: "asyncpg.Connection[Any]", after: Cursor, wanted: Sequence[str] = (), limit: int = LIMIT_MAX
) -> Page:
    """At most `limit` events behind `after`; an answer without events may still move the cursor."""
    rows = await outbox.read(connection, Place(after.xid, after.id - 1), events_max=_SCAN_MAX)
    events: list[Event] = []
    here = after
    scanned = 0
    for row in rows:
        scanned += len(row.events)
        seen = after.n if row.place == (after.xid, after.id) else 0
        for n, event in enumerate(row.events[seen:], seen + 1):
            here = Cursor(*row.place, n)
            if lets_through(wanted, event.name):
                events.append(event)
                if len(events) == limit:
                    return Page(events, here, True)
    return Page(events, here, scanned >= _SCAN_MAX)


def on_the_wire(event: Event, shop_ids: Mapping[str, str]) -> dict[str, Any]:
    """The event as shops read it: names of the ingest, empty fields left out, `customer` the shop's own id."""
    shown: dict[str, Any] = {
        "id": event.id,
        "name": event.name,
        "at": _time(event.at_ms),
        "received_at": _time(event.received_at_ms),
        "source": event.source,
        "schema": event.schema,
        "customer": shop_ids.get(event.customer, ""),
        "campaign": event.campaign,
        "play": event.play,
        "channel": event.channel,
        "session": event.session,
        "order": event.order,
        "currency": event.currency,
        "properties": event.properties,
        "lines": [dict(zip(("line", "sku", "quantity", "total_minor"), line, strict=True)) for line in event.lines],
    }
    if event.currency:
        shown |= {"total_minor": event.total_minor, "discount_minor": event.discount_minor}
    return {name: value for name, value in shown.items() if value or name.endswith("_minor")}


async def written(
    connection: "asyncpg.Connection[Any]", events: Sequence[Event], shop_ids: ShopIds
) -> list[dict[str, Any]]:
    """Events as shops read them."""
    known = sorted({event.customer for event in events} - {NOBODY})
    ids = await shop_ids(connection, known) if known else {}
    return [on_the_wire(event, ids) for event in events]


def _time(at_ms: int) -> str:
    return moment_of(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
