"""What the counter sells: the shop's own list of products at its own prices, and a basket written in an address.

A basket is `n.<sku>=<quantity>` for each product, an offer is `campaign`, `play` and either `coupon` (on the whole basket) or
`instance` (a party, a token: on the first product). So a link can bring a shopper straight to the checkout.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.counter.miaohui import Offer
from miaohui.counter.orders import Item
from miaohui.pages.goods import picture
from miaohui.text import Text

SHOWN = 24
QUANTITY_MAX = 99
LINES_MAX = 50

_SHELF = """
select sku, title_zh, title_en, category, list_price_minor, currency, note from product
where archived_at is null and list_price_minor > 0
  and ($1 = '' or title_en ilike '%' || $1 || '%' or title_zh ilike '%' || $1 || '%' or category ilike '%' || $1 || '%')
order by sku limit $2
"""
_CHOSEN = """
select sku, title_zh, title_en, category, list_price_minor, currency, note from product
where archived_at is null and list_price_minor > 0 and sku = any($1)
"""


class Good(Struct, frozen=True):
    """One product on the shelf."""

    sku: str
    title: Text
    picture: str
    price_minor: int
    currency: str
    note: str


async def shelf(db: "asyncpg.Pool[Any]", search: str) -> list[Good]:
    """What the shop shows: products whose title or category has `search` in it, at most SHOWN."""
    return [_good(row) for row in await db.fetch(_SHELF, search, SHOWN)]


async def chosen(db: "asyncpg.Pool[Any]", quantities: Mapping[str, int]) -> tuple[str, list[Item]]:
    """The currency and the lines of a basket, numbered as they were put in; products the shop has not are left out."""
    goods = {row["sku"]: _good(row) for row in await db.fetch(_CHOSEN, list(quantities))}
    found = [goods[sku] for sku in quantities if sku in goods]
    items = [
        Item(str(n), good.sku, good.title, good.picture, quantities[good.sku], good.price_minor)
        for n, good in enumerate(found, 1)
    ]
    return (found[0].currency if found else ""), items


def basket(fields: Iterable[tuple[str, Any]]) -> dict[str, int]:
    """sku -> quantity from the fields of a form or address; what is no quantity from 1 to QUANTITY_MAX is left out."""
    wanted = {}
    for name, value in fields:
        if name.startswith("n.") and str(value).isascii() and str(value).isdigit() and 0 < int(value) <= QUANTITY_MAX:
            wanted[name[2:]] = int(value)
    return dict(list(wanted.items())[:LINES_MAX])


def offers(fields: Mapping[str, Any]) -> list[Offer]:
    """The offer that the fields bring, or none."""
    campaign, play, coupon, instance = (
        str(fields.get(name, "")) for name in ("campaign", "play", "coupon", "instance")
    )
    if not campaign or not play:
        return []
    return [Offer(campaign, play, instance, coupon, "" if coupon else "1")]


def _good(row: "asyncpg.Record") -> Good:
    title = Text(row["title_zh"], row["title_en"])
    return Good(row["sku"], title, picture(row["category"]), row["list_price_minor"], row["currency"], row["note"])
