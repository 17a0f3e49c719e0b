"""Text, tree, text: what is read, what is printed, and what a slip of the pen looks like."""

import msgspec
import pytest
from conditions import ANY_CONDITION, EVENTS, KNOWN
from hypothesis import HealthCheck, given, settings

from miaohui.audiences.known import Known, vocabulary
from miaohui.audiences.language import DEPTH_MAX, LENGTH_MAX, read
from miaohui.audiences.mistakes import BadCondition, Hint
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
    parts,
)
from miaohui.audiences.writing import checked, write
from miaohui.text import Text

PAID, VIEWED = Event("order.paid"), Event("page.viewed")
SILENT, GOLD = Is("stage", ("silent",)), Compare("tier", ">=", "gold")

READ = {
    "everybody": Everybody(),
    "stage is silent": SILENT,
    "stage = silent": SILENT,
    "stage is not silent": Not(SILENT),
    "stage != silent": Not(SILENT),
    "stage in (silent, 'at risk')": Is("stage", ("silent", "at risk")),
    "stage not in (silent, lost)": Not(Is("stage", ("silent", "lost"))),
    "stage is not in (silent, lost)": Not(Is("stage", ("silent", "lost"))),
    "tier >= gold": GOLD,
    "points < 12.5": Compare("points", "<", "12.5"),
    "age <= 35-44 and income > '250K+'": AllOf((Compare("age", "<=", "35-44"), Compare("income", ">", "250K+"))),
    "tag vip": Tagged(("vip",)),
    "tag in ('do not disturb', 'it''s')": Tagged(("do not disturb", "it's")),
    "count(order.paid) = 0": Count(PAID, "=", 0),
    "count(order.paid, last 90 days) >= 3": Count(PAID, ">=", 3, Last(90, "day")),
    "count(order.paid, last 1 hour) != 1": Count(PAID, "!=", 1, Last(1, "hour")),
    "count(order.paid, between 2026-08-01 and 2026-08-02T10:30) > 1": Count(
        PAID, ">", 1, Between("2026-08-01", "2026-08-02T10:30")
    ),
    "count(page.viewed where category = 'gift box', last 14 days) >= 3": Count(
        Event("page.viewed", (Where("category", "is", ("gift box",)),)), ">=", 3, Last(14, "day")
    ),
    "count(order.paid where amount >= 99 and sku in (a, b) and campaign is not cj-13) >= 1": Count(
        Event(
            "order.paid",
            (
                Where("total_minor", ">=", ("9900",)),
                Where("sku", "is", ("a", "b")),
                Where("campaign", "is not", ("cj-13",)),
            ),
        ),
        ">=",
        1,
    ),
    "sum(order.paid.amount, last 365 days) > 5000.00": Sum(PAID, "total_minor", ">", 500_000, Last(365, "day")),
    "sum(order.paid.discount where channel is sms) <= 0.5": Sum(
        Event("order.paid", (Where("channel", "is", ("sms",)),)), "discount_minor", "<=", 50
    ),
    "sum(bargain.price_cut.cut) >= 10": Sum(Event("bargain.price_cut"), "cut_minor", ">=", 1000),
    "sum(coupon.claimed.amount) >= 10": Sum(Event("coupon.claimed"), "amount_minor", ">=", 1000),
    "sum(page.viewed.seconds) >= 1_000": Sum(VIEWED, "seconds", ">=", 1000),
    "never(order.paid)": Never(PAID),
    "last(order.paid) within 2 weeks": Recent(PAID, Last(2, "week")),
    "days_since(order.paid) >= 60": Since(PAID, ">=", 60),
    "not (tag vip or everybody)": Not(AnyOf((Tagged(("vip",)), Everybody()))),
    "tag a or tag b and tag c": AnyOf((Tagged(("a",)), AllOf((Tagged(("b",)), Tagged(("c",)))))),
    "tag a and (tag b and tag c)": AllOf((Tagged(("a",)), AllOf((Tagged(("b",)), Tagged(("c",)))))),
    "NOT stage IS silent And 会员等级 is 金卡": AllOf((Not(SILENT), Is("会员等级", ("金卡",)))),
    "stage in （silent，‘at risk’） and tier ≥ gold": AllOf((Is("stage", ("silent", "at risk")), GOLD)),
    "'count' is 'and'": Is("count", ("and",)),
}

