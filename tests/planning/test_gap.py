"""Which factor made the difference: exact, adding up, without an order."""

from decimal import Decimal
from fractions import Fraction
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from miaohui.planning.gap import Channel, contributions, mix


def test_three_factors() -> None:
    plan, actual = [200_000, Decimal("0.04"), 150], [230_000, Decimal("0.031"), 158]
    assert contributions(plan, actual) == [163_830, -298_170, 60_880]
    assert prod(actual) - prod(plan) == -73_460


def test_with_repurchase() -> None:
    plan = [200_000, Decimal("0.04"), 150, Decimal("1.08")]
    found = contributions(plan, [230_000, Decimal("0.031"), 158, Decimal("1.05")])
    assert [round(float(each), 1) for each in found] == [174_561.6, -317_408.4, 64_854.6, -35_140.8]
    assert sum(found) == Fraction("-113133")


def test_a_factor_of_nothing_explains_all() -> None:
    assert contributions([100, Decimal("0.2"), 100], [100, 0, 100]) == [0, -2_000, 0]


def test_the_mix_of_channels_stands_apart() -> None:
    plan = {
        "oa": Channel(100_000, Decimal("0.05"), 140),
        "sms": Channel(60_000, Decimal("0.03"), 160),
        "live": Channel(40_000, Decimal("0.03"), 165),
    }
    actual = {
        "oa": Channel(90_000, Decimal("0.05"), 150),
        "sms": Channel(50_000, Decimal("0.028"), 150),
        "live": Channel(90_000, Decimal("0.015"), 170),
    }
    found = {name: round(float(value), 1) for name, value in mix(plan, actual).items()}
    assert found == {"visitors": 164_039.3, "mix": -95_700.6, "conversion": -178_416.4, "basket": 38_577.7}
    assert sum(mix(plan, actual).values()) == -71_500
    assert round(100 * 178_416.4 / (178_416.4 + 95_700.6)) == 65  # of the fall of the conversion


numbers = st.lists(st.fractions(0, 1000, max_denominator=100), min_size=1, max_size=5)


@given(st.data())
def test_contributions_add_up_whatever_the_figures(data: st.DataObject) -> None:
    plan = data.draw(numbers)
    actual = data.draw(st.lists(st.fractions(0, 1000, max_denominator=100), min_size=len(plan), max_size=len(plan)))
    found = contributions(plan, actual)
    assert sum(found) == prod(actual) - prod(plan)
    assert all(each == 0 for each, a, b in zip(found, plan, actual, strict=True) if a == b)
    assert contributions(plan[::-1], actual[::-1]) == found[::-1]
