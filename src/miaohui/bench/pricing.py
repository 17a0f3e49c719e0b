"""`miaohui bench pricing`: how long it takes to price a cart, on one core, in this process; no server, no database.

Carts and promotions are drawn from a seed, so that every run prices the same. A promotion is one of all kinds of effects under one
of all kinds of conditions; every second one does not concern the cart. Times are of `price` alone on a `Rulebook` made before: a
shop prices at every change of the cart, and changes promotions now and then.
"""

import gc
import random
import time
from collections.abc import Callable, Sequence
from statistics import median

from msgspec import Struct

from miaohui.pricing.cart import Cart, CartLine, Customer, ShippingMethod
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
    Where,
    Within,
)
from miaohui.pricing.effects import (
    Amount,
    AnyEffect,
    Bundle,
    BuyGet,
    Gift,
    GiftItem,
    Nth,
    Part,
    PayPoints,
    Percent,
    Price,
    Reduction,
    Reward,
    Tier,
)
from miaohui.pricing.engine import price
from miaohui.pricing.promotion import Lane, LaneName, Options, Promotion
from miaohui.pricing.rulebook import Rulebook

NOW_MS = 1_790_000_000_000
EVERYWHERE = Scope()


class Timing(Struct, frozen=True):
    """Milliseconds for one cart over `runs` carts, and how many promotions applied (median)."""

    what: str
    runs: int
    p50_ms: float
    p99_ms: float
    applied: int
    target_ms: float | None = None


def cart(seed: int, lines: int, units: tuple[int, int], products: int = 0) -> Cart:
    """A cart of `lines` lines of `units` (from, to) units each, all products different unless there are fewer."""
    draw = random.Random(f"cart {seed}")
    skus = draw.sample(range(products or lines), lines) if products else list(range(lines))
    return Cart(
        currency="CNY",
        lines=tuple(
            CartLine(
                line=f"line-{n}",
                sku=f"sku-{sku}",
                quantity=draw.randint(*units),
                unit_price_minor=draw.randint(500, 50_000),
                categories=(f"category-{sku % categories(products or lines)}",),
                min_price_minor=draw.choice([0, 0, 0, 400]),
            )
            for n, sku in enumerate(skus)
        ),
        shipping=(ShippingMethod(id="express", fee_minor=1200),),
        customer=Customer(id="c", audiences=("regulars", "vip"), attributes={"tier": "gold"}, orders=3, points=5000),
        codes=tuple(f"CODE{n}" for n in range(0, 1000, 40)),
        attributes={"channel": "app", "region": "CN-31"},
        now_ms=NOW_MS,
        points=2000,
    )


