"""Prices for product pages: what one costs today, and "from 9.90 with code X", "from 33.00 for 3".

Each product is priced alone: one of it, then in the numbers that some offer on it asks for (the second at half price: 2, three for
99.00: 3), then that best number and one with each code that may be shown. The lowest price per piece is the "from"; ties go to
fewer pieces, then to no code. Others are served between two products.
"""

import asyncio
from typing import Annotated

from msgspec import Meta, Struct

from miaohui.host.orders import Facts, LineInput
from miaohui.host.quote import CartInput, Quote
from miaohui.host.quotes import Quotes
from miaohui.host.submission import Customer
from miaohui.plays._contract import Refusal
from miaohui.pricing.conditions import Scope
from miaohui.pricing.effects import AnyEffect, Bundle, BuyGet, Nth, Reduction

PRODUCTS_MAX, PIECES_MAX, CODES_MAX = 50, 10, 5


class ListedInput(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A product as its page shows it."""

    sku: str
    unit_price_minor: int
    categories: tuple[str, ...] = ()
    attributes: dict[str, str] = {}


class ListingInput(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Products of one page; `customer` if he is known."""

    currency: str
    products: Annotated[list[ListedInput], Meta(min_length=1, max_length=PRODUCTS_MAX)]
    customer: str = ""
    campaigns: list[str] = []


class Listed(Struct, frozen=True, kw_only=True):
    """A product's prices: list, one today (`promotions` that make it), and the lowest per piece with the `code` and `pieces` it
    takes ("" and 1: nothing)."""

    sku: str
    list_minor: int
    price_minor: int
    promotions: tuple[str, ...]
    from_minor: int
    code: str = ""
    pieces: int = 1


async def listing(quotes: Quotes, wanted: ListingInput, customer: Customer) -> list[Listed] | Refusal:
    """The prices of each product, in the order asked for."""
    codes = _codes(quotes, wanted)
    found = []
    for product in wanted.products:
        await asyncio.sleep(0)
        best: tuple[int, int, str] | None = None
        first: Quote | None = None
        numbers = _numbers(quotes, product.sku)
        tries = [(pieces, "") for pieces in numbers]
        while tries:
            pieces, code = tries.pop(0)
            quote = await quotes.quote(_cart(wanted, product, pieces, code), customer)
            if isinstance(quote, Refusal):
                return quote
            first = first or quote
            if not code or any(typed.accepted for typed in quote.codes):
                each = -(-quote.total_minor // pieces)
                best = min(best, (each, pieces, code)) if best else (each, pieces, code)
            if not tries and not code and best:
                tries = [(number, one) for number in sorted({1, best[1]}) for one in codes]
        assert first is not None
        assert best is not None
        applied = tuple(told.title for told in first.promotions if told.status == "applied" and told.saved_minor)
        each, pieces, code = best
        found.append(
            Listed(
                sku=product.sku,
                list_minor=product.unit_price_minor,
                price_minor=first.total_minor,
                promotions=applied,
                from_minor=each,
                code=code,
                pieces=pieces,
            )
        )
    return found


def _cart(wanted: ListingInput, product: ListedInput, pieces: int, code: str) -> CartInput:
    line = LineInput(
        line="1",
        sku=product.sku,
        quantity=pieces,
        unit_price_minor=product.unit_price_minor,
        categories=product.categories,
        attributes=product.attributes,
    )
    return CartInput(
        currency=wanted.currency,
        lines=[line],
        customer=wanted.customer,
        codes=[code] if code else [],
        campaigns=wanted.campaigns,
        facts=Facts(),
    )


def _codes(quotes: Quotes, wanted: ListingInput) -> list[str]:
    """Codes that pages may show, of the campaigns asked for."""
    shown = [
        entry.current.rules.codes[0]
        for entry in quotes.register.promotions()
        if entry.current.rules.show_code
        and entry.current.rules.codes
        and (not wanted.campaigns or entry.current.campaign in wanted.campaigns)
    ]
    return shown[:CODES_MAX]


def _numbers(quotes: Quotes, sku: str) -> list[int]:
    """Numbers of pieces that some offer on the product asks for, one first."""
    asked = {
        n
        for entry in quotes.register.promotions()
        if _about(entry.current.rules.on, sku)
        for effect in entry.current.rules.gives
        for n in _pieces(effect)
    }
    return [1, *sorted(n for n in asked if 1 < n <= PIECES_MAX)]


def _about(on: Scope, sku: str) -> bool:
    """Whether the product may be meant."""
    return (not on.skus or sku in on.skus) and sku not in on.except_skus


def _pieces(effect: AnyEffect) -> list[int]:
    match effect:
        case Nth(nth=n):
            return [n]
        case Bundle(parts=(part,)):
            return [part.quantity]
        case BuyGet():
            return [effect.buy + effect.get]
        case Reduction(measure="pieces"):
            return [tier.at_least for tier in effect.tiers]
    return []
