"""A case in the form of Sylius's suite as our cart, promotions and options, and the figures that differ."""

from typing import Any

from miaohui.pricing.cart import Cart, CartLine, Customer, ShippingMethod
from miaohui.pricing.conditions import (
    AnyCondition,
    CartIs,
    Code,
    CustomerIs,
    Orders,
    Pieces,
    Scope,
    Spend,
    Where,
    Within,
)
from miaohui.pricing.effects import Amount, AnyEffect, Percent
from miaohui.pricing.engine import price
from miaohui.pricing.priced import Priced
from miaohui.pricing.promotion import Limits, Options, Promotion

SYLIUS = Options(order="priority", base="running")
"""By priority alone; thresholds and percentages of the order see what earlier promotions left."""
DAY_MS, NOW_MS = 86_400_000, 20_000 * 86_400_000
WINDOWS = {
    "not begun": Within(starts_ms=NOW_MS + DAY_MS),
    "ended": Within(ends_ms=NOW_MS - DAY_MS),
    "open, ends in 1 day": Within(ends_ms=NOW_MS + DAY_MS),
}


def differences(case: dict[str, Any]) -> list[str]:
    """The expected figures that our pricing does not come to; none if all agree."""
    cart = cart_of(case)
    promotions = promotions_of(case)
    priced = price(cart, promotions, SYLIUS)
    unit_level = price(cart, [_unit_level(promotion) for promotion in promotions], SYLIUS)
    listed = price(cart, [p for p in promotions if p.lane == "activity"], SYLIUS)
    found = {key: _figure(key, wanted, priced, unit_level, listed) for key, wanted in case["expected"].items()}
    return [
        f"{key} is {found[key]}, expected {wanted}" for key, wanted in case["expected"].items() if found[key] != wanted
    ]


def cart_of(case: dict[str, Any]) -> Cart:
    """The cart, the customer's history in it."""
    lines = tuple(
        CartLine(
            line=str(n),
            sku=entry["product"],
            quantity=entry["quantity"],
            unit_price_minor=case["products"][entry["product"]]["price"],
            categories=_listed(case["products"][entry["product"]], "category"),
            min_price_minor=case["products"][entry["product"]].get("minimum_price") or 0,
        )
        for n, entry in enumerate(case["cart"])
    )
    fee = case.get("shipping_fee")
    placed, _ = _uses(case, None, returned=True)
    return Cart(
        currency="USD",
        lines=lines,
        shipping=() if fee is None else (ShippingMethod(id="shipping", fee_minor=fee),),
        customer=Customer(orders=placed, attributes=case.get("customer") or {}),
        codes=tuple(case["codes_entered"]),
        attributes={"channel": str(case.get("channel", "web"))},
        now_ms=NOW_MS,
    )


def promotions_of(case: dict[str, Any]) -> list[Promotion]:
    """Catalogue promotions lower prices in the activity lane; then the cart's promotions, equal priorities in their order."""
    catalogue = [
        Promotion(
            id=f"catalogue {n:02}",
            lane="activity",
            effects=(_effect({"on": "unit", **entry}, skip=False),),
        )
        for n, entry in enumerate(case["catalogue_promotions"])
    ]
    return catalogue + [_promotion(case, n, entry) for n, entry in enumerate(case["promotions"])]


def _promotion(case: dict[str, Any], n: int, entry: dict[str, Any]) -> Promotion:
    when: list[AnyCondition] = [_condition(rule) for rule in entry["when"]]
    if "window" in entry:
        when.append(WINDOWS[entry["window"]])
    if "channels" in entry:
        when.append(CartIs(is_=Where("channel", tuple(entry["channels"]))))
    if "coupon_code" in entry:
        when.append(Code(any_of=(entry["coupon_code"],)))
    skip = entry.get("skip_already_discounted_products", False)
    return Promotion(
        id=f"{n:02} {entry['name']}",
        effects=tuple(_effect(do, skip=skip) for do in entry["do"]),
        when=tuple(when),
        priority=entry["priority"],
        exclusive="cart" if entry["exclusive"] else "",
        limits=Limits(uses=_uses_left(case, entry)),
    )


