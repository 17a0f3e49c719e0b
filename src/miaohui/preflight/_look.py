"""What several rules read out of a document: pools, prices, offers, prizes, days; and how they show it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct

from miaohui import plays
from miaohui.campaign.document import Document
from miaohui.campaign.offer import PlayTable
from miaohui.money import Money, to_minor
from miaohui.plays._contract import Pool, Prize
from miaohui.plays._fields import Given, Offer, Product, Span
from miaohui.text import Text

T = TypeVar("T")
Play = tuple[str, PlayTable, Any]
"""Name, table and rules of one play."""


def played(document: Document) -> Iterator[Play]:
    """The plays whose rules could be read."""
    for name, play in document.plays.items():
        if play.rules is not None:
            yield name, play, play.rules


def pools(document: Document) -> Iterator[tuple[str, Pool]]:
    """What opening the campaign will fill: play name and pool."""
    for name, play, rules in played(document):
        for pool in plays.find(play.head.play).pools(rules).values():
            yield name, pool


def fields(rules: Struct | None, cls: type[T]) -> Iterator[tuple[str, list[T]]]:
    """The fields of `rules` that hold one `cls` or several, with them."""
    for key in rules.__struct_fields__ if rules is not None else ():
        value = getattr(rules, key)
        found = [item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, cls)]
        if found:
            yield key, found


class Sale(Struct, frozen=True):
    """A play that sells `product` for `price_minor` a piece; `alone`: nothing else may be taken off it."""

    play: str
    product: Product
    price_minor: int
    alone: bool


def sales(document: Document) -> Iterator[Sale]:
    """Every product that some play sells at a price of its own."""
    for name, _, rules in played(document):
        price_minor = getattr(rules, "price_minor", None)
        for _, products in fields(rules, Product):
            if price_minor is not None:
                alone = getattr(rules, "stacks", "none") == "none"
                yield from (Sale(name, product, price_minor, alone) for product in products)


class Gift(Struct, frozen=True):
    """An offer of a play: where it stands below the play, and for whom."""

    play: str
    key: str
    audience: str
    offer: Offer


def gifts(document: Document) -> Iterator[Gift]:
    """Every amount that some play gives off a basket."""
    for name, _, rules in played(document):
        for key, given in fields(rules, Given):
            yield from (Gift(name, key, one.audience, one.offer) for one in given)
        for key, offers in fields(rules, Offer):
            yield from (Gift(name, key, "", one) for one in offers)


def prizes(document: Document) -> Iterator[tuple[str, Prize]]:
    """Play and prize of every play whose module offers `prizes(rules)`."""
    for name, play, rules in played(document):
        found = getattr(plays.find(play.head.play), "prizes", None)
        if found is not None:
            yield from ((name, prize) for prize in found(rules))


def basket_minor(document: Document) -> int | None:
    """What a customer is expected to buy for: the goal of that measure, if there is one."""
    for name, goal in document.goals.items():
        if (goal.measure or name) == "basket":
            return round(goal.target * to_minor(Decimal(1), document.currency))
    return None


def days(document: Document, start_ms: int, end_ms: int) -> Decimal:
    """Days from one time to another on the campaign's own calendar, to a tenth: a day of 23 hours is a day."""
    start, end = (local(document, at_ms).replace(tzinfo=None) for at_ms in (start_ms, end_ms))
    return Decimal(round((end - start).total_seconds() / 8640)) / 10


def live_days(document: Document) -> Decimal:
    """How long the campaign is live."""
    return days(document, document.phases.live_ms, document.phases.wrap_up_ms)


def local(document: Document, at_ms: int) -> datetime:
    """`at_ms` in the campaign's zone."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(document.zone))


def at(document: Document, at_ms: int) -> str:
    """A time as sentences show it."""
    return f"{local(document, at_ms):%Y-%m-%d %H:%M}"


def span(document: Document, window: Span) -> str:
    """A window as sentences show it."""
    return f"{at(document, window.start_ms)} - {at(document, window.end_ms)}"


def money(document: Document, minor: int) -> str:
    """An amount as sentences show it."""
    return f"{Money(minor, document.currency).decimal()} {document.currency}"


def plain(number: Decimal) -> str:
    """A number without zeros behind it: 3, 2.5."""
    return f"{number.normalize():f}"


def lasting(number: Decimal) -> Text:
    """So many days, in words."""
    return Text(f"{plain(number)} 天", f"{plain(number)} day{'' if number == 1 else 's'}")
