"""What every event carries, and how the outbox and the store write it.

An event is a fact: it has happened and never changes. `id` (uuid7) de-duplicates. `properties` are flat: text -> text (numbers
as decimal text, amounts as integers `*_minor`); the few figures that reviews add up have columns of their own.
"""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from msgspec import Struct

SCHEMA = 1
"""Version of the envelope."""

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Customer of an event that has none."""


class Event(Struct, array_like=True, frozen=True, kw_only=True):
    """One fact. `at_ms` when it happened, `received_at_ms` when we learned of it; `source` is live, import or simulated.

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


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Event]).decode


def pack(events: Iterable[Event]) -> bytes:
    """Events as one outbox row."""
    return _encode(list(events))


def unpack(row: bytes) -> list[Event]:
    """The events of one outbox row."""
    return _decode(row)


def event_id(at_ms: int, action_id: bytes, n: int) -> str:
    """uuid7 of the n-th event of an action: the same action gives the same id, however often it is decided."""
    tail = (int.from_bytes(action_id, "big") + n) % (1 << 74)
    return str(UUID(int=(at_ms & ((1 << 48) - 1)) << 80 | 7 << 76 | (tail >> 62) << 64 | 2 << 62 | tail & ((1 << 62) - 1)))
