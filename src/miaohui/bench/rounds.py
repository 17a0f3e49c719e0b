"""What the benches share: rounds of one driver against one server, their medians, and the tables."""

import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import msgspec
from msgspec import Struct
from rich.table import Table

from miaohui.bench.load import Job, Tally
from miaohui.bench.machine import Load, Watch
from miaohui.bench.stand import WORKSPACE
from miaohui.host.audit import audit
from miaohui.server.postgres import EmbeddedPostgres


class Round(Struct, frozen=True):
    """One measurement: what the driver counted and what the machine did meanwhile."""

    tally: Tally
    load: Load


class Line(Struct, frozen=True):
    """One line of a table: medians over its rounds, the least and the most; `cpu_us`: CPU of an action by process."""

    name: str
    connections: int
    per_second: float
    least: float
    most: float
    p50_ms: float
    p99_ms: float
    others: int
    elsewhere: float
    cpu_us: dict[str, float]

    @classmethod
    def of(cls, name: str, connections: int, rounds: Sequence[Round]) -> "Line":
        """The medians of `rounds`."""
        rates = [r.tally.per_second for r in rounds]
        return cls(
            name,
            connections,
            round(statistics.median(rates), 1),
            round(min(rates), 1),
            round(max(rates), 1),
            statistics.median(r.tally.p50_ms for r in rounds),
            statistics.median(r.tally.p99_ms for r in rounds),
            sum(r.tally.others for r in rounds),
            round(statistics.median(r.load.elsewhere for r in rounds), 2),
            cpu_us(rounds),
        )


def cpu_us(rounds: Sequence[Round]) -> dict[str, float]:
    """CPU of a granted action by process: the medians of `rounds`."""
    parts = dict.fromkeys(part for r in rounds for part in r.load.ours)
    return {
        part: round(statistics.median(1e6 * r.load.ours.get(part, 0) / max(r.tally.granted, 1) for r in rounds), 1)
        for part in parts
    }


def shares(cpu_us: dict[str, float]) -> str:
    """The CPU of an action as people read it."""
    return ", ".join(f"{part} {us:,.0f}" for part, us in cpu_us.items())


def drive(job: Job, pids: Sequence[int]) -> Round:
    """Do a job in a process of its own; `pids` are the server's processes."""
    watch = Watch(pids).start()
    done = subprocess.run(
        [sys.executable, "-m", "miaohui.bench.load"], input=msgspec.json.encode(job), stdout=subprocess.PIPE, check=True
    )
    tally = msgspec.json.decode(done.stdout, type=Tally)
    return Round(tally, watch.stop(tally.cpu_s))


def table(title: str, lines: Sequence[Line]) -> Table:
    """Lines as people read them."""
    columns = (
        "",
        "connections",
        "actions/s",
        "least-most",
        "p50 ms",
        "p99 ms",
        "not granted",
        "CPU of an action, us",
        "other load",
    )
    shown = Table(*columns, title=title)
    for x in lines:
        shown.add_row(
            *(x.name, str(x.connections), f"{x.per_second:,.0f}", f"{x.least:,.0f}-{x.most:,.0f}"),
            *(f"{x.p50_ms:,.1f}", f"{x.p99_ms:,.1f}", str(x.others), shares(x.cpu_us), f"{x.elsewhere} cores"),
        )
    return shown


class Books(Struct, frozen=True):
    """What is in the books of a folder after a bench."""

    coupons: int
    customers_with_coupons: int
    sold: int
    paid_orders: int
    audit_findings: int


async def books(data: Path, campaign: str) -> Books:
    """Read them, and audit them."""
    with EmbeddedPostgres(data / "postgres") as postgres:
        async with asyncpg.create_pool(postgres.url, server_settings={"search_path": WORKSPACE}) as db:
            coupons, owners = await db.fetchrow(
                "select count(*), count(distinct customer) from state where campaign = $1 and play = 'coupon'", campaign
            )
            sold = await db.fetchval(
                """select coalesce(sum(amount), 0)::bigint from transfer where credit = any($1) and kind in (0, 2)""",
                [f"play/{campaign}/{play}/sold" for play in ("flash_sale", "group_buy")],
            )
            paid = await db.fetchval(
                "select count(*) from transfer where action like '%/pay' and credit like 'play/%/sold'"
            )
            findings = sum(len(check.findings) for check in await audit(db))
    return Books(coupons, owners, sold, paid, findings)
