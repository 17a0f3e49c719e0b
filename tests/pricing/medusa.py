"""A case in the form of Medusa's suite as our cart, promotions and options, and the figures that differ.

The source does not round at this layer (a third of 100.00 stays a third); we price in cents, and compare within a cent per line
and half a cent in all. A unit price that is no whole number of cents is priced in a finer unit, and compared in cents.
"""

from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any, Literal

from miaohui.pricing.cart import Carried, Cart, CartLine, Customer, ShippingMethod, Used
from miaohui.pricing.conditions import AnyCondition, Code, CustomerIs, Op, Scope, Where
from miaohui.pricing.effects import Amount, AnyEffect, BuyGet, Percent
from miaohui.pricing.engine import price
from miaohui.pricing.promotion import Limits, Options, Promotion

MEDUSA = Options(
    order="priority",
    base="running",
    split="first",
    units_once=False,
    budget="line_alone",
    unknown_carried="refuse",
    replace_carried=True,
)
"""One promotion after another on what is left of each line; a line's discount lies on its first units; a budget looks at each
line alone; two unit-group offers may share a unit; what the cart carried is replaced, and must be known."""
OPS: dict[str, Op] = {
    "eq": "in",
    "in": "in",
    "ne": "not_in",
    "gt": "more_than",
    "gte": "at_least",
    "lt": "less_than",
    "lte": "at_most",
}
REASONS = {"budget_used_up": "campaign_budget_exceeded", "used_up": "campaign_budget_exceeded"}
Allotted = dict[tuple[str, str], Fraction]


def differences(case: dict[str, Any]) -> list[str]:
    """The expected figures that our pricing does not come to; none if all agree."""
    expected, scale = case["expected"], _scale(case)
    try:
        priced = price(cart_of(case, scale), promotions_of(case, scale), MEDUSA)
    except ValueError:
        return [] if expected.get("error") == "unknown_promotion_code_on_existing_adjustment" else ["refused"]
    if "error" in expected:
        return [f"priced, expected {expected['error']}"]
    ours: Allotted = {
        (line.line, promotion): Fraction(minor, scale)
        for line in (*priced.lines, *priced.shipping)
        for promotion, minor in line.given_minor.items()
    }
    theirs: Allotted = {}
    for entry in expected["adjustments"]:
        key = (entry["id"], entry["code"])
        theirs[key] = theirs.get(key, Fraction(0)) + Fraction(str(entry["amount"]))
    if case.get("tie_sensitive"):
        ours, theirs = _per_code(ours), _per_code(theirs)
    wrong = [
        f"{key} gets {float(ours.get(key, 0))}, expected {float(theirs.get(key, 0))}"
        for key in sorted(ours.keys() | theirs.keys())
        if abs(ours.get(key, 0) - theirs.get(key, 0)) >= Fraction(1, 100)
    ]
    total = Fraction(sum(x.discount_minor for x in (*priced.lines, *priced.shipping)), scale)
    if abs(total - Fraction(str(expected["total_discount"]))) > Fraction(1, 200):
        wrong.append(f"total_discount is {float(total)}, expected {expected['total_discount']}")
    removed = {entry["id"] for entry in expected["removed_adjustments"]}
    if set(priced.removed) != removed:
        wrong.append(f"removed {sorted(priced.removed)}, expected {sorted(removed)}")
    refused = {(x.promotion, REASONS[x.code]) for x in priced.outcomes if x.code in REASONS}
    refused |= {(x.promotion, REASONS["budget_used_up"]) for x in priced.outcomes if x.code == "applied_in_part"}
    wanted = {(entry["code"], entry["reason"]) for entry in expected["refused"]}
    if refused != wanted:
        wrong.append(f"refused {sorted(refused)}, expected {sorted(wanted)}")
    return wrong


def cart_of(case: dict[str, Any], scale: int) -> Cart:
    """The cart in `scale` parts of a currency unit."""
    cart = case["cart"]
    return Cart(
        currency="USD",
        lines=tuple(
            CartLine(
                line=line["id"],
                sku=line["attrs"].get("product.id", line["id"]),
                quantity=line["quantity"],
                unit_price_minor=_whole(Fraction(str(line["subtotal"])) * scale / line["quantity"]),
                attributes=line["attrs"],
            )
            for line in cart["lines"]
        ),
        shipping=tuple(
            ShippingMethod(
                id=method["id"],
                fee_minor=_whole(Fraction(str(method["subtotal"])) * scale),
                attributes=method["attrs"],
            )
            for method in cart["shipping"]
        ),
        customer=Customer(attributes={name: str(value) for name, value in cart["customer"].items()}),
        codes=tuple(case["codes_entered"]),
        used={x["code"]: _used(x["budget"], scale) for x in case["promotions"] if "budget" in x},
        carried=tuple(
            Carried(adjustment["id"], adjustment["code"])
            for line in (*cart["lines"], *cart["shipping"])
            for adjustment in line.get("existing_adjustments", ())
        ),
    )


