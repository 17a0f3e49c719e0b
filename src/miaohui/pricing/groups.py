"""Offers on groups of units: second half price, N for X, buy and get. Which units make a group, and what each of them takes.

Units are taken dearest first by what they cost when the lane began, the earlier of equals; what is left over stays at its price. A
group's saving is rounded once and lies on its units by price. Groups that are alike are made at one stroke.
"""

from collections.abc import Sequence

from miaohui.pricing.allocation import allocate_runs, percent
from miaohui.pricing.basket import FREE, Basket, Cut, shared
from miaohui.pricing.conditions import Scope
from miaohui.pricing.effects import Bundle, BuyGet, Nth
from miaohui.pricing.lines import Lines

Group = Nth | Bundle | BuyGet


def cuts_of_groups(effect: Group, basket: Basket, lines: Lines, *, once: bool) -> list[Cut]:
    """What a unit-group offer takes; `once`: only of units that no other offer has."""
    if isinstance(effect, Nth) and effect.same_sku:
        found: list[Cut] = []
        free = _free(basket, lines, effect.scope, once=once)
        times = effect.times_max
        for runs in by_sku(free, basket, lines).values():
            cuts, made = _form(effect, basket, [(_dearest(basket, runs), effect.nth)], times)
            found += cuts
            if effect.times_max and (times := times - made) == 0:
                break
        return found
    return _form(effect, basket, needs(effect, basket, lines, once=once), effect.times_max)[0]


def needs(effect: Group, basket: Basket, lines: Lines, *, once: bool) -> list[tuple[list[int], int]]:
    """For each part of a group: the runs it may take from, the first first, and how many units."""
    match effect:
        case Nth():
            return [(_dearest(basket, _free(basket, lines, effect.scope, once=once)), effect.nth)]
        case Bundle():
            return [
                (_dearest(basket, _free(basket, lines, part.scope, once=once)), part.quantity) for part in effect.parts
            ]
        case BuyGet():
            got = _dearest(basket, _free(basket, lines, effect.get_scope, once=once))
            if effect.take == "cheapest":
                got.reverse()
            return [(_dearest(basket, _free(basket, lines, effect.scope, once=once)), effect.buy), (got, effect.get)]


def _form(effect: Group, basket: Basket, needs: list[tuple[list[int], int]], times_max: int) -> tuple[list[Cut], int]:
    """Cuts of all groups that can be made, and how many that are. Equal groups are made at one stroke."""
    left = {n: basket.count[n] for runs, _ in needs for n in runs}
    queues = [(runs[::-1], wanted) for runs, wanted in needs]  # the next run last: an empty one is popped
    price, low = basket.price, basket.low
    got_only = isinstance(effect, BuyGet) and effect.spread == "got"
    at, made = dict.fromkeys(left, 0), 0
    found: list[Cut] = []
    while not times_max or made < times_max:
        picked = pick(left, queues)
        if picked is None or (saving := _saving(effect, basket, picked)) <= 0:
            break
        times = times_of(left, picked)
        if times_max:
            times = min(times, times_max - made)
        counts = [units for _, _, units in picked]
        rooms = [price[n] - low[n] if part or not got_only else 0 for part, n, _ in picked]
        shares = allocate_runs(saving, counts, [price[n] for _, n, _ in picked], rooms)
        for (_, n, units), share in zip(picked, shares, strict=True):
            found += shared(n, at[n], [(k * times, part) for k, part in share], grouped=True)
            at[n] += units * times
            left[n] -= units * times
        made += times
    return found, made


def _free(basket: Basket, lines: Lines, scope: Scope, *, once: bool) -> list[int]:
    runs = lines.runs(basket, scope)
    return [n for n in runs if basket.owner[n] == FREE] if once else list(runs)


def by_sku(runs: Sequence[int], basket: Basket, lines: Lines) -> dict[str, list[int]]:
    """The runs of each product."""
    found: dict[str, list[int]] = {}
    for n in runs:
        found.setdefault(lines.items[basket.line[n]].sku, []).append(n)
    return found


def _dearest(basket: Basket, runs: Sequence[int]) -> list[int]:
    start = basket.start
    return sorted(runs, key=lambda n: -start[n])  # stable: of the same price the earlier


def pick(left: dict[int, int] | list[int], queues: list[tuple[list[int], int]]) -> list[tuple[int, int, int]] | None:
    """Units of one group as (part, run, units), each part from the end of its queue; None if one cannot be filled."""
    picked: list[tuple[int, int, int]] = []
    used: dict[int, int] = {}
    for part, (runs, wanted) in enumerate(queues):
        while runs and not left[runs[-1]]:
            runs.pop()
        for n in reversed(runs):
            units = min(left[n] - used.get(n, 0), wanted)
            if units > 0:
                picked.append((part, n, units))
                used[n] = used.get(n, 0) + units
                wanted -= units
                if not wanted:
                    break
        if wanted:
            return None
    return picked


def times_of(left: dict[int, int] | list[int], picked: list[tuple[int, int, int]]) -> int:
    """How many groups like this one can be made before a run is empty."""
    each: dict[int, int] = {}
    for _, n, units in picked:
        each[n] = each.get(n, 0) + units
    return min(left[n] // units for n, units in each.items())


def _saving(effect: Group, basket: Basket, picked: list[tuple[int, int, int]]) -> int:
    """What one group saves, before floors."""
    match effect:
        case Nth():
            return percent(basket.start[picked[-1][1]], effect.off_ppm)
        case Bundle():
            if effect.price_minor is not None:  # a price is a promise: it is what they cost in the end
                return sum(basket.price[n] * units for _, n, units in picked) - effect.price_minor
            worth = sum(basket.start[n] * units for _, n, units in picked)
            return min(worth, effect.off_minor) or percent(worth, effect.off_ppm)
        case BuyGet():
            return percent(sum(basket.start[n] * units for part, n, units in picked if part), effect.off_ppm)
