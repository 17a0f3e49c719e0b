"""What the shop knows of customers: traits by name, and tags. A profile is an event, `customer.profiled`, and the last one counts.

It is the whole profile each time: a trait or tag that is not named is gone. Names, phones and e-mails do not belong here; they
are identities.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct
from uuid_utils import uuid7

from miaohui.events import outbox
from miaohui.events.envelope import Event
from miaohui.events.schema import CustomerProfiled, event
from miaohui.events.store import EventStore


class Profile(Struct, frozen=True):
    """Traits and tags of one customer (internal id)."""

    customer: str
    traits: dict[str, str] = {}
    tags: tuple[str, ...] = ()


def profiled(profile: Profile, *, at_ms: int, received_at_ms: int, source: str = "live") -> Event:
    """The event that makes `profile` the customer's. msgspec.ValidationError for a tag with "|" and the like."""
    fact = msgspec.convert(
        {"name": "customer.profiled", "customer": profile.customer, "traits": profile.traits, "tags": profile.tags},
        CustomerProfiled,
    )
    return event(
        fact,
        id=str(uuid7()),
        at_ms=at_ms,
        received_at_ms=received_at_ms,
        source=source,
        customer=profile.customer,
    )


async def write(
    connection: "asyncpg.Connection[Any]", profiles: Sequence[Profile], *, now_ms: int, source: str = "live"
) -> None:
    """Make these the customers' profiles, in the running transaction; audiences see it when the relay has been there."""
    events = [profiled(profile, at_ms=now_ms, received_at_ms=now_ms, source=source) for profile in profiles]
    await outbox.write(connection, events)


async def read(store: EventStore, customers: Sequence[str]) -> dict[str, Profile]:
    """The profiles of these customers; who has none is not in the answer."""
    rows = await store.query(
        "select toString(customer) as id, traits, tags from profiles final where customer in {customers:Array(UUID)}",
        {"customers": list(customers)},
    )
    return {row["id"]: Profile(row["id"], row["traits"], tuple(row["tags"])) for row in rows}
