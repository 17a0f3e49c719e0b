"""What every event carries, and how the outbox and the store write it.

An event is a fact: it has happened and never changes. `id` (uuid7) de-duplicates. `properties` are flat: text -> text
(numbers as decimal text, amounts as integers `*_minor`); the few figures that reviews add up have columns of their own.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

import msgspec
from msgspec import Struct

SCHEMA = 1
"""Version of the envelope."""

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Customer of an event that has none."""


class Event(Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One fact. `at_ms` when it happened, `received_at_ms` when we learned of it; `source`: live, import, simulated.

    `lines` of an order: (line, sku, quantity, total_minor net of discount) each.
    """

    id: str
    name: str
    at_ms: int
    received_at_ms: int
    source: str = "live"
    customer: str = NOBODY
    campaign: str = ""
    play: str = ""
    channel: str = ""
    session: str = ""
    order: str = ""
    currency: str = ""
    total_minor: int = 0
    discount_minor: int = 0
    lines: tuple[tuple[str, str, int, int], ...] = ()
    properties: dict[str, str] = {}
    schema: int = SCHEMA


STORE_COLUMNS = (
    "id", "name", "at", "received_at", "source", "customer", "campaign", "play", "channel", "session", "order",
    "currency", "total_minor", "discount_minor", "lines.line", "lines.sku", "lines.quantity", "lines.total_minor",
    "properties", "schema",
)  # fmt: skip
"""Columns of the store's table `events`, in the order of `store_row`."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Event]).decode


def pack(events: Iterable[Event]) -> bytes:
    """Events as one outbox row."""
    return _encode(list(events))


def unpack(row: bytes) -> list[Event]:
    """The events of one outbox row."""
    return _decode(row)


def count(row: bytes) -> int:
    """How many events an outbox row has, without reading them."""
    head = row[0]  # of a msgpack array: its length, or how many bytes of length follow
    size = {0xDC: 2, 0xDD: 4}.get(head, 0)
    return int.from_bytes(row[1 : 1 + size], "big") if size else head & 0x0F


_NO_LINES: tuple[tuple[Any, ...], ...] = ((), (), (), ())


def store_row(event: Event) -> tuple[Any, ...]:
    """The event as a row of the store; times are ticks of a millisecond."""
    lines = tuple(zip(*event.lines, strict=True)) if event.lines else _NO_LINES
    return (
        event.id, event.name, event.at_ms, event.received_at_ms, event.source, event.customer, event.campaign,
        event.play, event.channel, event.session, event.order, event.currency, event.total_minor, event.discount_minor,
        *lines, event.properties, event.schema,
    )  # fmt: skip


@cache
def snake(name: str) -> str:
    """`PriceCut` -> `price_cut`: how classes are called on the wire."""
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower()


@cache
def wire_name(play: str, kind: type[Struct]) -> str:
    """Name of a play's event on the wire: its own tag if that has a dot ("party.completed"), else `<play>.<past_tense>`."""
    tag = kind.__struct_config__.tag
    return tag if isinstance(tag, str) and "." in tag else f"{play}.{snake(kind.__name__)}"


def event_id(at_ms: int, action_id: bytes, n: int) -> str:
    """uuid7 of the n-th event of an action: the same action gives the same id, however often it is decided."""
    h = (action_id if n == 0 else ((int.from_bytes(action_id, "big") + n) % (1 << 128)).to_bytes(16, "big")).hex()
    return f"{_clock(at_ms)}-7{h[-18:-15]}-8{h[-15:-12]}-{h[-12:]}"


@lru_cache(maxsize=8)
def _clock(at_ms: int) -> str:
    h = f"{at_ms & ((1 << 48) - 1):012x}"
    return f"{h[:8]}-{h[8:]}"
