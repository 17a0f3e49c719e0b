"""People with histories, put into an event store."""

import random
from uuid import UUID

from plain import Did, Person

from miaohui.clock import moment_of
from miaohui.events.store import EventStore

NOW_MS = 1_788_253_200_000  # 2026-09-01 17:00 in Shanghai
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def customer(n: int) -> str:
    """The n-th customer's id."""
    return str(UUID(int=n + 1))


def numbered(people: list[Person]) -> dict[str, Person]:
    """The people as customer(0), customer(1) ..."""
    return {customer(n): person for n, person in enumerate(people)}


async def put(store: EventStore, people: dict[str, Person]) -> None:
    """Write profiles and events of `people`, by id of the customer. Who has neither traits nor tags has no profile."""
    profiles = [(id, p.traits, list(p.tags), moment_of(NOW_MS)) for id, p in people.items() if p.traits or p.tags]
    await store.insert("profiles", ["customer", "traits", "tags", "at"], profiles, "profiles")
    columns = [
        "customer",
        "name",
        "at",
        "source",
        "campaign",
        "play",
        "channel",
        "total_minor",
        "discount_minor",
        "skus",
    ]
    rows = [
        (
            *(id, d.name, moment_of(d.at_ms), d.source, d.campaign, d.play, d.channel),
            *(d.total_minor, d.discount_minor, list(d.skus), d.properties),
        )
        for id, p in people.items()
        for d in p.did
    ]
    await store.insert("events_by_customer", [*columns, "properties"], rows, "events")


def crowd(seed: int, size: int) -> list[Person]:
    """`size` people with random traits, tags and up to twelve events in the last weeks."""
    r = random.Random(seed)
    words = ["a", "b", "c"]

    def did() -> Did:
        name = r.choice(["order.paid", "order.paid", "page.viewed", "bargain.price_cut", "coupon.claimed"])
        ago_ms = r.choice([r.randrange(60 * DAY_MS), r.randrange(1, 41) * r.choice([HOUR_MS, DAY_MS]), -HOUR_MS])
        properties = {"page.viewed": {"category": r.choice(words), "seconds": r.choice(["3", "8", "x"])}}.get(name, {})
        if name in ("bargain.price_cut", "coupon.claimed"):
            properties = {"cut_minor" if name == "bargain.price_cut" else "amount_minor": str(r.randrange(900))}
        if name == "page.viewed" and r.random() < 0.5:
            properties["sku"] = r.choice(words)
        paid = name == "order.paid"
        return Did(
            name,
            NOW_MS - ago_ms,
            r.choice(["live", "live", "import", "simulated"]),
            *(r.choice(["", *words]) for _ in range(3)),
            total_minor=r.randrange(20_000) if paid else 0,
            discount_minor=r.randrange(500) if paid else 0,
            skus=tuple(r.sample(words, r.randrange(3))) if paid else (),
            properties=properties,
        )

    def person() -> Person:
        traits = {k: r.choice(words) for k in ("stage", "city") if r.random() < 0.7}
        if r.random() < 0.8:
            traits["tier"] = r.choice(["bronze", "silver", "gold", "diamond", "tin"])
        if r.random() < 0.8:
            traits["points"] = r.choice(["-7", "0", "12.5", "12.50", "99", "100", "many"])
        return Person(
            traits if r.random() < 0.8 else {},
            tuple(r.sample(words, r.randrange(3))),
            [did() for _ in range(r.randrange(13) if r.random() < 0.9 else 0)],
        )

    return [person() for _ in range(size)]
