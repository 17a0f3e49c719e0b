"""`miaohui bench claims`: durable coupon claims a second over HTTP, client included, with everything a customer's call meets:
authentication, idempotency, window, limits of each identity, rate, double entry (three transfers a claim), synchronous commit.

Every claim is a new customer of the shop. After the runs the books are compared with the answers: `lost` (answered, not there),
`doubled` (there twice), `oversold` (more than the pool had), and the audit must be clean.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from miaohui.bench.load import Job, Tally
from miaohui.bench.stand import WORKSPACE, Stand, prepare
from miaohui.host.audit import audit
from miaohui.host.setup import Setup
from miaohui.plays import coupon
from miaohui.plays._fields import Given, Offer, Validity
from miaohui.server.postgres import EmbeddedPostgres

CAMPAIGN = "bench"


class Figures(Struct, frozen=True):
    """One line of the table."""

    connections: int
    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int


class Outcome(Struct, frozen=True):
    """What the bench found; `per_second` and `p99_ms` are those of the most connections."""

    per_second: float
    p99_ms: float
    oversold: int
    lost: int
    doubled: int
    audit_findings: int
    lines: tuple[Figures, ...]


def run(*, seconds: float, connections: tuple[int, ...], coupons: int) -> Outcome:
    """Measure each number of connections for `seconds`, then check the books."""
    with tempfile.TemporaryDirectory(prefix="miaohui-bench-") as folder:
        Path(folder).chmod(0o755)
        data = Path(folder) / "data"
        key = asyncio.run(prepare(data, [one_coupon(coupons)], stock={}, budget_minor=coupons * 500))
        stand = Stand(data, MIAOHUI_LANGUAGE="en").start()
        try:
            tallies = _measure(stand, key, seconds, connections)
        finally:
            stand.kill()
        return asyncio.run(_checked(data, coupons, connections, tallies))


def _measure(stand: Stand, key: str, seconds: float, connections: tuple[int, ...]) -> list[Tally]:
    """The tally of a short run to warm up, and of each number of connections."""
    path, first, tallies = f"/api/v1/plays/{CAMPAIGN}/coupon/claim", 0, []
    for n in (32, *connections):
        job = Job(
            "127.0.0.1", stand.port, key, path, '{"customer":"c{n}"}', n, 1 if not first else seconds, first, "coupon"
        )
        done = subprocess.run(
            [sys.executable, "-m", "miaohui.bench.load"],
            input=msgspec.json.encode(job),
            stdout=subprocess.PIPE,
            check=True,
        )
        tally = msgspec.json.decode(done.stdout, type=Tally)
        first += tally.requests
        tallies.append(tally)
    return tallies


async def _checked(data: Path, coupons: int, connections: tuple[int, ...], tallies: list[Tally]) -> Outcome:
    granted = sum(t.answers.get("200", 0) for t in tallies)
    with EmbeddedPostgres(data / "postgres") as postgres:
        db: Any = await asyncpg.create_pool(postgres.url, server_settings={"search_path": WORKSPACE})
        there = await db.fetchval("select count(*) from state where campaign = $1", CAMPAIGN)
        customers = await db.fetchval("select count(distinct customer) from state where campaign = $1", CAMPAIGN)
        findings = sum(len(check.findings) for check in await audit(db))
        await db.close()
    lines = tuple(
        Figures(
            n,
            round(t.answers.get("200", 0) / t.seconds, 1),
            t.p50_ms,
            t.p99_ms,
            sum(count for status, count in t.answers.items() if status != "200") + t.wrong,
        )
        for n, t in zip(connections, tallies[1:], strict=True)
    )
    most = lines[-1]
    return Outcome(
        most.per_second,
        most.p99_ms,
        oversold=max(0, there - coupons),
        lost=max(0, granted - there),
        doubled=there - customers,
        audit_findings=findings,
        lines=lines,
    )


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
    """The table, and a sentence about the books."""
    table = Table(
        "connections", "claims/s", "p50 ms", "p99 ms", "refused", title="durable claims over HTTP, client included"
    )
    for line in outcome.lines:
        table.add_row(
            str(line.connections), f"{line.per_second:,.0f}", f"{line.p50_ms}", f"{line.p99_ms}", str(line.refused)
        )
    Console().print(table)
    print(
        f"oversold {outcome.oversold}, lost {outcome.lost}, doubled {outcome.doubled}, "
        f"audit findings {outcome.audit_findings}"
    )
