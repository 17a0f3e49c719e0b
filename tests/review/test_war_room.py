"""The war room: figures of the moment, alarms by their rules, and one computation for everybody who watches."""

import asyncio
import contextlib

import pytest

from miaohui.review.moment import Moment, Money, Stock, Tally, alarms, moment
from miaohui.review.war_room import WarRoom
from miaohui.text import Text
from tests.host.stage import CAMPAIGN, MINUTE, T
from tests.review.conftest import ANN, BOB, CAT, ROBOT, Ran


async def test_the_figures_of_the_moment(ran: Ran) -> None:
    await ran.tell("campaign.reached", ANN)
    await ran.coupon_order("o1", ANN)
    await ran.flash_order("o2", BOB)
    await ran.flash_order("o3", CAT, pay=False)
    await ran.coupon_order("o4", ROBOT, "simulated")
    await ran.relay(T + 5 * MINUTE)
    now = await moment(ran.db, ran.store, CAMPAIGN, "USD")
    per_minute = (*[0] * 54, 2, *[0] * 5)
    assert now.measured == Tally(
        orders=2,
        sales_minor=6490,
        discount_minor=3510,
        per_minute=per_minute,
        reached=1,
        took_part=3,
        ordered=3,
        paid=2,
    )
    assert (now.simulated.orders, now.simulated.sales_minor, now.simulated.took_part) == (1, 4500, 1)
    assert now.budget == Money(
        total_minor=100_000, free_minor=99_000, promised_minor=0, spent_minor=1000, used_ppm=10_000
    )
    assert [(s.play, s.pool, s.planned, s.left, s.held) for s in now.stock] == [
        ("coupon", "coupons", 100, 98, 0), ("flash_sale", "stock", 10, 8, 1), ("group_buy", "stock", 10, 10, 0),
    ]  # fmt: skip
    assert (now.alarms, now.lag_ms, now.campaign, now.currency) == ((), 0, "fair", "USD")


def money(used: int) -> Money:
    """A budget of 1000 of which so much is used."""
    return Money(total_minor=1000, free_minor=1000 - used, promised_minor=0, spent_minor=used, used_ppm=used * 1000)


def stock(left: int) -> Stock:
    """A stock of 50."""
    return Stock(
        play="eight", pool="stock", title=Text("秒杀", "Flash sale"), unit="piece:x", planned=50, left=left, held=0
    )


@pytest.mark.parametrize(
    ("used", "left", "lag_ms", "said"),
    [
        (799, 6, 10_000, []),
        (800, 6, 0, [("budget_used", "80% of the budget is used")]),
        (0, 5, 0, [("stock_low", "Flash sale: only 5 left")]),
        (0, 0, 0, [("stock_gone", "Flash sale: none left")]),
        (0, 6, 10_001, [("events_late", "Events are 10 s behind")]),
    ],
)
def test_alarms(used: int, left: int, lag_ms: int, said: list[tuple[str, str]]) -> None:
    found = alarms(money(used), [stock(left)], lag_ms)
    assert [(alarm.code, alarm.says.en) for alarm in found] == said


class Counting:
    """Figures that count how often they were asked for; `fails` of the first fail."""

    def __init__(self, fails: int = 0) -> None:
        self.asked, self.fails = 0, fails

    async def __call__(self, campaign: str) -> Moment:
        self.asked += 1
        if self.asked <= self.fails:
            raise RuntimeError("the store does not answer")
        return Moment(
            campaign=campaign, now_ms=self.asked, lag_ms=0, currency="USD", measured=Tally(), simulated=Tally(),
            budget=money(0), stock=(), alarms=(),
        )  # fmt: skip


async def first(room: WarRoom, campaign: str, n: int) -> list[int]:
    """The times of the first n answers."""
    async with contextlib.aclosing(room.watch(campaign)) as answers:
        return [answer.now_ms for answer, _ in zip([await anext(answers) for _ in range(n)], range(n), strict=True)]


async def test_everybody_gets_the_same_answer_computed_once() -> None:
    compute = Counting()
    room = WarRoom(compute, tick_s=0.01)
    seen = await asyncio.gather(*(first(room, "fair", 3) for _ in range(20)))
    assert seen == [[1, 2, 3]] * 20
    assert compute.asked <= 4


async def test_nothing_is_computed_while_nobody_watches() -> None:
    compute = Counting()
    room = WarRoom(compute, tick_s=0.001)
    assert compute.asked == 0
    await first(room, "fair", 2)
    assert room.watched == []
    asked = compute.asked
    await first(room, "other", 5)
    assert compute.asked - asked in (5, 6)  # the other campaign alone


async def test_a_failure_is_counted_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    room = WarRoom(Counting(fails=2), tick_s=0.001)
    assert await first(room, "fair", 1) == [3]
    assert room.failures == 2
    assert "the war room of fair cannot be computed" in caplog.text
