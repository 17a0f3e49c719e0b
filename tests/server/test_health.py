"""GET /healthz: well, or what is wrong."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace

import asyncpg
import httpx
import pytest
from litestar import Litestar, get
from litestar.di import NamedDependency, Provide

from miaohui.events.store import EventStore
from miaohui.server import health
from miaohui.workspace import Workspace


@get("/same")
async def same(workspace: NamedDependency[Workspace]) -> int:
    """Which object a handler is given."""
    return id(workspace)


@pytest.fixture
async def workspace(database: asyncpg.Pool, store: EventStore) -> Workspace:
    """A workspace with both engines and no host."""
    host = SimpleNamespace()
    words = {
        "name": "w",
        "title": "W",
        "zone": "UTC",
        "currency": "USD",
        "language": "en",
        "url": "http://w",
        "demo": False,
    }
    return Workspace(**words, db=database, events=store, host=host, vault=SimpleNamespace())  # type: ignore[arg-type]


@pytest.fixture
async def client(workspace: Workspace) -> AsyncIterator[httpx.AsyncClient]:
    """The health page and nothing else."""
    app = Litestar(
        [*health.HANDLERS, same],
        dependencies={"workspace": Provide(lambda: workspace, sync_to_thread=False)},
        openapi_config=None,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://w") as client:
        yield client


async def test_both_are_well(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ledger": "ok", "events": "ok"})


async def test_a_database_that_is_gone(client: httpx.AsyncClient, database: asyncpg.Pool) -> None:
    await database.close()
    answer = await client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["ledger"] == "InterfaceError: pool is closed"


async def test_an_event_store_that_is_gone(client: httpx.AsyncClient, store: EventStore) -> None:
    await store.close()
    answer = await client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"ledger": "ok", "events": "RuntimeError: cannot schedule new futures after shutdown"}


async def test_an_engine_that_does_not_even_let_go(
    client: httpx.AsyncClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "ANSWER_S", 0.01)
    free = asyncio.Event()

    async def query(sql: str) -> list[dict[str, int]]:
        while not free.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await free.wait()
        return [{"one": 1}]

    monkeypatch.setattr(workspace.events, "query", query)
    answer = await client.get("/healthz")
    free.set()
    assert (answer.status_code, answer.json()["events"]) == (503, "no answer within 0 s")


async def test_events_that_do_not_reach_the_store(client: httpx.AsyncClient, database: asyncpg.Pool) -> None:
    insert = "insert into outbox (at, events) values (clock_timestamp() - interval '90 seconds', $1) returning at"
    at = await database.fetchval(insert, b"\x90")
    answer = await client.get("/healthz")
    late_s = (await database.fetchval("select clock_timestamp()") - at).total_seconds()
    assert answer.status_code == 503
    said = [
        {"ledger": "ok", "events": f"the newest events are {s} s away from the store"}
        for s in range(90, int(late_s) + 1)
    ]
    assert answer.json() in said


async def test_a_handler_gets_the_workspace_itself(client: httpx.AsyncClient, workspace: Workspace) -> None:
    assert (await client.get("/same")).json() == id(workspace)
