"""The engines of the test run: one PostgreSQL and one event store for the session, a fresh workspace for whoever asks.

Every process of a run has a PostgreSQL of its own: readers of the outbox wait for every writing transaction of the server,
and a test that counts what has been read must not wait for other tests'. It is the embedded one, or Debian's with
`--debian-postgres`, or the server that MIAOHUI_DATABASE_URL names (then with `-n 0`, for the same reason). A process can open
one folder of the event store only, so that tests get databases in it, never folders of their own.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from miaohui.customers import complete_journey
from miaohui.events.store import EventStore
from miaohui.server.database import drop_workspace, open_database
from miaohui.server.postgres import EmbeddedPostgres
from miaohui.vault import Vault

HASTE = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off", "max_connections": "200",
}  # fmt: skip
"""The session's cluster is thrown away; tests of durability start their own."""

STAGE_MONTH = date(2026, 11, 1)
"""Where the clock of `tests.host.stage` may stand: there are partitions for it, whatever day it is."""

NUMBERS = itertools.count(1)

settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")
"""A property is tried on the same examples in every run, however long they take: what fails is what was changed, not the machine
and not the dice. `--hypothesis-profile=default` throws them anew."""

FreshDatabase = Callable[[], AbstractAsyncContextManager[asyncpg.Pool]]
FreshStore = Callable[[], AbstractAsyncContextManager[EventStore]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--debian-postgres`: what a second PostgreSQL, older and with an ordinary user, has to prove."""
    parser.addoption(
        "--debian-postgres", action="store_true", help="on Debian's PostgreSQL, only the tests that use PostgreSQL"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out what does not use PostgreSQL, if a second one is to be proved; and all but the first of a page's sizes and
    languages, which ask it the same."""
    if config.getoption("--debian-postgres"):
        items[:] = [item for item in items if "postgres_url" in getattr(item, "fixturenames", ())]
        pages = {item.nodeid.partition("[")[0]: item for item in reversed(items) if "chromium" in item.fixturenames}
        items[:] = [item for item in items if pages.get(item.nodeid.partition("[")[0], item) is item]


def new_name() -> str:
    """A workspace's name that nobody else has: several test runs may use one server at once."""
    return f"t{os.getpid()}_{next(NUMBERS)}"


def debian_programs() -> Path:
    """The folder of the newest PostgreSQL that Debian has installed here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.exit("Debian's PostgreSQL is not installed: apt-get install postgresql", returncode=1)
    return found[-1].parent


async def make_ordinary_user(url: str) -> str:
    """The database `shop` of the user `shop`, no superuser, made as docs/how-to/own-engines.md says; its address."""
    connection = await asyncpg.connect(url)
    await connection.execute("create role shop login createrole")
    await connection.execute("create database shop owner shop")
    await connection.close()
    return f"postgresql://shop@/shop?{urlsplit(url).query}"


@pytest.fixture(scope="session")
def postgres_url(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of this process's PostgreSQL: as superuser of the embedded one, as an ordinary user of Debian's."""
    if url := os.environ.get("MIAOHUI_DATABASE_URL"):
        yield url
        return
    debian = pytestconfig.getoption("--debian-postgres")
    folder = tmp_path_factory.mktemp("engines") / "postgres"
    with EmbeddedPostgres(folder, HASTE, debian_programs() if debian else None) as postgres:
        yield asyncio.run(make_ordinary_user(postgres.url)) if debian else postgres.url


@pytest.fixture(scope="session")
def fresh_database(postgres_url: str) -> FreshDatabase:
    """`async with fresh_database() as pool`: a new workspace, dropped at the end; for fixtures of a wider scope."""

    @asynccontextmanager
    async def fresh() -> AsyncIterator[asyncpg.Pool]:
        name = new_name()
        pool = await open_database(postgres_url, name, months_ahead=1)  # each month is nine tables and indexes
        if datetime.now(UTC).date() >= STAGE_MONTH + timedelta(days=61):  # last month's are always there
            owner = await asyncpg.connect(postgres_url, server_settings={"search_path": name, "timezone": "UTC"})
            await owner.execute("select month_partitions($1, 1)", STAGE_MONTH)
            await owner.close()
        try:
            yield pool
        finally:
            await pool.close()
            await drop_workspace(postgres_url, name)

    return fresh


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> AsyncIterator[asyncpg.Pool]:
    """A workspace of this test's own, as the application sees it."""
    async with fresh_database() as pool:
        yield pool


@pytest.fixture(scope="session")
def events_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one folder of the event store that this process may open."""
    return tmp_path_factory.mktemp("events")


@pytest.fixture(scope="session")
async def fresh_store(events_folder: Path) -> AsyncIterator[FreshStore]:
    """`async with fresh_store() as store`: a new database, dropped at the end; for fixtures of a wider scope."""
    engine = await EventStore.open(events_folder, "standing", threads=1)  # keeps the engine up from test to test

    @asynccontextmanager
    async def fresh() -> AsyncIterator[EventStore]:
        name = new_name()
        store = await EventStore.open(events_folder, name)
        try:
            yield store
        finally:
            await store.close()
            await engine.command(f"drop database `{name}`")

    yield fresh
    await engine.close()


@pytest.fixture
async def store(fresh_store: FreshStore) -> AsyncIterator[EventStore]:
    """A database of events of this test's own."""
    async with fresh_store() as opened:
        yield opened


@pytest.fixture
def vault() -> Vault:
    """Keys that are the same in every run."""
    return Vault(bytes(range(32)), "test")


@pytest.fixture(scope="session")
async def journey(fresh_database, fresh_store, tmp_path_factory) -> AsyncIterator[SimpleNamespace]:
    """A workspace with the whole Complete Journey, dates kept, to be read only; `report` and `steps` are the import's."""
    async with fresh_database() as db, fresh_store() as store:
        place = SimpleNamespace(
            db=db, events=store, vault=Vault(bytes(range(32)), "test"), clock=lambda: 1_790_000_000_000
        )
        place.steps = []
        folder = tmp_path_factory.mktemp("journey")
        place.report = await complete_journey.run(place, lambda *step: place.steps.append(step), folder=folder)
        yield place
