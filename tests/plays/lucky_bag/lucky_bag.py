"""Lucky bag (福袋 fú dài): a free bag for whoever asks in time. A play that exists for one test only.

Value     take    stock -> the customer's wallet (1 bag)
Promises  nobody has more than `per_customer`; bags taken <= `bags`.
Refusals  take: limit_reached, none_left.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from miaohui.plays._contract import (
    USE,
    Account,
    Decision,
    Moment,
    Pool,
    Refusal,
    Text,
    Transfer,
    Who,
    piece,
    pool_key,
    sku_key,
    wallet_key,
    world_key,
)
from miaohui.plays._fields import Product

TITLE = Text(zh="福袋", en="Lucky bag")
SENTENCES = {
    "limit_reached": Text(zh="每人限领 {limit} 个福袋", en="{limit} lucky bag per customer"),
    "none_left": Text(zh="福袋领完了", en="All lucky bags are gone"),
}
LABELS = {
    "product": Text(zh="福袋", en="The bag"),
    "bags": Text(zh="福袋数量", en="Bags in all"),
    "per_customer": Text(zh="每人限领", en="Per customer"),
    "stock": Text(zh="剩余", en="Left"),
    "Taken": Text(zh="领到福袋", en="Bag taken"),
}


class Rules(Struct, frozen=True, kw_only=True):
    """What the operator sets."""

    id: str
    product: Annotated[Product, Meta(description="What is in the bag")]
    bags: Annotated[int, Meta(ge=1, description="How many bags there are")]
    per_customer: Annotated[int, Meta(ge=1, le=10, description="How many one customer may take")] = 1
    identities: tuple[str, ...] = ("account",)


class Take(Struct, frozen=True, tag=True):
    """A customer takes a bag."""

    who: Who


class Taken(Struct, frozen=True, tag=True):
    """Event: `customer` has a bag."""

    customer: str


class Reply(Struct, frozen=True):
    """How many bags are left."""

    left: int


ACTIONS = (Take,)
STARTS = (Take,)
TIMERS = ()
EVENTS = (Taken,)
PROOFS: dict[str, dict[type[Struct], str]] = {}


def pools(rules: Rules) -> dict[str, Pool]:
    """The bags, from the shop's stock."""
    return {"stock": Pool(piece(rules.product.sku), rules.bags, sku_key(rules.product.sku))}


def flow(rules: Rules) -> tuple[Text, ...]:
    """One tap."""
    return (Text(zh="领福袋", en="Take a bag"),)


def worst_cost(rules: Rules) -> int:
    """Every bag is given away."""
    return rules.bags * rules.product.list_price_minor


def touches(rules: Rules, action: Take) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The bags, the wallet, the counter of each identity."""
    limits = tuple(key for _, key in action.who.limits(rules.id, rules.identities))
    return (), (pool_key(rules.id, "stock"), _wallet(rules, action.who), *limits, world_key(USE))


def decide(
    rules: Rules, states: Mapping[str, None], balances: Mapping[str, Account], action: Take, moment: Moment
) -> Decision | Refusal:
    """Grant a bag, or say why not."""
    stock, limits = pool_key(rules.id, "stock"), action.who.limits(rules.id, rules.identities)
    if any(balances[limit].received() >= rules.per_customer for _, limit in limits):
        return Refusal("limit_reached", {"limit": rules.per_customer})
    if balances[stock].room() < 1:
        return Refusal("none_left")
    uses = (Transfer(world_key(USE), limit, 1, ceiling=rules.per_customer) for _, limit in limits)
    return Decision(
        reply=Reply(balances[stock].room() - 1),
        events=(Taken(action.who.customer),),
        transfers=(Transfer(stock, _wallet(rules, action.who), 1), *uses),
    )


def _wallet(rules: Rules, who: Who) -> str:
    return wallet_key(who.customer, piece(rules.product.sku))
