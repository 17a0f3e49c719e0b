"""Random conditions, and what the tests of this room know."""

import string

from hypothesis import strategies as st

from miaohui.audiences.known import Known
from miaohui.audiences.tree import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    Condition,
    Count,
    Event,
    Everybody,
    Is,
    Last,
    Never,
    Not,
    Recent,
    Since,
    Sum,
    Tagged,
    Where,
)

EVENTS = {
    "order.paid": frozenset[str](),
    "page.viewed": frozenset({"category", "sku", "seconds"}),
    "bargain.price_cut": frozenset({"cut_minor"}),
    "coupon.claimed": frozenset({"amount_minor"}),
}
KNOWN = Known("CNY", "Asia/Shanghai", EVENTS)
ORDERS = (">=", ">", "<=", "<")
OPS = (*ORDERS, "=", "!=")


def conditions(
    traits: st.SearchStrategy[str], values: st.SearchStrategy[str], ranks: st.SearchStrategy[Compare]
) -> st.SearchStrategy[Condition]:
    """Trees over KNOWN whose words come from the strategies given."""
    several = st.lists(values, min_size=1, max_size=3).map(tuple)
    whole, minor = st.integers(-3, 12), st.integers(-50, 30_000)
    windows = st.one_of(
        st.builds(Last, st.integers(1, 40), st.sampled_from(["hour", "day", "week"])),
        st.sampled_from(
            [("2026-08-01", "2026-08-01"), ("2026-07-01", "2026-08-31"), ("2026-08-02T10:30", "2026-09-01")]
        ).map(lambda pair: Between(*pair)),
    )
    maybe = st.none() | windows
    fields = {
        "order.paid": ("total_minor", "discount_minor"),
        "page.viewed": ("seconds", "total_minor"),
        "bargain.price_cut": ("cut_minor",),
        "coupon.claimed": ("amount_minor", "discount_minor"),
    }

    @st.composite
    def wheres(draw: st.DrawFn, name: str) -> Where:
        if draw(st.booleans()):
            field = draw(st.sampled_from(fields[name]))
            return Where(
                field, draw(st.sampled_from(ORDERS)), (str(draw(minor if field.endswith("_minor") else whole)),)
            )
        names = ("campaign", "play", "channel", "sku", "category")
        return Where(draw(st.sampled_from(names)), draw(st.sampled_from(["is", "is not"])), draw(several))

    @st.composite
    def events(draw: st.DrawFn) -> Event:
        name = draw(st.sampled_from(sorted(EVENTS)))
        return Event(name, tuple(draw(st.lists(wheres(name), max_size=2))))

    @st.composite
    def sums(draw: st.DrawFn) -> Sum:
        event = draw(events())
        field = draw(st.sampled_from(fields[event.name]))
        value = draw(minor if field.endswith("_minor") else whole)
        return Sum(event, field, draw(st.sampled_from(OPS)), value, draw(maybe))

    ops = st.sampled_from(OPS)
    leaves = st.one_of(
        st.just(Everybody()),
        st.builds(Is, traits, several),
        ranks,
        st.builds(Tagged, several),
        st.builds(Count, events(), ops, whole, maybe),
        sums(),
        st.builds(Never, events(), maybe),
        st.builds(Recent, events(), st.builds(Last, st.integers(1, 40), st.sampled_from(["hour", "day", "week"]))),
        st.builds(Since, events(), ops, st.integers(-1, 60)),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, min_size=2, max_size=3).map(lambda of: AllOf(tuple(of))),
            st.lists(inner, min_size=2, max_size=3).map(lambda of: AnyOf(tuple(of))),
        ),
        max_leaves=6,
    )


ANY_WORD = st.one_of(
    st.text(min_size=1, max_size=12),
    st.text(string.ascii_letters + string.digits + "-.:+_ '", min_size=1, max_size=8),
    st.sampled_from(
        ["and", "NOT", "last", "tag", "is", "in", "days_since", "会员", "do not disturb", "it's", "65+", "50-74K"]
    ),
)
RANKS = st.one_of(
    st.builds(Compare, st.just("tier"), st.sampled_from(ORDERS), st.sampled_from(["bronze", "gold", "diamond"])),
    st.builds(Compare, st.just("points"), st.sampled_from(ORDERS), st.sampled_from(["0", "-3", "12.5", "007", "100"])),
)
ANY_CONDITION = conditions(ANY_WORD, ANY_WORD, RANKS)
