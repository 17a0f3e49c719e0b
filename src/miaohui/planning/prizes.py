"""What customers may get: every gift and prize of a document's plays, with its value, how many there are, and what it costs.

A *coupon* gives its offer to whoever takes one until they are gone. A play whose module offers `prizes(rules)` draws them by odds
that are published. A play that sells below list price gives the difference on each piece; that is no money of the budget, and so
`budgeted` says which rows are.

    worst       value x number, never more than the play's own budget: every one given and used
    expected    worst x use, the share of what is given that is used in the end (of coupons; 1 until it is known)

Worked: 40 coupons of 5.00: worst 200.00; a quarter used: expected 50.00.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from miaohui import plays
from miaohui.campaign.document import Document
from miaohui.plays._fields import Given, Product
from miaohui.text import Text


class Prize(Struct, frozen=True, kw_only=True):
    """One row: of which play, what, for whom, its value, how many (None: not limited), its odds in millionths (None: all)."""

    play: str
    title: Text
    what: Text
    audience: str
    value_minor: int
    count: int | None
    odds_ppm: int | None
    worst_minor: int
    expected_minor: int
    budgeted: bool


def prizes(document: Document, use: float = 1.0) -> list[Prize]:
    """All there are; `use` is the share of coupons that is used in the end."""
    found: list[Prize] = []
    for name, play in document.plays.items():
        if play.rules is not None:
            module = plays.find(play.head.play)
            title = play.head.title or module.TITLE
            found += _of_play(name, title, module, play.rules, use)
    return found


def _of_play(name: str, title: Text, module: Any, rules: Any, use: float) -> Iterator[Prize]:
    given = [one for one in getattr(rules, "give", ()) if isinstance(one, Given)]
    worst = module.worst_cost(rules)
    for one in given:
        count = getattr(rules, "count", None)
        value = one.offer.amount_minor
        most = min(worst, value * count) if count is not None else worst
        yield Prize(
            play=name,
            title=title,
            what=Text("优惠券", "Coupon"),
            audience=one.audience,
            value_minor=value,
            count=count,
            odds_ppm=None,
            worst_minor=most,
            expected_minor=round(most * use),
            budgeted=True,
        )
    for prize in module.prizes(rules) if hasattr(module, "prizes") else ():
        yield Prize(
            play=name,
            title=title,
            what=Text(prize.key, prize.key),
            audience="everybody",
            value_minor=prize.value_minor,
            count=prize.count,
            odds_ppm=prize.odds_ppm,
            worst_minor=prize.value_minor * prize.count,
            expected_minor=prize.value_minor * prize.count,
            budgeted=True,
        )
    product, price = getattr(rules, "product", None), getattr(rules, "price_minor", None)
    if isinstance(product, Product) and price is not None and product.list_price_minor > price:
        yield Prize(
            play=name,
            title=title,
            what=Text(f"{product.title.zh}低于标价", f"{product.title.en} below list price"),
            audience="everybody",
            value_minor=product.list_price_minor - price,
            count=getattr(rules, "stock", None),
            odds_ppm=None,
            worst_minor=worst,
            expected_minor=worst,
            budgeted=False,
        )


def costs(document: Document) -> dict[str, tuple[int, bool]]:
    """play -> the most it costs, and whether that comes from the budget (plays that sell below list price take none of it)."""
    found = {}
    for name, play in document.plays.items():
        if play.rules is not None:
            sells = isinstance(getattr(play.rules, "product", None), Product) and hasattr(play.rules, "price_minor")
            found[name] = (plays.find(play.head.play).worst_cost(play.rules), not sells)
    return found
