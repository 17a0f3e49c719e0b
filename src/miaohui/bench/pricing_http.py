"""The last line of `miaohui bench pricing`: carts a second over HTTP, `POST /api/v1/prices`, as a shop calls it at every change.

A server of its own with 20 promotions of one campaign: prices, full reductions, second half price, bundles, gifts, free delivery,
three with codes, four for a single product, five with limits by customer or day. A cart has 5 lines of 1-3 units, delivery, a code
and one of 1,000 customers; no two carts after each other are alike.
"""

import asyncio
import tempfile
from pathlib import Path

from miaohui.bench.load import CAMPAIGN, Job
from miaohui.bench.rounds import Round, drive
from miaohui.bench.stand import Stand, prepare, sign_up
from miaohui.host.setup import Setup
from miaohui.plays import promotion
from miaohui.pricing.conditions import Scope
from miaohui.pricing.effects import (
    Amount,
    AnyEffect,
    Bundle,
    BuyGet,
    Gift,
    GiftItem,
    Nth,
    Part,
    Percent,
    Price,
    Reduction,
    Tier,
)
from miaohui.text import Text

CUSTOMERS = 1000
_EVER_MS = 2**50
_GIVES: tuple[AnyEffect, ...] = (
    Reduction(tiers=(Tier(at_least=10_000, off_minor=1000), Tier(at_least=20_000, off_minor=3000))),
    Percent(off_ppm=1_000_000, target="shipping"),
    Gift(items=(GiftItem(sku="bag", value_minor=500),), every_minor=15_000, times_max=1),
    Nth(off_ppm=500_000),
    Bundle(parts=(Part(quantity=3),), price_minor=9000),
    BuyGet(buy=2, get=1, times_max=1),
    Price(price_minor=2900),
    Percent(off_ppm=100_000, cap_minor=2000),
    Percent(off_ppm=50_000, each="unit"),
    Amount(off_minor=500),
)


def setups() -> list[Setup]:
    """The campaign's promotions."""
    return [_setup(n) for n in range(20)]


def _setup(n: int) -> Setup:
    gives = _GIVES[n % len(_GIVES)]
    rules = promotion.Rules(
        id=f"{CAMPAIGN}/offer-{n:02}",
        currency="USD",
        gives=(gives,),
        on=Scope(skus=(f"sku-{n}",)) if n % 5 == 3 else Scope(),
        codes=(f"CODE{n}",) if n % 10 in (7, 8) and n < 18 else (),
        per_customer=3 if n % 5 == 0 else None,
        uses_per_day=10**6 if n % 10 == 4 else None,
        gift_stock=10_000 if isinstance(gives, Gift) else None,
        priority=n % 3,
    )
    return Setup(
        campaign=CAMPAIGN, play=f"offer-{n:02}", module="promotion", title=Text("优惠", "Offer"), currency="USD",
        opens_ms=0, ends_ms=_EVER_MS, rules=rules,
    )  # fmt: skip


def run(*, seconds: float, connections: int) -> Round:
    """Drive the server; the tally of carts and what the machine did meanwhile."""
    with tempfile.TemporaryDirectory(prefix="miaohui-bench-") as folder:
        Path(folder).chmod(0o755)
        data = Path(folder) / "data"
        key = asyncio.run(prepare(data, setups(), stock={"bag": 20_000}, budget_minor=10**9))
        asyncio.run(sign_up(data, CUSTOMERS))
        stand = Stand(data, MIAOHUI_LANGUAGE="en").start()
        try:
            return drive(Job("127.0.0.1", stand.port, key, connections, seconds, "prices"), [stand.pid])
        finally:
            stand.kill()


def show(found: Round, connections: int) -> str:
    """The line."""
    tally = found.tally
    us = 1e6 * sum(found.load.ours.values()) / max(tally.granted, 1)
    return (
        f"POST /api/v1/prices, 5 lines under 20 promotions, {connections} connections: {tally.per_second:,.0f} carts a second, "
        f"p50 {tally.p50_ms} ms, p99 {tally.p99_ms} ms, {us:,.0f} µs CPU a cart; {tally.others} answers that were not prices"
    )
