"""What becomes of promotions, and why: one table of reasons, then how they stack, limits, codes, gifts and taxes. Exact values."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from miaohui.pricing.cart import Carried, Cart, CartLine, Customer, Used
from miaohui.pricing.conditions import (
    AnyCondition,
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
    Weekly,
    Where,
    Within,
)
from miaohui.pricing.effects import (
    Amount,
    AnyEffect,
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
from miaohui.pricing.engine import price
from miaohui.pricing.explain import SENTENCES, sentence
from miaohui.pricing.priced import Priced
from miaohui.pricing.promotion import Lane, Limits, Options, Promotion
from miaohui.text import Text

OFF = Amount(off_minor=500)
CART = Cart(
    currency="CNY",
    lines=(
        CartLine(line="1", sku="tea", quantity=2, unit_price_minor=4000, categories=("drinks",)),
        CartLine(line="2", sku="cup", quantity=1, unit_price_minor=2000, categories=("home",)),
    ),
    customer=Customer(audiences=("vip",), attributes={"tier": "gold"}, orders=2),
    attributes={"channel": "app"},
    now_ms=1000,
)
VIP, SILENT = InAudience(any_of=("vip",)), InAudience(any_of=("silent",))
CONDITIONS: list[tuple[AnyCondition, str, dict[str, Any]]] = [
    (Code(any_of=("JOY",)), "code_missing", {}),
    (Within(starts_ms=1001), "not_yet", {"starts_ms": 1001}),
    (Within(ends_ms=1000), "ended", {"ends_ms": 1000}),
    (Within(starts_ms=1000, ends_ms=1001), "applied", {}),
    (Weekly(from_minute=60, until_minute=120), "not_now", {"days": "", "from_minute": 60, "until_minute": 120}),
    (SILENT, "not_in_audience", {"audience": "silent"}),
    (InAudience(none_of=("vip",)), "in_audience", {"audience": "vip"}),
    (VIP, "applied", {}),
    (
        CustomerIs(is_=Where("tier", ("black",))),
        "customer_differs",
        {"attribute": "tier", "op": "in", "wanted": "black"},
    ),
    (CustomerIs(is_=Where("tier", ("gold",))), "applied", {}),
    (
        CartIs(is_=Where("channel", ("app",), "not_in")),
        "cart_differs",
        {"attribute": "channel", "op": "not_in", "wanted": "app"},
    ),
    (
        CartIs(is_=Where("weight", ("5",), "at_most")),
        "cart_differs",
        {"attribute": "weight", "op": "at_most", "wanted": "5"},
    ),
    (Orders(at_least=4, at_most=4), "orders_more", {"missing": 2}),
    (Orders(at_most=0), "orders_less", {"at_most": 0, "orders": 2}),
    (Spend(at_least_minor=11_200), "spend_more", {"missing_minor": 1200, "at_least_minor": 11_200}),
    (Spend(at_least_minor=10_000), "applied", {}),
    (Spend(at_most_minor=9_999), "spend_less", {"at_most_minor": 9999, "worth_minor": 10_000}),
    (
        Spend(at_least_minor=3000, scope=Scope(categories=("home",))),
        "spend_more",
        {"missing_minor": 1000, "at_least_minor": 3000, "of": "home"},
    ),
    (
        Spend(at_least_minor=3000, scope=Scope(skus=("pan",))),
        "spend_more",
        {"missing_minor": 3000, "at_least_minor": 3000, "of": "pan"},
    ),
    (Pieces(at_least=5), "pieces_more", {"missing": 2, "at_least": 5}),
    (Pieces(at_most=2), "pieces_less", {"at_most": 2, "pieces": 3}),
    (Kinds(at_least=3), "kinds_more", {"missing": 1, "at_least": 3}),
    (Not(condition=VIP), "must_not", {"condition": "audience"}),
    (AnyOf(conditions=(SILENT, Pieces(at_least=3))), "applied", {}),
    (AnyOf(conditions=(SILENT, Pieces(at_least=9))), "not_in_audience", {"audience": "silent"}),
    (Pieces(scope=Scope(where=(Where("subtotal_minor", ("7999",), "more_than"),))), "applied", {}),
    (Pieces(scope=Scope(except_skus=("tea",)), at_least=2), "pieces_more", {"missing": 1, "at_least": 2}),
]
FIVE = Scope(price_at_least_minor=5000)
EFFECTS: list[tuple[AnyEffect, str, dict[str, Any]]] = [
    (Percent(off_ppm=100_000, scope=Scope(skus=("pan",))), "nothing_in_scope", {"of": "pan"}),
    (Percent(off_ppm=100_000, scope=FIVE), "nothing_in_scope", {}),
    (Percent(off_ppm=1_000_000, target="shipping"), "no_shipping", {}),
    (Price(price_minor=4000), "gives_nothing", {}),
    (
        Reduction(tiers=(Tier(at_least=11_000, off_minor=9),)),
        "spend_more",
        {"missing_minor": 1000, "at_least_minor": 11_000},
    ),
    (Reduction(tiers=(Tier(at_least=4, off_ppm=9),), measure="pieces"), "pieces_more", {"missing": 1, "at_least": 4}),
    (Nth(off_ppm=500_000, nth=4), "pieces_more", {"missing": 1, "at_least": 4}),
    (Bundle(parts=(Part(quantity=2),), price_minor=9000), "gives_nothing", {}),
    (BuyGet(buy=2, get=2), "pieces_more", {"missing": 1, "at_least": 4}),
    (PayPoints(points=100, off_minor=100), "no_points", {"points": 100}),
    (Deposit(deposit_minor=100, worth_minor=200), "no_deposit", {}),
    (
        Gift(items=(GiftItem(sku="bag"),), every_minor=15_000),
        "spend_more",
        {"missing_minor": 5000, "at_least_minor": 15_000},
    ),
]


def one(effect: AnyEffect = OFF, *when: AnyCondition, name: str = "p", **rest: Any) -> Promotion:
    return Promotion(id=name, effects=(effect,), when=when, **rest)


def row(priced: Priced, name: str = "p") -> tuple[str, str, tuple[str, ...]]:
    outcome = priced.outcome(name)
    return outcome.status, outcome.code, outcome.by


@pytest.mark.parametrize(("condition", "code", "data"), CONDITIONS, ids=lambda x: x if isinstance(x, str) else "")
def test_a_condition_says_what_is_missing(condition: AnyCondition, code: str, data: dict[str, Any]) -> None:
    priced = price(CART, [one(OFF, condition)])
    outcome = priced.outcomes[0]
    assert (outcome.code, outcome.data) == (code, data)
    assert priced.total_minor == (9500 if code == "applied" else 10_000)
    assert outcome.status == ("applied" if code == "applied" else "not_eligible")


@pytest.mark.parametrize(("effect", "code", "data"), EFFECTS, ids=lambda x: x if isinstance(x, str) else "")
def test_an_effect_that_gives_nothing_says_why(effect: AnyEffect, code: str, data: dict[str, Any]) -> None:
    priced = price(CART, [one(effect)])
    assert row(priced) == ("not_eligible", code, ())
    assert priced.outcomes[0].data == data
    assert (priced.total_minor, priced.gifts, priced.rewards, priced.points) == (10_000, (), (), 0)


def test_every_code_has_its_sentence_and_every_sentence_can_be_said() -> None:
    promotion = one(OFF)
    for condition, code, _ in CONDITIONS:
        assert sentence(price(CART, [one(OFF, condition)]).outcomes[0], promotion, "CNY").zh, code
    for effect, code, _ in EFFECTS:
        assert sentence(price(CART, [one(effect)]).outcomes[0], one(effect), "CNY").en, code
    more = sentence(price(CART, [one(OFF, Spend(at_least_minor=11_200))]).outcomes[0], promotion, "CNY")
    assert more == Text(zh="再买 ¥12.00 可享减 ¥5.00", en="¥12.00 more for ¥5.00 off")
    assert SENTENCES["units_taken"].en == "The units are part of another offer already"


@pytest.mark.parametrize(
    ("local", "holds"),
    [
        ("2026-11-27T22:30", True),  # Friday night
        ("2026-11-28T01:59", True),  # still Friday's
        ("2026-11-28T02:00", False),
        ("2026-11-28T22:30", False),  # Saturday
        ("2026-11-27T21:59", False),
    ],
)
def test_weekly_hours_cross_midnight(local: str, holds: bool) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    friday = Weekly(days=(5,), from_minute=22 * 60, until_minute=2 * 60, zone="Asia/Shanghai")
    priced = price(replace(CART, now_ms=int(at.timestamp() * 1000)), [one(OFF, friday)])
    assert (priced.discount_minor == 500) is holds


def test_a_lane_stacks_on_its_base_or_on_what_is_left() -> None:
    two = [one(Percent(off_ppm=100_000), name="a"), one(Percent(off_ppm=100_000), name="b")]
    assert price(CART, two).discount_minor == 2000
    assert price(CART, two, Options(base="running")).discount_minor == 1900


def test_first_takes_the_first_that_gives_anything_and_at_most_counts_those_that_gave() -> None:
    three = [
        one(Percent(off_ppm=100_000, scope=FIVE), name="a", priority=9),
        one(OFF, name="b", priority=5),
        one(Amount(off_minor=900), name="c"),
    ]
    priced = price(CART, three, Options(lanes={"order": Lane(mode="first")}))
    assert priced.discount_minor == 500
    assert [row(priced, name) for name in "abc"] == [
        ("not_eligible", "nothing_in_scope", ()),
        ("applied", "applied", ()),
        ("skipped", "lane_full", ("b",)),
    ]
    assert price(CART, three, Options(lanes={"order": Lane(at_most=2)})).discount_minor == 1400


def test_an_exclusive_promotion_goes_alone_in_its_lane_or_in_the_cart() -> None:
    item = one(Percent(off_ppm=100_000, each="unit"), name="item")
    other = one(Amount(off_minor=900), name="other", priority=9)
    alone = price(CART, [item, other, one(OFF, name="p", exclusive="lane")])
    assert alone.discount_minor == 1000 + 500
    assert row(alone, "other") == ("skipped", "excluded", ("p",))
    cart = price(CART, [item, other, one(OFF, name="p", exclusive="cart")])
    assert cart.discount_minor == 500
    assert row(cart, "item") == ("skipped", "excluded", ("p",))
    unfit = price(CART, [item, other, one(OFF, SILENT, name="p", exclusive="cart")])
    assert unfit.discount_minor == 1000 + 900


def test_an_activity_price_that_wants_the_cart_for_itself_gets_it_if_it_gives_anything() -> None:
    flash = one(Price(price_minor=1500, scope=Scope(skus=("cup",))), name="flash", exclusive="cart", priority=1)
    member = one(Price(price_minor=3900), name="member")
    priced = price(CART, [flash, member, one()])
    assert (priced.discount_minor, row(priced, "member"), row(priced)) == (
        500,
        ("skipped", "excluded", ("flash",)),
        ("skipped", "excluded", ("flash",)),
    )
    dear = one(Price(price_minor=9500), name="flash", exclusive="cart", priority=-1)
    assert price(CART, [dear, one()]).discount_minor == 500


def test_the_best_reward_is_one_reward() -> None:
    lanes = Options(lanes={"rewards": Lane(mode="best", at_most=1)})
    priced = price(CART, [one(Reward(off_ppm=50_000)), one(Reward(amount=700), name="q")], lanes)
    assert [(x.promotion, x.amount) for x in priced.rewards] == [("q", 700)]
    assert row(priced) == ("skipped", "not_best", ("q",))


def test_promotions_and_lanes_exclude_each_other_and_the_earlier_stays() -> None:
    item = one(Percent(off_ppm=100_000, each="unit"), name="item", groups=("sale",))
    priced = price(CART, [item, one(OFF, exclusive_with=("sale",))])
    assert (priced.discount_minor, row(priced)) == (1000, ("skipped", "excluded", ("item",)))
    closed = price(CART, [item, one(OFF)], Options(lanes={"order": Lane(exclusive_with=("item",))}))
    assert (closed.discount_minor, row(closed)) == (1000, ("skipped", "lane_closed", ("item",)))


def test_by_priority_alone_an_order_offer_may_come_before_an_item_offer() -> None:
    both = [one(OFF, name="order", priority=2), one(Percent(off_ppm=100_000, each="line"), name="item", priority=1)]
    assert price(CART, both).lines[0].given_minor == {"item": 800, "order": 400}
    assert price(CART, both, Options(order="priority")).lines[0].given_minor == {"order": 400, "item": 760}


def test_ties_of_best_go_to_priority_then_to_the_lower_id() -> None:
    lanes = Options(lanes={"order": Lane(mode="best", at_most=1)})
    same = [one(OFF, name="b"), one(OFF, name="a"), one(OFF, name="c", priority=0)]
    assert row(price(CART, same, lanes), "c") == ("applied", "applied", ())
    priced = price(CART, same[:2], lanes)
    assert [row(priced, name) for name in "ab"] == [("applied", "applied", ()), ("skipped", "not_best", ("a",))]
    assert (priced.searches[0].candidates, priced.searches[0].proven) == (2, True)


def test_of_unit_groups_that_want_the_same_units_the_best_set_is_taken() -> None:
    lanes = Options(lanes={"units": Lane(mode="best")})
    three = [
        one(Bundle(parts=(Part(quantity=3),), off_minor=1000), name="a", priority=9),
        one(Nth(off_ppm=500_000, scope=Scope(skus=("tea",))), name="b", priority=8),
        one(Bundle(parts=(Part(quantity=1, scope=Scope(skus=("cup",))),), price_minor=1600), name="c"),
        one(BuyGet(buy=2, get=1), name="d"),
    ]
    priced = price(CART, three, lanes)
    assert {x.promotion: x.saved_minor for x in priced.outcomes} == {"a": 0, "b": 2000, "c": 400, "d": 0}
    assert row(priced, "a") == ("skipped", "not_best", ("b", "c"))
    assert price(CART, three).discount_minor == 1000
    assert price(CART, [three[0], three[3]], lanes).discount_minor == 2000
    larger = one(Bundle(parts=(Part(quantity=3),), off_minor=1500), name="e")
    assert row(price(CART, [three[0], larger], lanes), "a") == ("skipped", "not_best", ("e",))


def test_units_serve_one_group_only_and_floors_are_named() -> None:
    pair = Bundle(parts=(Part(quantity=3),), off_minor=1000)
    priced = price(CART, [one(pair, name="a"), one(pair, name="b")])
    assert (priced.discount_minor, row(priced, "b")) == (1000, ("skipped", "units_taken", ()))
    assert price(CART, [one(pair, name="a"), one(pair, name="b")], Options(units_once=False)).discount_minor == 2000
    lines = tuple(replace(line, cost_minor=line.unit_price_minor, min_price_minor=100) for line in CART.lines)
    kept = price(replace(CART, lines=lines), [one()], Options(margin_floor_ppm=0))
    assert (kept.discount_minor, row(kept)) == (0, ("skipped", "at_floor", ()))
    margin = price(replace(CART, lines=lines), [one(Amount(off_minor=9999))], Options(margin_floor_ppm=None))
    assert margin.goods_minor == 300


def test_a_deposit_is_counted_by_one_promotion_whatever_the_lane_does() -> None:
    coats = CartLine(line="1", sku="coat", quantity=3, unit_price_minor=10_000, deposits=2)
    cart = replace(CART, lines=(coats,))
    first, second = (Deposit(deposit_minor=1000, worth_minor=worth) for worth in (2500, 2000))
    both = [one(first, name="a"), one(second, name="b")]
    for options in (Options(), Options(lanes={"activity": Lane(mode="best", each="line")})):
        priced = price(cart, both, options)
        assert (priced.lines[0].dues(), priced.prepaid_minor) == ([8500, 8500, 10_000], 2000)
        assert priced.outcome("a").data == {"prepaid_minor": 2000}
    assert row(price(cart, both), "b") == ("not_eligible", "no_deposit", ())
    floor = replace(cart, lines=(replace(coats, min_price_minor=9000),))
    priced = price(floor, both[:1])
    assert (priced.total_minor, priced.prepaid_minor) == (28_000, 2000)


def test_limits_are_judged_by_what_the_ledger_says_is_used() -> None:
    def priced(limits: Limits, **used: int) -> Priced:
        return price(replace(CART, used={"p": Used(**used)}), [one(limits=limits)])

    assert row(priced(Limits(uses=3), uses=3)) == ("not_eligible", "used_up", ())
    assert row(priced(Limits(per_customer=1), uses=9, by_customer=1)) == ("not_eligible", "used_by_you", ())
    assert row(priced(Limits(per_day=2), uses=9, today=2)) == ("not_eligible", "used_up_today", ())
    per_day = Limits(per_customer_per_day=1)
    assert row(priced(per_day, today=9, by_customer_today=1)) == ("not_eligible", "used_by_you_today", ())
    assert row(priced(per_day, uses=9, by_customer=9, today=9)) == ("applied", "applied", ())
    assert row(priced(Limits(spend_minor=800), spent_minor=800)) == ("not_eligible", "budget_used_up", ())
    short = {"spend_minor": 800}
    assert row(priced(Limits(**short), spent_minor=400)) == ("skipped", "budget_used_up", ())
    part = priced(Limits(**short, on_end="partial"), spent_minor=400)
    assert (part.discount_minor, row(part)[1]) == (400, "applied_in_part")
    assert priced(Limits(**short, on_end="let_last_exceed"), spent_minor=799).discount_minor == 500


def test_a_budget_is_one_for_all_effects_of_a_promotion_also_while_the_best_is_sought() -> None:
    both = Promotion(id="p", effects=(OFF, Percent(off_ppm=100_000)), limits=Limits(spend_minor=600, on_end="partial"))
    other = one(Amount(off_minor=700), name="q", exclusive_with=("p",))
    priced = price(CART, [both, other], Options(lanes={"order": Lane(mode="best")}))
    assert (priced.discount_minor, row(priced)) == (700, ("skipped", "not_best", ("q",)))
    assert price(CART, [both]).discount_minor == 600


def test_codes_are_answered_one_by_one() -> None:
    promotions = [one(OFF, Code(any_of=("Lucky 8",))), one(OFF, Code(any_of=("VIP",)), SILENT, name="q")]
    priced = price(replace(CART, codes=("lucky8", "vip", "LUCK8")), promotions)
    assert [(x.code, x.accepted, x.promotion, x.reason) for x in priced.codes] == [
        ("lucky8", True, "p", "applied"),
        ("vip", False, "q", "not_in_audience"),
        ("LUCK8", False, "", "unknown_code"),
    ]


def test_gifts_are_chosen_among_those_in_stock_and_counted() -> None:
    items = (GiftItem(sku="bag", value_minor=300), GiftItem(sku="cap", quantity=2), GiftItem(sku="pen"))
    gift = one(Gift(items=items, choose=2, every_minor=4000))
    given = price(replace(CART, gifts={"p": ("pen",)}, sold_out=("bag",)), [gift])
    assert [(x.sku, x.quantity) for x in given.gifts] == [("pen", 2), ("cap", 4)]
    assert given.total_minor == 10_000
    out = price(replace(CART, sold_out=("bag", "cap", "pen")), [gift])
    assert (out.gifts, row(out)) == ((), ("skipped", "gift_sold_out", ()))


def test_rewards_look_at_what_is_paid_and_change_no_price() -> None:
    priced = price(CART, [one(), one(Reward(to="points", amount=10, every_minor=1000), name="q")])
    assert [(x.promotion, x.to, x.amount) for x in priced.rewards] == [("q", "points", 90)]
    assert priced.total_minor == 9500


def test_tax_is_in_the_price_or_on_top_and_is_split_like_it() -> None:
    lines = tuple(replace(line, tax_ppm=130_000) for line in CART.lines)
    cart = replace(CART, lines=lines)
    inside = price(cart, [one(Amount(off_minor=1001))])
    assert [(line.due_minor, line.tax_minor) for line in inside.lines] == [(7199, 828), (1800, 207)]
    assert (inside.tax_minor, inside.total_minor) == (1035, 8999)
    assert inside.lines[0].taxes() == [414, 414]
    on_top = price(replace(cart, tax="exclusive"), [one(Amount(off_minor=1001))])
    assert [(line.due_minor, line.tax_minor) for line in on_top.lines] == [(7199, 936), (1800, 234)]
    assert on_top.total_minor == 8999 + 1170


def test_what_the_cart_carried_is_removed_unless_given_again() -> None:
    cart = replace(CART, carried=(Carried("x", "p"), Carried("y", "gone")))
    assert price(cart, [one()]).removed == ("y",)
    assert price(cart, [one()], Options(replace_carried=True)).removed == ("x", "y")
    with pytest.raises(ValueError, match="adjustment y belongs to no promotion: gone"):
        price(cart, [one()], Options(unknown_carried="refuse"))


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Percent(off_ppm=1_200_000), "120 % off: write 0 to 100"),
        (lambda: Amount(off_minor=-5), "-5 off: an effect gives 0 or more"),
        (lambda: Bundle(parts=(Part(quantity=3),)), "a bundle has a price, an amount off or a percentage off"),
        (lambda: Nth(off_ppm=1, nth=1), "every 1. unit: 2 or more"),
        (lambda: Reduction(tiers=()), "a full reduction has at least one tier"),
        (lambda: Lane(mode="stack", each="line"), "a line chooses one promotion for itself"),
        (lambda: Options(lanes={"order": Lane(mode="best", each="line")}), "lane order cannot choose by line"),
        (lambda: price(CART, [one(), one()]), "two promotions are called p"),
        (lambda: price(replace(CART, lines=CART.lines * 2), []), "two lines are called 1"),
        (lambda: price(replace(CART, lines=(replace(CART.lines[0], quantity=0),)), []), "line 1 has 0 units at 4000"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_remedy(build: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build()
