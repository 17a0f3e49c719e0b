"""Reviews of campaigns that ran here: funnel, money, goals, each play, and a ledger that agrees to the unit."""

from datetime import date
from decimal import Decimal

import pytest

from miaohui.campaign.goals import Budget, BudgetLine
from miaohui.review import money
from miaohui.review.figures import NO_MARGIN, NOT_MEASURED, NOTHING_SPENT, Day, Review, Simulated
from miaohui.review.live import live_review
from tests.host.stage import MINUTE, T
from tests.review.conftest import ANN, BOB, CAT, DAN, ROBOT, Ran, plain


async def reviewed(ran: Ran) -> Review:
    """The review now."""
    return await live_review(ran.db, ran.store, ran.document)


async def a_day(ran: Ran) -> None:
    """Ann was reached and uses a coupon, Bob buys in the flash sale, Cat does not pay, a robot uses a coupon."""
    await ran.tell("campaign.reached", ANN)
    await ran.tell("campaign.reached", DAN)
    await ran.coupon_order("o1", ANN)
    await ran.flash_order("o2", BOB)
    await ran.flash_order("o3", CAT, pay=False)
    await ran.coupon_order("o4", ROBOT, "simulated")
    await ran.relay()


async def test_a_review_whole(ran: Ran) -> None:
    await a_day(ran)
    review = await reviewed(ran)
    assert [(step.name, step.customers, step.of_reached) for step in review.funnel] == [
        ("reached", 2, 2), ("took_part", 3, 1), ("ordered", 3, 1), ("paid", 2, 1),
    ]  # fmt: skip
    assert (review.reached, review.took_part, review.ordered, review.paid, review.redeemed) == (2, 3, 3, 2, 1)
    assert (review.orders, review.sales_minor, review.discount_minor, review.refunded_minor) == (2, 6490, 3510, 0)
    assert (review.coupons_issued, review.coupons_used, review.redemptions) == (1, 1, 1)
    assert (review.goods_cost_minor, review.profit_minor) == (4000, 6000)
    assert (review.cost_minor, review.return_ppm, review.return_evidence) == (4510, 1_330_377, "observed")
    assert (review.starts_on, review.ends_on, review.covered_days) == (date(2026, 9, 21), date(2026, 9, 24), 1)
    assert review.days == (
        Day(on_date=date(2026, 9, 21), orders=2, customers=2, sales_minor=6490, discount_minor=3510, redemptions=1),
    )
    assert set(review.missing) == {"bought_promoted", "coupons", "shopping"}


async def test_each_play(ran: Ran) -> None:
    await a_day(ran)
    plays = {play.play: play for play in (await reviewed(ran)).plays}
    coupon, flash, group = plays["coupon"], plays["flash_sale"], plays["group_buy"]
    assert (coupon.customers, coupon.orders, coupon.sales_minor, coupon.discount_minor) == (1, 1, 4500, 500)
    assert coupon.events == {"coupon.claimed": 1, "coupon.redeemed": 1}
    assert (flash.customers, flash.orders, flash.sales_minor, flash.discount_minor) == (2, 1, 1990, 3010)
    assert flash.events == {"flash_sale.token_issued": 2, "flash_sale.reserved": 2, "flash_sale.sold": 1}
    assert (group.customers, group.orders, group.events) == (0, 0, {})


async def test_simulated_customers_stand_in_a_line_of_their_own(ran: Ran) -> None:
    await a_day(ran)
    review = await reviewed(ran)
    assert review.simulated == Simulated(took_part=1, ordered=1, paid=1, orders=1, sales_minor=4500, discount_minor=500)
    fields = ("account", "ledger", "events", "simulated", "difference")
    assert [tuple(getattr(check, field) for field in fields) for check in review.checks] == [
        ("play/fair/coupon/coupons", 2, 1, 1, 0),
        ("play/fair/coupon/used", 2, 1, 1, 0),
        ("play/fair/coupon/spent", 1000, 500, 500, 0),
        ("play/fair/coupon/expired", 0, 0, 0, 0),
        ("play/fair/flash_sale/sold", 1, 1, 0, 0),
        ("play/fair/group_buy/sold", 0, 0, 0, 0),
    ]
    assert review.balanced is True
    assert review.findings[0].judgement.en == "Ledger and events agree"


