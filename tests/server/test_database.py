"""Migrations run once and forward; workspaces do not see one another; what is written in the ledger stays as it is."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count

import asyncpg
import pytest

from miaohui.server.database import (
    DatabaseFailed,
    Migration,
    app_role,
    as_owner,
    drop_workspace,
    make_partitions,
    migrate,
    migrations,
    open_database,
)

TRANSFER = "insert into transfer (at, id, debit, credit, amount, kind, action) values (now(), $1, 'a', 'b', 5, 0, 'x')"
CATALOG = """
select 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text, a.attidentity::text,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '')
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v')
union all select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '', ''
from pg_constraint where connamespace = current_schema()::regnamespace
union all select 'index', tablename, indexname, replace(indexdef, current_schema(), ''), '', '', ''
from pg_indexes where schemaname = current_schema()
union all select 'function', proname, '', replace(pg_get_functiondef(oid), current_schema(), ''), '', '', ''
from pg_proc where pronamespace = current_schema()::regnamespace
union all select 'grant', table_name, privilege_type, replace(grantee, current_schema(), ''), '', '', ''
from information_schema.role_table_grants where table_schema = current_schema()
order by 1, 2, 3, 4
"""

NAMES = count(1)


@pytest.fixture
async def names(postgres_url: str) -> AsyncIterator[list[str]]:
    """Two names of workspaces, removed at the end."""
    pair = [f"d{next(NAMES)}_{datetime.now(UTC):%H%M%S%f}" for _ in range(2)]
    yield pair
    for name in pair:
        await drop_workspace(postgres_url, name)


async def test_two_workspaces_in_one_database_do_not_see_one_another(postgres_url: str, names: list[str]) -> None:
    one, other = [await open_database(postgres_url, name) for name in names]
    await one.execute(TRANSFER, b"1")
    assert await one.fetchval("select count(*) from transfer") == 1
    assert await other.fetchval("select count(*) from transfer") == 0
    assert await other.fetchval("select current_user") == app_role(names[1])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await other.fetchval(f'select count(*) from "{names[0]}".transfer')
    await one.close()
    await other.close()


@pytest.mark.parametrize("table", ["transfer", "outbox"])
@pytest.mark.parametrize("change", ["update {} set at = now()", "delete from {}", "truncate {}", "drop table {}"])
async def test_what_is_written_in_the_ledger_stays(database: asyncpg.Pool, table: str, change: str) -> None:
    await database.execute(TRANSFER, b"1")
    month = await database.fetchval("select to_char(now() at time zone 'UTC', 'YYYYMM')")
    for name in (table, f"{table}_{month}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.execute(change.format(name))
    assert await database.fetchval("select sum(amount) from transfer") == 5


async def test_the_application_cannot_forge_what_was_migrated(database: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute("delete from migration")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute("create table mine (n integer)")


async def test_a_schema_migrated_step_by_step_equals_a_fresh_one(postgres_url: str, names: list[str]) -> None:
    todo = migrations()
    for n in range(1, len(todo) + 1):
        await migrate(postgres_url, names[0], todo[:n])
    await migrate(postgres_url, names[1])
    catalogs = []
    for name in names:
        async with as_owner(postgres_url, name) as connection:
            catalogs.append([tuple(row) for row in await connection.fetch(CATALOG)])
    assert len(catalogs[0]) > 100
    assert catalogs[0] == catalogs[1]


async def test_each_migration_runs_once(postgres_url: str, names: list[str]) -> None:
    todo = [*migrations(), Migration(9001, "one", "create table one (n integer); insert into one values (1)")]
    await migrate(postgres_url, names[0], todo)
    await migrate(postgres_url, names[0], todo)
    async with as_owner(postgres_url, names[0]) as connection:
        assert await connection.fetchval("select count(*) from one") == 1
        ran = await connection.fetch("select number, name, sha256 from migration order by number")
    assert [tuple(row) for row in ran] == [(m.number, m.name, m.sha256) for m in todo]


async def test_a_migration_that_fails_leaves_nothing(postgres_url: str, names: list[str]) -> None:
    todo = [*migrations(), Migration(9001, "bad", "create table bad (n integer); insert into bad values ('x')")]
    with pytest.raises(asyncpg.PostgresError):
        await migrate(postgres_url, names[0], todo)
    async with as_owner(postgres_url, names[0]) as connection:
        assert await connection.fetchval("select to_regclass('bad')") is None
        assert await connection.fetchval("select max(number) from migration") == migrations()[-1].number


async def test_a_migration_changed_afterwards_is_refused(postgres_url: str, names: list[str]) -> None:
    todo = [Migration(1, "one", "create table one (n integer)")]
    await migrate(postgres_url, names[0], todo)
    changed = [dataclasses.replace(todo[0], sql="create table one (n bigint)")]
    with pytest.raises(DatabaseFailed, match="migration 0001_one was changed after it was run here: restore the file"):
        await migrate(postgres_url, names[0], changed)


async def test_a_database_of_a_newer_version_is_refused(postgres_url: str, names: list[str]) -> None:
    todo = [Migration(1, "one", "select 1"), Migration(2, "two", "select 2")]
    await migrate(postgres_url, names[0], todo)
    with pytest.raises(DatabaseFailed, match="the database is at migration 2, this version knows 1"):
        await migrate(postgres_url, names[0], todo[:1])


async def test_partitions_reach_from_last_month_to_a_year_ahead(postgres_url: str, names: list[str]) -> None:
    pool = await open_database(postgres_url, names[0])
    await make_partitions(postgres_url, names[0])  # as the worker does each day: nothing to add
    at = "(date_trunc('month', now() at time zone 'UTC') + make_interval(months => $1)) at time zone 'UTC'"
    insert = (
        f"insert into transfer (at, id, debit, credit, amount, kind, action) values ({at}, 'i', 'a', 'b', 1, 0, '')"
    )
    for month in range(-1, 13):
        await pool.execute(insert, month)
    for month in (-2, 13):
        with pytest.raises(asyncpg.CheckViolationError, match="no partition"):
            await pool.execute(insert, month)
    await pool.close()


@pytest.mark.parametrize("name", ["", "Main", "1st", "a-b", 'x"; drop schema public', "a" * 41])
async def test_a_workspace_has_a_plain_name(postgres_url: str, name: str) -> None:
    with pytest.raises(DatabaseFailed, match="use 1-40 of a-z, 0-9, _"):
        await migrate(postgres_url, name)


async def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(
        DatabaseFailed, match=r"does not answer at postgresql://u:\*\*\*@127\.0\.0\.1:1/x: .*MIAOHUI_DATABASE_URL"
    ):
        await migrate("postgresql://u:geheim@127.0.0.1:1/x", "main")
