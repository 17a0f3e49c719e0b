"""What each effect takes off which units. Pure: a basket in, cuts out; nothing is changed here.

Each effect is worked through with figures in docs/reference/pricing.md; a test recomputes them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat

from miaohui.pricing.allocation import allocate, allocate_runs, percent
from miaohui.pricing.basket import Basket, Cut, capped, shared
from miaohui.pricing.cart import Cart
from miaohui.pricing.conditions import Scope
from miaohui.pricing.effects import (
    Amount,
    AnyEffect,
    Bundle,
    BuyGet,
    Deposit,
    Nth,
    PayPoints,
    Percent,
    Price,
    Reduction,
    Tier,
)
from miaohui.pricing.groups import cuts_of_groups
from miaohui.pricing.lines import Lines
from miaohui.pricing.promotion import Options

Chosen = tuple[Sequence[int], Sequence[int]]
"""Units of a selection: runs, and how many of the first units of each."""


class Giver:
    """Works out the cuts of effects on the lines of one cart."""

    def __init__(self, cart: Cart, lines: Lines, options: Options) -> None:
        self.cart, self.lines, self.options = cart, lines, options
        self.front = options.split == "first"
        self.points_spent = 0
        self.deposits = [item.deposits for item in lines.items]
        """Units of each line whose deposit no promotion has counted yet."""

    def cuts(self, effect: AnyEffect, basket: Basket) -> list[Cut]:
        """What `effect` would take; a cap of the effect is kept, the promotion's limits are not looked at."""
        match effect:
            case Percent():
                found = self._percent(effect, basket)
            case Amount():
                found = self._amount(effect, basket)
            case Price():
                chosen = self._chosen(basket, effect.scope, effect.units_max)
                found = self._per_unit(basket, chosen, [basket.price[n] - effect.price_minor for n in chosen[0]])
            case Reduction():
                found = self._reduction(effect, basket)
            case PayPoints():
                amount = self.points(effect, basket) // effect.points * effect.off_minor
                found = self._lay(basket, self._chosen(basket, effect.scope), amount)
            case Deposit():
                held = self.deposited(effect, basket)
                found = self._per_unit(basket, held, repeat(effect.worth_minor - effect.deposit_minor))
            case Nth() | Bundle() | BuyGet():
                found = cuts_of_groups(effect, basket, self.lines, once=self.options.units_once)
            case _:
                found = []
        return found if any(part for _, _, _, part, _ in found) else []

    def points(self, effect: PayPoints, basket: Basket) -> int:
        """How many points pay: full steps of what the customer offers and owns, within the share, never for nothing."""
        if not effect.off_minor:
            return 0
        runs = self.lines.runs(basket, effect.scope)
        room = sum(room * basket.count[n] for n, room in zip(runs, basket.rooms(runs), strict=True))
        most = min(basket.worth(runs) * effect.share_max_ppm // 1_000_000, room)
        offered = min(self.cart.points, self.cart.customer.points) - self.points_spent
        return min(offered // effect.points, most // effect.off_minor) * effect.points

    def deposited(self, effect: Deposit, basket: Basket) -> Chosen:
        """Units in scope whose deposit is paid and not counted yet."""
        return _first(basket, self.lines.runs(basket, effect.scope), self.deposits.__getitem__)

    def measured(self, effect: Reduction, basket: Basket) -> int:
        """What the tiers look at: minor units when the lane began, or pieces."""
        runs = self.lines.runs(basket, effect.scope)
        of = basket.start if effect.measure == "amount" else [1] * len(basket.start)
        return sum(basket.count[n] * of[n] for n in runs)

    # --- selections -----------------------------------------------------------------------------------------------------

    def _chosen(self, basket: Basket, scope: Scope, units_max: int = 0) -> Chosen:
        runs = self.lines.runs(basket, scope)
        if not units_max:
            return runs, [basket.count[n] for n in runs]
        return _first(basket, runs, lambda _: units_max)

    # --- effects --------------------------------------------------------------------------------------------------------

    def _percent(self, effect: Percent, basket: Basket) -> list[Cut]:
        chosen = self._chosen(basket, effect.scope, effect.units_max)
        of = basket.start if effect.of == "base" else basket.activity
        if effect.each == "unit":
            found = self._per_unit(basket, chosen, [percent(of[n], effect.off_ppm) for n in chosen[0]])
        else:
            found = []
            for part in _by_line(basket, chosen) if effect.each == "line" else [chosen]:
                amount = percent(sum(of[n] * units for n, units in zip(*part, strict=True)), effect.off_ppm)
                found += self._lay(basket, part, amount)
        return found if effect.cap_minor is None else capped(found, effect.cap_minor)

    def _amount(self, effect: Amount, basket: Basket) -> list[Cut]:
        chosen = self._chosen(basket, effect.scope, effect.units_max)
        if effect.each == "unit":
            found = self._per_unit(basket, chosen, repeat(effect.off_minor))
        else:
            found = []
            for part in _by_line(basket, chosen) if effect.each == "line" else [chosen]:
                found += self._lay(basket, part, effect.off_minor)
        return found if effect.cap_minor is None else capped(found, effect.cap_minor)

    def _reduction(self, effect: Reduction, basket: Basket) -> list[Cut]:
        measured = self.measured(effect, basket)
        tier = reached(effect, measured)
        if tier is None:
            return []
        chosen = self._chosen(basket, effect.scope)
        if tier.off_ppm:
            amount = percent(sum(basket.start[n] * units for n, units in zip(*chosen, strict=True)), tier.off_ppm)
        else:
            times = measured // tier.at_least if effect.every else 1
            amount = tier.off_minor * (min(times, effect.times_max) if effect.times_max else times)
        return self._lay(basket, chosen, amount if effect.cap_minor is None else min(amount, effect.cap_minor))

    # --- laying an amount on units --------------------------------------------------------------------------------------

    def _per_unit(self, basket: Basket, chosen: Chosen, parts: Iterable[int]) -> list[Cut]:
        """One of `parts` off each unit of each run, as far as there is room."""
        price, low, cuts = basket.price, basket.low, []
        for n, units, off in zip(*chosen, parts, strict=False):
            room = price[n] - low[n]
            if off > room:
                off = room
            if off > 0:
                cuts.append((n, 0, units, off, False))
        return cuts

    def _lay(self, basket: Basket, chosen: Chosen, amount: int) -> list[Cut]:
        runs, units = chosen
        if amount <= 0 or not runs:
            return []
        if self.front:
            return self._lay_front(basket, chosen, amount)
        if len(runs) == 1:
            return self._lay_evenly(basket, runs[0], units[0], amount)
        shares = allocate_runs(amount, units, [basket.price[n] for n in runs], basket.rooms(runs))
        cuts = []
        for n, share in zip(runs, shares, strict=True):
            if len(share) == 1:
                if share[0][1]:
                    cuts.append((n, 0, *share[0], False))
            else:
                cuts += [cut for cut in shared(n, 0, share) if cut[3]]
        return cuts

    def _lay_evenly(self, basket: Basket, run: int, units: int, amount: int) -> list[Cut]:
        room = basket.price[run] - basket.low[run]
        if amount >= room * units:
            return [(run, 0, units, room, False)] if room else []
        whole, spare = divmod(amount, units)
        pieces = [(run, 0, spare, whole + 1, False)] if spare else []
        return [*pieces, (run, spare, units - spare, whole, False)] if whole else pieces

    def _lay_front(self, basket: Basket, chosen: Chosen, amount: int) -> list[Cut]:
        price, low = basket.price, basket.low
        groups = [list(zip(*group, strict=True)) for group in _by_line(basket, chosen)]
        worth = [sum(price[n] * units for n, units in group) for group in groups]
        rooms = [sum((price[n] - low[n]) * units for n, units in group) for group in groups]
        found = []
        for group, part in zip(groups, allocate(amount, worth, rooms), strict=True):
            for n, units in group:
                room = price[n] - low[n]
                full = min(units, part // room) if room else 0
                found += [(n, 0, full, room, False)] if full else []
                part -= full * room
                if full < units and part and room:
                    found.append((n, full, 1, part, False))
                    part = 0
        return found


def reached(effect: Reduction, measured: int) -> Tier | None:
    """The highest tier that `measured` reaches."""
    tiers = [tier for tier in effect.tiers if measured >= tier.at_least]
    return max(tiers, key=lambda tier: tier.at_least) if tiers else None


def _first(basket: Basket, runs: Sequence[int], most: Callable[[int], int]) -> Chosen:
    """The first `most(line)` units of each line."""
    taken: dict[int, int] = {}
    chosen, counts = [], []
    for n in runs:
        line = basket.line[n]
        units = min(basket.count[n], most(line) - taken.get(line, 0))
        if units > 0:
            chosen.append(n)
            counts.append(units)
            taken[line] = taken.get(line, 0) + units
    return chosen, counts


def _by_line(basket: Basket, chosen: Chosen) -> Iterator[Chosen]:
    """The selection, line by line."""
    lines: dict[int, tuple[list[int], list[int]]] = {}
    for n, units in zip(*chosen, strict=True):
        runs, counts = lines.setdefault(basket.line[n], ([], []))
        runs.append(n)
        counts.append(units)
    yield from lines.values()
