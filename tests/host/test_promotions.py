"""Promotions on orders: what each gives, what the ledger holds afterwards, and what comes back with goods that come back."""

from asyncio import gather
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from miaohui.host.openings import Fill
from miaohui.host.storage import Person
from miaohui.ledger.accounts import piece
from miaohui.plays import find
from miaohui.pricing import refunds
from miaohui.pricing.cart import Cart, CartLine
from miaohui.pricing.conditions import InAudience
from miaohui.pricing.effects import (
    Amount,
    Deposit,
    Gift,
    GiftItem,
    Nth,
    PayPoints,
    Percent,
    Price,
    Reduction,
    Reward,
    Tier,
)
from miaohui.pricing.engine import price
from miaohui.pricing.promotion import Lane, Options
from miaohui.pricing.rulebook import Rulebook
from tests.host.stage import CAMPAIGN, MINUTE, T, said, setup
from tests.host.test_plays_on_the_host import balance, fair, fire, refused

pytestmark = pytest.mark.asyncio
FULL = Reduction(tiers=(Tier(at_least=5000, off_minor=1000),))
"""10.00 off 50.00."""


def pool(name, play="promotion"):
    return f"play/{CAMPAIGN}/{play}/{name}"


def promotion(play="promotion", gives=(FULL,), **changes):
    return setup("promotion", play=play, gives=gives, **changes)


CLAIM = ("promotion", {})


async def test_full_reduction_from_place_to_refund_by_unit():
    f = await fair(promotion())
    lines = [("a", "x", 1, 2000), ("b", "y", 3, 1100)]
    placed = await f.do(f.placed("1", "ann", CLAIM, lines=lines))
    # 53.00 less 10.00: 3.77 on 20.00, 2.08 (2.07 the third) on each 11.00
    assert [(x["line"], x["due_minor"]) for x in placed["lines"]] == [("a", 1623), ("b", 2677)]
    assert placed["total_minor"] == 4300
    assert balance(f, f"budget/{CAMPAIGN}") == (100_000, 1000, 0)
    assert balance(f, pool("used")) == (0, 0, 1)
    assert (await f.do(f.order("1", "paid")))["status"] == "paid"
    assert balance(f, pool("spent")) == (1000, 0, 0)
    assert balance(f, pool("used")) == (1, 0, 0)
    part = await f.do(f.order("1", "refunded", lines=[{"line": "b", "quantity": 2}]))
    assert part["refunded_minor"] == 892 + 892
    assert balance(f, pool("spent")) == (1000 - 208 * 2, 0, 0)
    rest = await f.do(f.order("1", "refunded"))
    assert (rest["status"], rest["refunded_minor"]) == ("refunded", 4300 - 892 * 2)
    assert balance(f, pool("spent")) == (0, 0, 0)
    assert balance(f, pool("used")) == (0, 0, 0)
    assert balance(f, f"budget/{CAMPAIGN}") == (100_000, 0, 0)


async def test_below_the_threshold_the_order_is_refused_with_what_is_missing():
    f = await fair(promotion())
    await refused(f, f.placed("1", "ann", CLAIM, lines=[("a", "x", 1, 4000)]), "spend_more")


async def test_an_order_that_is_not_paid_gives_everything_back():
    f = await fair(promotion(per_customer=1, uses=1))
    await f.do(f.placed("1", "ann", CLAIM))
    await refused(f, f.placed("2", "ann", CLAIM), "used_up")
    f.now[0] += 15 * MINUTE
    await fire(f)
    assert balance(f, pool("used")) == (0, 0, 0)
    assert balance(f, f"limit/{CAMPAIGN}/promotion/account/ann") == (0, 0, 0)
    again = await f.do(f.placed("2", "ann", CLAIM))
    assert again["total_minor"] == 4000
    assert (await f.do(f.order("1", "paid")))["refund"] == "expired"  # late, and the only use is another order's