WRITTEN = {
    "stage = silent": "stage is silent",
    "not stage is silent": "stage is not silent",
    "stage in (silent)": "stage is silent",
    "((tier>=gold))": "tier >= gold",
    "tag a or tag b and not (tag c)": "tag a or (tag b and not tag c)",
    "sum(order.paid.amount) > 5": "sum(order.paid.amount) > 5.00",
    "sum(order.paid.amount where amount>=1_000, LAST 1 DAYS)>5": (
        "sum(order.paid.amount where amount >= 1000.00, last 1 day) > 5.00"
    ),
    '"at risk" is "x"': "'at risk' is x",
    "count(page.viewed where category = 'gift box', last 14 days) >= 3 and never(order.paid)": (
        "count(page.viewed where category is 'gift box', last 14 days) >= 3 and never(order.paid)"
    ),
}


@pytest.mark.parametrize("text", READ)
def test_text_is_read_as_this_tree(text: str) -> None:
    assert read(text, KNOWN).condition == READ[text]


@pytest.mark.parametrize("text", WRITTEN)
def test_text_settles_in_one_step(text: str) -> None:
    once = write(read(text, KNOWN).condition, "CNY")
    assert once == WRITTEN[text]
    assert write(read(once, KNOWN).condition, "CNY") == once


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(ANY_CONDITION)
def test_any_tree_is_read_back_from_its_text(tree: Condition) -> None:
    text = write(tree, "CNY")
    assert read(text, KNOWN).condition == tree
    assert write(read(text, KNOWN).condition, "CNY") == text
    assert msgspec.json.decode(msgspec.json.encode(tree), type=Condition) == tree


def test_amounts_have_the_digits_of_the_currency() -> None:
    for currency, text in [("JPY", "sum(order.paid.amount) > 5000"), ("KWD", "sum(order.paid.amount) > 5.000")]:
        known = Known(currency, "UTC", EVENTS)
        tree = read(text, known).condition
        assert tree == Sum(PAID, "total_minor", ">", 5000)
        assert write(tree, currency) == text


