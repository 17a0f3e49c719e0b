"""Promotions made ready to price many carts: in the order of their turns, by lane, and indexed by what they cannot do without.

A promotion that needs a code, an audience, a trait, a product or a category is not even looked at for a cart that has none of
it: 1,000 promotions cost a small cart little more than those that concern it.
"""

from collections.abc import Iterator, Sequence

from miaohui.pricing.cart import Cart
from miaohui.pricing.conditions import (
    AnyCondition,
    CartIs,
    Code,
    CustomerIs,
    InAudience,
    Kinds,
    Orders,
    Pieces,
    Scope,
    Spend,
    Weekly,
    Within,
)
from miaohui.pricing.effects import Amount, AnyEffect, Bundle, Gift, Percent
from miaohui.pricing.eligible import Failing, named, pieces_more, plain, spend_more
from miaohui.pricing.lines import Lines
from miaohui.pricing.priced import Outcome
from miaohui.pricing.promotion import LANES, Lane, LaneName, Options, Promotion

Key = tuple[str, ...]
_CHEAP = (Code, Within, Weekly, InAudience, CustomerIs, CartIs, Orders)
_NO_PRIORITY = -(2**63)


class Rulebook:
    """Promotions under options. Index of a promotion = its turn; `ids[turn]` is its id."""

    def __init__(self, promotions: Sequence[Promotion], options: Options = Options()) -> None:
        self.options = options
        self.promotions = tuple(sorted(promotions, key=self._turn))
        self.ids = tuple(promotion.id for promotion in self.promotions)
        if len(set(self.ids)) != len(self.ids):
            twice = next(x for x in self.ids if self.ids.count(x) > 1)
            raise ValueError(f"two promotions are called {twice}: give each an id of its own")
        self.lanes: dict[LaneName, dict[int, tuple[AnyEffect, ...]]] = {lane: {} for lane in LANES}
        self.early: list[tuple[AnyCondition, ...]] = []
        self.late: list[tuple[AnyCondition, ...]] = []
        for turn, promotion in enumerate(self.promotions):
            for lane in LANES:
                if effects := tuple(x for x in promotion.effects if promotion.lane_of(x) == lane):
                    self.lanes[lane][turn] = effects
            cheap = sorted((c for c in promotion.when if isinstance(c, _CHEAP)), key=lambda c: _CHEAP.index(type(c)))
            self.early.append(tuple(cheap))
            self.late.append(tuple(c for c in promotion.when if not isinstance(c, _CHEAP)))
        self.by_priority = sorted(range(len(self.ids)), key=lambda turn: _rank(self.promotions[turn]))
        self.conflicts = self._conflicts()
        self.codes = self._codes()
        self._always: list[int] = []
        self._keyed: dict[Key, list[int]] = {}
        self.misses = [self._index(turn, promotion) for turn, promotion in enumerate(self.promotions)]

    def lane(self, name: LaneName) -> Lane:
        """How `name` stacks; points pay once."""
        return self.options.lanes.get(name, Lane(mode="first") if name == "points" else Lane())

    def concerned(self, cart: Cart, lines: Lines, codes: frozenset[str]) -> list[int]:
        """Promotions that have what their index asks for, in the order of their turns. For the others `misses` says why not."""
        found = set(self._always)
        for key in _keys_of(cart, lines, codes):
            found.update(self._keyed.get(key, ()))
        return sorted(found)

    def _turn(self, promotion: Promotion) -> tuple[int, int, str]:
        lanes = [LANES.index(promotion.lane_of(effect)) for effect in promotion.effects] or [len(LANES)]
        first = min(lanes) if self.options.order == "lanes" else int(min(lanes) > 0)
        return first, *_rank(promotion)

    def _conflicts(self) -> list[frozenset[int]]:
        named: dict[str, set[int]] = {}
        for turn, promotion in enumerate(self.promotions):
            for name in (promotion.id, *promotion.groups):
                named.setdefault(name, set()).add(turn)
        found: list[set[int]] = [set() for _ in self.promotions]
        for turn, promotion in enumerate(self.promotions):
            for name in promotion.exclusive_with:
                for other in named.get(name, set()) - {turn}:
                    found[turn].add(other)
                    found[other].add(turn)
        return [frozenset(turns) for turns in found]

    def _codes(self) -> dict[str, list[int]]:
        codes: dict[str, list[int]] = {}
        for turn, conditions in enumerate(self.early):
            for condition in conditions:
                if isinstance(condition, Code):
                    for code in condition.any_of:
                        codes.setdefault(plain(code), []).append(turn)
        return codes

    def _index(self, turn: int, promotion: Promotion) -> Outcome:
        keys, failing = _needed(promotion, self.early[turn] + self.late[turn])
        if not keys:
            self._always.append(turn)
        for key in dict.fromkeys(keys):
            self._keyed.setdefault(key, []).append(turn)
        return Outcome(promotion=promotion.id, status="not_eligible", code=failing.code, data=failing.data)


