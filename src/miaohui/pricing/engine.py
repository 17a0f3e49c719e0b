"""Price a cart: a cart and promotions in, what every unit costs and why out. Pure: no clock, no chance, no I/O.

Lane by lane (or by priority alone, see `Options.order`): the promotions that concern the cart are judged, stack as their lane
says, and take what they give off the units. Same input, same output, on every machine.
"""

from collections.abc import Sequence
from typing import Literal

from miaohui.pricing.allocation import percent
from miaohui.pricing.basket import Basket, Cut, capped, total
from miaohui.pricing.cart import Cart, Used
from miaohui.pricing.effects import (
    Amount,
    AnyEffect,
    Bundle,
    BuyGet,
    Deposit,
    Gift,
    Nth,
    PayPoints,
    Percent,
    Reduction,
    Reward,
)
from miaohui.pricing.eligible import Data, Facts, within_limits
from miaohui.pricing.giving import Giver, reached
from miaohui.pricing.idle import IN_THE_WAY, why_nothing
from miaohui.pricing.lines import Lines
from miaohui.pricing.priced import Earned, Given, Outcome, Priced, Search
from miaohui.pricing.promotion import LANES, LaneName, Options, Promotion
from miaohui.pricing.receipt import receipt
from miaohui.pricing.rulebook import Rulebook
from miaohui.pricing.search import best_set

Turn = tuple[int, tuple[AnyEffect, ...]]
Status = Literal["skipped", "not_eligible"]


def price(cart: Cart, promotions: Sequence[Promotion] | Rulebook, options: Options = Options()) -> Priced:
    """What `cart` costs under `promotions`. Who prices many carts makes a `Rulebook` once (its options then count).

    ValueError if a line has no units or a price below nothing, if two promotions share an id, or if a carried adjustment belongs
    to no promotion and `Options.unknown_carried` refuses that.
    """
    book = promotions if isinstance(promotions, Rulebook) else Rulebook(promotions, options)
    return Sale(book, cart).run()