def categories(products: int) -> int:
    """A shop of so many products has so many categories."""
    return max(10, products // 10)


def promotions(seed: int, count: int, products: int) -> list[Promotion]:
    """`count` promotions of all kinds in a shop of so many products; every second one's condition holds for our carts.

    A quarter are for everything if there are 100 of them, fewer if there are more: always about 25.
    """
    draw = random.Random(f"promotions {seed}")
    return [
        Promotion(
            id=f"promotion-{n:04}",
            effects=(_effect(draw, n // 2, products, min(0.25, 25 / count)),),
            when=_conditions(draw, n // 2, products, fits=n % 2 == 0),
            priority=draw.randint(0, 9),
        )
        for n in range(count)
    ]


def _scope(draw: random.Random, products: int, everything: float = 0.25) -> Scope:
    if draw.random() < everything:
        return EVERYWHERE
    if draw.random() < 0.33:
        return Scope(skus=tuple(f"sku-{x}" for x in draw.sample(range(products), min(products, 8))))
    return Scope(categories=tuple(f"category-{x}" for x in draw.sample(range(categories(products)), 2)))


def _effect(draw: random.Random, n: int, products: int, everything: float) -> AnyEffect:
    scope, ppm = _scope(draw, products, everything), draw.randint(1, 6) * 10_000
    kinds: list[Callable[[], AnyEffect]] = [
        lambda: Percent(off_ppm=ppm, each="unit", scope=scope),
        lambda: Percent(off_ppm=ppm, each="line", scope=scope),
        lambda: Percent(off_ppm=ppm, scope=scope, cap_minor=5000),
        lambda: Amount(off_minor=draw.randint(10, 90), each="unit", scope=scope),
        lambda: Amount(off_minor=draw.randint(500, 3000), scope=scope),
        lambda: Price(price_minor=draw.randint(5000, 40_000), scope=scope),
        lambda: Reduction(
            tiers=(Tier(at_least=10_000, off_minor=500), Tier(at_least=50_000, off_minor=3000)), scope=scope
        ),
        lambda: Reduction(tiers=(Tier(at_least=20_000, off_minor=300),), every=True, times_max=10, scope=scope),
        lambda: Nth(off_ppm=500_000, scope=scope, times_max=3),
        lambda: Bundle(parts=(Part(quantity=3, scope=scope),), price_minor=30_000, times_max=2),
        lambda: BuyGet(buy=2, get=1, scope=scope, get_scope=scope, times_max=2),
        lambda: Percent(off_ppm=200_000, target="shipping"),
        lambda: Gift(items=(GiftItem(sku="bag", value_minor=500),)),
        lambda: PayPoints(points=100, off_minor=100, share_max_ppm=100_000),
        lambda: Reward(off_ppm=ppm, scope=scope, cap=2000),
    ]
    return kinds[n % len(kinds)]()


def _conditions(draw: random.Random, n: int, products: int, *, fits: bool) -> tuple[AnyCondition, ...]:
    """A condition of each kind in turn, such that it holds for our carts, or does not."""
    scope = Scope(categories=(f"category-{draw.randrange(categories(products))}",))
    pairs: list[tuple[AnyCondition, AnyCondition]] = [
        (Spend(at_least_minor=1000), Spend(at_least_minor=10**9)),
        (Pieces(at_least=2), Pieces(at_least=10**6)),
        (Spend(at_least_minor=0, scope=scope), Spend(at_least_minor=10**9, scope=scope)),
        (Kinds(at_least=2), Kinds(at_least=10**6)),
        (Code(any_of=(f"CODE{n * 40 % 1000}",)), Code(any_of=(f"OTHER{n}",))),
        (InAudience(any_of=("vip",)), InAudience(any_of=("silent",))),
        (CustomerIs(is_=Where("tier", ("gold",))), CustomerIs(is_=Where("tier", ("black",)))),
        (CartIs(is_=Where("channel", ("app", "web"))), CartIs(is_=Where("channel", ("till",)))),
        (Orders(at_least=1), Orders(at_most=0)),
        (Within(starts_ms=0, ends_ms=NOW_MS + 1), Within(ends_ms=NOW_MS)),
        (Weekly(zone="Asia/Shanghai"), Weekly(from_minute=0, until_minute=1, zone="Asia/Shanghai")),
    ]
    return (pairs[n % len(pairs)][0 if fits else 1],)


def rivals(seed: int, count: int, products: int) -> list[Promotion]:
    """`count` candidates of one `best` lane that want the same units: groups, percentages, amounts, some excluding others."""
    draw = random.Random(f"rivals {seed}")
    effects: list[Callable[[Scope], AnyEffect]] = [
        lambda scope: Nth(off_ppm=draw.randint(3, 6) * 100_000, scope=scope),
        lambda scope: Bundle(parts=(Part(quantity=3, scope=scope),), price_minor=draw.randint(55_000, 75_000)),
        lambda scope: BuyGet(buy=2, get=1, scope=scope, get_scope=scope),
        lambda scope: Percent(off_ppm=draw.randint(5, 30) * 10_000, scope=scope),
        lambda scope: Amount(off_minor=draw.randint(1000, 30_000), scope=scope),
        lambda scope: Reduction(tiers=(Tier(at_least=20_000, off_minor=2000),), every=True, scope=scope),
    ]
    return [
        Promotion(
            id=f"rival-{n:02}",
            effects=(effects[n % len(effects)](_scope(draw, products)),),
            lane="item",
            exclusive_with=(f"rival-{(n + 1) % count:02}",) if draw.random() < 0.3 else (),
        )
        for n in range(count)
    ]


def timed(what: str, carts: Sequence[Cart], books: Sequence[Rulebook], target_ms: float | None = None) -> Timing:
    """Price each cart by its book; the first of them once before, unmeasured."""
    price(carts[0], books[0])
    gc.collect()
    gc.freeze()  # carts and rulebooks of the other runs are no garbage to look through
    spans, applied = [], []
    for one, book in zip(carts, books, strict=True):
        begun = time.thread_time()
        priced = price(one, book)
        spans.append((time.thread_time() - begun) * 1000)
        applied.append(sum(outcome.status == "applied" for outcome in priced.outcomes))
    gc.unfreeze()
    spans.sort()
    at = min(len(spans) - 1, int(len(spans) * 0.99))
    return Timing(what, len(spans), round(median(spans), 2), round(spans[at], 2), int(median(applied)), target_ms)


def targets(runs: int) -> list[Timing]:
    """The four carts that the targets name."""
    books = [Rulebook(promotions(n, 100, 100)) for n in range(20)]
    full = [books[n % 20] for n in range(runs)]
    lanes: dict[LaneName, Lane] = {"item": Lane(mode="best")}
    best = [Rulebook(rivals(n % 50, 12, 100), Options(lanes=lanes)) for n in range(runs)]
    many = [Rulebook(promotions(n % 5, 1000, 2000)) for n in range(5)]
    return [
        timed(
            "100 lines of 1-3 units, 100 promotions, stack",
            [cart(n, 100, (1, 3)) for n in range(runs)],
            full,
            10,
        ),
        timed("100 lines of 10 units, 100 promotions, stack", [cart(n, 100, (10, 10)) for n in range(runs)], full, 40),
        timed("100 units, best of 12 candidates", [cart(n, 100, (1, 1)) for n in range(runs)], best, 50),
        timed(
            "5 lines of 1-3 units, 1,000 promotions",
            [cart(n, 5, (1, 3), products=2000) for n in range(runs)],
            [many[n % 5] for n in range(runs)],
            5,
        ),
    ]


def growth(runs: int) -> list[Timing]:
    """How the time grows with lines, with units per line, and with promotions: all else as in the first target."""
    hundred = Rulebook(promotions(1, 100, 100))
    rows = [
        timed(
            f"{lines} lines of 1-3 units, 100 promotions",
            [cart(n, lines, (1, 3)) for n in range(runs)],
            [hundred] * runs,
        )
        for lines in (1, 10, 50, 100, 200, 400)
    ]
    rows += [
        timed(
            f"100 lines of {units} units, 100 promotions",
            [cart(n, 100, (units, units)) for n in range(runs)],
            [hundred] * runs,
        )
        for units in (1, 10, 100, 1000)
    ]
    rows += [
        timed(
            f"20 lines of 1-3 units, {count} promotions",
            [cart(n, 20, (1, 3), products=2000) for n in range(runs)],
            [Rulebook(promotions(1, count, 2000))] * runs,
        )
        for count in (10, 100, 1000, 10_000)
    ]
    return rows


BAR = 24


def show(rows: Sequence[Timing]) -> str:
    """A table as it stands in docs/reference/performance.md; the last column draws the median."""
    head = "| cart | p50 ms | p99 ms | target p99 | applied | |\n|---|---|---|---|---|---|\n"
    most = max(row.p50_ms for row in rows)
    return head + "".join(
        f"| {row.what} | {row.p50_ms:.1f} | {row.p99_ms:.1f} | {'' if row.target_ms is None else f'{row.target_ms:g}'}"
        f" | {row.applied} | {'█' * max(1, round(BAR * row.p50_ms / most))} |\n"
        for row in rows
    )
