"""`miaohui import`: bring history into a workspace whose server does not run, with a progress bar and a report."""

import asyncio
from typing import Any

import asyncpg
from rich.console import Console
from rich.table import Table

from miaohui.clock import Clock, system_clock
from miaohui.customers import complete_journey
from miaohui.customers.complete_journey import Report
from miaohui.demo.first_start import bar
from miaohui.events.store import EventStore
from miaohui.server.auditing import database_of
from miaohui.server.database import open_database
from miaohui.server.owner import Owner
from miaohui.server.settings import Settings
from miaohui.vault import Vault


def import_complete_journey(settings: Settings, shift_days: int | None) -> None:
    """Import what is not there yet and print the report. `shift_days` None: as it was begun, else the dates are kept.
    OwnedElsewhere while a server runs; ImportFailed."""
    settings.data.mkdir(parents=True, exist_ok=True)
    with database_of(settings) as url:
        show(asyncio.run(_import(settings, url, shift_days)), Console())


async def _import(settings: Settings, url: str, shift_days: int | None) -> Report:
    name = settings.workspace
    vault = Vault.open(settings.secret, name)
    db = await open_database(url, name)
    owner = Owner(url, name)
    try:
        await owner.take()
        events = await EventStore.open(settings.events_url or settings.data / "events", name)
        try:
            if shift_days is None:
                shift_days = await complete_journey.moved_by(db) or 0
            with bar() as progress:
                place = _Place(db, events, vault)
                return await complete_journey.run(place, progress, folder=settings.data, shift_days=shift_days)
        finally:
            await events.close()
    finally:
        await owner.release()
        await db.close()


class _Place:
    """The part of a workspace that an import needs."""

    def __init__(self, db: "asyncpg.Pool[Any]", events: EventStore, vault: Vault) -> None:
        self.db, self.events, self.vault = db, events, vault
        self.clock: Clock = system_clock


def show(report: Report, console: Console) -> None:
    """The figures, what is odd and was kept, what was turned away."""
    table = Table("figure", "now there", title="The Complete Journey")
    for name, value in report.figures.items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    console.print(table)
    odd = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in report.odd.items())
    console.print(f"Unusual and kept: {odd}")
    console.print(f"Rejected rows: {report.rejected:,}, with their reasons in {report.rejected_file}", soft_wrap=True)
    if not report.changed:
        console.print("Everything was there already: nothing was changed")
