"""Whether a condition holds for a cart, and if not, which one fails and what is missing. Codes are those of `explain`."""

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from miaohui.pricing.basket import Basket
from miaohui.pricing.cart import Cart, Used
from miaohui.pricing.conditions import (
    AnyCondition,
    AnyOf,
    CartIs,
    Code,
    CustomerIs,
    InAudience,
    Kinds,
    Not,
    Orders,
    Pieces,
    Scope,
    Spend,
    Weekly,
    Where,
    Within,
)
from miaohui.pricing.lines import Lines, fits
from miaohui.pricing.promotion import Limits

Data = dict[str, int | str]
_NOTHING = Used()


class Failing(NamedTuple):
    """A condition that does not hold: its code and what there is to say."""

    code: str
    data: Data


def plain(code: str) -> str:
    """A code as it is compared: without spaces and capitals."""
    return "".join(code.split()).upper()


class Facts:
    """A cart, asked by conditions. What depends on prices looks at the basket as its lane began."""

    def __init__(self, cart: Cart, lines: Lines) -> None:
        self.cart, self.lines = cart, lines
        self.codes = frozenset(plain(code) for code in cart.codes)
        self.known: dict[tuple[int, str], tuple[int, int]] = {}
        """Scopes already added up since the lane began: what they cost, and their pieces."""

    def failing(self, conditions: tuple[AnyCondition, ...], basket: Basket) -> Failing | None:
        """The first of `conditions` that fails, None if all hold."""
        for condition in conditions:
            failed = self._check(condition, basket)
            if failed is not None:
                return failed
        return None

    def _check(self, condition: AnyCondition, basket: Basket) -> Failing | None:
        match condition:
            case Code():
                entered = any(plain(code) in self.codes for code in condition.any_of)
                return None if entered else Failing("code_missing", {})
            case Within() | Weekly():
                return self._time(condition)
            case CustomerIs() | InAudience() | Orders():
                return self._customer(condition)
            case CartIs():
                value = self.cart.attributes.get(condition.is_.attribute)
                return None if fits(condition.is_, value) else differs("cart_differs", condition.is_)
            case AnyOf():
                failed = [self._check(one, basket) for one in condition.conditions]
                return None if None in failed else (failed[0] or Failing("nothing_fits", {}))
            case Not():
                fails = self._check(condition.condition, basket) is not None
                return (
                    None
                    if fails
                    else Failing("must_not", {"condition": str(condition.condition.__struct_config__.tag)})
                )
            case _:
                return self._lines(condition, basket)

    def _time(self, condition: Within | Weekly) -> Failing | None:
        now_ms = self.cart.now_ms
        if isinstance(condition, Within):
            if now_ms < condition.starts_ms:
                return Failing("not_yet", {"starts_ms": condition.starts_ms})
            ended = condition.ends_ms is not None and now_ms >= condition.ends_ms
            return Failing("ended", {"ends_ms": condition.ends_ms or 0}) if ended else None
        local = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(condition.zone))
        minute = local.hour * 60 + local.minute
        begin, end = condition.from_minute, condition.until_minute
        if end > begin:
            day, inside = local, begin <= minute < end
        else:
            day, inside = (local, True) if minute >= begin else (local - timedelta(days=1), minute < end)
        if inside and (not condition.days or day.isoweekday() in condition.days):
            return None
        return Failing(
            "not_now", {"days": " ".join(map(str, condition.days)), "from_minute": begin, "until_minute": end}
        )

    def _customer(self, condition: CustomerIs | InAudience | Orders) -> Failing | None:
        customer = self.cart.customer
        match condition:
            case CustomerIs():
                value = customer.attributes.get(condition.is_.attribute)
                return None if fits(condition.is_, value) else differs("customer_differs", condition.is_)
            case InAudience():
                for name in condition.none_of:
                    if name in customer.audiences:
                        return Failing("in_audience", {"audience": name})
                if not condition.any_of or any(name in customer.audiences for name in condition.any_of):
                    return None
                return Failing("not_in_audience", {"audience": ", ".join(condition.any_of)})
            case Orders():
                if customer.orders < condition.at_least:
                    return Failing("orders_more", {"missing": condition.at_least - customer.orders})
                if condition.at_most is not None and customer.orders > condition.at_most:
                    return Failing("orders_less", {"at_most": condition.at_most, "orders": customer.orders})
                return None

    def _lines(self, condition: Spend | Pieces | Kinds, basket: Basket) -> Failing | None:
        match condition:
            case Spend():
                worth, _ = self._sums(condition.scope, condition.of, basket)
                if worth < condition.at_least_minor:
                    return spend_more(condition.at_least_minor, worth, condition.scope)
                if condition.at_most_minor is not None and worth > condition.at_most_minor:
                    return Failing("spend_less", {"at_most_minor": condition.at_most_minor, "worth_minor": worth})
            case Pieces():
                _, pieces = self._sums(condition.scope, "base", basket)
                if pieces < condition.at_least:
                    return pieces_more(condition.at_least, pieces, condition.scope)
                if condition.at_most is not None and pieces > condition.at_most:
                    return Failing("pieces_less", {"at_most": condition.at_most, "pieces": pieces})
            case Kinds():
                runs = self.lines.runs(basket, condition.scope)
                kinds = len({self.lines.items[basket.line[n]].sku for n in runs})
                if kinds < condition.at_least:
                    return Failing(
                        "kinds_more", {"missing": condition.at_least - kinds, "at_least": condition.at_least}
                    )
        return None

    def _sums(self, scope: Scope, of: str, basket: Basket) -> tuple[int, int]:
        key = (id(scope), of)
        if key not in self.known:
            runs, count = self.lines.runs(basket, scope), basket.count
            price = basket.start if of == "base" else basket.list
            self.known[key] = (sum([price[n] * count[n] for n in runs]), sum([count[n] for n in runs]))
        return self.known[key]


