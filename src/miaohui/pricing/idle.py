"""Why a promotion whose conditions hold still gives nothing: what is missing, or what is in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from miaohui.pricing.basket import FREE, Basket
from miaohui.pricing.conditions import Scope
from miaohui.pricing.effects import Amount, AnyEffect, Bundle, BuyGet, Deposit, Gift, Nth, PayPoints, Percent, Reduction
from miaohui.pricing.eligible import Failing, named, pieces_more, spend_more

if TYPE_CHECKING:
    from miaohui.pricing.sale import Sale

IN_THE_WAY = ("at_floor", "units_taken", "gift_sold_out", "budget_used_up")
"""Codes that say the customer did his part: the promotion is skipped, not out of reach."""


def why_nothing(sale: Sale, turn: int, effect: AnyEffect) -> Failing:
    """The reason, for the first effect of the promotion."""
    shipping = isinstance(effect, Percent | Amount) and effect.target == "shipping"
    giver, basket = (sale.givers["shipping"], sale.shipping) if shipping else (sale.givers["goods"], sale.goods)
    runs = giver.lines.runs(basket, effect.scope)
    match effect:
        case Reduction() if effect.tiers:
            measured, first = giver.measured(effect, basket), min(effect.tiers, key=lambda tier: tier.at_least)
            if measured < first.at_least and effect.measure == "amount":
                return spend_more(first.at_least, measured, effect.scope)
            if measured < first.at_least:
                return pieces_more(first.at_least, measured, effect.scope)
        case Nth() | Bundle() | BuyGet():
            if failing := _incomplete(sale, basket, effect):
                return failing
        case Gift():
            worth = sum(basket.start[n] * basket.count[n] for n in runs)
            if worth < effect.every_minor:
                return spend_more(effect.every_minor, worth, effect.scope)
            if runs:
                return Failing("gift_sold_out", {"sku": ", ".join(item.sku for item in effect.items)})
        case PayPoints() if min(sale.cart.points, sale.cart.customer.points) < effect.points:
            return Failing("no_points", {"points": effect.points})
        case Deposit() if not any(giver.deposits):
            return Failing("no_deposit", {})
    if not runs:
        return Failing("no_shipping", {}) if shipping else Failing("nothing_in_scope", named(effect.scope))
    limit = sale.book.promotions[turn].limits.spend_minor
    if limit is not None and giver.cuts(effect, basket):
        return Failing("budget_used_up", {"limit_minor": limit})
    if not any(basket.price[n] > basket.low[n] for n in runs):
        return Failing("at_floor", {})
    return Failing("gives_nothing", {})


def _incomplete(sale: Sale, basket: Basket, effect: Nth | Bundle | BuyGet) -> Failing | None:
    """A unit group that cannot be filled: because units are missing, or because another offer has them."""
    match effect:
        case Nth():
            wanted: list[tuple[Scope, int]] = [(effect.scope, effect.nth)]
        case Bundle():
            wanted = [(part.scope, part.quantity) for part in effect.parts]
        case BuyGet() if effect.scope == effect.get_scope:
            wanted = [(effect.scope, effect.buy + effect.get)]
        case BuyGet():
            wanted = [(effect.scope, effect.buy), (effect.get_scope, effect.get)]
    for scope, quantity in wanted:
        runs = sale.facts.lines.runs(basket, scope)
        there = sum(basket.count[n] for n in runs)
        if there < quantity:
            return pieces_more(quantity, there, scope)
        if sum(basket.count[n] for n in runs if basket.owner[n] == FREE) < quantity:
            return Failing("units_taken", {})
    return None
