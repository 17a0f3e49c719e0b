"""A lane's candidates as if there were no floors and nobody lowered a price for another: only units are used up.

So seen, a set saves at least what it really does, and is worked out in microseconds: a group offer is arithmetic on sorted prices,
and what is no group saves what it saves alone. The best set of this easier question is mostly the best set of the real one, and is
proven to be if it really saves what it seems to: `search` asks here first.

All of it on the lane's base; with the running base there is no such view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from miaohui.pricing.allocation import percent
from miaohui.pricing.basket import FREE
from miaohui.pricing.effects import AnyEffect, Bundle, BuyGet, Nth
from miaohui.pricing.groups import Group, by_sku, needs, pick, times_of

if TYPE_CHECKING:
    from miaohui.pricing.sale import Sale

Free = list[int]
"""Units of each run that no group has used up."""


class Offer:
    """One candidate: `most` is what it can save at best, `units` what one unit of each run can contribute to that (groups only)."""

    def __init__(self, sale: Sale, effects: tuple[AnyEffect, ...], alone: int, most: int) -> None:
        self.start = sale.goods.start
        self.value, self.most = alone, most
        self.effect = effects[0] if len(effects) == 1 and isinstance(effects[0], Group) else None
        self.units: list[int] | None = None
        if self.effect is not None:
            self._group(sale, self.effect)
        else:
            self.value = most

    def save(self, free: Free) -> tuple[int, Free]:
        """What it saves on the free units, and what is free then."""
        if self.effect is None:
            return self.value, free
        if self.simple is None:
            return self._pieces(free)
        saved, free = 0, free[:]
        left = self.times
        for order in self.simple:
            prices = [self.start[n] for n in order for _ in range(free[n])]
            more, head, tail, made = self._sorted(prices, left)
            saved += more
            _use(free, order, head)
            _use(free, order[::-1], tail)
            left -= made
        return saved, free

    def _group(self, sale: Sale, effect: Group) -> None:
        runs = [n for n, owner in enumerate(sale.goods.owner) if owner == FREE]
        lines = sale.facts.lines
        self.needs = needs(effect, sale.goods, lines, once=sale.options.units_once)
        self.times = effect.times_max or sum(sale.goods.count)
        self.simple: list[list[int]] | None = None
        if isinstance(effect, Nth) and effect.same_sku:
            self.simple = list(by_sku(self.needs[0][0], sale.goods, lines).values())
        elif len(self.needs) == 1 or (isinstance(effect, BuyGet) and effect.scope == effect.get_scope):
            self.simple = [self.needs[0][0]]
        self.units = [0] * len(sale.goods.start)
        for n in runs:
            self.units[n] = self._contribution(effect, self.start[n])
        inside = {n for order, _ in (self.needs[-1:] if isinstance(effect, BuyGet) else self.needs) for n in order}
        if not (isinstance(effect, BuyGet) and self.simple):
            self.units = [value if n in inside else 0 for n, value in enumerate(self.units)]
        count = [count if owner == FREE else 0 for count, owner in zip(sale.goods.count, sale.goods.owner, strict=True)]
        if isinstance(effect, BuyGet):
            self.most = min(sum(a * b for a, b in zip(self.units, count, strict=True)), self._most_got(effect, count))
        elif self.simple is None:
            self.most = sum(a * b for a, b in zip(self.units, count, strict=True))
        else:
            self.most = self.save(count)[0]  # dearest first: fewer units, smaller groups

    def _contribution(self, effect: Group, price: int) -> int:
        """The most that a unit of this price can add to a group, rounded up."""
        match effect:
            case Nth():
                return price * effect.off_ppm // (1_000_000 * effect.nth) + 1
            case Bundle():
                pieces = sum(part.quantity for part in effect.parts)
                if effect.price_minor is not None:
                    return max(0, price - effect.price_minor // pieces)
                return effect.off_minor // pieces + 1 + price * effect.off_ppm // 1_000_000
            case BuyGet():
                if self.simple and effect.take == "cheapest":
                    return price * effect.off_ppm * effect.get // (1_000_000 * (effect.buy + effect.get)) + 1
                return price * effect.off_ppm // 1_000_000 + 1

    def _most_got(self, effect: BuyGet, count: list[int]) -> int:
        """However the units are chosen, the got ones of m groups are no dearer than those after the m x `buy` dearest."""
        if not self.simple or effect.take == "dearest":
            return sum(self.start) * max(count, default=0)
        prices = [self.start[n] for n in self.simple[0] for _ in range(count[n])]
        size, most = effect.buy + effect.get, 0
        for m in range(1, min(len(prices) // size, self.times) + 1):
            most = max(most, percent(sum(prices[m * effect.buy : m * size]), effect.off_ppm) + m)
        return most

    def _sorted(self, prices: list[int], times: int) -> tuple[int, int, int, int]:
        """Of prices, dearest first: what all groups save, the units they use from the top and from the end, how many groups."""
        effect, saved = self.effect, 0
        match effect:
            case Nth(nth=nth, off_ppm=ppm):
                made = min(len(prices) // nth, times)
                for m in range(made):
                    more = percent(prices[m * nth + nth - 1], ppm)
                    if more <= 0:
                        return saved, m * nth, 0, m
                    saved += more
                return saved, made * nth, 0, made
            case Bundle():
                size = effect.parts[0].quantity
                made = min(len(prices) // size, times)
                for m in range(made):
                    worth = sum(prices[m * size : m * size + size])
                    if effect.price_minor is not None:
                        more = worth - effect.price_minor
                    else:
                        more = min(worth, effect.off_minor) or percent(worth, effect.off_ppm)
                    if more <= 0:
                        return saved, m * size, 0, m
                    saved += more
                return saved, made * size, 0, made
            case BuyGet(buy=buy, get=get, off_ppm=ppm):
                made, cheapest = min(len(prices) // (buy + get), times), effect.take == "cheapest"
                for m in range(made):
                    begin = len(prices) - (m + 1) * get if cheapest else m * (buy + get) + buy
                    more = percent(sum(prices[begin : begin + get]), ppm)
                    if more <= 0:
                        made = m
                        break
                    saved += more
                head = made * buy if cheapest else made * (buy + get)
                return saved, head, made * get if cheapest else 0, made
            case _:
                raise AssertionError("only groups are sorted")

    def _pieces(self, free: Free) -> tuple[int, Free]:
        """Groups of several scopes, one after another."""
        assert self.effect is not None
        free, queues, saved, made = free[:], [(order[::-1], wanted) for order, wanted in self.needs], 0, 0
        while made < self.times and (picked := pick(free, queues)) is not None:
            worth = sum(self.start[n] * units for _, n, units in picked)
            match self.effect:
                case Bundle(price_minor=int(price_minor)):
                    more = worth - price_minor
                case Bundle(off_minor=off, off_ppm=ppm):
                    more = min(worth, off) or percent(worth, ppm)
                case _:
                    more = percent(sum(self.start[n] * units for part, n, units in picked if part), self.effect.off_ppm)
            if more <= 0:
                break
            times = min(times_of(free, picked), self.times - made)
            for _, n, units in picked:
                free[n] -= units * times
            saved, made = saved + more * times, made + times
        return saved, free


def _use(free: Free, order: Sequence[int], units: int) -> None:
    for n in order:
        if units <= 0:
            return
        taken = min(free[n], units)
        free[n] -= taken
        units -= taken
