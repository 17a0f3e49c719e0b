"""The search for the best set turns back only where nothing better can come: no bound of it is ever too small."""
# ruff: noqa: E501 - a table is read across

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing import strategies as some

from miaohui.pricing.basket import FREE, Basket
from miaohui.pricing.cart import Cart, CartLine, ShippingMethod
from miaohui.pricing.conditions import Scope
from miaohui.pricing.effects import (
    Amount,
    AnyEffect,
    Bundle,
    BuyGet,
    Gift,
    GiftItem,
    Nth,
    Part,
    Percent,
    Reduction,
    Tier,
)
from miaohui.pricing.engine import price
from miaohui.pricing.promotion import Lane, Limits, Options, Promotion
from miaohui.pricing.rulebook import Rulebook
from miaohui.pricing.sale import Sale
from miaohui.pricing.search import _Hunt

Base = Literal["lane", "running"]
BEST = {"item": Lane(mode="best")}
many = some.promotions(some.effects, most=5, lane=st.just("item"), when=st.just(()))


class Step(NamedTuple):
    """Where the search stands before it decides candidate `n`, having taken `taken` that save `worth`."""

    n: int
    goods: Basket
    shipping: Basket
    worth: int
    taken: int


def hunt(cart: Cart, promotions: Sequence[Promotion], base: Base) -> _Hunt:
    sale = Sale(Rulebook(promotions, Options(lanes=BEST, base=base)), cart)
    turns = sorted(sale.book.lanes["item"].items(), key=lambda x: not isinstance(x[1][0], Nth | Bundle | BuyGet))
    return _Hunt(sale, turns, 0)


def sets(search: _Hunt) -> Iterator[tuple[int, ...]]:
    """Every set whose members go together."""
    clashing = {turn: clash for (turn, _), clash in zip(search.turns, search.clashing, strict=True)}
    for size in range(1, len(search.turns) + 1):
        for chosen in combinations(clashing, size):
            if all(clashing[turn].isdisjoint(chosen) for turn in chosen):
                yield chosen


def way(search: _Hunt, chosen: Sequence[int]) -> tuple[list[Step], int]:
    """The way to a set, and what it saves."""
    steps, goods, shipping, worth, taken = [], search.sale.goods, search.sale.shipping, 0, 0
    for n, (turn, effects) in enumerate(search.turns):
        steps.append(Step(n, goods, shipping, worth, taken))
        if turn in chosen:
            more, there, fee = search._take(turn, effects, goods, shipping)
            if more:
                goods, shipping, worth, taken = there, fee, worth + more, taken + 1
    return steps, worth


def easy_way(search: _Hunt, chosen: Sequence[int]) -> tuple[list[tuple[int, list[int], int, int]], int]:
    """The same in the easier view."""
    basket = search.sale.goods
    free = [count if owner == FREE else 0 for count, owner in zip(basket.count, basket.owner, strict=True)]
    steps, worth, taken = [], 0, 0
    for n, (turn, _) in enumerate(search.turns):
        steps.append((n, free, worth, taken))
        if turn in chosen:
            more, there = search.offers[n].save(free)
            if more:
                free, worth, taken = there, worth + more, taken + 1
    return steps, worth


def missed(cart: Cart, promotions: Sequence[Promotion], base: Base = "lane") -> list[tuple[int, ...]]:
    """Sets that would not be found though they save one more than the best found so far."""
    search, found = hunt(cart, promotions, base), []
    for chosen in sets(search):
        steps, worth = way(search, chosen)
        search.worth = worth - 1
        if any(search._hopeless_now(*step) for step in steps):
            found.append(chosen)
        if base == "lane":
            easy, promised = easy_way(search, chosen)
            assert promised >= worth, chosen  # the easier view never promises less than there is
            search.worth = promised - 1
            if any(search._hopeless(*step) for step in easy):
                found.append(chosen)
    return found


@settings(max_examples=150, deadline=None)
@given(some.carts(3), many, st.sampled_from(["lane", "running"]))
def test_no_set_is_missed(cart: Cart, promotions: list[Promotion], base: Base) -> None:
    assert missed(cart, promotions, base) == []


def line(name: str, minor: int, quantity: int = 1, floor: int = 0) -> CartLine:
    return CartLine(line=name, sku=name, quantity=quantity, unit_price_minor=minor, min_price_minor=floor)


def one(id: str, *effects: AnyEffect, **more: object) -> Promotion:
    return Promotion(id=id, effects=effects, lane="item", **more)  # type: ignore[arg-type]