def promotions_of(case: dict[str, Any], scale: int) -> list[Promotion]:
    """Buy-get promotions first, then the codes in the order entered, then the automatic ones."""
    entered = case["codes_entered"]
    automatic = not case["options"].get("prevent_auto_promotions", False)
    taken = [x for x in case["promotions"] if automatic or not x["automatic"] or x["code"] in entered]

    def turn(entry: dict[str, Any]) -> tuple[bool, int]:
        code = entry["code"]
        return "buy_x_get_y" not in entry, entered.index(code) if code in entered else len(entered)

    return [
        Promotion(
            id=entry["code"],
            effects=(_effect(entry, scale),),
            when=_conditions(entry),
            priority=-n,
            limits=_limits(entry.get("budget"), scale),
        )
        for n, entry in enumerate(sorted(taken, key=turn))
    ]


def _conditions(entry: dict[str, Any]) -> tuple[AnyCondition, ...]:
    when: list[AnyCondition] = [CustomerIs(is_=_where(rule)) for rule in entry["when"]]
    if not entry["automatic"]:
        when.append(Code(any_of=(entry["code"],)))
    return tuple(when)


def _effect(entry: dict[str, Any], scale: int) -> AnyEffect:
    scope = _scope(entry["target_where"])
    if "buy_x_get_y" in entry:
        rule = entry["buy_x_get_y"]
        return BuyGet(
            buy=rule["buy_min_quantity"],
            get=rule["apply_to_quantity"],
            scope=_scope(rule["buy_where"]),
            get_scope=scope,
            times_max=1,
            take="dearest",
            spread="got",
        )
    target: Literal["goods", "shipping"] = "shipping" if entry["target"] == "shipping" else "goods"
    across = entry["allocation"] == "across"
    each: Literal["order", "line"] = "order" if across else "line"
    units_max = 0 if across else entry.get("max_quantity") or 0
    if entry["kind"] == "percentage":
        ppm = _whole(Fraction(str(entry["value"])) * 10_000)
        return Percent(off_ppm=ppm, each=each, target=target, units_max=units_max, scope=scope)
    off = _whole(Fraction(str(entry["value"])) * scale)
    return Amount(off_minor=off, each=each, target=target, units_max=units_max, scope=scope)


def _scope(rules: list[dict[str, Any]]) -> Scope:
    return Scope(where=tuple(_where(rule) for rule in rules))


def _where(rule: dict[str, Any]) -> Where:
    return Where(rule["attr"], tuple(str(value) for value in rule["values"]), OPS[rule["op"]])


def _limits(budget: dict[str, Any] | None, scale: int) -> Limits:
    if budget is None or not budget["limit"]:
        return Limits()
    limit = Fraction(str(budget["limit"]))
    return Limits(spend_minor=_whole(limit * scale)) if budget["kind"] == "spend" else Limits(uses=_whole(limit))


def _used(budget: dict[str, Any], scale: int) -> Used:
    used = Fraction(str(budget["used"]))
    return Used(spent_minor=_whole(used * scale)) if budget["kind"] == "spend" else Used(uses=_whole(used))


def _per_code(allotted: Allotted) -> Allotted:
    found: Allotted = {}
    for (_, code), amount in allotted.items():
        found["", code] = found.get(("", code), Fraction(0)) + amount
    return found


def _scale(case: dict[str, Any]) -> int:
    """Parts of a currency unit in which every unit price is whole: 100 if cents will do."""
    prices = [Fraction(str(line["subtotal"])) / line["quantity"] for line in case["cart"]["lines"]]
    prices += [Fraction(str(method["subtotal"])) for method in case["cart"]["shipping"]]
    return lcm(100, *(each.denominator for each in prices))


def _whole(value: Fraction) -> int:
    assert value.denominator == 1, f"{Decimal(value.numerator) / value.denominator} is not whole"
    return int(value)
