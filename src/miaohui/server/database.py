"""The workspace's schema in PostgreSQL: made, migrated, guarded by grants, and opened as a pool of connections.

- One workspace is one schema. No SQL names it: each connection has it as its `search_path`.
- Migrations are the numbered files in `migrations/`, run once each, in their order, forward only, a transaction each.
  The table `migration` remembers the SHA-256 of what was run; a file that was changed afterwards stops the start.
- The application's connections act as the role `miaohui_<workspace>_app`, which cannot log in and may only read and add
  to the tables of `APPEND_ONLY`. Migrations and partitions are made by the user of the address.
- Transfers, replies and the outbox have a partition for each month from the last to twelve months ahead; when old ones go,
  `host/retention` says.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from miaohui.server.settings import without_password

log = structlog.get_logger()

MIGRATIONS = Path(__file__).with_name("migrations")
GRANTS = Path(__file__).with_name("grants.sql")
APPEND_ONLY = ("transfer", "outbox", "audit", "consent_change", "campaign_version", "expense")
"""Tables whose rows, once written, stay as they are."""

WORKSPACE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MONTHS_AHEAD = 12


class DatabaseFailed(RuntimeError):
    """The workspace's schema cannot be opened; the message names the cause and the remedy."""


@dataclass(frozen=True)
class Migration:
    """One numbered file, and what it says."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """What the table `migration` knows it by."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """The files `NNNN_name.sql` of `folder` in their order; each number once."""
    found = [
        Migration(int(file.name[:4]), file.stem[5:], file.read_text()) for file in sorted(folder.glob("[0-9]*_*.sql"))
    ]
    numbers = [migration.number for migration in found]
    assert len(set(numbers)) == len(numbers), f"two migrations have one number: {numbers}"
    return found


def app_role(workspace: str) -> str:
    """The role that the application's connections act as."""
    return f"miaohui_{workspace}_app"


async def open_database(
    url: str, workspace: str, *, connections: int = 20, months_ahead: int = MONTHS_AHEAD
) -> "asyncpg.Pool[Any]":
    """Bring the workspace's schema up to date and open at most `connections` to it. DatabaseFailed."""
    await migrate(url, workspace, months_ahead=months_ahead)
    return await asyncpg.create_pool(url, min_size=2, max_size=connections, server_settings=_app_settings(workspace))


async def connect(url: str, workspace: str) -> "asyncpg.Connection[Any]":
    """One more connection of the application, beside the pool."""
    return await asyncpg.connect(url, server_settings=_app_settings(workspace))


def _app_settings(workspace: str) -> dict[str, str]:
    return {"search_path": workspace, "role": app_role(workspace), "jit": "off", "timezone": "UTC"}


async def migrate(
    url: str, workspace: str, todo: list[Migration] | None = None, *, months_ahead: int = MONTHS_AHEAD
) -> None:
    """Make the schema if there is none, run the migrations that have not been run, then grants and partitions."""
    if not WORKSPACE_NAME.fullmatch(workspace):
        raise DatabaseFailed(f"workspace {workspace!r}: use 1-40 of a-z, 0-9, _, beginning with a letter")
    async with as_owner(url, workspace) as connection:
        await connection.execute("select pg_advisory_lock(hashtext($1))", f"miaohui/migrate/{workspace}")
        async with connection.transaction():
            await _make_schema(connection, workspace)
        for migration in await _not_yet_run(connection, migrations() if todo is None else todo):
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "insert into migration (number, name, sha256) values ($1, $2, $3)",
                    migration.number, migration.name, migration.sha256,
                )  # fmt: skip
        async with connection.transaction():
            await _make_partitions(connection, months_ahead)
            await _keep_the_order(connection)
            await _grant(connection, workspace)


async def make_partitions(url: str, workspace: str) -> None:
    """Make the partitions of the months to come; the worker does it every hour."""
    async with as_owner(url, workspace) as connection:
        await _make_partitions(connection, MONTHS_AHEAD)


