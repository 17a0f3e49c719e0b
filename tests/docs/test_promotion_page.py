"""Every table of docs/plays/promotion.md is counted again: its sentences are read, its carts priced, its figures compared."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from miaohui.campaign.facts import Facts
from miaohui.campaign.reader import read
from miaohui.host.order_price import Buyer, cart_price
from miaohui.host.setup import Offered
from miaohui.plays import promotion
from miaohui.plays._contract import Line, Who

PAGE = (Path(__file__).parents[2] / "docs/plays/promotion.md").read_text()
GOODS = dict(re.findall(r"`(\w+)` at (\d+\.\d\d)", PAGE))
SECTIONS = re.findall(r"### (.+?)\n.*?```toml\n(.*?)```\n\n(\|.*?)\n\n", PAGE, re.DOTALL)
HEAD = """
campaign = "page"
name = { zh = "页", en = "Page" }
kind = "promotional"
currency = "USD"
zone = "UTC"
[phases]
live = 2027-01-01
wrap_up = 2027-02-01
[budget]
total = 1000.00
"""


def offered(plays):
    """The promotions of a piece of a document."""
    goods = "".join(f"[products.{name}]\nprice = {price}\n" for name, price in GOODS.items())
    found = read(HEAD + goods + plays, Facts())
    assert found.document is not None
    assert not [problem.what.en for problem in found.problems if problem.level == "stop"]
    rules = [play.rules for play in found.document.plays.values()]
    return [Offered(promotion.promotion(one), one) for one in rules]


def minor(written):
    return int(Decimal(written) * 100)


def lines(cart, deposits=""):
    """ "2 tea, 1 cup, delivery 8.00" as lines; `deposits` likewise."""
    made, paid = [], dict(part.split(" ")[::-1] for part in deposits.split(", ") if " " in part)
    for n, part in enumerate(cart.split(", ")):
        quantity, what = part.split(" ", 1)
        if quantity == "delivery":
            fee = minor(what)
            made.append(
                Line(line="shipping", sku="shipping", quantity=1, unit_price_minor=fee, due_minor=fee, open=False)
            )
            continue
        price = minor(GOODS[what.rstrip("s")])
        made.append(
            Line(
                line=str(n),
                sku=what.rstrip("s"),
                quantity=int(quantity),
                unit_price_minor=price,
                due_minor=int(quantity) * price,
                deposits=int(paid.get(what, 0)),
            )
        )
    return made


def rows(table):
    head, _, *rest = [[cell.strip() for cell in row.strip("| ").split("|")] for row in table.strip().split("\n")]
    return [dict(zip(head, row, strict=True)) for row in rest]


def test_the_page_has_the_kinds_that_shops_use_most():
    kinds = [title for title, _, _ in SECTIONS]
    assert [kind.split(" ")[0] for kind in kinds] == [
        "Full",
        "Full",
        "Free",
        "Limited-time",
        "Discount",
        "Second",
        "N",
        "Deposit",
        "All",
    ]


@pytest.mark.parametrize(("title", "plays", "table"), SECTIONS, ids=[title for title, _, _ in SECTIONS])
def test_its_tables_come_to_the_cent(title, plays, table):
    offers = offered(plays)
    for row in rows(table):
        cart = lines(row["cart"], row.get("deposits", ""))
        codes = [row["code"]] if row.get("code", "-") != "-" else []
        priced = cart_price("USD", cart, Buyer(Who("ann")), offers, {}, codes, 1_800_000_000_000)
        before = sum(line.due_minor for line in cart)
        whole = priced.priced
        off = whole.discount_minor + whole.shipping_list_minor - whole.shipping_minor
        figures = (before, off, before - off)
        assert figures == (minor(row["before"]), minor(row["off"]), minor(row["to pay"])), (row, priced.priced)
        assert whole.prepaid_minor == minor(row.get("paid before", "0"))
        if "gift" in row:
            gifts = [f"{quantity} {sku}" for share in priced.shares for sku, quantity in share.gifts().items()]
            assert (", ".join(gifts) or "-") == row["gift"]
