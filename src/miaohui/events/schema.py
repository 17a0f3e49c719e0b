"""The events that come in from outside, and those that Miaohui writes of orders: one type each, checked field by field.

The types are the ingest's check and the dictionary's text (docs/reference/events.md) at once. `BY` of a type says who
may send it: "browser" (a customer's own page, and the shop), "shop" (the shop alone), "miaohui" (nobody from outside).
The events of plays are not here: each play names its own in EVENTS, and only the host writes them.

A field that the shop knows and we do not have goes into `properties`. Names, phones and e-mails never go into an event.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import fields

from miaohui.events.envelope import NOBODY, SCHEMA, Event
from miaohui.text import Text

Sender = Literal["browser", "shop", "miaohui"]

_LARGEST = 2**53 - 1  # what JSON carries exactly everywhere

Id = Annotated[str, Meta(min_length=1, max_length=200)]
Short = Annotated[str, Meta(max_length=200)]
Amount = Annotated[int, Meta(ge=0, le=_LARGEST, extra={"unit": "smallest units of `currency`"})]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", extra={"unit": "ISO 4217 code"})]
Instant = Annotated[datetime, Meta(tz=True, extra={"unit": "ISO 8601 with zone"})]
Words = Annotated[dict[Short, Annotated[str, Meta(max_length=2000)]], Meta(max_length=100)]


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of an order."""

    line: Annotated[Id, Meta(description="The shop's id of the line, unique in the order")]
    sku: Annotated[Id, Meta(description="What was bought")]
    quantity: Annotated[int, Meta(ge=0, le=_LARGEST, description="How many", extra={"unit": "pieces"})]
    total_minor: Annotated[Amount, Meta(description="What the line costs, net of discount")]


class Fact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="name"):
    """What every event carries."""

    BY: ClassVar[Sender] = "shop"
    TITLE: ClassVar[Text]

    id: Annotated[UUID | None, Meta(description="De-duplicates: an event that comes again is counted once")] = None
    at: Annotated[Instant | None, Meta(description="When it happened; when we received it, if left out")] = None
    customer: Annotated[Short, Meta(description="Whom it is about: the shop's id of the customer")] = ""
    campaign: Annotated[Short, Meta(description="The campaign it belongs to, if one is known")] = ""
    channel: Annotated[Short, Meta(description="How the customer came or was reached: sms, email, share ...")] = ""
    session: Annotated[Short, Meta(description="The visit: the same text for all events of one visit")] = ""
    schema: Annotated[Literal[1], Meta(description="Version of this dictionary")] = 1
    properties: Annotated[Words, Meta(description="What else is known, text by name")] = {}


class PageViewed(Fact, frozen=True, kw_only=True, tag="page.viewed"):
    """A page was opened."""

    BY = "browser"
    TITLE = Text("浏览页面", "Page viewed")
    page: Annotated[Id, Meta(description="Path or name of the page")]
    sku: Annotated[Short, Meta(description="The product it shows, if it shows one")] = ""
    category: Annotated[Short, Meta(description="The category of that product or page")] = ""
    referrer: Annotated[Short, Meta(description="Where the visitor came from")] = ""


class CampaignReached(Fact, frozen=True, kw_only=True, tag="campaign.reached"):
    """A campaign's message reached a customer."""

    TITLE = Text("触达", "Campaign reached")
    campaign: Annotated[Id, Meta(description="The campaign whose message it was")]
    customer: Annotated[Id, Meta(description="Who was reached: the shop's id of the customer")]


class OfOrder(Fact, frozen=True, kw_only=True):
    """What every event of an order carries."""

    customer: Annotated[Id, Meta(description="Whose order it is: the shop's id of the customer")]
    order: Annotated[Id, Meta(description="The shop's id of the order")]
    currency: Annotated[Currency, Meta(description="Currency of every amount of this event")]
    claims: Annotated[
        Short,
        Meta(description="The plays it claims from, campaign/play, with commas between; Miaohui's order calls say it"),
    ] = ""


class OrderPlaced(OfOrder, frozen=True, kw_only=True, tag="order.placed"):
    """A customer placed an order; it is not paid yet."""

    TITLE = Text("下单", "Order placed")
    total_minor: Annotated[Amount, Meta(description="What the customer is to pay, net of discount")]
    discount_minor: Annotated[Amount, Meta(description="What all discounts together took off")] = 0
    lines: Annotated[tuple[Line, ...], Meta(max_length=1000, description="What was ordered")] = ()


class OrderPaid(OfOrder, frozen=True, kw_only=True, tag="order.paid"):
    """An order was paid. Sales of reviews and audiences are sums of these."""

    TITLE = Text("支付", "Order paid")
    total_minor: Annotated[Amount, Meta(description="What the customer paid, net of discount")]
    discount_minor: Annotated[Amount, Meta(description="What all discounts together took off")] = 0
    lines: Annotated[tuple[Line, ...], Meta(max_length=1000, description="What was bought")] = ()


