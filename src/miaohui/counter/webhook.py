"""What Miaohui tells its shops: `{"delivery": id, "events": [...]}`, signed, at least once, in order.

On `refund.requested` the counter gives the money back by itself, once however often it is told. An `order.cancelled` because
the time ran out makes the order expired. Orders that are not the counter's are somebody else's affair.
"""

import logging

import msgspec
from msgspec import Struct

from miaohui.counter import orders
from miaohui.counter.miaohui import Refused
from miaohui.counter.till import Till

log = logging.getLogger(__name__)


class Told(Struct, frozen=True):
    """One event, as far as the counter reads it."""

    id: str
    name: str
    order: str = ""
    properties: dict[str, str] = {}


class Delivery(Struct, frozen=True):
    """One message of the webhook."""

    delivery: str
    events: list[Told]


decode = msgspec.json.Decoder(Delivery).decode


async def hear(till: Till, delivery: Delivery) -> None:
    """Do what the events ask for. Unreachable: not all of it could be done, let it be told again."""
    for event in delivery.events:
        order = await till.order(event.order)
        if order is None:
            continue
        if event.name == "refund.requested":
            await _give_back(till, order, event)
        elif event.name == "order.cancelled" and event.properties.get("reason") == "expired":
            await till.expire(order.id)


async def _give_back(till: Till, order: orders.Order, event: Told) -> None:
    lines = set(event.properties.get("lines", "").split(","))
    wanted = {item.line: item.quantity for item in order.items if item.line in lines}
    try:
        await till.refund(order.id, event.id, "en", {} if len(wanted) == len(order.items) else wanted)
    except Refused as no:  # it was given back already, by the shopper's own wish
        log.info("refund of order %s asked by %s: %s", order.id, event.id, no)