async def test_a_use_belongs_to_every_identity_of_the_customer():
    people = {c: Person(identities={"phone": "p"}) for c in ("ann", "bob")}
    f = await fair(promotion(per_customer=1), people=people)
    await f.do(f.placed("1", "ann", CLAIM))
    await f.do(f.order("1", "paid"))
    await refused(f, f.placed("2", "bob", CLAIM), "used_by_you")
    await f.do(f.order("1", "refunded"))
    assert (await f.do(f.placed("2", "bob", CLAIM)))["total_minor"] == 4000


async def test_a_use_that_does_not_come_back():
    f = await fair(promotion(per_customer=1, use_comes_back=False))
    await f.do(f.placed("1", "ann", CLAIM))
    await f.do(f.order("1", "paid"))
    await f.do(f.order("1", "refunded"))
    await refused(f, f.placed("2", "ann", CLAIM), "used_by_you")
    assert balance(f, pool("spent")) == (0, 0, 0)


DAY = {"uses_per_day": 2, "per_customer_per_day": 1, "zone": "America/New_York"}


def day(name, date):
    return f"{name}/{date}"


async def test_uses_are_counted_by_the_day_of_the_campaigns_zone_on_which_the_order_is_placed():
    people = {c: Person(identities={"phone": "p"}) for c in ("ann", "bob")}
    late = datetime(2026, 11, 1, 23, 59, tzinfo=ZoneInfo("America/New_York"))  # the day that has 25 hours
    f = await fair(promotion(**DAY, head={"ends_ms": T + 100 * 24 * 60 * MINUTE}), people=people)
    f.now[0] = int(late.timestamp() * 1000)
    anns, all_ = f"limit/{CAMPAIGN}/promotion/account/ann", pool("day")
    await f.do(f.placed("1", "ann", CLAIM))
    assert balance(f, day(anns, "2026-11-01")) == (0, 0, 1)
    await refused(f, f.placed("2", "ann", CLAIM), "used_by_you_today")
    await refused(f, f.placed("2", "bob", CLAIM), "used_by_you_today")  # the same telephone
    await f.do(f.placed("3", "eve", CLAIM))
    await refused(f, f.placed("4", "joe", CLAIM), "used_up_today")
    await f.do(f.order("3", "cancelled"))
    assert balance(f, day(all_, "2026-11-01")) == (0, 0, 1)
    await f.do(f.placed("4", "joe", CLAIM))
    f.now[0] += MINUTE  # midnight: another day, whenever the old one's orders are paid
    assert (await f.do(f.order("1", "paid")))["status"] == "paid"
    assert balance(f, day(anns, "2026-11-01")) == (1, 0, 0)
    assert (await f.do(f.placed("2", "ann", CLAIM)))["total_minor"] == 4000
    assert balance(f, day(anns, "2026-11-02")) == (0, 0, 1)
    await f.do(f.order("1", "refunded"))  # gives its own day's use back
    assert balance(f, day(all_, "2026-11-01")) == (0, 0, 1)  # joe's
    assert balance(f, day(all_, "2026-11-02")) == (0, 0, 1)


async def test_a_late_payment_takes_the_use_of_its_own_day_again():
    f = await fair(promotion(uses_per_day=1))
    await f.do(f.placed("1", "ann", CLAIM))
    f.now[0] += 15 * MINUTE
    await fire(f)
    f.now[0] += 24 * 60 * MINUTE
    assert (await f.do(f.placed("2", "bob", CLAIM)))["total_minor"] == 4000
    assert (await f.do(f.order("1", "paid")))["refund"] == ""
    first, second = (fromtimestamp(T + n * 24 * 60 * MINUTE) for n in (0, 1))
    assert (balance(f, day(pool("day"), first)), balance(f, day(pool("day"), second))) == ((1, 0, 0), (0, 0, 1))


def fromtimestamp(ms):
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


