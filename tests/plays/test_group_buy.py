"""Group buying: a seat is held when ordered and counts when paid; the last paid seat completes the party, or all is given back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miaohui.plays import group_buy
from miaohui.plays._contract import Placed, RefundRequested, Settled
from miaohui.plays.group_buy import (
    Expire,
    Open,
    PartyCompleted,
    PartyFailed,
    PartyOpened,
    Reply,
    Returned,
    Rules,
    SeatFreed,
    SeatHeld,
    SeatPaid,
)
from tests.plays.unit import (
    ANN,
    BOB,
    DAN,
    DAY,
    EVE,
    HOUR,
    MINUTE,
    TEA,
    Kind,
    Pay,
    Place,
    Refund,
    Release,
    T,
    Table,
    claim,
)

STOCK, SOLD, SHOP = "play/c/group/stock", "play/c/group/sold", "sku/tea-1"
SEATS, TAKEN = "play/c/group/seats/p", "play/c/group/taken/p"
KEY = "play/c/group/party/p"
RULES = {
    "id": "c/group", "currency": "USD", "ends_ms": T + 3 * DAY, "product": TEA, "price_minor": 3000, "stock": 10, "size": 2,
}  # fmt: skip
GRANTED = Placed({"a": 2000}, 15, alone=True)


def table(**rules):
    """A table with ten boxes for groups of two."""
    return Table(group_buy, Rules(**(RULES | rules)), **{SHOP: (0, "piece:tea-1")})


def of(who, order="", quantity=1, sku="tea-1", instance="p"):
    """The order of `who` for a seat of party `p`, named after him."""
    lines = ("a", sku, quantity, 5000)
    return claim(order or who.customer, who, "c/group", lines, line="a", instance=instance, given={"a": 2000})


def run(scene, *steps):
    """Do (action, minutes after T) in order; the last answer."""
    return [scene.do(action, T + minutes * MINUTE) for action, minutes in steps][-1]


OPENED = [(Open("p", ANN), 0)]
LED = [*OPENED, (Place(of(ANN)), 0), (Pay(of(ANN)), 1)]
FULL = [*LED, (Place(of(BOB)), 2), (Pay(of(BOB)), 3)]


@pytest.mark.parametrize(
    ("rules", "before", "place", "minutes", "refusal"),
    [
        ({}, LED, of(BOB), 2, None),
        ({}, LED, of(BOB, instance="q"), 2, ("unknown_party", {"party": "q"})),
        ({}, FULL, of(ANN, "x", 9, "x"), 9999, ("party_full", {"size": 2})),
        ({}, [*LED, (Place(of(BOB)), 2)], of(EVE), 2, ("party_full", {"size": 2})),
        ({}, LED, of(ANN, "x", 9, "x"), 24 * 60 + 1, ("party_over", {})),
        ({}, [*LED, (Expire("p"), 24 * 60 + 1)], of(BOB), 2, ("party_over", {})),
        ({}, LED, of(ANN, "x", 9, "x"), 2, ("already_in", {})),
        ({}, OPENED, of(BOB, "x", 9, "x"), 2, ("leader_first", {})),
        ({"size": 3}, [*OPENED, (Place(of(ANN)), 0)], of(BOB), 2, ("leader_first", {})),
        ({}, LED, of(BOB, "x", 9, "x"), 2, ("wrong_line", {"line": "a", "sku": "tea-1"})),
        ({}, LED, of(BOB, quantity=2), 2, ("too_many", {"limit": 1, "quantity": 2})),
        ({"stock": 1}, LED, of(BOB), 2, ("sold_out", {})),
    ],
)
def test_seats_are_refused_in_the_documented_order(rules, before, place, minutes, refusal):
    scene = table(**rules)
    run(scene, *before)
    moved = len(scene.transfers), len(scene.events)
    assert scene.do(Place(place), T + minutes * MINUTE) == (refusal or GRANTED)
    assert ((len(scene.transfers), len(scene.events)) == moved) == (refusal is not None)


def test_a_customer_takes_as_many_seats_as_he_may_in_all_parties_together():
    scene = table(stock=1)
    run(scene, *LED, (Open("q", ANN), 2))
    seat = of(ANN, "second", instance="q")
    assert scene.do(Place(seat), T + 3 * MINUTE) == ("limit_reached", {"limit": 1, "identity": "account"})


def test_two_pay_and_the_party_is_complete():
    scene = table()
    assert run(scene, *OPENED) == Reply("p", 2, T + 16 * MINUTE)
    assert run(scene, *FULL[1:]) == Settled()
    assert scene.events == [
        PartyOpened("p", "ann"), SeatHeld("p", "ann", "ann", 1), SeatPaid("p", "ann", "ann", 1, 1, 2000),
        SeatHeld("p", "bob", "bob", 0), SeatPaid("p", "bob", "bob", 0, 1, 2000), PartyCompleted("p", "ann", "ann,bob"),
    ]  # fmt: skip
    assert (scene.posted(STOCK), scene.posted(SOLD), scene.posted(SEATS), scene.posted(TAKEN)) == (8, 2, 0, 2)
    assert (scene.states[KEY].status, scene.timers[KEY], scene.holds) == ("completed", None, {})
    assert scene.do(Expire("p"), T + DAY + MINUTE) == ("party_over", {})


def test_hours_count_from_the_leaders_payment():
    scene = table()
    run(scene, *LED)
    assert scene.timers[KEY] == (T + MINUTE + 24 * HOUR, Expire("p"))
    assert scene.do(Expire("p"), T + 24 * HOUR) == ("party_over", {})  # a timer of before, too early


def test_a_party_that_is_not_full_in_time_asks_for_refunds_and_a_late_payment_too():
    scene = table(size=3)
    run(scene, *LED, (Place(of(BOB)), 24 * 60), (Expire("p"), 24 * 60 + 1))
    assert scene.events[-2:] == [PartyFailed("p", "ann", "ann"), RefundRequested("ann", "ann", "a", "party_failed")]
    assert scene.do(Pay(of(BOB)), T + DAY + 2 * MINUTE) == Settled("party_failed")
    assert scene.do(Refund(of(ANN), {"a": 1}, {"a": 0}, whole=True), T + DAY + HOUR) == Settled()
    assert (scene.posted(STOCK), scene.posted(SOLD), scene.posted(SHOP), scene.holds) == (10, 0, 0, {})
    assert scene.kinds()[-4:] == [Kind.VOID, Kind.POSTED, Kind.POSTED, Kind.POSTED]


def test_a_party_nobody_is_in_disappears():
    scene = table()
    run(scene, *OPENED, (Expire("p"), 16))
    assert (scene.states[KEY], scene.posted(SEATS)) == (None, 0)
    assert scene.events == [PartyOpened("p", "ann"), PartyFailed("p", "ann", "")]


def test_a_party_whose_seats_are_all_unpaid_fails_like_any_other():
    scene = table()
    run(scene, *OPENED, (Place(of(ANN)), 0), (Expire("p", stopped=True), 3))
    assert scene.events[-1] == PartyFailed("p", "ann", "")  # nobody has paid: no refund is asked for
    assert (scene.states[KEY].status, [m.order for m in scene.states[KEY].members]) == ("failed", ["ann"])
    assert scene.do(Expire("p", stopped=True), T + 4 * MINUTE) == ("party_over", {})
    assert scene.do(Release(of(ANN)), T + 16 * MINUTE) == Settled()
    assert (scene.events[-1], scene.holds, scene.posted(SOLD)) == (SeatFreed("p", "ann", "ann"), {}, 0)


def test_who_leads_when_the_leader_goes():
    scene = table(size=3)
    run(scene, *LED, (Place(of(EVE)), 2), (Place(of(BOB)), 2), (Pay(of(BOB)), 3))
    run(scene, (Refund(of(ANN), {"a": 1}, {"a": 0}, whole=True), 4))
    assert scene.states[KEY].owner == "bob"  # he has paid, eve has not
    assert scene.events[-2:] == [Returned("ann", "ann", 1), SeatFreed("p", "ann", "ann")]
    run(scene, (Place(of(DAN)), 5))
    assert (scene.posted(SEATS), len(scene.states[KEY].members)) == (2, 3)


def test_a_refund_after_the_party_is_complete_is_ordinary_after_sales():
    scene = table()
    run(scene, *FULL)
    run(scene, (Refund(of(ANN), {"a": 1}, {"a": 0}, whole=True), 4))
    assert (scene.posted(SHOP), scene.posted(SOLD), scene.posted(TAKEN)) == (1, 1, 2)
    assert (scene.states[KEY].status, scene.events[-1]) == ("completed", Returned("ann", "ann", 1))


CROWD = (ANN, BOB, EVE, DAN)


@given(
    st.integers(2, 3), st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["place", "pay", "release"])), max_size=14)
)
def test_seats_and_goods_are_never_more_than_there_are_and_the_party_ends_once(size, steps):
    scene = table(size=size, stock=3)
    run(scene, *OPENED)
    placed = {}
    for minute, (n, verb) in enumerate(steps, 1):
        who = CROWD[n]
        order = of(who)
        if verb == "place" and who.customer not in placed:
            if scene.do(Place(order), T + minute * MINUTE) == GRANTED:
                placed[who.customer] = "placed"
        elif placed.get(who.customer) == "placed" and verb != "place":
            scene.do(Pay(order) if verb == "pay" else Release(order), T + minute * MINUTE)
            placed[who.customer] = verb
        held = sum(hold.amount for hold in scene.holds.values() if hold.debit == SEATS)
        assert scene.posted(TAKEN) + held <= size
        assert scene.balances[STOCK].room() >= 0
    scene.do(Expire("p"), T + 30 * DAY)
    ended = [event for event in scene.events if isinstance(event, PartyCompleted | PartyFailed)]
    paid = [customer for customer, end in placed.items() if end == "pay"]
    assert len(ended) == 1
    assert scene.posted(TAKEN) == len(paid)
    assert any(isinstance(event, PartyCompleted) for event in ended) == (len(paid) == size)
    asked = [event.customer for event in scene.events if isinstance(event, RefundRequested)]
    assert sorted(asked) == ([] if len(paid) == size else sorted(paid))


def test_rules_that_cannot_work_say_what_to_change():
    with pytest.raises(ValueError, match="the price 5000 is not below the list price 5000: lower it"):
        table(price_minor=5000)
    with pytest.raises(ValueError, match="set it to false; no robots fill a group"):
        table(complete_by_operator=True)
