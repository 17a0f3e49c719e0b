"""Carts, promotions and options of all kinds, for properties that hold whatever an operator sets."""

from typing import Any

from hypothesis import strategies as st

from miaohui.pricing.cart import Cart, CartLine, Customer, ShippingMethod, Used
from miaohui.pricing.conditions import (
    AnyOf,
    CartIs,
    Code,
    CustomerIs,
    InAudience,
    Kinds,
    Not,
    Orders,
    Pieces,
    Scope,
    Spend,
    Where,
    Within,
)
from miaohui.pricing.effects import (
    Amount,
    Bundle,
    BuyGet,
    Deposit,
    Gift,
    GiftItem,
    Nth,
    Part,
    PayPoints,
    Percent,
    Price,
    Reduction,
    Reward,
    Tier,
)
from miaohui.pricing.promotion import LANES, Lane, LaneName, Limits, Options, Promotion

SKUS, CATEGORIES = ("a", "b", "c", "d"), ("food", "toys")
amounts = st.integers(0, 3000)
ppms = st.sampled_from([0, 1, 33_333, 100_000, 150_000, 333_333, 500_000, 990_000, 1_000_000])
each = st.sampled_from(["order", "line", "unit"])
times = st.sampled_from([0, 0, 1, 2])
caps = st.none() | amounts


@st.composite
def lines(draw: st.DrawFn, name: str = "") -> CartLine:
    price = draw(st.sampled_from([0, 1, 99, 100, 333, 1000, 1999]))
    return CartLine(
        line=name,
        sku=draw(st.sampled_from(SKUS)),
        quantity=draw(st.integers(1, 5)),
        unit_price_minor=price,
        categories=draw(st.sampled_from([(), ("food",), ("toys",), CATEGORIES])),
        min_price_minor=draw(st.sampled_from([0, 0, 50, 900, 5000])),
        cost_minor=draw(st.none() | st.integers(0, 1500)),
        tax_ppm=draw(st.sampled_from([0, 60_000, 130_000, 88_750])),
        deposits=draw(st.integers(0, 2)),
    )


@st.composite
def carts(draw: st.DrawFn, most: int = 4) -> Cart:
    return Cart(
        currency="CNY",
        lines=tuple(draw(lines(f"line-{n}")) for n in range(draw(st.integers(1, most)))),
        shipping=tuple(ShippingMethod(id=f"ship-{n}", fee_minor=draw(amounts)) for n in range(draw(st.integers(0, 2)))),
        customer=Customer(
            audiences=draw(st.sampled_from([(), ("vip",)])), orders=draw(st.integers(0, 2)), points=draw(amounts)
        ),
        codes=draw(st.sampled_from([(), ("SAVE",)])),
        points=draw(amounts),
        tax=draw(st.sampled_from(["inclusive", "exclusive"])),
        used={
            "p-0": Used(spent_minor=draw(amounts), uses=draw(st.integers(0, 3)), by_customer=draw(st.integers(0, 2))),
            "p-1": Used(today=draw(st.integers(0, 2)), by_customer_today=draw(st.integers(0, 1))),
        },
    )


