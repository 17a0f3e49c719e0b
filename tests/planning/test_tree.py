"""Goals as a tree: plan to date, gap, and steps that add up to it; a goal by days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from miaohui.campaign.goals import Goal
from miaohui.clock import moment_of, ms_of
from miaohui.planning.curve import EVEN, Curve
from miaohui.planning.pacing import days, pace, units
from miaohui.planning.spreads import NOBODY, Spread, keeping, shared, standing, totals
from miaohui.planning.tree import BEYOND, PLAN, roots
from tests.planning.test_parts import CURVE

GOALS = {
    "gmv": Goal(target=Decimal(1_200_000), is_="visitors * conversion * basket"),
    "visitors": Goal(target=Decimal(200_000), role="execution"),
    "conversion": Goal(target=Decimal(4)),
    "basket": Goal(target=Decimal(150)),
}
CAME = {
    "gmv": Fraction(1_126_540),
    "visitors": Fraction(230_000),
    "conversion": Fraction("3.1"),
    "basket": Fraction(158),
}


def test_the_steps_lead_from_plan_to_what_came() -> None:
    (root,) = roots(GOALS, CAME, {"even": 1.0})
    assert (root.gap, root.joins) == (-73_460, "*")
    assert root.steps() == [
        (PLAN, 0), ("visitors", 163_830), ("conversion", -298_170), ("basket", 60_880), (BEYOND, 0)
    ]  # fmt: skip
    assert [node.name for node in root.all()] == ["gmv", "visitors", "conversion", "basket"]


def test_halfway_a_rate_is_planned_whole_and_a_count_by_half() -> None:
    (root,) = roots(GOALS, CAME, {"even": 0.5})
    assert [part.plan for part in root.parts] == [100_000, 4, 150]
    assert root.plan == 600_000
    assert sum(step for _, step in root.steps()) == root.gap


def test_a_sum_a_plan_that_does_not_add_up_and_what_is_not_known() -> None:
    goals = {
        "orders": Goal(target=Decimal(100), is_="shop + online"),
        "shop": Goal(target=Decimal(60)),
        "online": Goal(target=Decimal(30)),
    }
    (root,) = roots(goals, {"shop": Fraction(50), "online": Fraction(40)}, {"even": 1.0})
    assert root.actual == 90
    assert root.steps() == [(PLAN, -10), ("shop", -10), ("online", 10), (BEYOND, 0)]
    (dark,) = roots(goals, {"shop": Fraction(50)}, {"even": 1.0})
    assert (dark.actual, dark.gap, dark.steps()) == (None, None, [])


def test_a_circle_is_cut() -> None:
    goals = {"a": Goal(target=Decimal(1), is_="b * a"), "b": Goal(target=Decimal(1), is_="a * b")}
    assert [root.name for root in roots(goals, {}, {"even": 1.0})] == ["a"]


HOUR, DAY = 3_600_000, 86_400_000
START = ms_of(datetime(2026, 9, 22, tzinfo=ZoneInfo("Asia/Shanghai")))


def test_five_days_of_twelve_and_what_is_left() -> None:
    shape = Curve((tuple(map(float, CURVE)),))
    spans = days(START, START + 12 * DAY, "Asia/Shanghai")
    came = {span.on: 10_620_000 for span in spans[:5]}
    found = pace(120_000_000, shape, spans, came, START + 5 * DAY)
    assert sum(found.planned) == 120_000_000
    assert (found.done, found.to_date) == (53_100_000, 52_941_667)
    assert round(found.index or 0, 3) == 1.003
    assert found.rest == (5944265, 6235243, 6966845, 8247148, 9843370, 12162881, 17500248)
    assert found.actual[4:6] == (10_620_000, 0)
    assert found.fan[-1] == found.forecast
    assert found.forecast.low < found.forecast.median < found.forecast.high


def test_before_and_after() -> None:
    spans = days(START, START + 2 * DAY, "Asia/Shanghai")
    early = pace(100, EVEN, spans, {date(2026, 9, 20): 3}, START - DAY)
    assert (early.index, early.before, early.done, early.rest) == (None, 3, 3, (49, 48))
    late = pace(100, EVEN, spans, {date(2026, 9, 22): 60, date(2026, 9, 24): 50}, START + 5 * DAY)
    assert (late.rest, late.done, late.forecast.chance) == ((), 110, 1.0)


@pytest.mark.parametrize(("start", "hours"), [("2026-03-08T05:00:00", [23, 24]), ("2026-11-01T04:00:00", [25, 24])])
def test_days_of_new_york_have_23_and_25_hours(start: str, hours: list[int]) -> None:
    at_ms = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp() * 1000)
    spans = days(at_ms, at_ms + sum(hours) * HOUR, "America/New_York")
    assert [(span.end_ms - span.start_ms) // HOUR for span in spans] == hours
    assert spans[1].on - spans[0].on == timedelta(1)


def test_units() -> None:
    assert (units(Decimal("99.90"), "USD"), units(Decimal(99), "JPY"), units(Decimal(7), "")) == (9990, 99, 7)


def spread(id: int, cells: dict[date, dict[str, int]], accepted: bool | None) -> Spread:
    return Spread(
        id=id, goal="gmv", unit="CNY", from_on=min(cells), cells=cells, reason="", proposed_by="lin",
        proposed_at=moment_of(START), decided_by=None, decided_at=None, accepted=accepted,
    )  # fmt: skip


def test_a_day_on_which_all_are_away_belongs_to_nobody() -> None:
    first, second = date(2026, 9, 22), date(2026, 9, 23)
    absent = {"lin": {second: 0}, "wang": {second: 0}}
    cells = shared({first: 101, second: 7}, {"lin": Decimal(1), "wang": Decimal(1)}, absent)
    half = shared({first: 90}, {"lin": Decimal(1), "wang": Decimal(1)}, {"wang": {first: 50}})
    assert half == {first: {"lin": 60, "wang": 30}}
    assert cells == {first: {"lin": 51, "wang": 50}, second: {"lin": 0, "wang": 0, NOBODY: 7}}
    assert totals(cells) == {"lin": 51, "wang": 50, NOBODY: 7}


def test_everybody_may_keep_his_share_of_the_whole() -> None:
    days_ahead = {date(2026, 9, n): 100 for n in (22, 23, 24)}
    capacity = {"lin": Decimal(1), "wang": Decimal(1)}
    cells = keeping(days_ahead, capacity, {"wang": {date(2026, 9, 22): 0}}, {"lin": 400, "wang": 200})
    assert [sum(people.values()) for people in cells.values()] == [100, 100, 100]
    assert cells[date(2026, 9, 22)] == {"lin": 100, "wang": 0}
    assert totals(cells) == {"lin": 200, "wang": 100}
    assert keeping(days_ahead, capacity, {}, {}) == shared(days_ahead, capacity)
    new = keeping(days_ahead, capacity | {"he": Decimal("0.5")}, {}, {"lin": 400, "wang": 400})
    assert [totals(new)[name] for name in ("lin", "wang", "he")] == [120, 120, 60]


def test_only_accepted_targets_hold_and_days_before_stay() -> None:
    d1, d2 = date(2026, 9, 22), date(2026, 9, 23)
    first = spread(1, {d1: {"lin": 5}, d2: {"lin": 5}}, True)
    declined = spread(2, {d1: {"lin": 99}}, False)
    second = spread(3, {d2: {"lin": 2, "wang": 6}}, True)
    still_open = spread(4, {d1: {"lin": 1}}, None)
    assert standing([still_open, second, declined, first]) == {d1: {"lin": 5}, d2: {"lin": 2, "wang": 6}}
