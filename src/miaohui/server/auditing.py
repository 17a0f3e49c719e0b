"""`miaohui audit` on a workspace: beside a running server, or with the embedded PostgreSQL started for it."""

import asyncio
import contextlib
from collections.abc import Iterator

import asyncpg
import msgspec
from rich.console import Console
from rich.table import Table

from miaohui.host import audit_runs
from miaohui.host.audit import Check, audit
from miaohui.server.engines import answers
from miaohui.server.postgres import EmbeddedPostgres
from miaohui.server.settings import Settings


def audit_workspace(settings: Settings, *, as_json: bool) -> bool:
    """Print the report; True if everything holds."""
    with database_of(settings) as url:
        checks = asyncio.run(_audit(url, settings.workspace))
    if as_json:
        print(msgspec.json.encode(checks).decode())
    else:
        _show(checks)
    return not any(check.findings for check in checks)


@contextlib.contextmanager
def database_of(settings: Settings) -> Iterator[str]:
    """PostgreSQL of the settings, the embedded one of a running server, or the embedded one started here."""
    if settings.database_url:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.data / "postgres")
    if asyncio.run(answers(embedded.url)):
        yield embedded.url
        return
    with embedded:
        yield embedded.url


async def _audit(url: str, workspace: str) -> list[Check]:
    db = await asyncpg.create_pool(url, min_size=1, max_size=2, server_settings={"search_path": workspace})
    try:
        if await db.fetchval("select to_regclass('ledger_audit') is null"):  # a database of before it was kept
            return await audit(db)
        async with db.acquire() as connection, connection.transaction():
            id = await audit_runs.begin(connection, audit_runs.COMMAND_LINE)
        return await audit(db) if id is None else await audit_runs.run(db, id)
    finally:
        await db.close()


def _show(checks: list[Check]) -> None:
    console = Console()
    table = Table("check", "looked at", "found", title="audit")
    for check in checks:
        found = "[green]holds[/]" if not check.findings else f"[red]{len(check.findings)} findings[/]"
        table.add_row(check.name, f"{check.looked_at:,}", found)
    console.print(table)
    for check in checks:
        for finding in check.findings:
            console.print(f"{check.name}: {finding.what}: {finding.there}; should be {finding.should_be}", style="red")
