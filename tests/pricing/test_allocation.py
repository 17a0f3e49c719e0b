"""Amounts over lines and units: to the cent, never more than there is room for, the same every time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miaohui.pricing.allocation import allocate, percent, spread


@pytest.mark.parametrize(
    ("amount", "weights", "rooms", "parts"),
    [
        (1000, [3000, 2000, 1000], None, [500, 333, 167]),  # the worked example: the cent left over to the largest rest
        (100, [1, 1, 1], None, [34, 33, 33]),  # a tie goes to the earlier
        (200, [1, 1, 1], None, [67, 67, 66]),
        (1, [1, 1000], None, [0, 1]),
        (7, [0, 0], None, [4, 3]),  # no weight at all counts as equal
        (7, [0, 5], None, [0, 7]),
        (2000, [1000, 500], [1000, 500], [1000, 500]),  # 20.00 off a basket of 15.00 gives 15.00
        (900, [1000, 1000], [100, 2000], [100, 800]),  # what the first cannot take, the second does
        (900, [1, 1, 1], [100, 0, 2000], [100, 0, 800]),
        (5, [0, 3, 0], [9, 2, 9], [2, 2, 1]),  # when only weights of 0 have room, they share
        (0, [3, 4], None, [0, 0]),
        (10, [], None, []),
    ],
)
def test_worked_amounts(amount, weights, rooms, parts):
    assert allocate(amount, weights, rooms) == parts


MONEY = st.integers(0, 10**9)
LINES = st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=20)


@given(MONEY, LINES)
def test_the_sum_is_the_amount_or_all_the_room_there_is(amount, lines):
    weights, rooms = [list(column) for column in zip(*lines, strict=True)]
    parts = allocate(amount, weights, rooms)
    assert sum(parts) == min(amount, sum(rooms))
    assert all(0 <= part <= room for part, room in zip(parts, rooms, strict=True))
    assert allocate(amount, weights, rooms) == parts


@given(MONEY, st.lists(st.integers(1, 10**9), min_size=1, max_size=20))
def test_without_caps_every_part_is_its_exact_share_cut_or_raised_to_a_whole_cent(amount, weights):
    parts, total = allocate(amount, weights), sum(weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert amount * weight // total <= part <= -(-amount * weight // total)


@given(MONEY, st.integers(1, 1000))
def test_units_of_a_line_differ_by_a_cent_at_most_and_the_dearer_come_first(amount, quantity):
    units = spread(amount, quantity)
    assert (sum(units), len(units)) == (amount, quantity)
    assert units == sorted(units, reverse=True)
    assert units[0] - units[-1] <= 1


def test_a_spread_in_figures():
    assert spread(1000, 3) == [334, 333, 333]
    assert spread(0, 2) == [0, 0]


def test_a_percentage_is_rounded_half_up():
    assert [percent(minor, 100_000) for minor in (4, 5, 14, 15, 333, 335)] == [0, 1, 1, 2, 33, 34]
    assert percent(3, 333_333) == 1
