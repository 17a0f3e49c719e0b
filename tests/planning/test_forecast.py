"""The curve of cases, the plan to date, the forecast and its honesty."""

from math import exp
from random import Random

import pytest

from miaohui.planning.curve import EVEN, curve
from miaohui.planning.forecast import Level, forecast, level
from tests.planning.test_parts import CURVE

PLAN = [1_200_000 * share / 14_400 for share in CURVE]


def test_two_cases_of_ten_and_thirteen_days_make_a_curve_of_twelve() -> None:
    ten = [20, 10, 8, 6, 5, 6, 7, 9, 12, 17]
    thirteen = [16, 11, 7, 6, 5, 5, 5, 5, 6, 7, 8, 10, 9]
    found = curve([ten, thirteen]).days(12)
    assert found[0] == pytest.approx((20 * 10 / 12 / 100 + (16 + 11 / 12) / 100) / 2)
    assert found[11] == pytest.approx((17 * 10 / 12 / 100 + (9 + 10 / 12) / 100) / 2)
    assert sum(found) == pytest.approx(1)
    assert curve([[0, 0]]) == EVEN
    assert EVEN.days(4) == [0.25] * 4


def test_the_noise_comes_from_the_cases_and_is_never_below_a_fifth() -> None:
    assert EVEN.noise() == 0.25
    assert curve([[1, 2, 3], [10, 20, 30]]).noise() == 0.2
    assert curve([[1, 1], [1, 3]]).noise() == pytest.approx(0.5678, abs=0.0001)  # ln 2, .6667, .5, 1.5


def test_the_level_after_five_days() -> None:
    ratios = [1.35, 0.9, 0.85, 0.87, 0.889]
    found = level([ratio * day for ratio, day in zip(ratios, PLAN, strict=False)], PLAN[:5], 0.15)
    assert found.sd == pytest.approx(0.0648, abs=0.00005)
    assert found.mean == pytest.approx(-0.0418, abs=0.005)
    assert level([0.0], [100.0], 0.15).mean < 0  # a day without sales has a logarithm all the same


def test_where_it_will_end() -> None:
    found = forecast(531_000, PLAN[5:], Level(-0.0418, 0.0648), 0.15, 1_200_000)
    assert found.median == pytest.approx(1_172_942, rel=0.001)
    assert found.low == pytest.approx(1_103_676, rel=0.001)
    assert found.high == pytest.approx(1_250_635, rel=0.001)
    assert found.chance == pytest.approx(0.321, abs=0.001)
    over = forecast(531_000, [], Level(0, 0.1), 0.15, 500_000)
    assert (over.low, over.high, over.chance) == (531_000, 531_000, 1)


@pytest.mark.parametrize(("noise", "least", "most"), [(0.15, 0.45, 0.66), (0.25, 0.74, 0.86)])
def test_a_band_of_eighty_percent_holds_eighty(noise: float, least: float, most: float) -> None:
    """Days that stray by .15 from a curve that is itself off by 20 % a day: the noise to reckon with is .25."""
    random, held, times = Random(7), 0, 400
    for _ in range(times):
        run = random.gauss(0, 0.25)
        days = [day * exp(run + random.gauss(0, 0.15) + random.gauss(0, 0.2)) for day in PLAN]
        found = forecast(sum(days[:5]), PLAN[5:], level(days[:5], PLAN[:5], noise), noise, 1_200_000)
        held += found.low <= sum(days) <= found.high
    assert least < held / times < most