async def test_the_days_limit_holds_when_all_come_at_once_and_others_pay_for_the_change_of_day_once():
    f = await fair(promotion(uses_per_day=3))
    for hours in (0, 24):
        f.now[0] = T + hours * 60 * MINUTE
        orders = [f.placed(f"{hours}-{n}", f"c{n}", CLAIM) for n in range(20)]
        answers = [said(answer) for answer in await gather(*map(f.host.submit, orders))]
        assert sum(isinstance(answer, dict) for answer in answers) == 3
        assert answers.count("used_up_today") == 17
        assert balance(f, day(pool("day"), fromtimestamp(f.now[0]))) == (0, 0, 3)
    assert f.host.figures.retries == 1  # the first batch of the second day


async def test_a_code_must_be_typed_and_capitals_do_not_matter():
    f = await fair(promotion(codes=("TEA20",)))
    await refused(f, f.placed("1", "ann", CLAIM), "code_missing")
    await refused(f, f.placed("1", "ann", ("promotion", {"code": "TEA21"})), "code_missing")
    assert (await f.do(f.placed("1", "ann", ("promotion", {"code": "tea20"}))))["total_minor"] == 4000
    await f.do(f.order("1", "paid"))
    assert [
        (e.name, e.properties["code"])
        for e in f.host.storage.events
        if e.play == "promotion" and e.name.startswith("promotion")
    ] == [("promotion.applied", "tea20")]


@pytest.mark.parametrize(
    ("how", "second", "spent"), [("refuse", None, 1000), ("partial", 500, 1500), ("let_last_exceed", 1000, 2000)]
)
async def test_what_an_order_gets_that_meets_the_end_of_the_budget(how, second, spent):
    f = await fair(promotion(budget_minor=1500, on_budget_end=how))
    await f.do(f.placed("1", "ann", CLAIM))
    if second is None:
        await refused(f, f.placed("2", "bob", CLAIM), "budget_used_up")
    else:
        assert (await f.do(f.placed("2", "bob", CLAIM)))["discount_minor"] == second
        await f.do(f.order("2", "paid"))
    await f.do(f.order("1", "paid"))
    assert balance(f, pool("spent")) == (spent, 0, 0)
    assert balance(f, pool("budget")) == (max(0, 1500 - spent), 0, 0)
    await refused(f, f.placed("3", "eve", CLAIM), "budget_used_up") if how != "refuse" else None
    if second is not None:
        await f.do(f.order("2", "refunded"))
        await f.do(f.order("1", "refunded"))
        assert (balance(f, pool("spent")), balance(f, pool("budget"))) == ((0, 0, 0), (1500, 0, 0))


async def test_promotions_coupon_and_flash_sale_in_one_order_come_out_to_the_cent():
    """Tea in the flash sale at 19.90 (alone), two cups at 30.00: 20 % off cups, then 10.00 off 40.00, then the coupon's 5.00;
    delivery of 6.00 is free from 40.00 on."""
    f = await fair(
        setup("coupon"),
        setup("flash_sale"),
        promotion("cups", (Percent(off_ppm=200_000, each="unit"),)),
        promotion("full", (Reduction(tiers=(Tier(at_least=4000, off_minor=1000),)),)),
        promotion("ship", (Percent(off_ppm=1_000_000, target="shipping"),), from_minor=3000),
    )
    coupon = await f.do(f.act("coupon", "claim", "ann"))
    token = await f.do(f.act("flash_sale", "token", "ann"))
    claims = (
        ("coupon", {"coupon": coupon["coupon"]}),
        ("ship", {}),
        ("full", {}),
        ("cups", {}),
        ("flash_sale", {"instance": token["token"], "line": "1"}),
    )
    lines = [("1", "tea-1", 1, 5000), ("2", "cup-1", 2, 3000)]
    shown = {"lines": lines, "shipping_minor": 600}
    await refused(f, f.placed("0", "ann", *claims, **shown, total_minor=5000), "price_changed")
    placed = await f.do(f.placed("1", "ann", *claims, **shown, total_minor=1990 + 3300))
    # cups: 60.00 - 12.00 = 48.00 - 10.00 = 38.00 - 5.00 = 33.00
    assert [(x["line"], x["due_minor"]) for x in placed["lines"]] == [("1", 1990), ("2", 3300), ("shipping", 0)]
    assert placed["total_minor"] == 5290
    await f.do(f.order("1", "paid"))
    for play, minor in (("cups", 1200), ("full", 1000), ("ship", 600), ("coupon", 500)):
        assert balance(f, pool("spent", play)) == (minor, 0, 0)
    assert balance(f, pool("sold", "flash_sale")) == (1, 0, 0)
    one = await f.do(f.order("1", "refunded", lines=[{"line": "2", "quantity": 1}]))
    assert one["refunded_minor"] == 1650
    rest = await f.do(f.order("1", "refunded"))
    assert rest["refunded_minor"] == 5290 - 1650
    for play in ("cups", "full", "ship"):
        assert balance(f, pool("spent", play)) == (0, 0, 0)


