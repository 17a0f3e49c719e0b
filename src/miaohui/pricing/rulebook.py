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
from miaohui.pricing.eligible import Failing, differs, named, pieces_more, plain, spend_more
from miaohui.pricing.lines import Lines
from miaohui.pricing.priced import Outcome
from miaohui.pricing.promotion import LANES, Lane, LaneName, Options, Promotion

Key = tuple[str, ...]
Need = tuple[frozenset[Key], Failing]
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
        needs = [self._index(turn) for turn in range(len(self.ids))]
        nothing = Failing("gives_nothing", {})
        self.misses = [_miss(self.ids[turn], need[0][1] if need else nothing) for turn, need in enumerate(needs)]
        self._others = [need[1:] for need in needs]

    def lane(self, name: LaneName) -> Lane:
        """How `name` stacks; points pay once."""
        return self.options.lanes.get(name, Lane(mode="first") if name == "points" else Lane())

    def concerned(self, cart: Cart, lines: Lines, codes: frozenset[str], outcomes: list[Outcome]) -> list[int]:
        """Promotions that have everything their index asks for, in the order of their turns.

        Those that lack the first thing keep their outcome of `misses`; who lacks another gets his in `outcomes`.
        """
        keys = set(_keys_of(cart, lines, codes))
        found = set(self._always)
        for key in keys & self._keyed.keys():
            found.update(self._keyed[key])
        concerned = []
        for turn in sorted(found):
            for needed, failing in self._others[turn]:
                if keys.isdisjoint(needed):
                    outcomes[turn] = _miss(self.ids[turn], failing)
                    break
            else:
                concerned.append(turn)
        return concerned

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

    def _index(self, turn: int) -> list[Need]:
        needs = list(_needs(self.promotions[turn], self.early[turn] + self.late[turn]))
        if not needs:
            self._always.append(turn)
        else:
            for key in needs[0][0]:
                self._keyed.setdefault(key, []).append(turn)
        return needs


def _miss(promotion: str, failing: Failing) -> Outcome:
    return Outcome(promotion=promotion, status="not_eligible", code=failing.code, data=failing.data)


def _rank(promotion: Promotion) -> tuple[int, str]:
    return -(_NO_PRIORITY if promotion.priority is None else promotion.priority), promotion.id


def _keys_of(cart: Cart, lines: Lines, codes: frozenset[str]) -> Iterator[Key]:
    yield from (("code", code) for code in codes)
    yield from (("audience", name) for name in cart.customer.audiences)
    yield from (("customer", *trait) for trait in cart.customer.attributes.items())
    yield from (("sku", sku) for sku in lines.by_sku)
    yield from (("category", name) for name in lines.by_category)


def _needs(promotion: Promotion, conditions: tuple[AnyCondition, ...]) -> Iterator[Need]:
    """Sets of keys of each of which a cart must have one, and what fails without; what the customer enters or is comes first."""
    for condition in conditions:
        match condition:
            case Code():
                yield frozenset(("code", plain(code)) for code in condition.any_of), Failing("code_missing", {})
            case InAudience(any_of=names) if names:
                failing = Failing("not_in_audience", {"audience": ", ".join(names)})
                yield frozenset(("audience", name) for name in names), failing
            case CustomerIs(is_=where) if where.op == "in":
                failing = differs("customer_differs", where)
                yield frozenset(("customer", where.attribute, value) for value in where.values), failing
            case Pieces(at_least=at_least, scope=scope) if at_least > 0 and (keys := _scoped(scope)):
                yield keys, pieces_more(at_least, 0, scope)
            case Spend(at_least_minor=at_least, scope=scope) if at_least > 0 and (keys := _scoped(scope)):
                yield keys, spend_more(at_least, 0, scope)
            case Kinds(at_least=at_least, scope=scope) if at_least > 0 and (keys := _scoped(scope)):
                yield keys, Failing("kinds_more", {"missing": at_least, "at_least": at_least})
    scopes = [_scope_of(effect) for effect in promotion.effects]
    if scopes and all(scope and _scoped(scope) for scope in scopes):
        meant = [scope for scope in scopes if scope]
        yield frozenset().union(*map(_scoped, meant)), Failing("nothing_in_scope", named(meant[0]))


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


def _scoped(scope: Scope) -> frozenset[Key]:
    if scope.skus:
        return frozenset(("sku", sku) for sku in scope.skus)
    return frozenset(("category", name) for name in scope.categories)
