"""The same carts under the same promotions in our engine and in Medusa's promotion module (npm), one after the other in one run.

Only what both mean the same: percentages per line and over all, fixed amounts over all, percentages of shipping, for customers of
a tier and for products of a category. The module's `computeActions` runs unmodified in node, without its database: promotions come
from memory. Ours runs with Medusa's semantics as options (it takes the larger value first). Both discounts are compared, cart by
cart; Medusa does not round, we do, line by line.
"""

import random
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from msgspec import Struct

from miaohui.bench.pricing import cart
from miaohui.pricing.cart import Cart
from miaohui.pricing.conditions import CustomerIs, Scope, Where
from miaohui.pricing.effects import Amount, Percent
from miaohui.pricing.engine import price
from miaohui.pricing.promotion import Options, Promotion
from miaohui.pricing.rulebook import Rulebook

OPTIONS = Options(order="priority", base="running", split="first", units_once=False)


class Beside(Struct, frozen=True):
    """CPU milliseconds for one cart (median), and the largest difference of the two discounts in minor units."""

    what: str
    ours_ms: float
    theirs_ms: float
    differ_minor: float


def run(folder: Path, *, runs: int) -> list[Beside]:
    """Ours and theirs. FileNotFoundError with the remedy if the peer is not installed."""
    if not (folder / "node_modules").is_dir():
        raise FileNotFoundError(f"the peer is not installed: run `npm ci --ignore-scripts` in {folder}")
    return [
        _both(folder, f"{lines} lines under {count} promotions", lines, count, runs)
        for lines, count in ((5, 10), (20, 50), (100, 100))
    ]


def _both(folder: Path, what: str, lines: int, count: int, runs: int) -> Beside:
    carts = [cart(n, lines, (1, 3)) for n in range(runs)]
    promotions = _promotions(count, lines)
    book = Rulebook(promotions, OPTIONS)
    carts = [msgspec.structs.replace(one, lines=tuple(_plain(line) for line in one.lines)) for one in carts]
    for one in carts:
        price(one, book)
    spans, saved = [], []
    for one in carts:
        begun = time.thread_time()
        priced = price(one, book)
        spans.append((time.thread_time() - begun) * 1000)
        saved.append(priced.discount_minor + priced.shipping_list_minor - priced.shipping_minor)
    sent = {"carts": [_cart(one) for one in carts], "promotions": [_theirs(promotion) for promotion in promotions]}
    done = subprocess.run(
        ["node", "medusa.mjs"], cwd=folder, input=msgspec.json.encode(sent), capture_output=True, check=True
    )
    theirs: list[dict[str, float]] = msgspec.json.decode(done.stdout)
    differ = max(abs(ours - one["total"] * 100) for ours, one in zip(saved, theirs, strict=True))
    return Beside(what, round(median(spans), 2), round(median(one["ms"] for one in theirs), 2), round(differ, 1))


def _plain(line: Any) -> Any:
    return msgspec.structs.replace(line, min_price_minor=0)


def _promotions(count: int, products: int) -> list[Promotion]:
    """Half for the customer's tier, half for one he is not in; half for everything, half for a category."""
    draw = random.Random(f"peer {count}")
    found: list[Promotion] = []
    for n in range(count):
        scope = Scope(categories=(f"category-{draw.randrange(10)}",)) if n % 4 < 2 else Scope()
        ppm = draw.randint(1, 5) * 10_000
        kinds: list[Percent | Amount] = [
            Percent(off_ppm=ppm, each="line", scope=scope),
            Percent(off_ppm=ppm, scope=scope),
            Amount(off_minor=draw.randint(1, 20) * 100, scope=scope),
            Percent(off_ppm=ppm, target="shipping"),
        ]
        effect = kinds[draw.randrange(4)]
        tier = ("gold", "black")[n % 2]
        found.append(
            Promotion(
                id=f"promotion-{n:03}",
                effects=(effect,),
                when=(CustomerIs(is_=Where("tier", (tier,))),),
            )
        )
    found.sort(key=lambda promotion: -_value(promotion))
    return [msgspec.structs.replace(promotion, priority=-n) for n, promotion in enumerate(found)]


def _value(promotion: Promotion) -> float:
    """The number that Medusa calls the promotion's value: percent, or an amount in currency units."""
    effect = promotion.effects[0]
    return effect.off_ppm / 10_000 if isinstance(effect, Percent) else getattr(effect, "off_minor", 0) / 100


def _cart(one: Cart) -> dict[str, Any]:
    return {
        "currency_code": "cny",
        "customer": {"tier": one.customer.attributes["tier"]},
        "items": [
            {
                "id": line.line,
                "quantity": line.quantity,
                "subtotal": line.unit_price_minor * line.quantity / 100,
                "original_total": line.unit_price_minor * line.quantity / 100,
                "is_discountable": True,
                "product": {"id": line.sku},
                "product_category": {"id": line.categories[0]},
            }
            for line in one.lines
        ],
        "shipping_methods": [
            {"id": method.id, "subtotal": method.fee_minor / 100, "original_total": method.fee_minor / 100}
            for method in one.shipping
        ],
    }


def _theirs(promotion: Promotion) -> dict[str, Any]:
    effect, condition = promotion.effects[0], promotion.when[0]
    assert isinstance(effect, Percent | Amount)
    assert isinstance(condition, CustomerIs)
    percentage = isinstance(effect, Percent)
    return {
        "id": promotion.id,
        "code": promotion.id,
        "type": "standard",
        "is_automatic": False,
        "rules": [_rule("customer.tier", condition.is_.values)],
        "application_method": {
            "type": "percentage" if percentage else "fixed",
            "target_type": "shipping_methods" if effect.target == "shipping" else "items",
            "allocation": "each" if effect.each == "line" or effect.target == "shipping" else "across",
            "value": _value(promotion),
            "max_quantity": 1000 if effect.each == "line" else None,
            "target_rules": [_rule("items.product_category.id", effect.scope.categories)]
            if effect.scope.categories
            else [],
        },
    }


def _rule(attribute: str, values: tuple[str, ...]) -> dict[str, Any]:
    return {"attribute": attribute, "operator": "in", "values": [{"value": value} for value in values]}