async def test_goals_against_what_came(ran: Ran) -> None:
    await a_day(ran)
    review = await reviewed(ran)
    assert [(goal.name, goal.target, goal.actual, goal.reached_ppm, goal.missing) for goal in review.goals] == [
        ("gmv", Decimal("150.00"), Decimal("64.90"), 432_666, None),
        ("participants", Decimal(2), Decimal(3), 1_500_000, None),
        ("followers", Decimal(100), None, None, NOT_MEASURED),
    ]
    assert [(finding.judgement.en, finding.tone) for finding in review.findings[1:3]] == [
        ("Sales, net of discount: 43.3% of the target so far, 25.0% of the days", "note"),
        ("Customers who took part in a play: 150.0% of the target so far, 25.0% of the days", "good"),
    ]
    await ran.now(T + 4 * 24 * 60 * MINUTE)
    review = await reviewed(ran)
    assert [(finding.judgement.en, finding.tone) for finding in review.findings[1:3]] == [
        ("Sales, net of discount: 43.3% of the target", "bad"),
        ("Customers who took part in a play: 150.0% of the target", "good"),
    ]


async def test_events_on_their_way_do_not_make_a_difference(ran: Ran) -> None:
    await a_day(ran)
    await ran.now(T + 10 * MINUTE)
    await ran.coupon_order("o5", BOB)
    await ran.now(T + 20 * MINUTE)
    review = await reviewed(ran)
    assert (review.orders, review.balanced) == (2, True)
    await ran.relay(T + 20 * MINUTE)
    review = await reviewed(ran)
    assert (review.orders, review.coupons_used, review.balanced) == (3, 2, True)


async def test_what_was_refunded_is_no_sale_and_no_cost(ran: Ran) -> None:
    await a_day(ran)
    assert (await ran.fair.do(ran.fair.order("o1", "refunded")))["refunded_minor"] == 4500
    await ran.relay(T + 10 * MINUTE)
    review = await reviewed(ran)
    assert (review.sales_minor, review.refunded_minor, review.goods_cost_minor) == (6490, 4500, 2000)
    assert (review.coupons_issued, review.coupons_used, review.redemptions) == (1, 0, 1)
    assert review.goals[0].actual == Decimal("19.90")
    assert review.balanced is True


async def test_an_event_that_is_lost_shows_as_a_difference(ran: Ran) -> None:
    await a_day(ran)
    await ran.store.command("alter table events delete where name = 'flash_sale.sold' settings mutations_sync = 1")
    review = await reviewed(ran)
    assert [check.account for check in review.checks if check.difference] == ["play/fair/flash_sale/sold"]
    assert (review.balanced, review.findings[0].tone) == (False, "bad")
    assert review.findings[0].because.en == "play/fair/flash_sale/sold: ledger 1, events 0"


async def test_nobody_came_yet(ran: Ran) -> None:
    await ran.relay()
    review = await reviewed(ran)
    assert (review.reached, review.paid, review.sales_minor, review.days, review.simulated) == (0, 0, 0, (), None)
    assert (review.cost_minor, review.return_ppm, review.balanced) == (1000, 0, True)
    assert isinstance(plain(review), dict)


POSTERS = Budget(total_minor=100_000, margin_ppm=300_000, lines=(BudgetLine(for_="posters", amount_minor=1000),))
NOTHING = Budget(total_minor=0)


@pytest.mark.parametrize(
    ("sales", "discount", "costs", "budget", "expected"),
    [
        (90_000, 10_000, {"tea": 6_000}, None, (60_000, 40_000, 10_000, 4_000_000, "observed", {})),
        (90_000, 10_000, {}, POSTERS, (63_000, 37_000, 11_000, 3_363_636, "estimated", {})),
        (90_000, 0, {"tea": 6_000}, NOTHING, (60_000, 30_000, 0, None, None, {"return_ppm": NOTHING_SPENT})),
        (90_000, 10_000, {}, None, (None, None, 10_000, None, None,
         dict.fromkeys(("goods_cost_minor", "profit_minor", "return_ppm"), NO_MARGIN))),
    ],
)  # fmt: skip
def test_cost_and_return(sales, discount, costs, budget, expected) -> None:
    found = money.outcome(sales, discount, {"tea": 10}, costs, budget)
    assert (
        found.goods_cost_minor,
        found.profit_minor,
        found.cost_minor,
        found.return_ppm,
        found.evidence,
        found.missing,
    ) == expected