async def test_no_promotion_and_no_coupon_goes_under_the_floor_of_the_shop_or_of_the_campaign():
    """Tea at 20.00, by the shop not under 15.00, by the campaign not under 12.00; a cup at 10.00, not under 8.00."""
    floors = {"tea-1": 1200, "cup-1": 800}
    f = await fair(setup("coupon"), promotion(gives=(Percent(off_ppm=900_000),), floors=floors))
    coupon = await f.do(f.act("coupon", "claim", "ann"))
    lines = [("1", "tea-1", 1, 2000), ("2", "cup-1", 1, 1000)]
    body = f.placed("1", "ann", CLAIM, lines=lines)
    body.fields.lines[0] = replace(body.fields.lines[0], min_price_minor=1500)
    assert [line["due_minor"] for line in (await f.do(body))["lines"]] == [1500, 800]
    body = f.placed("2", "ann", ("coupon", {"coupon": coupon["coupon"]}), lines=lines[:1])
    body.fields.lines[0] = replace(body.fields.lines[0], min_price_minor=1600)
    assert [line["due_minor"] for line in (await f.do(body))["lines"]] == [1600]  # 4.00 of 5.00
    await f.do(f.order("2", "cancelled"))
    body = f.placed("3", "ann", ("coupon", {"coupon": coupon["coupon"]}), lines=lines[:1])
    body.fields.lines[0] = replace(body.fields.lines[0], min_price_minor=2000)
    await refused(f, body, "nothing_to_pay")


async def test_an_order_claims_a_promotion_once():
    f = await fair(promotion())
    await refused(f, f.placed("1", "ann", CLAIM, ("promotion", {"line": "1"})), "bad_request")
    await refused(f, f.placed("1", "ann", CLAIM, ("promotion", {"instance": "x"})), "bad_request")
    assert (await f.do(f.placed("1", "ann", CLAIM)))["total_minor"] == 4000


async def test_all_or_nothing_with_the_plays_of_the_order():
    f = await fair(setup("coupon"), promotion())
    await refused(f, f.placed("1", "ann", CLAIM, ("coupon", {"coupon": "none"})), "unknown_coupon")


async def test_units_of_one_line_that_cost_differently_come_back_at_their_own_price():
    f = await fair(promotion(gives=(Price(price_minor=1000, units_max=1),)))
    placed = await f.do(f.placed("1", "ann", CLAIM, lines=[("a", "x", 3, 1500)]))
    assert placed["total_minor"] == 4000
    await f.do(f.order("1", "paid"))
    back = [
        (await f.do(f.order("1", "refunded", lines=[{"line": "a", "quantity": 1}])))["refunded_minor"] for _ in range(3)
    ]
    assert back == [1000, 1500, 1500]


async def test_rerate_down_takes_back_what_is_no_longer_earned():
    """3 at 100.00, 10 % off 300.00: two come back. 270.00 paid, one at 100.00 stays: 170.00 back, not 180.00."""
    ten = Reduction(tiers=(Tier(at_least=30000, off_ppm=100_000),))
    f = await fair(promotion(gives=(ten,), refund="rerate_down"))
    await f.do(f.placed("1", "ann", CLAIM, lines=[("a", "x", 3, 10000)]))
    await f.do(f.order("1", "paid"))
    first = await f.do(f.order("1", "refunded", lines=[{"line": "a", "quantity": 2}]))
    assert first["refunded_minor"] == 17000
    assert balance(f, pool("spent")) == (0, 0, 0)
    last = await f.do(f.order("1", "refunded"))
    assert last["refunded_minor"] == 10000
    assert balance(f, pool("spent")) == (0, 0, 0)


