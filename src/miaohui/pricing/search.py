"""The set of promotions of a `best` lane that saves most.

Candidates are taken or left in the order of their turns, unit groups first; a branch is cut when even the most that the rest could
give does not beat the best set found so far. First in the easier view of `relaxed`; what wins there is worked out for real, and if
it holds what it promised nothing can beat it. If not, because units come to their floor, the real sets are walked. Up to 12
candidates the answer is always exact. With more, each walk stops after `search_max` sets (a number, never a time: same input, same
output), and the best of what was found and of a greedy choice is taken, `proven` False.

Of sets that save the same, the one whose first different member has the earlier turn wins: higher priority, then lower id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from miaohui.pricing.basket import FREE, Basket
from miaohui.pricing.bounds import most
from miaohui.pricing.effects import AnyEffect, Gift, Reward
from miaohui.pricing.relaxed import Free, Offer

if TYPE_CHECKING:
    from miaohui.pricing.sale import Sale

EXACT = 12
"""Up to so many candidates every set is decided, whatever it costs."""
Candidate = tuple[int, tuple[AnyEffect, ...]]


class Found(NamedTuple):
    """The winning set, how many sets were looked at, and whether nothing can beat it."""

    turns: tuple[int, ...]
    evaluated: int
    proven: bool


def best_set(sale: Sale, turns: Sequence[Candidate], at_most: int) -> Found:
    """The best set of `turns`, of at most `at_most` (0: any number)."""
    return _Hunt(sale, turns, at_most).found()


class _Hunt:
    def __init__(self, sale: Sale, turns: Sequence[Candidate], at_most: int) -> None:
        self.sale, self.turns, self.at_most = sale, turns, at_most or len(turns)
        self.limit = 0 if len(turns) <= EXACT else sale.options.search_max
        self.evaluated, self.steps, self.spent = 0, 0, False
        self.worth = 0
        self.best: tuple[int, ...] = ()
        self.clashing = [self._clashing(turn) for turn, _ in turns]
        alone = [self._take(*each, sale.goods, sale.shipping)[0] for each in turns]
        self.offers = [
            Offer(sale, each[1], value, most(sale, *each, value)) for each, value in zip(turns, alone, strict=True)
        ]
        self._prepare()

    def _prepare(self) -> None:
        """What can still come from candidate n on: by number; from what is no group; from gifts; from one unit of each run."""
        size = len(self.turns)
        self.most = [[0] * (self.at_most + 1) for _ in range(size + 1)]
        self.others, self.gifts = [0] * (size + 1), [0] * (size + 1)
        self.units = [[0] * len(self.sale.goods.start) for _ in range(size + 1)]
        for n in range(size - 1, -1, -1):
            largest = sorted((offer.most for offer in self.offers[n:]), reverse=True)
            self.most[n] = [sum(largest[:k]) for k in range(self.at_most + 1)]
            units = self.offers[n].units
            self.others[n] = self.others[n + 1] + (self.offers[n].most if units is None else 0)
            gift = any(isinstance(effect, Gift | Reward) for effect in self.turns[n][1])
            self.gifts[n] = self.gifts[n + 1] + (self.offers[n].most if gift else 0)
            self.units[n] = list(map(max, self.units[n + 1], units)) if units else self.units[n + 1]
        self.by_line = [[0] * len(self.sale.cart.lines) for _ in range(size + 1)]
        """`units` by line, for baskets whose runs are split since."""
        for units, lines in zip(self.units, self.by_line, strict=True):
            for line, value in zip(self.sale.goods.line, units, strict=True):
                lines[line] = max(lines[line], value)

    def found(self) -> Found:
        """The answer."""
        goods, shipping = self.sale.goods, self.sale.shipping
        if self.sale.options.base == "lane":
            free = [count if owner == FREE else 0 for count, owner in zip(goods.count, goods.owner, strict=True)]
            self._easy(0, free, 0, ())
            promised, chosen, spent = self.worth, self.best, self.spent
            real = self._worth(chosen)
            if real == promised and not spent:
                return Found(chosen, self.evaluated, True)
            self.worth, self.best, self.steps, self.spent = real - 1, (), 0, False
            self._walk(0, goods, shipping, 0, ())
            if not self.best:
                self.worth, self.best = real, chosen
        else:
            self._walk(0, goods, shipping, 0, ())
        if not self.spent:
            return Found(self.best, self.evaluated, True)
        worth, chosen = self._greedy()
        return Found(chosen if worth > self.worth else self.best, self.evaluated, False)

    def _easy(self, n: int, free: Free, worth: int, taken: tuple[int, ...]) -> None:
        """Decide candidate `n` and those after it in the easier view."""
        if worth > self.worth:
            self.worth, self.best = worth, taken
        if n == len(self.turns) or self._hopeless(n, free, worth, len(taken)) or self._stop():
            return
        turn = self.turns[n][0]
        if self.clashing[n].isdisjoint(taken):
            self.evaluated += 1
            more, there = self.offers[n].save(free)
            if more:
                self._easy(n + 1, there, worth + more, (*taken, turn))
                if there is free and not self.clashing[n] and self.at_most >= len(self.turns):
                    return  # it is in nobody's way: every set is better with it
        self._easy(n + 1, free, worth, taken)

    def _walk(self, n: int, goods: Basket, shipping: Basket, worth: int, taken: tuple[int, ...]) -> None:
        """Decide candidate `n` and those after it for real."""
        if worth > self.worth:
            self.worth, self.best = worth, taken
        if n == len(self.turns) or self._hopeless_now(n, goods, shipping, worth, len(taken)) or self._stop():
            return
        turn, effects = self.turns[n]
        if self.clashing[n].isdisjoint(taken):
            more, there, fee = self._take(turn, effects, goods, shipping)
            if more:
                self._walk(n + 1, there, fee, worth + more, (*taken, turn))
        self._walk(n + 1, goods, shipping, worth, taken)

    def _stop(self) -> bool:
        self.steps += 1
        self.spent = self.spent or bool(self.limit and self.steps > self.limit)
        return self.spent

    def _hopeless(self, n: int, free: Free, worth: int, taken: int) -> bool:
        """Whether nothing from candidate `n` on can beat the best set found so far."""
        if worth + self.most[n][self.at_most - taken] <= self.worth:
            return True
        joint = sum([value * count for value, count in zip(self.units[n], free, strict=True)])
        return worth + self.others[n] + joint <= self.worth

    def _hopeless_now(self, n: int, goods: Basket, shipping: Basket, worth: int, taken: int) -> bool:
        """The same for real baskets; and nobody takes more off a unit than leaves it at its floor."""
        if worth + self.most[n][self.at_most - taken] <= self.worth:
            return True
        rooms = sum([(p - low) * k for p, low, k in zip(goods.price, goods.low, goods.count, strict=True)])
        if worth + rooms + sum(shipping.price) + self.gifts[n] <= self.worth:
            return True
        if self.sale.options.base == "running":
            return False
        units, runs = self.by_line[n], zip(goods.line, goods.count, goods.owner, strict=True)
        joint = sum([units[line] * count for line, count, owner in runs if owner == FREE])
        return worth + self.others[n] + joint <= self.worth

    def _greedy(self) -> tuple[int, tuple[int, ...]]:
        """Take what adds most, again and again; the set is then applied in the order of its turns."""
        chosen: tuple[int, ...] = ()
        worth = 0
        while len(chosen) < self.at_most:
            tries = [
                (self._worth((*chosen, turn)), -turn)
                for n, (turn, _) in enumerate(self.turns)
                if turn not in chosen and self.clashing[n].isdisjoint(chosen)
            ]
            if not tries or max(tries)[0] <= worth:
                break
            worth, turn = max(tries)
            chosen = (*chosen, -turn)
        return worth, tuple(turn for turn, _ in self.turns if turn in chosen)

    def _worth(self, chosen: Sequence[int]) -> int:
        goods, shipping, worth = self.sale.goods, self.sale.shipping, 0
        for turn, effects in self.turns:
            if turn in chosen:
                more, goods, shipping = self._take(turn, effects, goods, shipping)
                worth += more
        return worth

    def _take(
        self, turn: int, effects: tuple[AnyEffect, ...], goods: Basket, shipping: Basket
    ) -> tuple[int, Basket, Basket]:
        self.evaluated += 1
        goods, shipping = goods.copy(), shipping.copy()
        if self.sale.options.base == "running":
            goods.start, shipping.start = goods.price[:], shipping.price[:]
        return self.sale.worth(turn, effects, goods, shipping), goods, shipping

    def _clashing(self, turn: int) -> frozenset[int]:
        """The other candidates that `turn` does not go with."""
        promotions, others = self.sale.book.promotions, frozenset(x for x, _ in self.turns if x != turn)
        if promotions[turn].exclusive == "lane":
            return others
        alone = {x for x in others if promotions[x].exclusive == "lane"}
        return (self.sale.book.conflicts[turn] & others) | alone