half = Percent(off_ppm=500_000)
CART = Cart(currency="CNY", lines=(line("a", 1000, 3), line("b", 700, 2)))
KINDS: dict[str, tuple[Cart, list[Promotion], Base]] = {
    # what a candidate saves alone, and others save beside it
    "alone": (CART, [one("p", half), one("q", Amount(off_minor=400)), one("r", Amount(off_minor=30))], "lane"),
    # groups: each unit brings its share, whoever has it
    "groups": (
        CART,
        [
            one("p", Nth(off_ppm=500_000)),
            one("q", Bundle(parts=(Part(quantity=3, scope=Scope(skus=("a",))),), price_minor=2200)),
            one("r", BuyGet(buy=1, get=1, off_ppm=1_000_000)),
        ],
        "lane",
    ),
    # a group of several scopes, and one that wants two of the same
    "pieces": (
        CART,
        [
            one("p", Bundle(parts=(Part(quantity=1, scope=Scope(skus=("a",))), Part(quantity=1, scope=Scope(skus=("b",)))), off_ppm=200_000)),
            one("q", Nth(off_ppm=1_000_000, nth=3, same_sku=True)),
            one("r", BuyGet(buy=1, get=1, scope=Scope(skus=("a",)), get_scope=Scope(skus=("b",)), off_ppm=1_000_000)),
        ],
        "lane",
    ),
    # groups that use every unit up: their bounds have nothing to spare
    "even": (
        Cart(currency="CNY", lines=(line("a", 1000, 6), line("b", 1000, 6))),
        [
            one("p", Nth(off_ppm=500_000)),
            one("q", Bundle(parts=(Part(quantity=3),), price_minor=2200)),
            one("r", Bundle(parts=(Part(quantity=2),), off_ppm=200_000)),
            one("s", Bundle(parts=(Part(quantity=2),), off_minor=300)),
            one("t", BuyGet(buy=1, get=1, off_ppm=1_000_000)),
            one("u", BuyGet(buy=1, get=1, scope=Scope(skus=("a",)), get_scope=Scope(skus=("b",)), off_ppm=1_000_000)),
            one("v", BuyGet(buy=1, get=1, off_ppm=1_000_000, take="dearest")),
        ],
        "lane",
    ),
    # the units are at their floors, and the gift is given all the same
    "gifts": (
        Cart(currency="CNY", lines=(line("a", 1000, floor=900),)),
        [one("p", Amount(off_minor=100)), one("q", Gift(items=(GiftItem(sku="bag", value_minor=300),)))],
        "lane",
    ),
    # nothing alone: the budget lets half of the rest through
    "budget": (
        Cart(currency="CNY", lines=(line("a", 1000),)),
        [one("q", half, limits=Limits(spend_minor=400)), one("p", Amount(off_minor=300), priority=1)],
        "running",
    ),
    # one part for untouched units: whoever is first parts it from the other
    "untouched": (
        Cart(currency="CNY", lines=(line("a", 100, 2, floor=50),)),
        [
            one("p", Amount(off_minor=1, units_max=1), priority=1),
            one("q", Percent(off_ppm=500_000, units_max=1, scope=Scope(untouched="any")), Percent(off_ppm=100_000, units_max=1)),
        ],
        "lane",
    ),
    # the shipping fee is lowered besides
    "shipping": (
        Cart(currency="CNY", lines=(line("a", 500),), shipping=(ShippingMethod(id="s", fee_minor=800),)),
        [one("p", Amount(off_minor=500)), one("q", Percent(off_ppm=1_000_000, target="shipping"))],
        "lane",
    ),
    # a lower tier takes more: after another it is reached
    "tiers": (
        Cart(currency="CNY", lines=(line("a", 1000),)),
        [
            one("p", Amount(off_minor=200), priority=1),
            one("q", Reduction(tiers=(Tier(at_least=500, off_minor=600), Tier(at_least=900, off_minor=10)))),
        ],
        "running",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_no_set_of_these_is_missed(kind: str) -> None:
    cart, promotions, base = KINDS[kind]
    assert missed(cart, promotions, base) == []
    for promotion in promotions:  # nor any of them by itself: what others could give leaves no room then
        assert missed(cart, [promotion], base) == []


def test_a_gift_beside_a_group_counts_in_full() -> None:
    """One unit at 2.00: no second one for half the price, but a bag worth 3.00 goes along: more than a cup worth 2.50."""
    cart = Cart(currency="CNY", lines=(line("a", 200),))
    bag, cup = (Gift(items=(GiftItem(sku=sku, value_minor=minor),)) for sku, minor in (("bag", 300), ("cup", 250)))
    promotions = [one("pair", Nth(off_ppm=500_000), bag), one("cup", cup, exclusive_with=("pair",))]
    priced = price(cart, promotions, Options(lanes=BEST))
    assert [(outcome.promotion, outcome.code) for outcome in priced.outcomes] == [
        ("cup", "not_best"),
        ("pair", "applied"),
    ]
    assert priced.searches[0].proven


def test_what_is_for_untouched_units_is_not_judged_by_what_it_saves_alone() -> None:
    """Two teas at 1.00, floor 0.50. Alone both its parts fall on the first: 0.50. When that has its 0.01 off, half comes to the second
    and a tenth stays with the first: 0.61 in all, more than 0.55."""
    cart = Cart(currency="CNY", lines=(line("tea", 100, 2, floor=50),))
    cent = one("cent", Amount(off_minor=1, units_max=1), priority=1)
    parts = (Percent(off_ppm=500_000, units_max=1, scope=Scope(untouched="any")), Percent(off_ppm=100_000, units_max=1))
    other = one("other", Amount(off_minor=55), exclusive_with=("cent", "both"))
    priced = price(cart, [cent, one("both", *parts), other], Options(lanes=BEST))
    assert (priced.discount_minor, priced.outcome("other").code) == (61, "not_best")
