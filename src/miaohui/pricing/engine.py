"""Price a cart: a cart and promotions in, what every unit costs and why out. Pure: no clock, no chance, no I/O.

Lane by lane (or by priority alone, see `Options.order`): the promotions that concern the cart are judged, stack as their lane
says, and take what they give off the units. Same input, same output, on every machine.
"""

from collections.abc import Sequence

from miaohui.pricing.basket import total
from miaohui.pricing.cart import Cart
from miaohui.pricing.effects import AnyEffect, Bundle, BuyGet, Deposit, Nth
from miaohui.pricing.eligible import within_limits
from miaohui.pricing.priced import Priced, Search
from miaohui.pricing.promotion import LANES, LaneName, Options, Promotion
from miaohui.pricing.receipt import receipt
from miaohui.pricing.rulebook import Rulebook
from miaohui.pricing.sale import Sale
from miaohui.pricing.search import best_set

Turn = tuple[int, tuple[AnyEffect, ...]]


def price(cart: Cart, promotions: Sequence[Promotion] | Rulebook, options: Options = Options()) -> Priced:
    """What `cart` costs under `promotions`. Who prices many carts makes a `Rulebook` once (its options then count).

    ValueError, which says the value and the remedy: a line without units or with a price below nothing, two lines or two promotions
    of one name, a carried adjustment that belongs to no promotion (if `Options.unknown_carried` refuses that).
    """
    book = promotions if isinstance(promotions, Rulebook) else Rulebook(promotions, options)
    _check(cart, book)
    return Pricing(book, cart).run()


class Pricing(Sale):
    """A sale whose promotions take their turns."""

    def __init__(self, book: Rulebook, cart: Cart) -> None:
        super().__init__(book, cart)
        self.closed: dict[LaneName, list[int]] = {}
        """Lanes that gave something, and who did."""

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
        activity = self.book.lanes["activity"]
        wanting = [
            turn
            for turn in self.book.by_priority
            if turn in self.live
            and self.book.promotions[turn].exclusive == "cart"
            and (turn in self.gave or len(activity.get(turn, ())) < len(self.book.promotions[turn].effects))
        ]
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
            if self.book.promotions[turn].exclusive:
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
            effect = dict(turns)[won[line]][0]
            self.gave[won[line]] = self.gave.get(won[line], 0) + self.goods.take(cuts, won[line])
            if isinstance(effect, Deposit):
                self.count_deposits(won[line], effect, [(line, sum(cut[2] for cut in cuts))])
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


def _check(cart: Cart, book: Rulebook) -> None:
    for line in cart.lines:
        if line.quantity < 1 or line.unit_price_minor < 0:
            raise ValueError(
                f"line {line.line} has {line.quantity} units at {line.unit_price_minor}: at least one, at 0 or more"
            )
    for method in cart.shipping:
        if method.fee_minor < 0:
            raise ValueError(f"shipping {method.id} costs {method.fee_minor}: 0 or more")
    names = [*(line.line for line in cart.lines), *(method.id for method in cart.shipping)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"two lines are called {twice}: give each a name of its own")
    if book.options.unknown_carried == "refuse":
        for carried in cart.carried:
            if carried.promotion not in book.ids:
                raise ValueError(f"adjustment {carried.id} belongs to no promotion: {carried.promotion}")
