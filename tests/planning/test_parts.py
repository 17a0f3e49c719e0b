"""A whole split exactly; people by days with both margins held."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from miaohui.planning.parts import split, table

CURVE = [2445, 1357, 992, 826, 733, 715, 750, 838, 992, 1184, 1463, 2105]
"""The shares of twelve days in 1/14400: .1698 .0942 .0689 .0574 .0509 .0497 .0521 .0582 .0689 .0822 .1016 .1462."""


def test_a_target_over_twelve_days_to_the_fen() -> None:
    days = split(120_000_000, CURVE)
    assert days[:3] == [20375000, 11308333, 8266667]
    assert (days[11], sum(days)) == (17541667, 120_000_000)
    assert sum(days[:5]) == 52_941_666  # 529,417


def test_the_rest_is_spread_again_by_the_curve() -> None:
    rest = split(120_000_000 - 53_100_000, CURVE[5:])
    assert rest == [5944265, 6235243, 6966845, 8247148, 9843370, 12162881, 17500248]


def test_a_day_over_people_with_one_on_leave() -> None:
    assert split(6_983_333, [Decimal("1.2"), Decimal(1), 0, Decimal("0.5")]) == [3103703, 2586420, 0, 1293210]


def test_a_month_of_people_and_days_meets_both_margins() -> None:
    rows, columns = [600.0, 300.0, 100.0], [250.0, 250.0, 300.0, 200.0]
    cells = table(rows, columns, [[1.2, 1.2, 1.2, 1.2], [1, 0, 1, 1], [0.5, 0.5, 0.5, 0]])
    assert all(abs(sum(row) - wanted) < 0.1 for row, wanted in zip(cells, rows, strict=True))
    assert all(abs(sum(row[n] for row in cells) - wanted) < 0.1 for n, wanted in enumerate(columns))
    assert (cells[1][1], cells[2][3]) == (0, 0)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_nothing_is_lost_and_nobody_is_a_unit_off(whole: int, weights: list[int]) -> None:
    found = split(whole, weights)
    assert sum(found) == whole
    total = sum(weights)
    for part, weight in zip(found, weights, strict=True) if total else ():
        assert abs(part - whole * weight / total) < 1.001