def _condition(rule: dict[str, Any]) -> AnyCondition:
    match rule["rule"]:
        case "items_total_at_least":
            return Spend(at_least_minor=rule["amount"])
        case "quantity_at_least":
            return Pieces(at_least=rule["n"])
        case "has_category":
            return Pieces(scope=Scope(categories=tuple(rule["categories"])))
        case "has_product" | "contains_product":
            return Pieces(scope=Scope(skus=_several(rule, "product", "products")))
        case "category_total_at_least" | "total_of_category_at_least":
            categories = _several(rule, "category", "categories")
            return Spend(at_least_minor=rule["amount"], scope=Scope(categories=categories))
        case "customer_group":
            return CustomerIs(is_=Where("group", _several(rule, "group", "groups")))
        case "nth_order":
            return Orders(at_least=rule["n"] - 1, at_most=rule["n"] - 1)
        case unknown:
            raise ValueError(f"this adapter knows no rule {unknown}")


def _effect(do: dict[str, Any], *, skip: bool) -> AnyEffect:
    scope = Scope(
        skus=_listed(do, "product"),
        categories=tuple(do.get("categories") or ()),
        price_at_least_minor=do.get("price_min") or 0,
        price_at_most_minor=do.get("price_max"),
        untouched="activity" if skip else "",
    )
    target = "shipping" if do["on"] == "shipping" else "goods"
    each = "unit" if do["on"] == "unit" else "order"
    if "percent" in do:
        of = "base" if do["on"] == "order" else "activity"
        return Percent(off_ppm=round(do["percent"] * 10_000), each=each, target=target, scope=scope, of=of)
    return Amount(off_minor=do["fixed"], each=each, target=target, scope=scope)


def _uses(case: dict[str, Any], coupon: str | None, *, returned: bool) -> tuple[int, int]:
    """Orders placed so far (with `coupon`): those that count, and all of them."""
    placed: list[str | None] = []
    given_back = total = 0
    for event in case["history"]:
        if event["event"] == "order_placed":
            placed.append(event["coupon"])
            total += coupon is None or event["coupon"] == coupon
        elif placed and (coupon is None or placed[-1] == coupon) and returned:
            given_back += 1
    return total - given_back, total


def _uses_left(case: dict[str, Any], entry: dict[str, Any]) -> int | None:
    """What is left of the tightest of its limits; a cancelled order gives its use back unless the coupon says no."""
    used, _ = _uses(case, entry.get("coupon_code"), returned=entry.get("coupon_returned_on_cancel", True))
    left = [entry[key] - used for key in ("coupon_usage_limit", "coupon_per_customer_limit") if key in entry]
    if entry.get("usage_limit") is not None:
        left.append(entry["usage_limit"] - entry.get("used", 0))
    return max(0, min(left)) if left else None


def _unit_level(promotion: Promotion) -> Promotion:
    effects = tuple(x for x in promotion.effects if isinstance(x, Percent | Amount) and x.each == "unit")
    return Promotion(**{name: getattr(promotion, name) for name in promotion.__struct_fields__} | {"effects": effects})


def _figure(key: str, wanted: Any, priced: Priced, unit_level: Priced, listed: Priced) -> Any:
    """Our figure for an expected one, in its shape."""

    def by_product(of: dict[str, int]) -> dict[str, int]:
        return {name: of.get(name, 0) for name in wanted}

    match key:
        case "total":
            return priced.total_minor
        case "discount_excl_shipping":
            return listed.goods_minor - priced.goods_minor
        case "shipping_total":
            return priced.shipping_minor
        case "coupon_refused":
            return any(not answer.accepted for answer in priced.codes)
        case "line_total":
            return by_product(_dues(priced))
        case "line_discount":
            return by_product({name: due - _dues(priced)[name] for name, due in _dues(listed).items()})
        case "line_unit_level_discount":
            return by_product({name: due - _dues(unit_level)[name] for name, due in _dues(listed).items()})
        case "unit_discounts":
            return {
                name: [
                    part.list_minor - part.due_minor
                    for line in priced.lines
                    if line.sku == name
                    for part in line.units
                    for _ in range(part.count)
                ]
                for name in wanted
            }
        case "unit_price_after_unit_discounts":
            return {name: next(x.dues()[0] for x in unit_level.lines if x.sku == name) for name in wanted}
        case unknown:
            raise ValueError(f"this adapter knows no figure {unknown}")


def _dues(priced: Priced) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in priced.lines:
        found[line.sku] = found.get(line.sku, 0) + line.due_minor
    return found


def _listed(of: dict[str, Any], key: str) -> tuple[str, ...]:
    return (of[key],) if of.get(key) is not None else ()


def _several(rule: dict[str, Any], one: str, many: str) -> tuple[str, ...]:
    return tuple(rule[many]) if many in rule else (str(rule[one]),)