async def drop_workspace(url: str, workspace: str) -> None:
    """Remove the workspace with all it holds, and its role."""
    async with as_owner(url, workspace) as connection, connection.transaction():
        await connection.execute(f'drop schema if exists "{workspace}" cascade')
        if await connection.fetchval("select to_regrole($1)", app_role(workspace)):
            await connection.execute(f'drop owned by "{app_role(workspace)}"')
            await connection.execute(f'drop role "{app_role(workspace)}"')


@asynccontextmanager
async def as_owner(url: str, workspace: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
    """A connection as the user of the address, who owns the tables. DatabaseFailed if there is no way to him."""
    try:
        connection = await asyncpg.connect(
            url, server_settings={"search_path": workspace, "client_min_messages": "warning"}
        )
    except (OSError, asyncpg.PostgresError) as e:
        raise DatabaseFailed(
            f"PostgreSQL does not answer at {without_password(url)}: {e}; check MIAOHUI_DATABASE_URL"
        ) from e
    try:
        yield connection
    finally:
        await connection.close()


async def _make_schema(connection: "asyncpg.Connection[Any]", workspace: str) -> None:
    role = app_role(workspace)
    try:
        await connection.execute(f'create schema if not exists "{workspace}"')
        if not await connection.fetchval("select to_regrole($1)", role):
            await connection.execute(f'create role "{role}" nologin')
        if not await connection.fetchval("select pg_has_role(current_user, $1, 'member')", role):
            await connection.execute(f'grant "{role}" to current_user')
    except asyncpg.InsufficientPrivilegeError as e:
        user = await connection.fetchval("select current_user")
        remedy = f'grant create on database to "{user}" and alter role "{user}" createrole'
        raise DatabaseFailed(f"user {user!r} may not make the workspace {workspace!r}: {e}; {remedy}") from e
    await connection.execute(
        """create table if not exists migration (
             number integer primary key, name text not null, sha256 text not null,
             at timestamptz not null default now())"""
    )


async def _not_yet_run(connection: "asyncpg.Connection[Any]", known: list[Migration]) -> list[Migration]:
    ran = {row["number"]: row["sha256"] for row in await connection.fetch("select number, sha256 from migration")}
    for migration in known:
        if ran.get(migration.number, migration.sha256) != migration.sha256:
            raise DatabaseFailed(
                f"migration {migration.number:04}_{migration.name} was changed after it was run here: restore the file "
                "and write the change as a new migration"
            )
    newest, ours = max(ran, default=0), max((migration.number for migration in known), default=0)
    if newest > ours:
        raise DatabaseFailed(f"the database is at migration {newest}, this version knows {ours}: run the newer version")
    return [migration for migration in known if migration.number not in ran]


async def _make_partitions(connection: "asyncpg.Connection[Any]", months_ahead: int) -> None:
    if await connection.fetchval("select to_regprocedure('month_partitions(date,integer)') is not null"):
        last_month = "(date_trunc('month', now() at time zone 'UTC') - interval '1 month')::date"
        await connection.execute(f"select month_partitions({last_month}, {months_ahead + 2})")


async def _keep_the_order(connection: "asyncpg.Connection[Any]") -> None:
    """Of the outbox, in a database that was loaded from a dump: see `events/outbox`."""
    there = await connection.fetchval("select to_regprocedure('keep_the_order()') is not null")
    if there and (by := await connection.fetchval("select keep_the_order()")):
        log.warning("this database was moved here: the numbers of its transactions go on where they were", shift=by)


async def _grant(connection: "asyncpg.Connection[Any]", workspace: str) -> None:
    await connection.execute("select set_config('miaohui.role', $1, true)", app_role(workspace))
    await connection.execute("select set_config('miaohui.append_only', $1, true)", ",".join(APPEND_ONLY))
    await connection.execute(GRANTS.read_text())
