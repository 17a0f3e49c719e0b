"""Coupon: worth what it was worth when it was taken, used at most once, and its money is always somewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miaohui.plays import coupon
from miaohui.plays._contract import Placed, Settled
from miaohui.plays._fields import Given, Offer, Validity
from miaohui.plays.coupon import Claim, Claimed, Expire, Expired, Redeemed, Reply, Returned, Rules
from tests.plays.unit import ANN, BOB, DAY, Kind, Pay, Place, Refund, Release, T, Table, Who, claim

RULES = {
    "id": "c/coupon",
    "currency": "USD",
    "give": (Given("vip", Offer(900, 4000)), Given("everybody", Offer(500, 1000))),
}
BUDGET, PROMISED, SPENT = "budget/c", "play/c/coupon/promised", "play/c/coupon/spent"
UNTIL = T + 7 * DAY


def table(budget=10_000, **rules):
    """A table with ten coupons."""
    return Table(coupon, Rules(**(RULES | {"count": 10} | rules)), **{BUDGET: (budget, "USD")})


def of(order="o", who=ANN, price=2000, quantity=1, **where):
    """A claim of an order of one line on coupon `1`."""
    return claim(order, who, "c/coupon", ("a", "tea-1", quantity, price), **({"coupon": "1"} | where))


@pytest.mark.parametrize(
    ("rules", "budget", "before", "refusal"),
    [
        ({}, 10_000, [], None),
        (
            {"give": (Given("vip", Offer(900)),), "count": 1},
            0,
            [],
            ("not_for_you", {}),
        ),  # before all that is wrong as well
        ({"count": 1}, 500, [Claim("1", ANN)], ("limit_reached", {"limit": 1, "identity": "account"})),
        ({"count": 1}, 500, [Claim("1", BOB)], ("none_left", {})),
        ({}, 499, [], ("over_budget", {})),
        ({"budget_minor": 499}, 10_000, [], ("over_budget", {})),
        ({"valid": Validity(7, T - 7 * DAY)}, 10_000, [], ("coupon_expired", {"valid_until_ms": T})),
    ],
)
def test_claims_are_refused_in_the_documented_order(rules, budget, before, refusal):
    scene = table(budget, **rules)
    for action in before:
        assert scene.do(action) == Reply("1", 500, 1000, T, UNTIL)
    moved = len(scene.transfers), len(scene.events)
    assert scene.do(Claim("2", ANN)) == (refusal or Reply("2", 500, 1000, T, UNTIL))
    assert ((len(scene.transfers), len(scene.events)) == moved) == (refusal is not None)


@pytest.mark.parametrize(
    ("place", "now_ms", "refusal"),
    [
        (of(coupon="9"), T, ("unknown_coupon", {"coupon": "9"})),
        (of(who=BOB, price=1), UNTIL, ("not_yours", {})),
        (of(price=1), T - 1, ("coupon_not_yet", {"valid_from_ms": T})),
        (of(price=1), UNTIL, ("coupon_expired", {"valid_until_ms": UNTIL})),
        (of(price=999), T, ("below_threshold", {"missing_minor": 1, "threshold_minor": 1000})),
    ],
)
def test_orders_are_refused_in_the_documented_order(place, now_ms, refusal):
    scene = table()
    scene.do(Claim("1", ANN))
    assert scene.do(Place(place), now_ms) == refusal
    assert (scene.kinds(), len(scene.events)) == ([Kind.POSTED] * 3, 1)


def test_a_coupon_is_used_once_and_an_order_of_nothing_uses_none():
    scene = table(give=(Given("everybody", Offer(500)),))
    scene.do(Claim("1", ANN))
    assert scene.do(Place(of(price=0))) == ("nothing_to_pay", {})
    assert scene.do(Place(of())) == Placed({"a": 500})
    assert scene.do(Place(of("p"))) == ("coupon_used", {"order": "o"})
    assert scene.do(Pay(of())) == Settled()
    assert scene.do(Place(of("p"))) == ("coupon_used", {"order": "o"})
    assert scene.do(Expire("1", "ann"), UNTIL) == ("coupon_used", {"order": "o"})
    assert scene.events == [Claimed("1", "ann", 500, 0, UNTIL), Redeemed("1", "ann", "o", 500)]


def test_the_first_offer_that_fits_wins():
    vip = Who("ann", {"account": "ann"}, frozenset({"vip"}))
    assert table().do(Claim("1", vip)).amount_minor == 900
    assert table().do(Claim("1", ANN)).amount_minor == 500


def test_fifteen_of_a_coupon_of_twenty_are_spent_and_five_go_back():
    scene = table(give=(Given("everybody", Offer(2000)),))
    scene.do(Claim("1", ANN))
    assert (scene.posted(BUDGET), scene.posted(PROMISED)) == (8000, 2000)
    order = of(price=500, quantity=3)
    assert scene.do(Place(order)) == Placed({"a": 1500})
    scene.do(Pay(order))
    assert (scene.posted(BUDGET), scene.posted(PROMISED), scene.posted(SPENT)) == (8500, 0, 1500)
    scene.do(Refund(order, {"a": 3}, {"a": 0}, whole=True))
    assert (scene.posted(BUDGET), scene.posted(PROMISED), scene.posted(SPENT)) == (8000, 2000, 0)
    assert scene.events[-1] == Returned("1", "ann", "o", 1500)
    assert scene.timers["play/c/coupon/coupon/1"] == (UNTIL, Expire("1", "ann"))


def test_a_coupon_whose_rest_the_budget_has_lost_comes_back_at_what_it_gave():
    scene = table(budget=2000, give=(Given("everybody", Offer(2000)),))
    scene.do(Claim("1", ANN))
    order = of(price=1500)
    scene.do(Place(order))
    scene.do(Pay(order))
    scene.balances[BUDGET].debits += 100  # something else spent it meanwhile
    scene.do(Refund(order, {"a": 1}, {"a": 0}, whole=True))
    assert scene.states["play/c/coupon/coupon/1"].amount_minor == 1500
    assert (scene.posted(BUDGET), scene.posted(PROMISED)) == (400, 1500)


def test_a_part_that_comes_back_leaves_the_coupon_used():
    scene = table()
    scene.do(Claim("1", ANN))
    order = of(quantity=2)
    scene.do(Place(order))
    scene.do(Pay(order))
    moved = len(scene.transfers)
    assert scene.do(Refund(order, {"a": 1}, {"a": 1}, whole=False)) == Settled()
    assert (len(scene.transfers), scene.states["play/c/coupon/coupon/1"].status) == (moved, "used")


@given(
    st.integers(1, 3000), st.integers(1, 3000), st.sampled_from(["nothing", "cancel", "pay", "refund"]), st.booleans()
)
def test_the_money_is_in_one_place_and_nothing_stays_on_hold(amount, price, end, late):
    scene = table(give=(Given("everybody", Offer(amount)),))
    scene.do(Claim("1", ANN))
    order, now_ms = of(price=price), UNTIL if late else T
    if end != "nothing":
        assert scene.do(Place(order)) == Placed({"a": min(amount, price)})
        scene.do(Release(order) if end == "cancel" else Pay(order), now_ms)
    if end == "refund":
        scene.do(Refund(order, {"a": 1}, {"a": 0}, whole=True), now_ms)
    if end == "nothing" and late:
        scene.do(Expire("1", "ann"), UNTIL)
    status = scene.states["play/c/coupon/coupon/1"].status
    assert status == ("used" if end == "pay" else "expired" if late else "usable")
    assert (scene.holds, scene.posted(SPENT)) == ({}, min(amount, price) if end == "pay" else 0)
    assert scene.posted(PROMISED) == (amount if status == "usable" else 0)
    assert scene.posted(BUDGET) + scene.posted(PROMISED) + scene.posted(SPENT) == 10_000
    assert (status == "expired") == any(isinstance(event, Expired) for event in scene.events)


def test_rules_that_cannot_work_say_what_to_change():
    with pytest.raises(ValueError, match="the offer for everybody gives 0: give more than nothing"):
        table(give=(Given("everybody", Offer(0)),))


def test_the_worst_case_is_every_coupon_at_its_largest_but_never_more_than_its_budget():
    assert coupon.worst_cost(table().rules) == 9000
    assert coupon.worst_cost(table(budget_minor=4000).rules) == 4000
