"""The lines of one cart (or its shipping methods) as conditions and effects look at them: which lines a scope means."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation

from miaohui.pricing.basket import Basket
from miaohui.pricing.cart import CartLine
from miaohui.pricing.conditions import Op, Scope, Where


class Lines:
    """Facts of the lines, found by sku and category; scopes are looked up once per cart."""

    def __init__(self, items: Sequence[CartLine]) -> None:
        self.items = items
        self.by_sku: dict[str, list[int]] = {}
        self.by_category: dict[str, list[int]] = {}
        for n, item in enumerate(items):
            self.by_sku.setdefault(item.sku, []).append(n)
            for category in item.categories:
                self.by_category.setdefault(category, []).append(n)
        self._known: dict[int, frozenset[int] | None] = {}

    def meant(self, scope: Scope) -> frozenset[int] | None:
        """Indices of the lines in `scope`; None: every line."""
        key = id(scope)
        if key not in self._known:
            self._known[key] = self._find(scope)
        return self._known[key]

    def runs(self, basket: Basket, scope: Scope) -> Sequence[int]:
        """The runs of `basket` in `scope`, in their order."""
        meant = self.meant(scope)
        runs: Sequence[int] = (
            range(len(basket.line)) if meant is None else [n for n, line in enumerate(basket.line) if line in meant]
        )
        if scope.untouched:
            now = basket.activity if scope.untouched == "activity" else basket.price
            runs = [n for n in runs if now[n] == basket.list[n]]
        if scope.price_at_least_minor or scope.price_at_most_minor is not None:
            least, most = scope.price_at_least_minor, scope.price_at_most_minor
            runs = [n for n in runs if basket.activity[n] >= least and (most is None or basket.activity[n] <= most)]
        return runs

    def _find(self, scope: Scope) -> frozenset[int] | None:
        if scope.skus:
            found = _any(self.by_sku, scope.skus)
            if scope.categories:
                found &= _any(self.by_category, scope.categories)
        elif scope.categories:
            found = _any(self.by_category, scope.categories)
        elif scope.except_skus or scope.except_categories or scope.where:
            found = set(range(len(self.items)))
        else:
            return None
        if scope.except_skus or scope.except_categories:
            found -= _any(self.by_sku, scope.except_skus) | _any(self.by_category, scope.except_categories)
        for where in scope.where:
            found = {n for n in found if fits(where, self._attribute(n, where.attribute))}
        return frozenset(found)

    def _attribute(self, n: int, name: str) -> str | None:
        item = self.items[n]
        if name not in item.attributes:
            match name:
                case "quantity":
                    return str(item.quantity)
                case "unit_price_minor":
                    return str(item.unit_price_minor)
                case "subtotal_minor":
                    return str(item.unit_price_minor * item.quantity)
        return item.attributes.get(name)


def _any(index: dict[str, list[int]], names: Iterable[str]) -> set[int]:
    return {n for name in names for n in index.get(name, ())}


_COMPARE: dict[Op, Callable[[Decimal, Decimal], bool]] = {
    "more_than": lambda value, wanted: value > wanted,
    "at_least": lambda value, wanted: value >= wanted,
    "less_than": lambda value, wanted: value < wanted,
    "at_most": lambda value, wanted: value <= wanted,
}


def fits(where: Where, value: str | None) -> bool:
    """Whether an attribute's value (None: it has none) is as wanted. What is no number is neither more nor less."""
    if where.op == "in":
        return value in where.values
    if where.op == "not_in":
        return value not in where.values
    if value is None or not where.values:
        return False
    try:
        return _COMPARE[where.op](Decimal(value), Decimal(where.values[0]))
    except InvalidOperation:
        return False
