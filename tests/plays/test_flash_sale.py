"""Flash sale: only who has a turn reserves, nobody buys more than his share, and no unit is sold twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miaohui.plays import flash_sale
from miaohui.plays._contract import Placed, Settled
from miaohui.plays._fields import Span
from miaohui.plays.flash_sale import (
    TOKEN_KEPT_MS,
    TOKEN_MS,
    Forget,
    Released,
    Reply,
    Reserved,
    Returned,
    Rules,
    Sold,
    Token,
    TokenIssued,
)
from tests.plays.unit import ANN, BOB, DAY, HOUR, TEA, Kind, Pay, Place, Refund, Release, T, Table, Who, claim

STOCK, SOLD, SHOP, USES = "play/c/flash/stock", "play/c/flash/sold", "sku/tea-1", "limit/c/flash/account/ann"
RULES = {
    "id": "c/flash", "currency": "USD", "product": TEA, "price_minor": 1990, "stock": 2,
    "slots": (Span(T, T + HOUR), Span(T + DAY, T + DAY + HOUR)),
}  # fmt: skip


def table(**rules):
    """A table with two boxes of tea for sale, and an ordinary stock."""
    return Table(flash_sale, Rules(**(RULES | rules)), **{SHOP: (0, "piece:tea-1")})


def of(order="o", who=ANN, quantity=1, sku="tea-1", instance="1", **more):
    """A claim of an order of `quantity` boxes, with a token."""
    return claim(order, who, "c/flash", ("a", sku, quantity, 5000), line="a", instance=instance, **more)


@pytest.mark.parametrize(
    ("stock", "bought", "now_ms", "refusal"),
    [
        (2, False, T, None),
        (1, True, T - 1, ("no_slot", {"starts_ms": T})),
        (1, True, T + HOUR, ("no_slot", {"starts_ms": T + DAY})),
        (1, True, T + DAY + HOUR, ("ended", {})),
        (1, True, T + 1, ("limit_reached", {"limit": 1, "identity": "account"})),
        (0, False, T, ("sold_out", {})),
    ],
)
def test_turns_are_refused_in_the_documented_order(stock, bought, now_ms, refusal):
    scene = table(stock=max(stock, 1))
    if bought:
        scene.do(Token("1", ANN))
        scene.do(Place(of()))
    elif not stock:
        scene.do(Token("1", BOB))
        scene.do(Place(of(who=BOB)))
    before = len(scene.events), len(scene.transfers)
    assert scene.do(Token("2", ANN), now_ms) == (refusal or Reply("2", now_ms + TOKEN_MS))
    assert ((len(scene.events), len(scene.transfers)) == before) == (refusal is not None)


@pytest.mark.parametrize(
    ("place", "now_ms", "refusal"),
    [
        (of(), T + TOKEN_MS - 1, None),
        (of(instance="9", sku="x", quantity=9), T + TOKEN_MS, ("no_token", {})),
        (of(who=BOB), T, ("no_token", {})),
        (of(sku="x", quantity=9), T + TOKEN_MS, ("token_expired", {"expires_ms": T + TOKEN_MS})),
        (of(sku="x", quantity=9), T, ("wrong_line", {"line": "a", "sku": "tea-1"})),
        (of(quantity=2), T, ("too_many", {"limit": 1, "quantity": 2})),
    ],
)
def test_orders_are_refused_in_the_documented_order(place, now_ms, refusal):
    scene = table()
    scene.do(Token("1", ANN))
    assert scene.do(Place(place), now_ms) == (refusal or Placed({"a": 3010}, 5, alone=True))
    assert scene.kinds() == ([] if refusal else [Kind.PENDING, Kind.PENDING])
    assert scene.events[1:] == ([] if refusal else [Reserved("ann", "o", 1)])


def test_a_token_is_used_up_and_the_limit_and_the_stock_are_looked_at_again():
    scene = table(stock=1)
    scene.do(Token("1", ANN))
    scene.do(Token("2", BOB))
    assert scene.do(Place(of())) == Placed({"a": 3010}, 5, alone=True)
    assert scene.do(Place(of("p"))) == ("no_token", {})
    assert scene.do(Place(of("q", who=BOB, instance="2"))) == ("sold_out", {})
    assert scene.do(Place(of("r", again=True))) == ("limit_reached", {"limit": 1, "identity": "account"})
    assert scene.do(Release(of())) == Settled()
    assert scene.do(Place(of("q", who=BOB, instance="2"))) == Placed({"a": 3010}, 5, alone=True)


def test_a_token_that_nobody_used_is_forgotten():
    scene, kept = table(), "play/c/flash/token/1"
    scene.do(Token("1", ANN))
    assert scene.timers == {kept: (T + TOKEN_MS + TOKEN_KEPT_MS, Forget("1"))}
    assert scene.do(Forget("1"), T + TOKEN_MS + TOKEN_KEPT_MS) == Settled()
    assert (scene.states, len(scene.events), scene.transfers) == ({kept: None}, 1, [])
    scene.do(Token("2", ANN))
    scene.do(Place(of(instance="2")))
    assert (scene.states["play/c/flash/token/2"], scene.timers["play/c/flash/token/2"]) == (None, None)


def test_a_unit_from_turn_to_refund():
    scene = table()
    scene.do(Token("1", ANN))
    scene.do(Place(of()))
    paid = of(given={"a": 3010})
    scene.do(Pay(paid))
    assert (scene.posted(STOCK), scene.posted(SOLD), scene.posted(USES)) == (1, 1, 1)
    scene.do(Refund(paid, {"a": 1}, {"a": 0}, whole=True))
    assert (scene.posted(STOCK), scene.posted(SOLD), scene.posted(SHOP), scene.posted(USES)) == (1, 0, 1, 0)
    assert scene.events == [
        TokenIssued("ann", T + TOKEN_MS), Reserved("ann", "o", 1), Sold("ann", "o", 1, 3010), Returned("ann", "o", 1)
    ]  # fmt: skip


def test_every_identity_counts():
    two = Who("eve", {"account": "eve", "phone": "55"})
    scene = table(identities=("account", "phone"))
    scene.do(Token("1", two))
    scene.do(Place(of(who=two)))
    other = Who("dan", {"account": "dan", "phone": "55"})
    assert scene.do(Token("2", other)) == ("limit_reached", {"limit": 1, "identity": "phone"})


@given(st.lists(st.sampled_from(["pay", "release", "leave"]), max_size=6), st.integers(1, 4))
def test_what_is_sold_held_and_left_is_the_stock(ends, stock):
    scene = table(stock=stock)
    for n, end in enumerate(ends):
        who = Who(f"w{n}", {"account": f"w{n}"})
        order = of(f"o{n}", who=who, instance=f"t{n}")
        if isinstance(scene.do(Token(f"t{n}", who)), Reply):
            scene.do(Place(order))
            if end != "leave":
                scene.do(Pay(order) if end == "pay" else Release(order))
        account = scene.balances[STOCK]
        held = sum(hold.amount for hold in scene.holds.values() if hold.debit == STOCK)
        assert account.room() + held + scene.posted(SOLD) == stock
        assert account.room() >= 0
    sold = sum(isinstance(event, Sold) for event in scene.events)
    reserved = sum(isinstance(event, Reserved) for event in scene.events)
    released = sum(isinstance(event, Released) for event in scene.events)
    assert (scene.posted(SOLD), len(scene.holds) // 2) == (sold, reserved - sold - released)


def test_rules_that_cannot_work_say_what_to_change():
    with pytest.raises(ValueError, match="the price 5000 is not below the list price 5000: lower it"):
        table(price_minor=5000)
    with pytest.raises(ValueError, match="slots overlap: let each begin after the one before has ended"):
        table(slots=(Span(T, T + 2), Span(T + 1, T + 3)))