def spend_more(at_least_minor: int, worth_minor: int, scope: Scope) -> Failing:
    """The basket is short of a threshold."""
    data: Data = {"missing_minor": at_least_minor - worth_minor, "at_least_minor": at_least_minor}
    return Failing("spend_more", data | named(scope))


def pieces_more(at_least: int, pieces: int, scope: Scope) -> Failing:
    """The basket is short of pieces."""
    return Failing("pieces_more", {"missing": at_least - pieces, "at_least": at_least, **named(scope)})


def named(scope: Scope) -> Data:
    """What is meant, for a sentence: the products or categories of a scope."""
    names = scope.categories or scope.skus
    return {"of": ", ".join(names)} if names else {}


def within_limits(promotion: str, limits: Limits, cart: Cart) -> Failing | None:
    """Whether the promotion has a use left, for all and for this customer, ever and today, and money."""
    used = cart.used.get(promotion, _NOTHING)
    if limits.uses is not None and used.uses >= limits.uses:
        return Failing("used_up", {"limit": limits.uses})
    if limits.per_customer is not None and used.by_customer >= limits.per_customer:
        return Failing("used_by_you", {"limit": limits.per_customer})
    if limits.per_day is not None and used.today >= limits.per_day:
        return Failing("used_up_today", {"limit": limits.per_day})
    if limits.per_customer_per_day is not None and used.by_customer_today >= limits.per_customer_per_day:
        return Failing("used_by_you_today", {"limit": limits.per_customer_per_day})
    if limits.spend_minor is not None and used.spent_minor >= limits.spend_minor:
        return Failing("budget_used_up", {"limit_minor": limits.spend_minor})
    return None


def differs(code: str, where: Where) -> Failing:
    """An attribute is not as wanted."""
    return Failing(code, {"attribute": where.attribute, "op": where.op, "wanted": ", ".join(where.values)})
