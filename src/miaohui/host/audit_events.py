"""The events as the audit hears them: sums for the proofs, and which orders were paid and refunded.

Of an event only what is needed is decoded; the rest is stepped over. A row of the outbox is some hundred events.
"""

from collections import defaultdict
from typing import Any

import msgspec
from msgspec import Raw, Struct

_ROWS_AT_A_TIME = 200


class _Slim(Struct, array_like=True):
    """The fields of `events.envelope.Event`, in its order, as far as the audit needs them."""

    id: Raw
    name: str
    at_ms: Raw
    received_at_ms: Raw
    source: Raw
    customer: Raw
    campaign: str
    play: str
    channel: Raw
    session: Raw
    order: str
    currency: Raw
    total_minor: Raw
    discount_minor: Raw
    lines: Raw
    properties: Raw


_rows = msgspec.msgpack.Decoder(list[_Slim]).decode
_properties = msgspec.msgpack.Decoder(dict[str, str]).decode


class Told:
    """What was heard. `sums`: (campaign, play) -> (event, field) -> sum ("" counts); `orders`: event -> orders that have it."""

    def __init__(self) -> None:
        self.events = 0
        self.sums: dict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
        self.orders: dict[str, set[str]] = {"order.paid": set(), "order.refunded": set()}

    def take(self, name: str, order: str) -> bool:
        """Whether the order has that event; it is asked once."""
        try:
            self.orders[name].remove(order)
        except KeyError:
            return False
        return True


async def told(c: Any, names: set[str]) -> Told:
    """Read the outbox for events of these names, and for those of orders."""
    heard = Told()
    async for (packed,) in c.cursor("select events from outbox", prefetch=_ROWS_AT_A_TIME):
        events = _rows(packed)
        heard.events += len(events)
        for event in events:
            name = event.name
            if name in heard.orders:
                heard.orders[name].add(event.order)
            if name in names:
                sums = heard.sums[event.campaign, event.play]
                sums[name, ""] += 1
                for field, value in _properties(event.properties).items():
                    if value.isdigit():
                        sums[name, field] += int(value)
    return heard