def _rank(promotion: Promotion) -> tuple[int, str]:
    return -(_NO_PRIORITY if promotion.priority is None else promotion.priority), promotion.id


def _keys_of(cart: Cart, lines: Lines, codes: frozenset[str]) -> Iterator[Key]:
    yield from (("code", code) for code in codes)
    yield from (("audience", name) for name in cart.customer.audiences)
    yield from (("customer", *trait) for trait in cart.customer.attributes.items())
    yield from (("sku", sku) for sku in lines.by_sku)
    yield from (("category", name) for name in lines.by_category)


def _needed(promotion: Promotion, conditions: tuple[AnyCondition, ...]) -> tuple[list[Key], Failing]:
    """Keys of which a cart must have one for the promotion to apply, and what fails without; no keys: look at every cart."""
    for condition in conditions:
        match condition:
            case Code():
                return [("code", plain(code)) for code in condition.any_of], Failing("code_missing", {})
            case InAudience(any_of=names) if names:
                return [("audience", x) for x in names], Failing("not_in_audience", {"audience": ", ".join(names)})
            case CustomerIs(is_=where) if where.op == "in":
                data = {"attribute": where.attribute, "op": "in", "wanted": ", ".join(where.values)}
                return [("customer", where.attribute, x) for x in where.values], Failing("customer_differs", dict(data))
    for condition in conditions:
        match condition:
            case Pieces(at_least=at_least, scope=scope) if at_least > 0 and (keys := _scoped(scope)):
                return keys, pieces_more(at_least, 0, scope)
            case Spend(at_least_minor=at_least, scope=scope) if at_least > 0 and (keys := _scoped(scope)):
                return keys, spend_more(at_least, 0, scope)
            case Kinds(at_least=at_least, scope=scope) if at_least > 0 and (keys := _scoped(scope)):
                return keys, Failing("kinds_more", {"missing": at_least, "at_least": at_least})
    scopes = [_scope_of(effect) for effect in promotion.effects]
    keys_of = [_scoped(scope) if scope else [] for scope in scopes]
    if scopes and all(keys_of):
        first = scopes[0]
        assert first is not None
        return [key for keys in keys_of for key in keys], Failing("nothing_in_scope", named(first))
    return [], Failing("gives_nothing", {})


def _scope_of(effect: AnyEffect) -> Scope | None:
    """The scope without whose units an effect gives nothing; None if there is none."""
    match effect:
        case Gift():
            return None
        case Percent(target="shipping") | Amount(target="shipping"):
            return None
        case Bundle():
            return effect.parts[0].scope
        case _:
            return effect.scope


def _scoped(scope: Scope) -> list[Key]:
    if scope.skus:
        return [("sku", sku) for sku in scope.skus]
    return [("category", name) for name in scope.categories]