class OrderCancelled(OfOrder, frozen=True, kw_only=True, tag="order.cancelled"):
    """An order ended before it was paid: called off, or its time ran out."""

    TITLE = Text("取消订单", "Order cancelled")
    total_minor: Annotated[Amount, Meta(description="What it would have cost, net of discount")] = 0
    discount_minor: Annotated[Amount, Meta(description="The discount it would have had")] = 0
    reason: Annotated[Short, Meta(description="Why, as a code: cancelled, expired ...")] = ""


class OrderRefunded(OfOrder, frozen=True, kw_only=True, tag="order.refunded"):
    """The shop gave money back, for the whole order or for some lines."""

    TITLE = Text("退款", "Order refunded")
    total_minor: Annotated[Amount, Meta(description="What was given back by this refund")]
    discount_minor: Annotated[Amount, Meta(description="The discount that lay on what was given back")] = 0
    lines: Annotated[tuple[Line, ...], Meta(max_length=1000, description="What came back")] = ()


class CustomerProfiled(Fact, frozen=True, kw_only=True, tag="customer.profiled"):
    """What the shop knows of a customer. It is the whole profile: a trait or tag that is not named is gone."""

    TITLE = Text("客户画像更新", "Customer profiled")
    customer: Annotated[Id, Meta(description="Whose profile it is: the shop's id of the customer")]
    traits: Annotated[Words, Meta(description="Traits by name: tier, city, birthday_month ...")] = {}
    tags: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^|]+$")], ...],
        Meta(max_length=200, description="Tags, without the character |"),
    ] = ()


class RefundRequested(Fact, frozen=True, kw_only=True, tag="refund.requested"):
    """Miaohui asks the shop to give money back: a party failed, or an order was paid when nothing was left."""

    BY = "miaohui"
    TITLE = Text("请求退款", "Refund requested")
    customer: Annotated[Id, Meta(description="Whose order it is: the shop's id of the customer")]
    order: Annotated[Id, Meta(description="The shop's id of the order")]
    lines: Annotated[str, Meta(description="Ids of the lines whose money goes back, with commas between")]
    reason: Annotated[Id, Meta(description="Why, as a code: party_failed, sold_out, expired ...")]


FACTS: tuple[type[Fact], ...] = (
    PageViewed,
    CampaignReached,
    OrderPlaced,
    OrderPaid,
    OrderCancelled,
    OrderRefunded,
    CustomerProfiled,
    RefundRequested,
)
"""Every type of this module that is an event, in the order of the dictionary."""

AnyFact = (
    PageViewed
    | CampaignReached
    | OrderPlaced
    | OrderPaid
    | OrderCancelled
    | OrderRefunded
    | CustomerProfiled
    | RefundRequested
)


def name_of(kind: type[Fact]) -> str:
    """The event's name on the wire."""
    return str(kind.__struct_config__.tag)


BY_NAME = {name_of(kind): kind for kind in FACTS}

ENVELOPE = {"id", "at", "customer", "campaign", "channel", "session", "schema", "properties"}
"""Fields that every event has."""

FIGURES = {"order", "currency", "total_minor", "discount_minor", "lines"}
"""Fields of orders that are columns of their own; every other field of a type becomes a property."""

_WORDS = {
    kind: [f.name for f in fields(kind) if f.name not in ENVELOPE | FIGURES and f.name not in ("traits", "tags")]
    for kind in FACTS
}


def event(fact: Fact, *, id: str, at_ms: int, received_at_ms: int, source: str, customer: str = NOBODY) -> Event:
    """The fact as it is stored; `customer` is the internal id. Fields without a column become properties."""
    assert fact.BY != "miaohui", f"{name_of(type(fact))} does not come in from outside"
    properties = dict(fact.properties)
    for name in _WORDS[type(fact)]:
        if value := getattr(fact, name):
            properties[name] = value
    if isinstance(fact, CustomerProfiled):
        properties |= fact.traits | {"_tags": "|".join(fact.tags)}
    figures: dict[str, Any] = {}
    if isinstance(fact, OfOrder):
        figures = {name: getattr(fact, name) for name in FIGURES & set(fact.__struct_fields__)}
        figures["lines"] = tuple((n.line, n.sku, n.quantity, n.total_minor) for n in figures.get("lines", ()))
    return Event(
        id=id,
        name=name_of(type(fact)),
        at_ms=at_ms,
        received_at_ms=received_at_ms,
        source=source,
        customer=customer,
        campaign=fact.campaign,
        channel=fact.channel,
        session=fact.session,
        properties=properties,
        schema=SCHEMA,
        **figures,
    )