class Sale:
    """One cart being priced."""

    def __init__(self, book: Rulebook, cart: Cart) -> None:
        _check(cart, book)
        self.book, self.cart, self.options = book, cart, book.options
        lines, shipping = Lines(cart.lines), Lines([x.as_line() for x in cart.shipping])
        self.facts = Facts(cart, lines)
        self.givers = {"goods": Giver(cart, lines, self.options), "shipping": Giver(cart, shipping, self.options)}
        margin = self.options.margin_floor_ppm
        self.goods = Basket(
            (n, x.quantity, x.unit_price_minor, floor(x.min_price_minor, x.cost_minor, margin))
            for n, x in enumerate(cart.lines)
        )
        self.shipping = Basket((n, 1, x.fee_minor, 0) for n, x in enumerate(cart.shipping))
        self.outcomes = book.misses.copy()
        self.live: dict[int, bool] = {}
        """Promotions still in play -> whether their conditions are judged already."""
        self.gave: dict[int, int] = {}
        """Promotions that gave something -> how much they took off."""
        self.closed: dict[LaneName, list[int]] = {}
        self.gifts: list[Given] = []
        self.rewards: list[Earned] = []
        self.searches: list[Search] = []
        self.prepaid = 0
        self.told: dict[int, Data] = {}
        """What there is to say of promotions that gave something: the tier reached and the next, the gift."""
        self.short: set[int] = set()
        """Promotions whose budget did not cover all they would give."""

    def run(self) -> Priced:
        """Everything, in turn."""
        for turn in self.book.concerned(self.cart, self.facts.lines, self.facts.codes, self.outcomes):
            promotion = self.book.promotions[turn]
            failing = self.facts.failing(self.book.early[turn], self.goods) or within_limits(
                promotion.id, promotion.limits, self.cart
            )
            if failing is None:
                self.live[turn] = False
            else:
                self.refuse(turn, "not_eligible", failing.code, failing.data)
        self.lane("activity")
        self.goods.activity = self.goods.price[:]
        self.alone()
        if self.options.order == "lanes":
            for name in LANES[1:]:
                self.lane(name)
        else:
            self.by_priority()
        return receipt(self)

    # --- judging --------------------------------------------------------------------------------------------------------

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

    def eligible(self, turn: int) -> bool:
        """Whether its conditions hold; judged once."""
        if not self.live[turn]:
            failing = self.facts.failing(self.book.late[turn], self.goods)
            if failing is not None:
                self.refuse(turn, "not_eligible", failing.code, failing.data)
                return False
            self.live[turn] = True
        return True

    def alone(self) -> None:
        """If promotions want the cart for themselves, only the first of them that applies stays."""
        wanting = [x for x in self.book.by_priority if x in self.live and self.book.promotions[x].exclusive == "cart"]
        self.begin()
        for turn in wanting:
            if self.eligible(turn):
                for other in [x for x in self.live if x != turn]:
                    self.refuse(other, "skipped", "excluded", by=[turn])
                return

    # --- lanes ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A lane begins: what units cost now is its base."""
        self.facts.known.clear()
        self.goods.start = self.goods.price[:]
        self.shipping.start = self.shipping.price[:]

    def lane(self, name: LaneName) -> None:
        """Run one lane."""
        effects = self.book.lanes[name]
        turns = [(turn, effects[turn]) for turn in self.live if turn in effects]
        if not turns:
            return
        closers = [x for lane, who in self.closed.items() if name in self.excludes(lane) for x in who]
        closers += [x for lane, who in self.closed.items() if lane in self.excludes(name) for x in who]
        self.begin()
        if closers and name != "rewards":
            for turn, _ in turns:
                self.refuse(turn, "skipped", "lane_closed", {"lane": name}, closers)
            return
        turns = [x for x in turns if self.eligible(x[0]) and not self.clashes(x[0])]
        rules = self.book.lane(name)
        if rules.mode == "best" and rules.each == "cart":
            applied = self.best(name, turns, rules.at_most)
        elif rules.mode != "stack" and rules.each == "line":
            applied = self.per_line(turns, best=rules.mode == "best")
        else:
            applied = self.stack(turns, rules.at_most or int(rules.mode == "first"))
        if applied:
            self.closed[name] = applied

    def excludes(self, name: LaneName) -> tuple[LaneName, ...]:
        """The lanes that lane `name` does not go with."""
        return self.book.lane(name).exclusive_with

    def clashes(self, turn: int) -> bool:
        """Whether a promotion that gave something excludes this one; noted if so."""
        conflicts = self.book.conflicts[turn]
        against = [x for x in self.gave if x in conflicts] if conflicts else []
        if against:
            self.refuse(turn, "skipped", "excluded", by=against)
        return bool(against)

    def stack(self, turns: Sequence[Turn], at_most: int) -> list[int]:
        """One after another; a promotion that wants the lane for itself goes alone."""
        for turn, _ in turns:
            if self.book.promotions[turn].exclusive == "lane":
                for other, _ in turns:
                    if other != turn:
                        self.refuse(other, "skipped", "excluded", by=[turn])
                turns = [x for x in turns if x[0] == turn]
                break
        applied: list[int] = []
        for turn, effects in turns:
            if at_most and len(applied) >= at_most:
                self.refuse(turn, "skipped", "lane_full", {"at_most": at_most}, applied)
            elif not self.clashes(turn):
                if self.options.base == "running":
                    self.begin()
                if self.options.base == "lane" or self.again(turn):
                    applied += [turn] if self.apply(turn, effects) else []
        return applied

    def again(self, turn: int) -> bool:
        """Conditions once more, on what units cost now (the running base)."""
        failing = None if turn in self.gave else self.facts.failing(self.book.late[turn], self.goods)
        if failing is not None:
            self.refuse(turn, "not_eligible", failing.code, failing.data)
        return failing is None

    def best(self, name: LaneName, turns: Sequence[Turn], at_most: int) -> list[int]:
        """The set that saves most, then as if only they were there; unit groups first, then the others."""
        turns = sorted(turns, key=lambda x: not isinstance(x[1][0], Nth | Bundle | BuyGet))
        found = best_set(self, turns, at_most)
        if len(turns) > 1:
            self.searches.append(
                Search(lane=name, candidates=len(turns), evaluated=found.evaluated, proven=found.proven)
            )
        for turn, effects in turns:
            if turn in found.turns:
                if self.options.base == "running":
                    self.begin()
                self.apply(turn, effects)
            elif found.turns:
                self.refuse(turn, "skipped", "not_best", by=found.turns)
            else:
                self.apply(turn, effects)
        return list(found.turns)

    def per_line(self, turns: Sequence[Turn], *, best: bool) -> list[int]:
        """Every line takes the one that gives it most (or the first that gives it anything)."""
        offers = [(turn, self.cuts(turn, effects[0], self.goods)) for turn, effects in turns]
        winner: dict[int, tuple[int, int]] = {}
        for turn, cuts in offers:
            for line in dict.fromkeys(self.goods.line[cut[0]] for cut in cuts):
                worth = total(cut for cut in cuts if self.goods.line[cut[0]] == line)
                if line not in winner or (best and worth > winner[line][0]):
                    winner[line] = (worth, turn)
        won = {line: turn for line, (_, turn) in winner.items()}
        for line in sorted(won, reverse=True):  # the last line first: splitting its runs moves no earlier one
            cuts = [cut for cut in dict(offers)[won[line]] if self.goods.line[cut[0]] == line]
            self.gave[won[line]] = self.gave.get(won[line], 0) + self.goods.take(cuts, won[line])
        applied = list(dict.fromkeys(won[line] for line in sorted(won)))
        for turn, effects in turns:
            if turn not in applied and dict(offers)[turn]:
                self.refuse(turn, "skipped", "not_best" if best else "lane_full", {"at_most": 1}, applied)
            elif turn not in applied:
                self.nothing(turn, effects)
        return applied

    def by_priority(self) -> None:
        """Every promotion with all its effects before the next."""
        for turn in list(self.live):
            effects = tuple(
                x for x in self.book.promotions[turn].effects if self.book.promotions[turn].lane_of(x) != "activity"
            )
            self.begin()
            if effects and self.eligible(turn) and not self.clashes(turn):
                for effect in effects:
                    self.begin()
                    self.apply(turn, (effect,))

    # --- giving ---------------------------------------------------------------------------------------------------------

    def cuts(self, turn: int, effect: AnyEffect, basket: Basket) -> list[Cut]:
        """What the effect takes, within what is left of the promotion's budget."""
        target = "shipping" if isinstance(effect, Percent | Amount) and effect.target == "shipping" else "goods"
        found = self.givers[target].cuts(effect, basket)
        limits = self.book.promotions[turn].limits
        if not found or limits.spend_minor is None or limits.on_end == "let_last_exceed":
            return found
        spent = self.cart.used.get(self.book.ids[turn], Used()).spent_minor + self.gave.get(turn, 0)
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
        """Take what `effects` give off these baskets; its worth, gifts at their declared value."""
        worth = 0
        for effect in effects:
            basket = shipping if isinstance(effect, Percent | Amount) and effect.target == "shipping" else goods
            worth += basket.take(self.cuts(turn, effect, basket), turn)
            if isinstance(effect, Gift):
                worth += sum(gift.quantity * gift.value_minor for gift in self.picked(turn, effect))
        return worth

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
                    self.told[turn] = {"sku": ", ".join(gift.sku for gift in gifts)}
                    applies = bool(gifts)
                case Reward():
                    earned = self.earned(turn, effect)
                    self.rewards += earned
                    applies = bool(earned)
                case _:
                    prepaid = self.givers["goods"].prepaid(effect, self.goods) if isinstance(effect, Deposit) else 0
                    saved = self.worth(turn, [effect], self.goods, self.shipping)
                    self.prepaid += prepaid
                    if isinstance(effect, Reduction):
                        self.told[turn] = tiers_told(effect, self.givers["goods"].measured(effect, self.goods))
                    applies = saved > 0 or prepaid > 0
            if isinstance(effect, PayPoints):
                self.givers["goods"].points_spent += saved // effect.off_minor * effect.points
            if applies:
                self.gave[turn] = self.gave.get(turn, 0) + saved
                gave = True
        if not gave:
            self.nothing(turn, effects)
        return gave

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


def _check(cart: Cart, book: Rulebook) -> None:
    for line in cart.lines:
        if line.quantity < 1 or line.unit_price_minor < 0:
            raise ValueError(
                f"line {line.line} has {line.quantity} units at {line.unit_price_minor}: at least one, at 0 or more"
            )
    if book.options.unknown_carried == "refuse":
        for carried in cart.carried:
            if carried.promotion not in book.ids:
                raise ValueError(f"adjustment {carried.id} belongs to no promotion: {carried.promotion}")
