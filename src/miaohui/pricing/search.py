"""The set of promotions of a `best` lane that saves most: every set is looked at, except those that provably cannot win.

Candidates are taken or left in the order of their turns; a branch is cut when even the most that the rest could give does not
beat the best set found so far. Up to 12 candidates the answer is exact. With more, the search stops after `search_max` sets
(a number, never a time: same input, same output); the better of what it found and of a greedy choice is taken, and `proven`
says False. Of sets that save the same, the one whose first different member has the earlier turn wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from miaohui.pricing.basket import Basket
from miaohui.pricing.bounds import bound, joint
from miaohui.pricing.effects import AnyEffect, Bundle, BuyGet, Nth, PayPoints

if TYPE_CHECKING:
    from miaohui.pricing.engine import Sale

EXACT = 12
"""Up to so many candidates every set is decided, whatever it costs."""


class Found(NamedTuple):
    """The winning set, how many sets were looked at, and whether nothing can beat it."""

    turns: tuple[int, ...]
    evaluated: int
    proven: bool


def best_set(sale: Sale, turns: Sequence[tuple[int, tuple[AnyEffect, ...]]], at_most: int) -> Found:
    """The best set of `turns`, of at most `at_most` (0: any number)."""
    hunt = _Hunt(sale, turns, at_most)
    hunt.walk(0, sale.goods, sale.shipping, 0, ())
    if not hunt.spent:
        return Found(hunt.best, hunt.evaluated, True)
    worth, chosen = hunt.greedy()
    return Found(chosen if worth > hunt.worth else hunt.best, hunt.evaluated, False)


class _Hunt:
    def __init__(self, sale: Sale, turns: Sequence[tuple[int, tuple[AnyEffect, ...]]], at_most: int) -> None:
        self.sale, self.turns, self.at_most = sale, turns, at_most or len(turns)
        self.evaluated, self.worth, self.spent = 0, 0, False
        self.best: tuple[int, ...] = ()
        self.limit = 0 if len(turns) <= EXACT else sale.options.search_max
        self.alone = [self._take(*each, sale.goods, sale.shipping)[0] for each in turns]
        bounds = [bound(sale, *each, alone) for each, alone in zip(turns, self.alone, strict=True)]
        self.harmless = [self._harmless(*each) for each in turns]
        self.most = [[0] * (self.at_most + 1) for _ in range(len(turns) + 1)]
        """`most[n][k]`: the most that `k` of the candidates from `n` on can save."""
        self.others, self.units = [0] * (len(turns) + 1), [[0] * len(sale.cart.lines) for _ in range(len(turns) + 1)]
        """The same but for unit groups, and the most that one unit of each line can contribute to any of these."""
        for n in range(len(turns) - 1, -1, -1):
            largest = sorted((each.most for each in bounds[n:]), reverse=True)
            self.most[n] = [sum(largest[:k]) for k in range(self.at_most + 1)]
            units = bounds[n].units
            self.others[n] = self.others[n + 1] + (bounds[n].most if units is None else 0)
            self.units[n] = list(map(max, self.units[n + 1], units)) if units else self.units[n + 1]

    def walk(self, n: int, goods: Basket, shipping: Basket, worth: int, taken: tuple[int, ...]) -> None:
        """Decide candidate `n` and those after it."""
        if worth > self.worth:
            self.worth, self.best = worth, taken
        if n == len(self.turns) or self.spent or self._hopeless(n, goods, worth, len(taken)):
            return
        turn, effects = self.turns[n]
        if not self._clash(turn, taken):
            if self.limit and self.evaluated >= self.limit:
                self.spent = True
                return
            limited = self._limited()
            more, there, fee = self._take(turn, effects, goods, shipping)
            if more:
                self.walk(n + 1, there, fee, worth + more, (*taken, turn))
                if self.harmless[n] and more == self.alone[n] and limited == self._limited():
                    return  # without it every set would save the less by what it gives
        self.walk(n + 1, goods, shipping, worth, taken)

    def _hopeless(self, n: int, goods: Basket, worth: int, taken: int) -> bool:
        """Whether nothing from candidate `n` on can beat the best set found so far."""
        if worth + self.most[n][self.at_most - taken] <= self.worth:
            return True
        return worth + self.others[n] + joint(goods, self.units[n]) <= self.worth

    def greedy(self) -> tuple[int, tuple[int, ...]]:
        """Take what adds most, again and again; the set is then applied in the order of its turns."""
        chosen: list[int] = []
        worth = 0
        while len(chosen) < self.at_most:
            tries = []
            for n in range(len(self.turns)):
                turn = self.turns[n][0]
                if turn not in chosen and not self._clash(turn, tuple(chosen)):
                    tries.append((self._worth([*chosen, turn]), -n, turn))
            if not tries or max(tries)[0] <= worth:
                break
            worth, _, turn = max(tries)
            chosen.append(turn)
        return worth, tuple(sorted(chosen))

    def _worth(self, chosen: list[int]) -> int:
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

    def _clash(self, turn: int, taken: tuple[int, ...]) -> bool:
        promotions, conflicts = self.sale.book.promotions, self.sale.book.conflicts[turn]
        alone = promotions[turn].exclusive == "lane"
        return any(x in conflicts or alone or promotions[x].exclusive == "lane" for x in taken)

    def _limited(self) -> int:
        return sum(giver.limited for giver in self.sale.givers.values())

    def _harmless(self, turn: int, effects: tuple[AnyEffect, ...]) -> bool:
        """Whether taking it cannot cost another candidate anything, as long as no unit comes to its floor: it uses no units
        up, excludes nobody, takes nobody's place, and changes no base."""
        others = {other for other, _ in self.turns if other != turn}
        return (
            self.sale.options.base == "lane"
            and self.at_most >= len(self.turns)
            and not any(
                isinstance(effect, Nth | Bundle | BuyGet | PayPoints) or effect.scope.untouched for effect in effects
            )
            and not self.sale.book.conflicts[turn] & others
            and not any(self.sale.book.promotions[x].exclusive == "lane" for x in (turn, *others))
            and not any(effect.scope.untouched for _, other in self.turns for effect in other)
        )