async def test_what_stays_never_costs_less_than_nothing():
    """Seed 9147 of the simulation: two promotions of two policies on one line. 20.00, less 4.00 and 10.00: 6.00 paid. One of two
    comes back; of the 4.00, which would not be given now, 2.00 lie on the other, and the 10.00 may take its 8.00 only. 8.00 came
    back before."""
    ten, four = (Reduction(tiers=(Tier(at_least=least, off_minor=off),)) for least, off in ((1000, 1000), (2000, 400)))
    f = await fair(promotion("four", (four,)), promotion("ten", (ten,), refund="rerate_down"))
    lines = [("a", "x", 1, 1000), ("b", "y", 1, 1000)]
    assert (await f.do(f.placed("1", "ann", ("four", {}), ("ten", {}), lines=lines)))["total_minor"] == 600
    await f.do(f.order("1", "paid"))
    assert (await f.do(f.order("1", "refunded", lines=[{"line": "b", "quantity": 1}])))["refunded_minor"] == 600
    assert (balance(f, pool("spent", "four")), balance(f, pool("spent", "ten"))) == ((200, 0, 0), (800, 0, 0))
    last = await f.do(f.order("1", "refunded"))
    assert (last["status"], last["refunded_minor"]) == ("refunded", 0)
    assert (balance(f, pool("spent", "four")), balance(f, pool("spent", "ten"))) == ((0, 0, 0), (0, 0, 0))
    assert balance(f, f"budget/{CAMPAIGN}") == (100_000, 0, 0)


GIFT = Gift(items=(GiftItem(sku="cup-1", value_minor=800),))


async def with_cups(*setups):
    """The fair with ten cups in the shop's stock."""
    from tests.host.stage import memory_fair

    made = memory_fair(setups, now := [T])
    made.now = now
    await made.host.start()
    await made.fill("cups", (Fill("sku/cup-1", piece("cup-1"), "", 10),))
    return await made.open()


async def test_a_gift_is_a_line_of_its_own_out_of_the_shops_stock():
    f = await with_cups(promotion(gives=(GIFT,), gift_stock=2, from_minor=5000))
    placed = await f.do(f.placed("1", "ann", CLAIM))
    gift = placed["lines"][1]
    assert (gift["line"], gift["sku"], gift["quantity"], gift["due_minor"]) == (
        "gift/fair/promotion/cup-1",
        "cup-1",
        1,
        0,
    )
    assert balance(f, pool("gifts_1")) == (2, 1, 0)
    await f.do(f.order("1", "paid"))
    assert balance(f, pool("given_1")) == (1, 0, 0)
    await f.do(f.placed("2", "bob", CLAIM))
    await refused(f, f.placed("3", "eve", CLAIM), "gift_sold_out")
    assert (await f.do(f.order("1", "refunded")))["status"] == "refunded"
    assert balance(f, pool("given_1")) == (0, 0, 1)  # bob's
    assert balance(f, "sku/cup-1") == (9, 0, 0)


@pytest.mark.parametrize(("policy", "money"), [("allocated", 5000), ("rerate_down", 5000), ("forfeit_gift", 4200)])
async def test_a_gift_that_is_kept_is_charged_unless_the_policy_says_otherwise(policy, money):
    f = await with_cups(promotion(gives=(GIFT,), gift_stock=2, from_minor=5000, refund=policy))
    await f.do(f.placed("1", "ann", CLAIM))
    await f.do(f.order("1", "paid"))
    part = await f.do(f.order("1", "refunded", lines=[{"line": "1", "quantity": 1}]))
    assert (part["status"], part["refunded_minor"]) == ("partly_refunded", money)
    gift = await f.do(f.order("1", "refunded"))
    assert gift["refunded_minor"] == 5000 - money


