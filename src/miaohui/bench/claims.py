"""`miaohui bench claims`: durable coupon claims a second over HTTP, client included, with everything a customer's call meets:
authentication, idempotency, window, limits of each identity, rate, double entry (three transfers a claim), synchronous commit.

The customers are known to the shop already; one line says what new ones cost, one what two processes at one port do. The peers
(`benchmarks/`) do the same claim in the same run, in turns with ours, so that a ratio sees the same machine. Afterwards the books
are compared with the answers: `lost` (answered, not there), `doubled` (there twice), `oversold` (more than the pool had), and the
audit must be clean.
"""

import asyncio
import contextlib
import tempfile
from collections import defaultdict
from pathlib import Path

from msgspec import Struct
from rich.console import Console

from miaohui.bench import peers
from miaohui.bench.load import CAMPAIGN, Job
from miaohui.bench.rounds import Line, Round, books, drive, table
from miaohui.bench.stand import Stand, prepare, sign_up
from miaohui.host.setup import Setup
from miaohui.plays import coupon
from miaohui.plays._fields import Given, Offer, Validity

OURS, TWO, NEW = "Miaohui", "Miaohui, two processes", "Miaohui, new customers"


class Outcome(Struct, frozen=True):
    """What the bench found; `per_second` and `p99_ms` are those of the most connections, of one process like each peer. A ratio is
    None if its peer could not be had: `missing` says why."""

    per_second: float
    p99_ms: float
    two_processes_per_second: float
    two_processes_p99_ms: float
    new_customers_per_second: float
    ratio_transaction_each: float | None
    ratio_redis: float | None
    ratio_redis_everysec: float | None
    oversold: int
    lost: int
    doubled: int
    audit_findings: int
    lines: tuple[Line, ...]
    missing: dict[str, str]


def run(
    *, seconds: float, repeats: int, connections: tuple[int, ...], customers: int, coupons: int, against: int
) -> Outcome:
    """Measure each number of connections `repeats` times for `seconds`, in turns with the peers: each in `against` server
    processes, 0 leaves them out."""
    with tempfile.TemporaryDirectory(prefix="miaohui-bench-") as folder, contextlib.ExitStack() as stack:
        Path(folder).chmod(0o755)
        data, most = Path(folder) / "data", max(connections)
        key = asyncio.run(prepare(data, [one_coupon(coupons)], stock={}, budget_minor=coupons * 500))
        asyncio.run(sign_up(data, customers))
        others, missing = _peers(stack, customers, against) if against else ([], {})
        rounds: dict[tuple[str, int], list[Round]] = defaultdict(list)
        told: dict[str, int] = {NEW: customers}  # whose customers have had their turn
        granted = 0

        def measure(name: str, n: int, who: str, port: int, key: str, pids: list[int]) -> int:
            job = Job("127.0.0.1", port, key, n, seconds if name else 1, first=told.get(who, 0))
            found = drive(job, pids)
            told[who] = told.get(who, 0) + found.tally.told
            rounds[name, n].append(found)
            return found.tally.granted

        for _ in range(repeats):
            stand = Stand(data, MIAOHUI_LANGUAGE="en").start()
            try:
                for name, n in [("", 32), *((OURS, n) for n in connections), (NEW, most)]:
                    granted += measure(name, n, name if name == NEW else OURS, stand.port, key, [stand.pid])
            finally:
                stand.kill()
            both = Stand(data, processes=2, MIAOHUI_LANGUAGE="en").start()
            try:
                for name, n in (("", 32), (TWO, most)):
                    granted += measure(name, n, OURS, both.port, key, [both.pid])
            finally:
                both.kill()
            for peer in others:
                with peer.running():
                    for name, n in (("", 32), (peer.name, most)):
                        measure(name, n, peer.name, peer.port, peers.KEY, peer.pids)
        there = asyncio.run(books(data, CAMPAIGN))
    lines = {at: Line.of(*at, found) for at, found in rounds.items() if at[0]}
    ours = lines[OURS, most]

    def ratio(name: str) -> float | None:
        return round(ours.per_second / lines[name, most].per_second, 2) if (name, most) in lines else None

    return Outcome(
        ours.per_second,
        ours.p99_ms,
        lines[TWO, most].per_second,
        lines[TWO, most].p99_ms,
        lines[NEW, most].per_second,
        ratio("transaction each"),
        ratio("Redis, always"),
        ratio("Redis, everysec"),
        oversold=max(0, there.coupons - coupons),
        lost=max(0, granted - there.coupons),
        doubled=there.coupons - there.customers_with_coupons,
        audit_findings=there.audit_findings,
        lines=tuple(lines.values()),
        missing=missing,
    )


def _peers(stack: contextlib.ExitStack, customers: int, processes: int) -> tuple[list[peers.Peer], dict[str, str]]:
    found: list[peers.Peer] = []
    missing: dict[str, str] = {}
    for name in peers.NAMES:
        try:
            found.append(peer := peers.Peer(name, customers, processes))
            stack.callback(peer.close)
        except peers.Missing as why:
            missing[name] = str(why)
    return found, missing


def one_coupon(coupons: int) -> Setup:
    """A coupon play, open for ever, one for everybody."""
    return Setup(
        campaign=CAMPAIGN,
        play="coupon",
        module="coupon",
        title=coupon.TITLE,
        currency="USD",
        opens_ms=0,
        ends_ms=2**50,
        rules=coupon.Rules(
            id=f"{CAMPAIGN}/coupon",
            currency="USD",
            give=(Given("everybody", Offer(500)),),
            count=coupons,
            valid=Validity(30),
        ),
    )


def show(outcome: Outcome) -> None:
    """The table, the ratios, and a sentence about the books."""
    Console(width=180).print(table("durable claims over HTTP, client included", outcome.lines))
    ratios = (outcome.ratio_transaction_each, outcome.ratio_redis, outcome.ratio_redis_everysec)
    for name, ratio in zip(peers.NAMES, ratios, strict=True):
        print(
            f"{name}: "
            + (f"Miaohui is {ratio} times as fast" if ratio is not None else outcome.missing.get(name, "not measured"))
        )
    print(
        f"oversold {outcome.oversold}, lost {outcome.lost}, doubled {outcome.doubled}, "
        f"audit findings {outcome.audit_findings}"
    )
