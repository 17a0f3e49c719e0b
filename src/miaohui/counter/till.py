"""What the shop does with an order: Miaohui is asked first, and what it answers is written down.

Should the counter stop between the two, nothing is lost: a placed order that the counter does not know runs out by itself, and
every other verb can be said again and counts once.
"""

from typing import Any

import asyncpg
import msgspec

from miaohui.counter import goods, orders
from miaohui.counter.miaohui import Listed, Miaohui, Offer, OrderAnswer, Quote
from miaohui.counter.orders import Item


class Till:
    """The shop's till: its own orders and its line to Miaohui."""

    def __init__(self, db: "asyncpg.Pool[Any]", miaohui: Miaohui) -> None:
        self._db, self._miaohui = db, miaohui

    async def order(self, order: str) -> orders.Order | None:
        """One of the counter's orders; None if it is not one."""
        return await orders.one(self._db, order)

    async def expire(self, order: str) -> None:
        """The order's time ran out: Miaohui let go of what it had claimed."""
        await orders.expire(self._db, order)

    async def price(
        self, shopper: str, currency: str, items: list[Item], offers: list[Offer], codes: list[str], language: str
    ) -> Quote:
        """What the cart costs with everything that is on today. Refused, Unreachable."""
        body = _cart(shopper, currency, items, offers) | {"codes": codes}
        return await self._miaohui.price(body, language=language)

    async def listing(self, currency: str, wares: list[goods.Good], shopper: str, language: str) -> list[Listed]:
        """What each product of the shelf costs today, and the lowest it can come to. Refused, Unreachable."""
        products = [{"sku": ware.sku, "unit_price_minor": ware.price_minor} for ware in wares]
        body = {"currency": currency, "products": products, "customer": shopper}
        return await self._miaohui.listing(body, language=language)

    async def place(
        self,
        order: str,
        shopper: str,
        currency: str,
        items: list[Item],
        offers: list[Offer],
        language: str,
        shown_minor: int | None = None,
    ) -> OrderAnswer:
        """The shopper ordered `items` and wants `offers` on them, for `shown_minor` in all. Refused: nothing was ordered."""
        body = _cart(shopper, currency, items, offers)
        if shown_minor is not None:
            body["total_minor"] = shown_minor
        answer = await self._miaohui.order(order, "placed", body, language=language)
        gifts = {line.sku: line for line in answer.lines if line.line.startswith("gift/")}
        _, wares = await goods.chosen(self._db, {sku: line.quantity for sku, line in gifts.items()})
        given = [msgspec.structs.replace(w, line=gifts[w.sku].line, unit_price_minor=0) for w in wares]
        await orders.keep(self._db, order, shopper, currency, [*items, *given], offers, answer)
        return answer

    async def pay(self, order: str, language: str) -> OrderAnswer:
        """The shopper paid (no real money moves). If the order had run out and can be had no more, the answer's `refund`
        says why the money goes back; the webhook brings the request for it."""
        answer = await self._miaohui.order(order, "paid", {}, language=language)
        await orders.move(self._db, order, answer)
        return answer

    async def cancel(self, order: str, language: str) -> OrderAnswer:
        """The shopper does not want it any more, before paying."""
        answer = await self._miaohui.order(order, "cancelled", {}, language=language)
        await orders.move(self._db, order, answer)
        return answer

    async def refund(self, order: str, once: str, language: str, lines: dict[str, int] | None = None) -> OrderAnswer:
        """Give back the money for `lines` (line -> quantity), or for all that is left of the order. `once` names this
        refund: said again, it counts once."""
        body = {"lines": [{"line": line, "quantity": quantity} for line, quantity in (lines or {}).items()]}
        answer = await self._miaohui.order(order, "refunded", body, language=language, once=once)
        await orders.give_back(self._db, order, once, answer)
        return answer


def _cart(shopper: str, currency: str, items: list[Item], offers: list[Offer]) -> dict[str, Any]:
    """The cart as Miaohui is told of it."""
    fields = ("line", "sku", "quantity", "unit_price_minor")
    return {
        "customer": shopper,
        "currency": currency,
        "lines": [{name: getattr(item, name) for name in fields} for item in items],
        "claims": [msgspec.to_builtins(offer) for offer in offers],
    }