@pytest.mark.parametrize("part", [False, True])
async def test_points_pay_and_are_earned_and_go_back_with_the_goods(part):
    pays, earns = PayPoints(points=100, off_minor=100), Reward(to="points", off_ppm=100_000)
    f = await fair(promotion("pays", (pays,)), promotion("earns", (earns,)))
    await f.fill("points", (Fill("wallet/ann/points", "points", "", 1000),))
    claims = (("pays", {}), ("earns", {}))
    lines = [("1", "tea-1", 2, 2500)]
    placed = await f.do(f.placed("1", "ann", *claims, lines=lines, facts={"points": 800}))
    assert placed["total_minor"] == 4200
    assert balance(f, "wallet/ann/points") == (1000, 800, 420)
    await f.do(f.order("1", "paid"))
    assert balance(f, "wallet/ann/points") == (1000 - 800 + 420, 0, 0)
    if part:
        half = await f.do(f.order("1", "refunded", lines=[{"line": "1", "quantity": 1}]))
        assert half["refunded_minor"] == 2100
        assert balance(f, "wallet/ann/points") == (620 + 400 - 210, 0, 0)
    await f.do(f.order("1", "refunded"))
    assert balance(f, "wallet/ann/points") == (1000, 0, 0)


async def test_a_deposit_counts_for_more_and_comes_back_as_what_was_paid():
    f = await fair(promotion(gives=(Deposit(deposit_minor=1000, worth_minor=2500),)))
    await refused(f, f.placed("1", "ann", CLAIM), "no_deposit")
    body = f.placed("1", "ann", CLAIM, lines=[("a", "x", 2, 8000)])
    body.fields.lines[0] = replace(body.fields.lines[0], deposits=1)
    placed = await f.do(body)
    assert (placed["total_minor"], placed["discount_minor"], placed["prepaid_minor"]) == (14_500, 1500, 1000)
    assert (await f.do(f.order("1", "paid")))["prepaid_minor"] == 1000
    assert balance(f, pool("spent")) == (1500, 0, 0)
    first = await f.do(f.order("1", "refunded", lines=[{"line": "a", "quantity": 1}]))
    assert (
        first["refunded_minor"] == 6500
    )  # 80.00 less the 15.00 that the deposit counted for more; its 10.00 are in it
    assert (await f.do(f.order("1", "refunded")))["refunded_minor"] == 8000


async def test_an_audience_of_the_campaign_is_a_condition():
    people = {"ann": Person(memberships={CAMPAIGN: (1, False)})}
    f = await fair(promotion(when=(InAudience(any_of=("vip",)),)), people=people)
    f.host.storage.audiences = {CAMPAIGN: ((0, "vip"),)}
    f.host.storage.epoch += 1
    assert (await f.do(f.placed("1", "ann", CLAIM)))["total_minor"] == 4000
    await refused(f, f.placed("2", "bob", CLAIM), "not_in_audience")


async def test_only_the_best_of_a_lane_applies_and_the_other_claim_is_refused():
    best = Options(lanes={"order": Lane(mode="best", at_most=1)})
    f = await fair(
        promotion("a", (Amount(off_minor=300),), stacking=best), promotion("b", (Amount(off_minor=500),), stacking=best)
    )
    await refused(f, f.placed("1", "ann", ("a", {}), ("b", {})), "lane_full")
    assert (await f.do(f.placed("1", "ann", ("b", {}))))["total_minor"] == 4500


async def test_an_order_keeps_the_rules_it_was_placed_under():
    f = await fair(promotion(gives=(Nth(off_ppm=500_000),), refund="rerate_down"))
    await f.do(f.placed("1", "ann", CLAIM, lines=[("a", "x", 2, 1000)]))
    f.host.storage.set_up(promotion(gives=(FULL,), version=2, refund="allocated"))
    await f.do(f.order("1", "paid"))
    first = await f.do(f.order("1", "refunded", lines=[{"line": "a", "quantity": 1}]))
    assert first["refunded_minor"] == 500  # one alone costs 10.00: of 15.00 paid, 5.00 come back


