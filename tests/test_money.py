"""Money: exact in every currency, read and written as people do, never rounded behind their back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miaohui.money import Money, exponent, symbol, to_minor


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("99.00", "CNY", 9900),
        ("99", "USD", 9900),
        (Decimal("0.1"), "USD", 10),
        ("9900", "JPY", 9900),
        ("9900.0", "JPY", 9900),
        ("1.234", "KWD", 1234),
        (7, "KWD", 7000),
        ("-3.50", "USD", -350),
        ("1e3", "JPY", 1000),
    ],
)
def test_a_written_amount(written, currency, minor):
    assert to_minor(written, currency) == minor


@pytest.mark.parametrize(
    ("written", "currency", "said"),
    [
        ("99.005", "CNY", "99.005 has more digits than CNY carries: write at most 2 after the point"),
        ("0.5", "JPY", "0.5 has more digits than JPY carries: write at most 0 after the point"),
        ("1.2345", "KWD", "1.2345 has more digits than KWD carries: write at most 3 after the point"),
        ("ninety", "USD", "'ninety' is not an amount: write a decimal such as 99.00"),
        ("NaN", "USD", "NaN has more digits"),
        ("Infinity", "USD", "Infinity has more digits"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused_with_the_remedy(written, currency, said):
    with pytest.raises(ValueError, match="write") as refused:
        to_minor(written, currency)
    assert str(refused.value).startswith(said)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["USD", "CNY", "JPY", "KWD"]))
def test_what_is_written_is_read_back(minor, currency):
    assert to_minor(Money(minor, currency).decimal(), currency) == minor


@pytest.mark.parametrize(
    ("money", "zh", "en"),
    [
        (Money(128_000_000, "CNY"), "¥1,280,000.00", "¥1,280,000.00"),
        (Money(9900, "USD"), "US$99.00", "$99.00"),
        (Money(9900, "JPY"), "JP¥9,900", "¥9,900"),
        (Money(1234, "KWD"), "KWD\N{NO-BREAK SPACE}1.234", "KWD\N{NO-BREAK SPACE}1.234"),
        (Money(-350, "USD"), "\N{MINUS SIGN}US$3.50", "\N{MINUS SIGN}$3.50"),
    ],
)
def test_as_people_read_it(money, zh, en):
    assert (money.text("zh"), money.text("en")) == (zh, en)


def test_without_cents_it_is_whole_units():
    assert Money(128_050, "USD").text("en", cents=False) == "$1,280"
    assert Money(9900, "JPY").text("en", cents=False) == "¥9,900"


def test_sums_stay_in_one_currency():
    assert Money(1, "JPY") + Money(2, "JPY") - Money(4, "JPY") == Money(-1, "JPY")
    with pytest.raises(ValueError, match="USD cannot be added to JPY: convert it first"):
        Money(1, "JPY") + Money(1, "USD")


def test_exponents_and_signs():
    assert [exponent(currency) for currency in ("CNY", "JPY", "KWD")] == [2, 0, 3]
    assert (symbol("CNY", "en"), symbol("USD", "zh"), symbol("KWD", "en")) == ("¥", "US$", "KWD\N{NO-BREAK SPACE}")
