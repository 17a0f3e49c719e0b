"""The most that a candidate of a `best` lane can save, whatever else is taken: what lets the search cut branches.

A bound must never be too small, or the best set could be missed. What a candidate saves alone is such a bound if nothing another
promotion takes can make it save more: so for amounts, percentages, prices and full reductions. A budget that refuses the whole may
let a smaller discount through, what is for untouched units may come to others than alone, and by the running base a unit group may
find cheaper units to be dearer than others: these are bounded by all that units can still lose, and what they give beside prices.
(Unit groups on the lane's base have a closer bound in `relaxed`.)
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from miaohui.pricing.effects import AnyEffect, Bundle, BuyGet, Gift, Nth, Reduction, Reward

if TYPE_CHECKING:
    from miaohui.pricing.sale import Sale


def most(sale: Sale, turn: int, effects: tuple[AnyEffect, ...], alone: int) -> int:
    """The bound of a candidate that saves `alone` when it is the only one."""
    if all(_never_more(sale, turn, effect) for effect in effects):
        return alone
    goods, fees = sale.goods, sale.shipping
    rooms = sum((p - low) * count for p, low, count in zip(goods.price, goods.low, goods.count, strict=True))
    rooms += sum(p - low for p, low in zip(fees.price, fees.low, strict=True))
    gifts = [effect for effect in effects if isinstance(effect, Gift | Reward)]
    return rooms + sale.worth(turn, gifts, goods, fees)


def _never_more(sale: Sale, turn: int, effect: AnyEffect) -> bool:
    """Whether the effect saves no more after others than alone."""
    limits = sale.book.promotions[turn].limits
    if limits.spend_minor is not None and limits.on_end == "refuse":
        return False
    if effect.scope.untouched:  # others may leave it units that have more room above their floors
        return False
    match effect:
        case Nth() | Bundle() | BuyGet():
            return False
        case Reduction(tiers=tiers) if sale.options.base == "running":
            ordered = sorted(tiers, key=lambda tier: tier.at_least)
            return all(a.off_minor <= b.off_minor and a.off_ppm <= b.off_ppm for a, b in pairwise(ordered))
        case _:
            return True
