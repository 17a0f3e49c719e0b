"""`miaohui simulate`: one seed, its log, and what the auditor says; in memory, or on a PostgreSQL started for it."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from miaohui.server.database import open_database
from miaohui.server.postgres import EmbeddedPostgres
from miaohui.simulation.on_postgres import InPostgres
from miaohui.simulation.run import Outcome, simulate
from miaohui.simulation.world import World

WORKSPACE = "simulation"


def simulate_here(seed: int, hours: float, customers: int, on: str, log: Path | None, *, as_json: bool) -> bool:
    """Run and report; True if every promise was kept."""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(log.open("w", encoding="utf-8")) if log else None
        url = stack.enter_context(_postgres()) if on == "postgres" else ""

        def note(line: str) -> None:
            if file is not None:
                file.write(line + "\n")

        outcome = asyncio.run(
            _on(url, seed, hours, customers, note)
            if url
            else simulate(seed, hours=hours, customers=customers, log=note)
        )
    if as_json:
        print(msgspec.json.encode(outcome).decode())
    else:
        _show(outcome, on)
    return not outcome.findings


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory(prefix="miaohui-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as server,
    ):
        yield server.url


async def _on(url: str, seed: int, hours: float, customers: int, note: Callable[[str], None]) -> Outcome:
    db = await open_database(url, WORKSPACE, months_ahead=1)
    try:
        stage = InPostgres(url, WORKSPACE, db)
        await stage.prepare(World(seed, hours, customers))
        return await simulate(seed, hours=hours, customers=customers, log=note, stage=stage)
    finally:
        await db.close()


def _show(outcome: Outcome, on: str) -> None:
    console = Console()
    table = Table(
        "",
        "",
        title=f"seed {outcome.seed}, {outcome.hours:g} hours, {outcome.customers:,} customers",
        show_header=False,
    )
    for name in ("requests", "granted", "refused", "unanswered", "events", "transfers"):
        table.add_row(name, f"{getattr(outcome, name):,}")
    table.add_row("faults", ", ".join(f"{what} {times}" for what, times in outcome.faults.items()) or "none")
    for play, events in outcome.by_play.items():
        table.add_row(play, f"{events:,} events")
    table.add_row("log", outcome.digest)
    console.print(table)
    for finding in outcome.findings:
        console.print(
            f"{finding.check}: {finding.what}: {finding.there}; should be {finding.should_be}",
            style="red",
            markup=False,
        )
    again = (
        f"miaohui simulate --seed {outcome.seed} --hours {outcome.hours:g} --customers {outcome.customers} --on {on}"
    )
    if outcome.findings:
        console.print(f"{len(outcome.findings)} findings. See it again: {again} --log FILE", style="red")
    else:
        console.print("Everything that was promised was kept.", style="green")
