"""Tombola (摸奖): a play that exists for tests only. Customers buy a ticket; so much of the stock is given away."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from miaohui.plays._contract import (
    Account,
    Decision,
    Moment,
    Pool,
    Refusal,
    Text,
    Who,
    budget_key,
    piece,
    pool_key,
    sku_key,
)
from miaohui.plays._fields import Given, Offer, Product, Span, Validity

TITLE = Text(zh="摸奖", en="Tombola")
SENTENCES = {"no_tickets": Text(zh="票已售完", en="All tickets are sold")}
LABELS = {
    "product": Text(zh="奖品", en="Prize"),
    "price_minor": Text(zh="票价", en="Price of a ticket"),
    "tickets": Text(zh="票数", en="Tickets in all"),
    "stock": Text(zh="奖品数", en="Prizes"),
    "win_ppm": Text(zh="中奖率", en="Chance to win"),
    "budget_minor": Text(zh="预算", en="Budget"),
    "consolation": Text(zh="安慰奖", en="What losers get"),
    "give": Text(zh="各得多少", en="Who gets what"),
    "draws": Text(zh="开奖时段", en="When it is drawn"),
    "valid": Text(zh="有效期", en="Valid"),
}


class Rules(Struct, frozen=True, kw_only=True):
    """What the operator sets."""

    id: str
    currency: str
    opens_ms: int
    ends_ms: int
    identities: tuple[str, ...] = ("account",)
    product: Product
    price_minor: Annotated[int, Meta(ge=1, description="What a ticket costs")]
    tickets: Annotated[int, Meta(ge=1, le=1_000)] = 100
    stock: Annotated[int, Meta(ge=0)] = 0
    win_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    budget_minor: Annotated[int, Meta(ge=0)] | None = None
    consolation: Offer | None = None
    give: tuple[Given, ...] = ()
    draws: tuple[Span, ...] = ()
    valid: Validity = Validity(7)

    def __post_init__(self) -> None:
        if self.price_minor >= self.product.list_price_minor:
            raise ValueError(f"a ticket of {self.price_minor} costs as much as the prize: lower price")


class Draw(Struct, frozen=True, tag=True):
    """A customer draws."""

    who: Who


class Reply(Struct, frozen=True):
    """What came out."""

    won: bool


class Drawn(Struct, frozen=True):
    """Somebody drew."""

    customer: str


ACTIONS = (Draw,)
STARTS = (Draw,)
EVENTS = (Drawn,)
TIMERS = ()


def pools(rules: Rules) -> dict[str, Pool]:
    """Prizes from the shop, money from the budget."""
    campaign = rules.id.split("/")[0]
    sku = rules.product.sku
    return {
        "prizes": Pool(piece(sku), rules.stock, sku_key(sku)),
        "budget": Pool(rules.currency, rules.budget_minor or 0, budget_key(campaign)),
    }


def touches(rules: Rules, action: Draw) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The prizes."""
    return (), (pool_key(rules.id, "prizes"),)


def decide(
    rules: Rules, states: Mapping[str, Any], balances: Mapping[str, Account], action: Draw, moment: Moment
) -> Decision | Refusal:
    """Nobody ever wins."""
    return Refusal("no_tickets")


def flow(rules: Rules) -> tuple[Text, ...]:
    """One step."""
    return (Text(zh="摸一张", en="Draw"),)


def worst_cost(rules: Rules) -> int:
    """Every prize goes."""
    return rules.stock * rules.product.list_price_minor
