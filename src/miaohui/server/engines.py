"""What one process opens: PostgreSQL, the secret, the event store or the way to it, the host. Closed in reverse.

    run       everything in one process
    web       answers requests; any number. No event store of its own: it asks the process that owns it
    worker    owns the event store, carries events into it, fires timers, moves campaigns, delivers webhooks. A second one
              stands by until the first has ended, however it ended

All processes of a workspace share one PostgreSQL and one secret. A process with another secret would take a repeated key
for a new one: it does not start.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Literal

import asyncpg
import structlog

from miaohui.customers import complete_journey
from miaohui.events.remote import RemoteStore
from miaohui.events.store import EventStore
from miaohui.host import durability
from miaohui.host.host import Host
from miaohui.host.postgres import GONE, Postgres
from miaohui.host.storage import Broken
from miaohui.server.database import DatabaseFailed, connect, open_database
from miaohui.server.owner import Owner
from miaohui.server.postgres import EmbeddedPostgres
from miaohui.server.settings import Settings
from miaohui.vault import Vault
from miaohui.workspace import Workspace

log = structlog.get_logger()

Part = Literal["run", "web", "worker"]
OWN_ADDRESS = "127.0.0.1"


class CannotStart(RuntimeError):
    """The server cannot start; the message names the cause and the remedy."""


@contextmanager
def database_url(settings: Settings, part: Part) -> Iterator[str]:
    """Address of PostgreSQL: the one of the settings, or the embedded one, started and stopped here; a web process uses the
    embedded one that another process of the same data folder has started. CannotStart, PostgresFailed."""
    if settings.database_url:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.data / "postgres", {"max_connections": str(75 + 25 * settings.processes)})
    if part != "web":
        with embedded:
            yield embedded.url
        return
    if not asyncio.run(answers(embedded.url)):
        raise CannotStart(
            f"no PostgreSQL runs in {settings.data / 'postgres'}: start `miaohui run` or `miaohui worker` on this data "
            "folder first, or set MIAOHUI_DATABASE_URL"
        )
    yield embedded.url


async def answers(url: str) -> bool:
    """Whether a PostgreSQL answers at `url`."""
    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


@asynccontextmanager
async def opened(
    settings: Settings, url: str, door: socket.socket, inner: socket.socket, part: Part = "run"
) -> AsyncIterator[tuple[Workspace, Owner | None]]:
    """The workspace, and the ownership of its event store where it is ours; who asks for events comes to `inner`. CannotStart,
    DatabaseFailed, EventsFailed; of `run` also OwnedElsewhere."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            made = await _open(stack, settings, url, door, inner, part)
        except (Broken, *GONE) as e:
            raise DatabaseFailed(f"PostgreSQL went away while this process started: {e}; start it again") from e
        yield made


async def _open(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    url: str,
    door: socket.socket,
    inner: socket.socket,
    part: Part,
) -> tuple[Workspace, Owner | None]:
    name = settings.workspace
    db = await open_database(url, name)
    stack.push_async_callback(db.close)
    if off := await durability.switched_off(db):
        log.warning("what is answered can be lost: turn these on in PostgreSQL", off=off)
    vault = await the_vault(db, settings)
    owner = None if part == "web" else await _owned(stack, url, name, waits=part == "worker")
    events: EventStore
    if owner is None and not settings.events_url:
        events = RemoteStore(db, vault)
    else:
        events = await EventStore.open(settings.events_url or settings.data / "events", name)
    stack.push_async_callback(events.close)
    if owner is not None:
        here = await _reached(db, inner)
        await db.execute("update workspace set owner_url = $1", here)
        stack.push_async_callback(_leave, db, here)
    host = Host(Postgres(partial(connect, url, name), vault.encrypt), vault.key("host"))
    await host.start()
    stack.push_async_callback(host.stop)
    workspace = Workspace(
        name=name,
        title=settings.title,
        zone=settings.zone,
        currency=settings.currency,
        language=settings.language,
        url=settings.url or address(door),
        demo=settings.demo,
        files=settings.data / "files",
        simulated=settings.demo and settings.simulated,
        shift_days=(await complete_journey.moved_by(db) or 0) if settings.demo else 0,
        db=db,
        events=events,
        host=host,
        vault=vault,
    )
    return workspace, owner


async def _owned(stack: contextlib.AsyncExitStack, url: str, name: str, *, waits: bool) -> Owner:
    owner = Owner(url, name)
    await (owner.wait() if waits else owner.take())
    stack.push_async_callback(owner.release)
    return owner


async def the_vault(db: "asyncpg.Pool[Any]", settings: Settings) -> Vault:
    """The workspace's secret; made by its first process, the same for all others. CannotStart."""
    file, name = settings.secret, settings.workspace
    copy = "copy the file from a process that runs, or name it by MIAOHUI_SECRET_FILE"
    if not file.exists() and await db.fetchval("select secret_mark from workspace") is not None:
        raise CannotStart(f"workspace {name!r} has a secret, and there is none at {file}: {copy}")
    vault = Vault.open(file, name)
    mark = vault.hash("mark", name)
    kept = await db.fetchval("update workspace set secret_mark = coalesce(secret_mark, $1) returning secret_mark", mark)
    if kept != mark:
        raise CannotStart(f"the secret at {file} is not that of workspace {name!r}: {copy}")
    return vault


def address(door: socket.socket) -> str:
    """The URL of a socket, as this machine reaches it."""
    host, port = door.getsockname()[:2]
    named = {"0.0.0.0": OWN_ADDRESS, "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{named}:{port}"


async def _reached(db: "asyncpg.Pool[Any]", door: socket.socket) -> str:
    """The URL of a socket, as the other processes reach it: one that listens everywhere is at the address that PostgreSQL
    sees it come from."""
    host, port = door.getsockname()[:2]
    seen = await db.fetchval("select host(inet_client_addr())")
    if host not in ("0.0.0.0", "::") or not seen:
        return address(door)
    return f"http://[{seen}]:{port}" if ":" in seen else f"http://{seen}:{port}"


async def _leave(db: "asyncpg.Pool[Any]", here: str) -> None:
    with contextlib.suppress(*GONE):
        await db.execute("update workspace set owner_url = '' where owner_url = $1", here)
