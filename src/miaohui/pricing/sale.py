"""One cart being priced: its units, what was taken off them so far and by whom, and how an effect is let give.

Which promotion's turn it is, and who stands back for whom, is `engine`'s part.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from miaohui.pricing.allocation import percent
from miaohui.pricing.basket import Basket, Cut, capped, total
from miaohui.pricing.cart import Cart, Used
from miaohui.pricing.effects import Amount, AnyEffect, Deposit, Gift, PayPoints, Percent, Reduction, Reward
from miaohui.pricing.eligible import Data, Facts
from miaohui.pricing.giving import Giver, reached
from miaohui.pricing.idle import IN_THE_WAY, why_nothing
from miaohui.pricing.lines import Lines
from miaohui.pricing.priced import Earned, Given, Outcome, Search
from miaohui.pricing.rulebook import Rulebook

Status = Literal["skipped", "not_eligible"]


class Sale:
    """The state of one pricing. A promotion is named by its turn."""

    def __init__(self, book: Rulebook, cart: Cart) -> None:
        self.book, self.cart, self.options = book, cart, book.options
        lines, shipping = Lines(cart.lines), Lines([x.as_line() for x in cart.shipping])
        self.facts = Facts(cart, lines)
        self.givers = {"goods": Giver(cart, lines, self.options), "shipping": Giver(cart, shipping, self.options)}
        margin = self.options.margin_floor_ppm
        self.goods = Basket(
            (
                (n, x.quantity, x.unit_price_minor, floor(x.min_price_minor, x.cost_minor, margin))
                for n, x in enumerate(cart.lines)
            ),
            book.ids,
        )
        self.shipping = Basket(((n, 1, x.fee_minor, 0) for n, x in enumerate(cart.shipping)), book.ids)
        self.outcomes = book.misses.copy()
        self.live: dict[int, bool] = {}
        """Promotions still in play -> whether their conditions are judged already."""
        self.gave: dict[int, int] = {}
        """Promotions that gave something -> how much they took off."""
        self.gifts: list[Given] = []
        self.rewards: list[Earned] = []
        self.searches: list[Search] = []
        self.prepaid: dict[int, int] = {}
        """Promotions that counted deposits -> what was paid by them."""
        self.told: dict[int, Data] = {}
        """What there is to say of promotions that gave something: the tier reached and the next, the gift."""
        self.short: set[int] = set()
        """Promotions whose budget did not cover all they would give."""

    def refuse(self, turn: int, status: Status, code: str, data: Data | None = None, by: Sequence[int] = ()) -> None:
        """Take a promotion out of play and note why."""
        self.live.pop(turn, None)
        if turn in self.gave:
            return
        self.outcomes[turn] = Outcome(
            promotion=self.book.ids[turn],
            status=status,
            code=code,
            data=data or {},
            by=tuple(self.book.ids[x] for x in by),
        )

    def cuts(self, turn: int, effect: AnyEffect, basket: Basket, taken: int = 0) -> list[Cut]:
        """What the effect takes, within what is left of the promotion's budget; `taken`: by its effects before this one."""
        target = "shipping" if isinstance(effect, Percent | Amount) and effect.target == "shipping" else "goods"
        found = self.givers[target].cuts(effect, basket)
        limits = self.book.promotions[turn].limits
        if not found or limits.spend_minor is None or limits.on_end == "let_last_exceed":
            return found
        spent = self.cart.used.get(self.book.ids[turn], Used()).spent_minor + self.gave.get(turn, 0) + taken
        kept = self.within(found, limits.spend_minor - spent, basket, partial=limits.on_end == "partial")
        if total(kept) < total(found):
            self.short.add(turn)
        return kept

    def within(self, cuts: list[Cut], left: int, basket: Basket, *, partial: bool) -> list[Cut]:
        """As much of `cuts` as a budget with `left` in it lets through."""
        if partial:
            return capped(cuts, max(left, 0))
        if self.options.budget == "whole":
            return cuts if total(cuts) <= left else []
        kept: list[Cut] = []
        for line in dict.fromkeys(basket.line[cut[0]] for cut in cuts):
            part = [cut for cut in cuts if basket.line[cut[0]] == line]
            if total(part) <= left:
                kept += part
                left -= total(part) if self.options.budget == "line" else 0
        return kept

    def worth(self, turn: int, effects: Sequence[AnyEffect], goods: Basket, shipping: Basket) -> int:
        """Take what `effects` give off these baskets; its worth, gifts at their declared value and rewards as they are."""
        saved = besides = 0
        for effect in effects:
            basket = shipping if isinstance(effect, Percent | Amount) and effect.target == "shipping" else goods
            saved += basket.take(self.cuts(turn, effect, basket, saved), turn)
            if isinstance(effect, Gift):
                besides += sum(gift.quantity * gift.value_minor for gift in self.picked(turn, effect))
            elif isinstance(effect, Reward):
                besides += sum(earned.amount for earned in self.earned(turn, effect))
        return saved + besides

    def apply(self, turn: int, effects: Sequence[AnyEffect]) -> bool:
        """Let it give; False, with the reason noted, if it gives nothing."""
        if turn not in self.gave:
            self.short.discard(turn)  # what a search noted
        gave = False
        for effect in effects:
            saved = 0
            match effect:
                case Gift():
                    gifts = self.picked(turn, effect)
                    self.gifts += gifts
                    self.told[turn] = self.told.get(turn, {}) | {"sku": ", ".join(gift.sku for gift in gifts)}
                    applies = bool(gifts)
                case Reward():
                    earned = self.earned(turn, effect)
                    self.rewards += earned
                    applies = bool(earned)
                case Deposit():
                    runs, units = self.givers["goods"].deposited(effect, self.goods)
                    lines = [self.goods.line[n] for n in runs]
                    saved = self.worth(turn, [effect], self.goods, self.shipping)
                    self.count_deposits(turn, effect, zip(lines, units, strict=True))
                    applies = saved > 0 or (bool(lines) and effect.deposit_minor > 0)
                case _:
                    saved = self.worth(turn, [effect], self.goods, self.shipping)
                    if isinstance(effect, Reduction):
                        measured = self.givers["goods"].measured(effect, self.goods)
                        self.told[turn] = self.told.get(turn, {}) | tiers_told(effect, measured)
                    applies = saved > 0
            if isinstance(effect, PayPoints):
                self.givers["goods"].points_spent += saved // effect.off_minor * effect.points
            if applies:
                self.gave[turn] = self.gave.get(turn, 0) + saved
                gave = True
        if not gave:
            self.nothing(turn, effects)
        return gave

    def count_deposits(self, turn: int, effect: Deposit, units: Iterable[tuple[int, int]]) -> None:
        """The deposits of so many units of each line are this promotion's: no other counts them again."""
        for line, count in units:
            self.givers["goods"].deposits[line] -= count
            self.prepaid[turn] = self.prepaid.get(turn, 0) + effect.deposit_minor * count
        if turn in self.prepaid:
            self.told[turn] = self.told.get(turn, {}) | {"prepaid_minor": self.prepaid[turn]}

    def nothing(self, turn: int, effects: Sequence[AnyEffect]) -> None:
        """Note why a promotion whose conditions hold gives nothing; it stays in play for later lanes."""
        if turn not in self.gave:
            failing = why_nothing(self, turn, effects[0])
            self.outcomes[turn] = Outcome(
                promotion=self.book.ids[turn],
                status="skipped" if failing.code in IN_THE_WAY else "not_eligible",
                code=failing.code,
                data=failing.data,
            )

    def picked(self, turn: int, effect: Gift) -> list[Given]:
        """The gifts: what the customer chose of what is in stock, else the first in stock."""
        runs = self.facts.lines.runs(self.goods, effect.scope)
        worth = sum(self.goods.start[n] * self.goods.count[n] for n in runs)
        times = worth // effect.every_minor if effect.every_minor else int(bool(runs))
        times = min(times, effect.times_max) if effect.times_max else times
        there = [item for item in effect.items if item.sku not in self.cart.sold_out]
        wanted = self.cart.gifts.get(self.book.ids[turn], ())
        chosen = sorted(there, key=lambda item: item.sku not in wanted)[: effect.choose]
        return [
            Given(promotion=self.book.ids[turn], sku=x.sku, quantity=x.quantity * times, value_minor=x.value_minor)
            for x in chosen
            if times
        ]

    def earned(self, turn: int, effect: Reward) -> list[Earned]:
        """The reward on what the scope costs in the end."""
        worth = self.goods.worth(self.facts.lines.runs(self.goods, effect.scope))
        times = worth // effect.every_minor if effect.every_minor else int(worth > 0)
        amount = percent(worth, effect.off_ppm) + effect.amount * times
        amount = amount if effect.cap is None else min(amount, effect.cap)
        return [Earned(promotion=self.book.ids[turn], to=effect.to, amount=amount)] if amount else []


def floor(min_price_minor: int, cost_minor: int | None, margin_ppm: int | None) -> int:
    """The least a unit may cost: its minimum price, and what leaves `margin_ppm` of the price above its cost, rounded up."""
    if cost_minor is None or margin_ppm is None:
        return min_price_minor
    return max(min_price_minor, -(-cost_minor * 1_000_000 // (1_000_000 - margin_ppm)))


def tiers_told(effect: Reduction, measured: int) -> Data:
    """The tier that `measured` reaches, and how much is missing for the next."""
    unit = "_minor" if effect.measure == "amount" else ""
    tier = reached(effect, measured)
    data: Data = {} if tier is None else {f"at_least{unit}": tier.at_least}
    above = [x.at_least for x in effect.tiers if x.at_least > measured]
    if above:
        data |= {f"next{unit}": min(above), f"next_missing{unit}": min(above) - measured}
    return data