scopes: st.SearchStrategy[Scope] = st.builds(
    Scope,
    skus=st.sampled_from([(), (), ("a",), ("b", "c")]),
    categories=st.sampled_from([(), (), ("food",)]),
    except_skus=st.sampled_from([(), (), ("d",)]),
    price_at_least_minor=st.sampled_from([0, 0, 100]),
    price_at_most_minor=st.sampled_from([None, None, 1000]),
    untouched=st.sampled_from(["", "", "activity", "any"]),
)
conditions: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.builds(Spend, at_least_minor=amounts, scope=scopes, of=st.sampled_from(["base", "list"])),
        st.builds(Spend, at_most_minor=amounts),
        st.builds(Pieces, at_least=st.integers(1, 4), scope=scopes),
        st.builds(Kinds, at_least=st.integers(1, 3), scope=scopes),
        st.builds(InAudience, any_of=st.just(("vip",))),
        st.builds(InAudience, none_of=st.just(("vip",))),
        st.builds(Code, any_of=st.sampled_from([("save",), ("other",)])),
        st.builds(Orders, at_least=st.integers(0, 2), at_most=st.none() | st.integers(0, 2)),
        st.builds(Within, ends_ms=st.sampled_from([None, 0])),
        st.builds(
            CartIs, is_=st.builds(Where, st.just("channel"), st.just(("app",)), st.sampled_from(["in", "not_in"]))
        ),
        st.builds(CustomerIs, is_=st.builds(Where, st.just("tier"), st.just(("gold",)), st.just("not_in"))),
    ),
    lambda inner: (
        st.builds(Not, condition=inner)
        | st.builds(AnyOf, conditions=st.lists(inner, min_size=1, max_size=2).map(tuple))
    ),
    max_leaves=2,
)
tiers = st.builds(Tier, at_least=st.integers(1, 3000), off_minor=amounts) | st.builds(
    Tier, at_least=st.integers(1, 3000), off_ppm=ppms
)
groups: st.SearchStrategy[Any] = st.one_of(
    st.builds(Nth, off_ppm=ppms, nth=st.integers(2, 3), same_sku=st.booleans(), times_max=times, scope=scopes),
    st.builds(
        Bundle,
        parts=st.lists(st.builds(Part, quantity=st.integers(1, 3), scope=scopes), min_size=1, max_size=2).map(tuple),
        price_minor=amounts,
        times_max=times,
    ),
    st.builds(
        BuyGet,
        buy=st.integers(1, 3),
        get=st.integers(1, 2),
        scope=scopes,
        get_scope=scopes,
        off_ppm=ppms,
        times_max=times,
        take=st.sampled_from(["cheapest", "dearest"]),
        spread=st.sampled_from(["group", "got"]),
    ),
)
reductions: st.SearchStrategy[Any] = st.one_of(
    st.builds(Percent, off_ppm=ppms, each=each, units_max=times, cap_minor=caps, scope=scopes),
    st.builds(Amount, off_minor=amounts, each=each, units_max=times, cap_minor=caps, scope=scopes),
    st.builds(
        Reduction,
        tiers=st.lists(tiers, min_size=1, max_size=3).map(tuple),
        measure=st.sampled_from(["amount", "pieces"]),
        every=st.booleans(),
        times_max=times,
        cap_minor=caps,
        scope=scopes,
    ),
    st.builds(Price, price_minor=amounts, units_max=times, scope=scopes),
)
effects: st.SearchStrategy[Any] = st.one_of(
    groups,
    reductions,
    st.builds(Percent, off_ppm=ppms, target=st.just("shipping"), each=each),
    st.builds(Amount, off_minor=amounts, target=st.just("shipping"), each=each),
    st.builds(Gift, items=st.just((GiftItem(sku="bag", value_minor=300),)), every_minor=st.sampled_from([0, 500])),
    st.builds(PayPoints, points=st.just(100), off_minor=st.integers(1, 100), share_max_ppm=ppms, scope=scopes),
    st.builds(Deposit, deposit_minor=st.just(50), worth_minor=st.just(120), scope=scopes),
    st.builds(Reward, off_ppm=ppms, every_minor=st.sampled_from([0, 500]), amount=st.integers(0, 9), cap=caps),
)
limits = st.builds(
    Limits,
    spend_minor=st.none() | amounts,
    uses=st.sampled_from([None, None, 2]),
    per_customer=st.sampled_from([None, None, 1]),
    per_day=st.sampled_from([None, None, 1]),
    per_customer_per_day=st.sampled_from([None, None, 1]),
    on_end=st.sampled_from(["refuse", "partial", "let_last_exceed"]),
)


def promotions(of: st.SearchStrategy[Any] = effects, most: int = 5, **fixed: Any) -> st.SearchStrategy[list[Promotion]]:
    """Up to `most` promotions p-0, p-1, ... with effects drawn from `of`; `fixed` overrides a field's strategy."""

    def one(n: int) -> st.SearchStrategy[Promotion]:
        fields: dict[str, Any] = {
            "effects": st.lists(of, min_size=1, max_size=2).map(tuple),
            "when": st.lists(conditions, max_size=2).map(tuple),
            "priority": st.none() | st.integers(0, 3),
            "exclusive_with": st.sampled_from([(), (), (), ("p-1",), ("p-2", "p-3")]),
            "limits": limits,
        }
        return st.builds(Promotion, id=st.just(f"p-{n}"), **(fields | fixed))

    return st.integers(0, most).flatmap(lambda count: st.tuples(*(one(n) for n in range(count))).map(list))


whole = st.builds(
    Lane,
    mode=st.sampled_from(["stack", "first", "best"]),
    at_most=st.sampled_from([0, 0, 1, 2]),
    exclusive_with=st.sampled_from([(), (), (), ("coupon",)]),
)
by_line = st.builds(Lane, mode=st.sampled_from(["first", "best"]), each=st.just("line"))


@st.composite
def some_lanes(draw: st.DrawFn) -> dict[LaneName, Lane]:
    names = draw(st.lists(st.sampled_from(LANES), max_size=4, unique=True))
    return {name: draw(whole | by_line if name in ("activity", "item") else whole) for name in names}


options = st.builds(
    Options,
    order=st.sampled_from(["lanes", "lanes", "priority"]),
    base=st.sampled_from(["lane", "running"]),
    lanes=some_lanes(),
    split=st.sampled_from(["proportional", "first"]),
    margin_floor_ppm=st.sampled_from([None, 0, 200_000]),
    units_once=st.booleans(),
    budget=st.sampled_from(["whole", "line", "line_alone"]),
)
