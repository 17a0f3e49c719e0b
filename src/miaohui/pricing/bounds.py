"""The most that a candidate of a `best` lane can still save, whatever else is taken: what lets the search cut branches.

A bound must never be too small, or the best set could be missed. What a candidate saves alone is such a bound if nothing another
promotion takes can make it save more: so for amounts, percentages, prices and full reductions on the lane's base. A unit group can
save more after another offer has taken its cheapest units, and a budget that refuses the whole may let a smaller discount through:
these are bounded by what each unit could contribute, wherever it ends up.

Unit groups compete for units; so their joint bound is, over the free units, the largest contribution to any one of them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from miaohui.pricing.basket import FREE, Basket
from miaohui.pricing.effects import Amount, AnyEffect, Bundle, BuyGet, Nth, Percent, Reduction

if TYPE_CHECKING:
    from miaohui.pricing.engine import Sale

MILLION = 1_000_000


class Bound(NamedTuple):
    """`most`: in all. `units`: for a unit group the most that one unit of each line can contribute; None for what is none."""

    most: int
    units: list[int] | None


def bound(sale: Sale, turn: int, effects: tuple[AnyEffect, ...], alone: int) -> Bound:
    """The bound of one candidate that saves `alone` when it is the only one."""
    units = None
    if len(effects) == 1 and isinstance(effects[0], Nth | Bundle | BuyGet) and sale.options.units_once:
        units = _contributions(sale, effects[0])
    if all(_never_more(sale, turn, effect) for effect in effects):
        return Bound(alone, units)
    if units is not None:
        runs = zip(sale.goods.line, sale.goods.count, sale.goods.owner, strict=True)
        return Bound(sum(units[line] * count for line, count, owner in runs if owner == FREE), units)
    rooms = zip(sale.goods.price, sale.goods.low, sale.goods.count, strict=True)
    fees = zip(sale.shipping.price, sale.shipping.low, strict=True)
    return Bound(sum((p - low) * count for p, low, count in rooms) + sum(p - low for p, low in fees), None)


def joint(goods: Basket, units: list[int]) -> int:
    """The most that unit groups together can save on the free units of `goods`, if a unit of line n contributes `units[n]`."""
    return sum(
        [
            units[line] * count
            for line, count, owner in zip(goods.line, goods.count, goods.owner, strict=True)
            if owner < 0
        ]
    )


def _never_more(sale: Sale, turn: int, effect: AnyEffect) -> bool:
    """Whether the effect saves no more after others than alone."""
    limits = sale.book.promotions[turn].limits
    if limits.spend_minor is not None and limits.on_end == "refuse":
        return False
    match effect:
        case Nth(scope=scope) | Bundle(parts=[_], scope=scope):  # dearest first: fewer or cheaper units, smaller groups
            del scope
            return not any(sale.goods.low) and sale.options.units_once
        case Bundle() | BuyGet():
            return False
        case Reduction(tiers=tiers) if sale.options.base == "running":
            ordered = sorted(tiers, key=lambda tier: tier.at_least)
            return all(a.off_minor <= b.off_minor and a.off_ppm <= b.off_ppm for a, b in pairwise(ordered))
        case Percent() | Amount() if effect.scope.untouched or effect.units_max:
            return sale.options.split == "proportional"
        case _:
            return True


def _contributions(sale: Sale, effect: Nth | Bundle | BuyGet) -> list[int]:
    """For each line the most that one of its units can contribute to a group of this effect; fractions rounded up."""
    prices = [0] * len(sale.cart.lines)
    for line, price in zip(sale.goods.line, sale.goods.start, strict=True):
        prices[line] = max(prices[line], price)
    match effect:
        case Nth(off_ppm=ppm, nth=nth):
            each, scopes = [price * ppm // (MILLION * nth) + 1 for price in prices], [effect.scope]
        case Bundle(parts=parts):
            pieces, scopes = sum(part.quantity for part in parts), [part.scope for part in parts]
            if effect.price_minor is not None:
                each = [max(0, price - effect.price_minor // pieces) for price in prices]
            else:
                each = [effect.off_minor // pieces + 1 + price * effect.off_ppm // MILLION for price in prices]
        case BuyGet(buy=buy, get=get, off_ppm=ppm):
            alike = effect.scope == effect.get_scope and effect.take == "cheapest"
            share, of = (get, buy + get) if alike else (1, 1)
            each = [price * ppm * share // (MILLION * of) + 1 for price in prices]
            scopes = [effect.get_scope]
    meant = [sale.facts.lines.meant(scope) for scope in scopes]
    if None in meant:
        return each
    inside = frozenset().union(*(lines for lines in meant if lines is not None))
    return [value if line in inside else 0 for line, value in enumerate(each)]
