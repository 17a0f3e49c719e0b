"""What promotions are about, as a document writes it: money, percentages, and which units are meant.

    on = ["tea", "rice"]                        these products of [products]
    on = ["category snacks", "not tea"]         a category of the shop, without one product
    on = ["price 5.00 to 50.00"]                by the price of one; "price from 5.00", "price up to 50.00"
    on = ["brand = acme or zen", "weight >= 2"] by an attribute of the line; also !=, >, <, <=
    on = ["not yet reduced"]                    what no promotion has lowered; "no activity price": none of the activity lane

Several lines of one kind widen what is meant, lines of different kinds narrow it. In a text on one line they are parted by commas.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from miaohui.campaign import values
from miaohui.campaign.grammar import Amount, decimal_of_percent
from miaohui.campaign.times import Days, Unreadable
from miaohui.money import Money
from miaohui.plays._fields import Product
from miaohui.pricing.conditions import EVERYTHING, Op, Scope, Where

MONEY = r"\d[\d_]*(?:\.\d+)?"
NAME = r"[a-z][a-z0-9_-]{0,63}"
_OPS: dict[str, Op] = {
    "=": "in", "!=": "not_in", ">": "more_than", ">=": "at_least", "<": "less_than", "<=": "at_most",
}  # fmt: skip
_SIGNS = {op: sign for sign, op in _OPS.items()}
_WHERE = re.compile(r"(?P<attribute>[\w.-]+) (?P<op>=|!=|>=?|<=?) (?P<values>.+)")
_PRICE = re.compile(rf"price (?:from (?P<only>{MONEY})|up to (?P<most>{MONEY})|(?P<from>{MONEY}) to (?P<to>{MONEY}))")
_UNTOUCHED = {"not yet reduced": "any", "no activity price": "activity"}


class NotWhole(Exception):
    """A product of the document of which too little is known, as long as the shop was not asked: nothing to report."""


class Words(Struct, frozen=True):
    """What a document's texts are read by: its currency, its products by name (and the names of those that are not whole), its
    audiences, the times of its phases."""

    currency: str
    products: Mapping[str, Product]
    audiences: Sequence[str] = ()
    days: Days | None = None
    zone: str = "UTC"
    not_whole: frozenset[str] = frozenset()

    def amount(self, written: str, least: int = 1) -> int:
        """Money in minor units."""
        return values.amount(Amount(least=least), Decimal(written.replace("_", "")), self.currency)

    def money(self, minor: int) -> str:
        """As `amount` reads it."""
        return f"{Money(minor, self.currency).decimal():f}"

    def percent(self, written: str, most: int = 100) -> int:
        """A percentage in millionths, over nothing and up to `most` percent."""
        ppm = Decimal(written.replace("_", "")) * 10_000
        if ppm != ppm.to_integral_value():
            raise Unreadable("percent_digits", value=written)
        if not 0 <= ppm <= most * 10_000:
            raise Unreadable("too_large", value=written, limit=str(most))
        return int(ppm)

    def share(self, ppm: int) -> str:
        """As `percent` reads it."""
        return f"{decimal_of_percent(ppm).normalize():f} %"

    def product(self, name: str) -> Product:
        """The product called so. NotWhole."""
        if name in self.not_whole:
            raise NotWhole
        if name not in self.products:
            known = ", ".join(sorted(self.products)) or "-"
            raise Unreadable("unknown_product", value=values.shown(name), known=known)
        return self.products[name]

    def name(self, sku: str) -> str:
        """What the document calls the product with this sku."""
        return next((name for name, product in self.products.items() if product.sku == sku), sku)

    def where(self, written: str) -> Where | None:
        """`brand = acme or zen`; None if it is nothing of the kind."""
        found = _WHERE.fullmatch(written)
        if found is None:
            return None
        return Where(found["attribute"], tuple(v.strip() for v in found["values"].split(" or ")), _OPS[found["op"]])

    def where_written(self, where: Where) -> str:
        """As `where` reads it."""
        return f"{where.attribute} {_SIGNS[where.op]} {' or '.join(where.values)}"

    def scope(self, written: Sequence[str]) -> Scope:
        """Which units `written` means; Unreadable with bad_scope or unknown_product."""
        skus, no_skus, categories, no_categories = list[str](), list[str](), list[str](), list[str]()
        where = list[Where]()
        more: dict[str, Any] = {}
        for text in written:
            text = " ".join(text.split())
            bare = text.removeprefix("not ")
            if text in _UNTOUCHED:
                more["untouched"] = _UNTOUCHED[text]
            elif found := _PRICE.fullmatch(text):
                if low := found["only"] or found["from"]:
                    more["price_at_least_minor"] = self.amount(low)
                if high := found["most"] or found["to"]:
                    more["price_at_most_minor"] = self.amount(high)
            elif bare.startswith("category "):
                (categories if bare == text else no_categories).append(bare.removeprefix("category "))
            elif re.fullmatch(NAME, bare):
                (skus if bare == text else no_skus).append(self.product(bare).sku)
            elif condition := self.where(text):
                where.append(condition)
            else:
                raise Unreadable("bad_scope", value=values.shown(text))
        return Scope(
            skus=tuple(skus), categories=tuple(categories), except_skus=tuple(no_skus),
            except_categories=tuple(no_categories), where=tuple(where), **more,
        )  # fmt: skip

    def scope_written(self, scope: Scope) -> list[str]:
        """As `scope` reads it."""
        said = [self.name(sku) for sku in scope.skus]
        said += [f"category {name}" for name in scope.categories]
        said += [f"not {self.name(sku)}" for sku in scope.except_skus]
        said += [f"not category {name}" for name in scope.except_categories]
        said += [self.where_written(where) for where in scope.where]
        low, high = scope.price_at_least_minor, scope.price_at_most_minor
        if low and high is not None:
            said.append(f"price {self.money(low)} to {self.money(high)}")
        elif low or high is not None:
            said.append(f"price from {self.money(low)}" if high is None else f"price up to {self.money(high)}")
        return said + [text for text, kind in _UNTOUCHED.items() if scope.untouched == kind]

    def on(self, text: str) -> tuple[str, Scope]:
        """A text and the scope that follows its last " on ", if there is one."""
        head, found, scope = text.partition(" on ")
        return head, self.scope(scope.split(", ")) if found else EVERYTHING

    def on_written(self, text: str, scope: Scope) -> str:
        """As `on` reads it."""
        return f"{text} on {', '.join(self.scope_written(scope))}" if scope != EVERYTHING else text
