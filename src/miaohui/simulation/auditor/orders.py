"""Each order from its events: the way its status went, what it cost, what came off, what went back."""

from collections import defaultdict
from collections.abc import Iterator

from miaohui.events.envelope import Event
from miaohui.simulation.auditor.record import Finding, Record, Stored

FOLLOWS = {
    "": ("order.placed",),
    "placed": ("order.paid", "order.cancelled"),
    "paid": ("order.refunded",),
    "partly_refunded": ("order.refunded",),
    "lapsed": ("order.paid",),
}
"""Status -> the events that may come next. An order that lapsed may be paid again."""
GIVES = {
    "coupon.redeemed": "given_minor",
    "flash_sale.sold": "given_minor",
    "group_buy.seat_paid": "given_minor",
    "promotion.applied": "given_minor",
}
"""Event of a play -> the property that says what came off the order."""


class Story:
    """One order as its events tell it."""

    def __init__(self) -> None:
        self.status, self.asked, self.given_minor, self.returned_minor = "", False, 0, 0
        self.claims = ""
        self.net: dict[str, tuple[int, int]] = {}
        self.units: dict[str, int] = defaultdict(int)

    def whole(self) -> bool:
        """Whether nothing is left to refund."""
        return all(self.units[line] == quantity for line, (quantity, _) in self.net.items())


def audit(record: Record, stored: Stored) -> Iterator[Finding]:
    """All orders, beside their stored states."""
    known = {
        f"{campaign}/{play}"
        for (campaign, play), versions in record.by_play().items()
        if any(event.startswith(f"{versions[0].module}.") for event in GIVES)
    }
    sent = {a.order: a.body["lines"] for a in record.asked if a.verb == "placed" and a.granted}
    stories: dict[str, Story] = defaultdict(Story)
    before: dict[str, int] = defaultdict(int)
    for event in record.events:
        if not event.order:
            continue
        story = stories[event.order]
        if event.name in GIVES:
            before[event.order] += int(event.properties[GIVES[event.name]])
        elif event.name == "refund.requested":
            story.asked = True
        elif event.name.startswith("order."):
            story.given_minor = before.pop(event.order, 0) if event.name == "order.paid" else story.given_minor
            yield from _follow(event, story, sent.get(event.order), known)
    states = {key.removeprefix("order/"): row for key, (_, row) in stored.states.items() if key.startswith("order/")}
    for order in sorted(states.keys() | {order for order, story in stories.items() if story.status}):
        yield from _beside(order, stories[order], states.get(order, {}).get("status", "not there"))


def _follow(event: Event, story: Story, sent: list[dict[str, int]] | None, known: set[str]) -> Iterator[Finding]:
    order = f"order {event.order}"
    if event.name not in FOLLOWS.get(story.status, ()):
        yield Finding("orders", order, f"{event.name} after {story.status or 'nothing'}", "a verb that may follow")
    match event.name:
        case "order.placed":
            story.net = {line: (quantity, total) for line, _, quantity, total in event.lines}
            if sum(total for _, total in story.net.values()) != event.total_minor:
                yield Finding("orders", order, f"total {event.total_minor}", "the sum of its lines")
            gross = sum(line["quantity"] * line["unit_price_minor"] for line in sent or [])
            if sent and gross != event.total_minor + event.discount_minor:
                yield Finding("orders", order, f"{event.total_minor} + {event.discount_minor} off", str(gross))
            if event.discount_minor < 0 or any(total < 0 for _, total in story.net.values()):
                yield Finding("orders", order, f"lines {event.lines}", "no line below nothing")
            story.claims, story.status = event.properties["claims"], "placed"
        case "order.paid":
            told = {claim for claim in story.claims.split(",") if claim} <= known
            if told and story.given_minor != event.discount_minor and not story.asked:
                yield Finding("orders", order, f"{event.discount_minor} off", f"{story.given_minor}, as its plays gave")
            story.status = "paid"
        case "order.cancelled":
            story.status = "lapsed"
        case "order.refunded":
            yield from _refund(event, story)
            story.status = "refunded" if story.whole() else "partly_refunded"


def _refund(event: Event, story: Story) -> Iterator[Finding]:
    """Never more than was paid, and exactly that once everything is back."""
    order = f"order {event.order}"
    money: dict[str, int] = defaultdict(int)
    for line, _, quantity, minor in event.lines:
        story.units[line] += quantity
        money[line] += minor
        if story.units[line] > story.net[line][0]:
            yield Finding("orders", order, f"{story.units[line]} of line {line} came back", f"{story.net[line][0]}")
    story.returned_minor += event.total_minor
    if sum(money.values()) != event.total_minor:
        yield Finding("orders", order, f"refund of {event.total_minor}", "the sum of its lines")
    paid = sum(minor for _, minor in story.net.values())
    if story.returned_minor > paid or (story.whole() and story.returned_minor != paid):
        yield Finding("orders", order, f"{story.returned_minor} went back", f"{paid} was paid")


def _beside(order: str, story: Story, there: str) -> Iterator[Finding]:
    should = {"lapsed": ("cancelled", "expired") + (("refunded",) if story.asked else ())}
    if there not in should.get(story.status, (story.status,)):
        yield Finding("orders", f"order {order}", f"{there} is stored", f"{story.status or 'nothing'}, by its events")
