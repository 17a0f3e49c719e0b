"""`miaohui bench mix`: every play at the speed of the hot path, with orders, pays and joins as customers make them.

    coupons        a claim each, out of one pool and one budget
    flash sale     one hot pool of goods: token, order, payment (three actions a customer)
    groups         joining 10,000 open groups: order, payment (two actions a customer)
    mix            of five customers two take a coupon, one buys in the flash sale, two join a group

The ratio is against the peer that makes a transaction of each coupon claim, its cheapest action. Afterwards the books are compared
with the answers and audited, as in `bench claims`.
"""

import asyncio
import contextlib
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from rich.console import Console

from miaohui.bench import peers
from miaohui.bench.claims import one_coupon
from miaohui.bench.load import CAMPAIGN, Job
from miaohui.bench.rounds import Line, Round, books, drive, table
from miaohui.bench.stand import Stand, prepare, sign_up
from miaohui.host.setup import Setup
from miaohui.plays import flash_sale, group_buy
from miaohui.plays._fields import Product, Span
from miaohui.text import Text

TEA = Product("tea", "tea-1", Text("茶", "Tea"), 5000, 2000)
STOCK = 5_000_000
SEATS = 100
STORIES = {"coupons": "claim", "flash sale": "flash", "groups": "join", "mix": "mix"}
_EVER_MS = 2**50


class Outcome(Struct, frozen=True):
    """What the bench found; `per_second` and `p99_ms` are those of the mix."""

    per_second: float
    p99_ms: float
    ratio_transaction_each: float | None
    oversold: int
    lost: int
    doubled: int
    audit_findings: int
    lines: tuple[Line, ...]
    missing: dict[str, str]


def run(*, seconds: float, repeats: int, connections: int, customers: int, groups: int, against: int) -> Outcome:
    """Measure each kind of action `repeats` times for `seconds`."""
    with tempfile.TemporaryDirectory(prefix="miaohui-bench-") as folder, contextlib.ExitStack() as stack:
        Path(folder).chmod(0o755)
        data = Path(folder) / "data"
        setups = [one_coupon(STOCK), flash(), group()]
        key = asyncio.run(prepare(data, setups, stock={"tea-1": 2 * STOCK}, budget_minor=STOCK * 500))
        asyncio.run(sign_up(data, customers))
        missing: dict[str, str] = {}
        peer = None
        if against:
            try:
                peer = peers.Peer("transaction each", customers, against)
                stack.callback(peer.close)
            except peers.Missing as why:
                missing["transaction each"] = str(why)
        rounds: dict[str, list[Round]] = defaultdict(list)
        told = peer_told = 0
        answered: dict[str, int] = defaultdict(int)
        parties: Sequence[str] = ()
        for _ in range(repeats):
            stand = Stand(data, MIAOHUI_LANGUAGE="en").start()
            try:
                if not parties:
                    opened = drive(_job(stand, key, connections, 600, "party", told, groups), [stand.pid])
                    parties, told = opened.tally.made, told + opened.tally.told
                for name, story in STORIES.items():
                    found = drive(_job(stand, key, connections, seconds, story, told, parties=parties), [stand.pid])
                    told += found.tally.told
                    rounds[name].append(found)
                    answered["coupons"] += found.tally.by_verb.get("claim", 0)
                    answered["paid"] += found.tally.by_verb.get("paid", 0)
            finally:
                stand.kill()
            if peer is not None:
                with peer.running():
                    job = Job("127.0.0.1", peer.port, peers.KEY, connections, seconds, first=peer_told)
                    found = drive(job, peer.pids)
                    peer_told += found.tally.told
                    rounds[peer.name].append(found)
        there = asyncio.run(books(data, CAMPAIGN))
    lines = {name: Line.of(name, connections, found) for name, found in rounds.items()}
    ours = lines["mix"]
    return Outcome(
        ours.per_second,
        ours.p99_ms,
        round(ours.per_second / lines[peer.name].per_second, 2) if peer else None,
        oversold=max(0, there.sold - 2 * STOCK, there.coupons - STOCK),
        lost=max(0, answered["coupons"] - there.coupons) + max(0, answered["paid"] + len(parties) - there.paid_orders),
        doubled=there.coupons - there.customers_with_coupons,
        audit_findings=there.audit_findings,
        lines=tuple(lines.values()),
        missing=missing,
    )


def _job(
    stand: Stand,
    key: str,
    connections: int,
    seconds: float,
    story: str,
    first: int,
    stories: int = 2**60,
    parties: Sequence[str] = (),
) -> Job:
    return Job("127.0.0.1", stand.port, key, connections, seconds, story, first, stories, list(parties))


def flash() -> Setup:
    """A flash sale out of one pool, open for ever."""
    rules = flash_sale.Rules(
        id=f"{CAMPAIGN}/flash_sale",
        currency="USD",
        product=TEA,
        price_minor=1990,
        slots=(Span(0, _EVER_MS),),
        stock=STOCK,
        per_customer=1,
    )
    return _setup("flash_sale", flash_sale.TITLE, rules)


def group() -> Setup:
    """Groups of the most people there may be."""
    rules = group_buy.Rules(
        id=f"{CAMPAIGN}/group_buy",
        currency="USD",
        ends_ms=_EVER_MS,
        product=TEA,
        price_minor=3000,
        stock=STOCK,
        size=SEATS,
        hours=168,
    )
    return _setup("group_buy", group_buy.TITLE, rules)


def _setup(play: str, title: Text, rules: Struct) -> Setup:
    return Setup(
        campaign=CAMPAIGN,
        play=play,
        module=play,
        title=title,
        currency="USD",
        opens_ms=0,
        ends_ms=_EVER_MS,
        rules=rules,
    )


def show(outcome: Outcome) -> None:
    """The table, the ratio, and a sentence about the books."""
    Console(width=180).print(table("durable actions over HTTP, client included", outcome.lines))
    for name, why in outcome.missing.items():
        print(f"{name}: {why}")
    if outcome.ratio_transaction_each is not None:
        print(f"transaction each: the mix is {outcome.ratio_transaction_each} times as fast")
    print(
        f"oversold {outcome.oversold}, lost {outcome.lost}, doubled {outcome.doubled}, "
        f"audit findings {outcome.audit_findings}"
    )
