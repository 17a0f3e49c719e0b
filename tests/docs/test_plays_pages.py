"""The arithmetic of the plays' pages, as it stands there."""

from pathlib import Path

import pytest

from miaohui import plays
from miaohui.plays import coupon, flash_sale, group_buy
from miaohui.plays._fields import Given, Offer
from miaohui.pricing.allocation import allocate, spread
from tests.plays.unit import ANN, BOB, DAN, EVE, TEA, Pay, Place, T, Table, claim
from tests.plays.unit import HOUR as HOUR_MS

PAGES = Path(__file__).parents[2] / "docs/plays"
SHIPPED = ("coupon", "flash_sale", "group_buy")
PARTS = ("What it is", "When it works", "Arithmetic", "Numbers to watch", "Leaks and switches")


@pytest.mark.parametrize("name", SHIPPED)
def test_each_play_has_its_page_with_the_five_parts(name):
    title, *rest = (PAGES / f"{name}.md").read_text().split("\n\n")
    module = plays.find(name)
    assert title == f"# {module.TITLE.en} {module.TITLE.zh}"
    assert [part.split("**")[1].rstrip(".") for part in rest] == list(PARTS)


def says(name, *figures):
    """The page of a play names these figures."""
    page = (PAGES / f"{name}.md").read_text()
    return all(figure in page for figure in figures)


def test_coupon():
    assert says("coupon", "3.33 and 1.67", "13.00", "4.34", "4.33")
    rules = coupon.Rules(id="c/p", currency="USD", give=(Given("everybody", Offer(500, 1000)),), count=1)
    table = Table(coupon, rules, **{"budget/c": (2000, "USD")})
    table.do(coupon.Claim("1", ANN))
    lines = (("a", "x", 2, 600), ("b", "y", 1, 600))
    given = table.do(Place(claim("o", ANN, "c/p", *lines, coupon="1"))).given_minor
    assert (given, 1800 - sum(given.values())) == ({"a": 333, "b": 167}, 1300)
    assert spread(1200 - 333, 2) == [434, 433]
    assert allocate(2000, [1500], [1500]) == [1500]


def test_flash_sale():
    assert says("flash_sale", "19.90", "30.10", "39.80", "3,010.00")
    slots = (flash_sale.Span(T, T + HOUR_MS),)
    more = {"product": TEA, "price_minor": 1990, "slots": slots, "stock": 100, "per_customer": 2}
    rules = flash_sale.Rules(id="c/p", currency="USD", **more)
    table = Table(flash_sale, rules)
    table.do(flash_sale.Token("1", ANN))
    order = claim("o", ANN, "c/p", ("a", "tea-1", 2, 5000), line="a", instance="1")
    assert table.do(Place(order)).given_minor == {"a": 2 * 3010}
    assert 2 * 5000 - 2 * 3010 == 3980
    assert flash_sale.worst_cost(rules) == 301_000


def test_group_buying():
    assert says("group_buy", "30.00", "20.00 a seat", "three parties fill and one unit is left")
    more = {"ends_ms": T + 99 * HOUR_MS, "product": TEA, "price_minor": 3000, "stock": 10, "size": 3, "per_customer": 9}
    table = Table(group_buy, group_buy.Rules(id="c/p", currency="USD", **more))

    def seat(party, who):
        return claim(f"{party}-{who.customer}", who, "c/p", ("a", "tea-1", 1, 5000), line="a", instance=party)

    for party in ("p", "q", "r"):
        table.do(group_buy.Open(party, ANN))
        for who in (ANN, BOB, EVE):
            assert table.do(Place(seat(party, who))).given_minor == {"a": 2000}
            table.do(Pay(seat(party, who)))
    completed = [event for event in table.events if isinstance(event, group_buy.PartyCompleted)]
    assert (len(completed), table.balances["play/c/p/stock"].room()) == (3, 1)
    assert table.do(Place(seat("p", DAN))) == ("party_full", {"size": 3})