STEPS = [("a", 1), ("b", 2), ("a", 1), ("b", 1), ("a", 1)]


@pytest.mark.parametrize("policy", ["allocated", "rerate_down"])
@pytest.mark.parametrize("order", [STEPS, STEPS[::-1], [("b", 3), ("a", 3)]])
async def test_refunds_of_an_order_are_those_of_the_engine(policy, order):
    """The host's refunds, step by step, beside `pricing.refunds` on the same cart."""
    gives = ((Percent(off_ppm=330_000, each="unit"),), (FULL,), (Nth(off_ppm=500_000, nth=3),))
    setups = [promotion(f"p{n}", effects, refund=policy) for n, effects in enumerate(gives)]
    f = await fair(*setups)
    lines = [("a", "x", 3, 2199), ("b", "y", 3, 1099)]
    await f.do(f.placed("1", "ann", *((one.play, {}) for one in setups), lines=lines))
    await f.do(f.order("1", "paid"))
    cart = Cart(
        currency="USD",
        lines=tuple(CartLine(line=line, sku=sku, quantity=n, unit_price_minor=price) for line, sku, n, price in lines),
    )
    book = Rulebook([find("promotion").promotion(one.rules) for one in setups])
    sold = refunds.Sold(cart=cart, priced=price(cart, book))
    came = 0
    for line, quantity in order:
        there = refunds.refund(policy, sold, {line: quantity}, book)
        here = await f.do(f.order("1", "refunded", lines=[{"line": line, "quantity": quantity}]))
        assert here["refunded_minor"] == there.amount_minor, (line, quantity)
        sold, came = there.then, came + here["refunded_minor"]
    assert came == sold.priced.total_minor


def some_effect(random):
    """A discount of some kind."""
    each = Percent(off_ppm=random.choice([100_000, 333_333, 700_000]), each="unit")
    tier = Tier(at_least=random.choice([500, 1000, 2000]), off_minor=random.choice([333, 500, 999]))
    nth = Nth(off_ppm=random.choice([500_000, 999_000]), nth=random.choice([2, 3]))
    return random.choice([each, Reduction(tiers=(tier,)), nth])


@pytest.mark.parametrize("part", range(4))
async def test_refunds_by_several_policies_come_to_what_was_paid_and_never_to_more(part):
    """Orders with two or three promotions of any policies; the goods come back in any order, a few at a time."""
    placed = 0
    for seed in range(part, 600, 4):
        random = Random(seed)
        policies = ["allocated", "rerate_down", "forfeit_gift"]
        names = ["one", "two", "three"][: random.choice([2, 3])]
        f = await fair(*(promotion(name, (some_effect(random),), refund=random.choice(policies)) for name in names))
        prices = [random.choice([333, 500, 1000, 1999]) for _ in range(random.randint(1, 3))]
        lines = [(f"l{n}", f"s{n}", random.randint(1, 4), price) for n, price in enumerate(prices)]
        order = await f.do(f.placed("1", "ann", *((name, {}) for name in names), lines=lines))
        if isinstance(order, str):
            continue  # not all of them apply
        placed += 1
        await f.do(f.order("1", "paid"))
        units = [line for line, _, quantity, _ in lines for _ in range(quantity)]
        random.shuffle(units)
        back = 0
        while units:
            some, units = units[: (k := random.randint(1, len(units)))], units[k:]
            asked = [{"line": line, "quantity": some.count(line)} for line in sorted(set(some))]
            back += (await f.do(f.order("1", "refunded", lines=asked)))["refunded_minor"]
            assert back <= order["total_minor"], seed
        assert back == order["total_minor"], seed
        assert [balance(f, pool("spent", name)) for name in names] == [(0, 0, 0)] * len(names), seed
    assert placed > 50
