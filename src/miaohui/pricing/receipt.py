"""The answer of a priced cart, built from its units: lines, taxes, gifts, rewards, what became of every promotion and code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from miaohui.pricing.allocation import percent
from miaohui.pricing.basket import Basket
from miaohui.pricing.cart import Cart, CartLine
from miaohui.pricing.eligible import plain
from miaohui.pricing.priced import CodeAnswer, Outcome, Priced, PricedLine, Units

if TYPE_CHECKING:
    from miaohui.pricing.sale import Sale


def receipt(sale: Sale) -> Priced:
    """What `sale` came to."""
    ids, cart = sale.book.ids, sale.cart
    saved: dict[str, dict[str, int]] = {}
    turns = {ids[turn]: turn for turn in sale.gave}
    lines = _lines(cart, cart.lines, sale.goods, turns, saved)
    shipping = _lines(cart, sale.givers["shipping"].lines.items, sale.shipping, turns, saved)
    for turn in sale.gave:
        taken = saved.get(ids[turn], {})
        sale.outcomes[turn] = Outcome(
            promotion=ids[turn],
            status="applied",
            code="applied_in_part" if turn in sale.short else "applied",
            data=sale.told.get(turn, {}),
            saved_minor=sum(taken.values()),
            lines=taken,
        )
    listed, goods = sum(x.list_minor for x in lines), sum(x.due_minor for x in lines)
    fee = sum(x.due_minor for x in shipping)
    tax = sum(x.tax_minor for x in lines) + sum(x.tax_minor for x in shipping)
    applied = {ids[turn] for turn in sale.gave}
    return Priced(
        currency=cart.currency,
        tax=cart.tax,
        list_minor=listed,
        discount_minor=listed - goods,
        goods_minor=goods,
        shipping_list_minor=sum(x.list_minor for x in shipping),
        shipping_minor=fee,
        tax_minor=tax,
        total_minor=goods + fee + (tax if cart.tax == "exclusive" else 0),
        prepaid_minor=sum(sale.prepaid.values()),
        points=sale.givers["goods"].points_spent,
        paying_points=tuple(ids[turn] for turn in sale.gave if turn in sale.book.lanes["points"]),
        lines=lines,
        shipping=shipping,
        gifts=tuple(sale.gifts),
        rewards=tuple(sale.rewards),
        outcomes=tuple(sale.outcomes),
        codes=tuple(_code(sale, code) for code in cart.codes),
        searches=tuple(sale.searches),
        removed=tuple(x.id for x in cart.carried if sale.options.replace_carried or x.promotion not in applied),
    )


def _lines(
    cart: Cart, items: Sequence[CartLine], basket: Basket, turns: dict[str, int], saved: dict[str, dict[str, int]]
) -> tuple[PricedLine, ...]:
    units: list[list[Units]] = [[] for _ in items]
    for line, count, listed, due, parts in zip(
        basket.line, basket.count, basket.list, basket.price, basket.taken, strict=True
    ):
        rows = units[line]
        if rows and rows[-1].parts == parts and rows[-1].list_minor == listed:
            count += rows.pop().count
        rows.append(Units(count, listed, due, parts))
    priced = []
    for item, rows in zip(items, units, strict=True):
        given: dict[str, int] = {}
        for row in rows:
            for promotion, minor in row.parts:
                given[promotion] = given.get(promotion, 0) + minor * row.count
        given = {promotion: given[promotion] for promotion in sorted(given, key=turns.__getitem__)}
        for promotion, minor in given.items():
            saved.setdefault(promotion, {})[item.line] = minor
        due = sum([row.count * row.due_minor for row in rows])
        priced.append(
            PricedLine(
                line=item.line,
                sku=item.sku,
                quantity=item.quantity,
                list_minor=sum([row.count * row.list_minor for row in rows]),
                due_minor=due,
                tax_minor=tax_of(due, item.tax_ppm, cart.tax),
                given_minor=given,
                units=tuple(rows),
            )
        )
    return tuple(priced)


def tax_of(due_minor: int, tax_ppm: int, tax: str) -> int:
    """The tax on, or in, `due_minor`; net (inclusive) or tax (exclusive) is rounded half up."""
    if tax == "exclusive":
        return percent(due_minor, tax_ppm)
    gross = 1_000_000 + tax_ppm
    return due_minor - (2 * due_minor * 1_000_000 + gross) // (2 * gross)


def _code(sale: Sale, code: str) -> CodeAnswer:
    turns = sale.book.codes.get(plain(code), [])
    if not turns:
        return CodeAnswer(code=code, accepted=False, reason="unknown_code")
    outcomes = [sale.outcomes[turn] for turn in turns]
    best = next((x for x in outcomes if x.status == "applied"), outcomes[0])
    return CodeAnswer(code=code, accepted=best.status == "applied", promotion=best.promotion, reason=best.code)
