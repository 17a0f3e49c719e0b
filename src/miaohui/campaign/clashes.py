"""What stands in each other's way: two campaigns that are open at the same time for the same people, with the same product, or on
the same channel at the same hour; and people who are told more in a week than they should be.

"The same people" are those of the same condition. "everybody" meets everybody, but does not count as a clash: plays that are open
to all do not tire anybody, messages do, and those are counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import combinations
from typing import Literal

from msgspec import Struct

from miaohui.campaign.contacts import Contact, condition_of, contacts
from miaohui.campaign.document import Document
from miaohui.campaign.terms import EVERYBODY
from miaohui.pages.format import day_of
from miaohui.plays._fields import Given

What = Literal["audience", "product", "channel"]


class Clash(Struct, frozen=True):
    """Campaigns `one` and `other` meet in `thing` (an audience's name, a sku, a channel and hour) from `first` to `last`."""

    what: What
    one: str
    other: str
    thing: str
    first: date
    last: date


class Fatigue(Struct, frozen=True):
    """The people of `condition` are told `count` times in the week that begins on `monday`; `limit` would be right."""

    audience: str
    condition: str
    monday: date
    count: int
    limit: int
    campaigns: tuple[str, ...]


def open_days(document: Document) -> tuple[date, date]:
    """First and last day on which customers see the campaign."""
    phases = document.phases
    return day_of(phases.opens_ms(), document.zone), day_of(phases.wrap_up_ms - 1, document.zone)


def clashes(documents: Iterable[Document]) -> list[Clash]:
    """Every two of `documents` against each other."""
    return [clash for one, other in combinations(list(documents), 2) for clash in meetings(one, other)]


def meetings(one: Document, other: Document) -> Iterator[Clash]:
    """In what two campaigns meet, on the days on which both are open; `thing` as `one` calls it."""
    (a, b), (c, d) = open_days(one), open_days(other)
    first, last = max(a, c), min(b, d)
    if first > last:
        return
    here, there = _people(one), _people(other)
    for condition in sorted(here.keys() & there.keys()):
        yield Clash("audience", one.campaign, other.campaign, here[condition], first, last)
    for sku in sorted(_skus(one) & _skus(other)):
        yield Clash("product", one.campaign, other.campaign, sku, first, last)
    mine, theirs = ({(c.channel, c.on, c.hour) for c in contacts(document)} for document in (one, other))
    for channel, on, hour in sorted(mine & theirs):
        yield Clash("channel", one.campaign, other.campaign, f"{channel} {hour}".strip(), on, on)


def _people(document: Document) -> dict[str, str]:
    """Condition -> name of the chosen people whom plays and journeys are for."""
    names = {contact.audience for contact in contacts(document)}
    for play in document.plays.values():
        names.add(play.head.for_)
        for value in (getattr(play.rules, key) for key in play.rules.__struct_fields__) if play.rules else ():
            names |= (
                {given.audience for given in value if isinstance(given, Given)} if isinstance(value, tuple) else set()
            )
    return {condition_of(document, name): name for name in names if name and name != EVERYBODY}


def _skus(document: Document) -> set[str]:
    """What the campaign sells."""
    return {product.sku or name for name, product in document.products.items()}


def fatigue(documents: Iterable[Document]) -> list[Fatigue]:
    """Weeks in which people of one condition are told too much; messages to everybody reach them too."""
    by_people: dict[str, list[Contact]] = defaultdict(list)
    for document in documents:
        for contact in contacts(document):
            by_people[contact.condition].append(contact)
    everybody = by_people.get(EVERYBODY, [])
    found = []
    for condition, own in by_people.items():
        weeks: dict[date, list[Contact]] = defaultdict(list)
        for contact in own + ([] if condition == EVERYBODY else everybody):
            weeks[contact.on - timedelta(contact.on.weekday())].append(contact)
        for monday, told in sorted(weeks.items()):
            limit = min(contact.per_week for contact in told)
            if len(told) > limit:
                campaigns = tuple(sorted({contact.campaign for contact in told}))
                found.append(Fatigue(own[0].audience, condition, monday, len(told), limit, campaigns))
    return found