MISTAKES = [
    ("", 0, 0, "expected a condition (a trait, tag, count(...), sum(...), never(...), last(...), days_since(...), everybody, not "
     "or a parenthesis), found the end"),
    ("count(order.payed, last 90 days) >= 3", 6, 11,
     "expected the name of an event, found 'order.payed'; did you mean 'order.paid'?"),
    ("cuont(order.paid) > 1", 0, 5, "expected a function, found 'cuont'; did you mean 'count'?"),
    ("tier >= glod", 8, 4, "expected 'bronze', 'silver', 'gold' or 'diamond', found 'glod'; did you mean 'gold'?"),
    ("city >= Berlin", 8, 6, "expected a number (city has no known order), found 'Berlin'"),
    ("stage silent", 6, 6, "expected 'is', 'is not', 'in', 'not in', '>=', '>', '<=' or '<', found 'silent'"),
    ("stage is", 8, 0, "expected a value, found the end"),
    ("stage is silent tag vip", 16, 3, "expected 'and', 'or' or the end, found 'tag'"),
    ("(stage is silent", 16, 0, "expected ')', 'and' or 'or', found the end"),
    ("tag", 3, 0, "expected the name of a tag, found the end"),
    ("tag 'vip", 4, 4, "expected a closing ', found ''vip'"),
    ("tag vip; tag a", 7, 1, "expected a word, a number or a text in quotes, found ';'"),
    ("count(order.paid) 3", 18, 1, "expected '>=', '>', '<=', '<', '=' or '!=', found '3'"),
    ("count(order.paid) > few", 20, 3, "expected a whole number, found 'few'"),
    ("count(order.paid, last 3 dais) > 1", 25, 4, "expected 'hours', 'days' or 'weeks', found 'dais'; did you mean 'days'?"),
    ("count(order.paid, last 0 days) > 1", 23, 1, "expected a number from 1 to 100000, found '0'"),
    ("count(order.paid, 3 days) > 1", 18, 1, "expected 'last' or 'between', found '3'"),
    ("never(order.paid, between 2026-02-30 and 2026-03-01)", 26, 10,
     "expected a day such as 2026-09-25 or 2026-09-25T20:00, found '2026-02-30'"),
    ("never(order.paid, between 2026-03-02 and 2026-03-01)", 41, 10, "expected a time after 2026-03-02, found '2026-03-01'"),
    ("last(order.paid) < 3 days", 17, 1, "expected 'within', found '<'"),
    ("sum(order.paid) > 3", 14, 1, "expected a point and a field, such as .amount, found ')'"),
    ("sum(order.paied.amount) > 3", 4, 11, "expected the name of an event, found 'order.paied'; did you mean 'order.paid'?"),
    ("sum(order.paid.total_minor) > 3", 15, 11, "expected the field without _minor, found 'total_minor'; did you mean 'amount'?"),
    ("sum(order.paid.amount) > 5.001", 25, 5, "expected an amount in CNY such as 99.00, found '5.001'"),
    ("count(order.paid where amount is 5) > 1", 30, 2, "expected '>=', '>', '<=' or '<', found 'is'"),
    ("count(order.paid where sku > 5) > 1", 27, 1, "expected 'is', 'is not', 'in' or 'not in', found '>'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "offset", "length", "sentence"), MISTAKES)
def test_a_mistake_is_shown_at_its_place(text: str, offset: int, length: int, sentence: str) -> None:
    with pytest.raises(BadCondition) as caught:
        read(text, KNOWN)
    assert (caught.value.offset, caught.value.length, caught.value.sentence.en) == (offset, length, sentence)
    assert caught.value.found == text[offset : offset + length]


def test_a_mistake_is_drawn_under_its_line() -> None:
    with pytest.raises(BadCondition) as caught:
        read("stage is silent and\n  tier >= glod", KNOWN)
    assert caught.value.shown("en") == (
        "  tier >= glod\n"
        "          ^^^^\n"
        "expected 'bronze', 'silver', 'gold' or 'diamond', found 'glod'; did you mean 'gold'?"
    )
    assert caught.value.sentence.zh == "这里应是“bronze”、“silver”、“gold”、“diamond”，写的是“glod”；是不是“gold”？"


def test_too_long_and_too_deep_are_mistakes() -> None:
    with pytest.raises(BadCondition, match=f"at most {LENGTH_MAX} characters"):
        read("tag " + "a" * LENGTH_MAX, KNOWN)
    inside = "not " * DEPTH_MAX + "everybody"
    assert len(list(parts(read(inside, KNOWN).condition))) == DEPTH_MAX + 1
    with pytest.raises(BadCondition, match=f"at most {DEPTH_MAX} conditions inside each other"):
        read("not " + inside, KNOWN)


def test_words_that_the_data_does_not_know_are_hints() -> None:
    traits = {"stage": frozenset({"silent", "active"}), "city": frozenset[str]()}
    known = Known("CNY", "UTC", EVENTS, traits=traits, tags=frozenset({"vip"}))
    text = "stage is silnet and stgae is active and city is Berlin and tag vpi and tag vip"
    assert read(text, known).hints == (
        Hint(9, 6, Text("还没有顾客的 stage 是“silnet”", "no customer's stage is 'silnet' yet"), "silent"),
        Hint(20, 5, Text("还没有顾客有特征“stgae”", "no customer has a trait 'stgae' yet"), "stage"),
        Hint(63, 3, Text("还没有顾客有标签“vpi”", "no customer carries the tag 'vpi' yet"), "vip"),
    )
    assert read("count(page.viewed where catgory is x) > 0", KNOWN).hints == (
        Hint(
            24, 7, Text("page.viewed 没有固定字段“catgory”", "'catgory' is no regular field of page.viewed"), "category"
        ),
    )


def test_a_tree_from_outside_is_refused_where_its_text_would_say_something_else() -> None:
    good = Sum(PAID, "total_minor", ">", 1)
    assert checked(good, KNOWN) is good
    for bad in [
        Sum(PAID, "points_minor", ">", 1),
        Sum(Event("coupon.claimed"), "total_minor", ">", 1),
        Count(Event("order.lost"), ">", 1),
        Compare("tier", ">", "tin"),
        Count(PAID, ">", 1, Between("2026-1-1", "tomorrow")),
        Count(Event("order.paid", (Where("total_minor", "is", ("5",)),)), ">", 1),
    ]:
        with pytest.raises(BadCondition):
            checked(bad, KNOWN)
    deep: Condition = Everybody()
    for _ in range(500):
        deep = Not(deep)
    with pytest.raises(BadCondition, match=f"at most {DEPTH_MAX} levels"):
        checked(deep, KNOWN)


def test_the_vocabulary_holds_the_shops_events_and_their_properties() -> None:
    words = vocabulary()
    assert words["page.viewed"] == {"page", "sku", "category", "referrer"}
    assert not words["order.paid"] & {"total_minor", "discount_minor", "customer", "lines"}
    assert words["campaign.reached"] == frozenset()
