"""`miaohui run`: engines, workspace, in a demo its data, web server and loops in one process, and an orderly stop.

Ctrl-C and SIGTERM stop it: no new requests, a short while for those that run, then the loops, the event store, the
database, and last the embedded PostgreSQL. Losing the ownership of the event store stops it too.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import structlog
import uvicorn
import uvloop

from miaohui.customers.complete_journey import ImportFailed
from miaohui.demo.first_start import Demo, demo_loops, prepare
from miaohui.events.store import EventsFailed, EventStore
from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from miaohui.server.app import build
from miaohui.server.database import DatabaseFailed, connect, open_database
from miaohui.server.log import log_to_stderr
from miaohui.server.loops import keep_running, loops
from miaohui.server.owner import OwnedElsewhere, Owner
from miaohui.server.postgres import EmbeddedPostgres
from miaohui.server.postgres_folder import PostgresFailed
from miaohui.server.settings import Settings, SettingsWrong
from miaohui.vault import Vault
from miaohui.workspace import Workspace

GRACE_S = 2
"""How long a stop waits for requests that run; streams to open pages are cut then."""


class CannotStart(RuntimeError):
    """The server cannot start; the message names the cause and the remedy."""


PROBLEMS = (CannotStart, SettingsWrong, PostgresFailed, DatabaseFailed, OwnedElsewhere, EventsFailed, ImportFailed)
"""What stops a start and somebody can put right; the message is a sentence for him."""

Ready = Callable[[Workspace, Demo | None], None]

log = structlog.get_logger()


def run(settings: Settings, ready: Ready) -> None:
    """Serve until a signal; `ready` is called once the server answers, in a demo with the way in. Raises `PROBLEMS`."""
    log_to_stderr()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the loop takes both signals over
    settings.data.mkdir(parents=True, exist_ok=True)
    with listening(settings) as door, database_url(settings) as url:
        asyncio.Runner(loop_factory=uvloop.new_event_loop).run(_until_stopped(settings, url, door, ready))


async def _until_stopped(settings: Settings, url: str, door: socket.socket, ready: Ready) -> None:
    """The whole life in one task: before the server answers a signal cancels it, afterwards it lets the server end."""
    life = asyncio.ensure_future(_serve(settings, url, door, ready))
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, life.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await life


async def _serve(settings: Settings, url: str, door: socket.socket, ready: Ready) -> None:
    async with opened(settings, url, door) as (workspace, owner):
        demo = await prepare(workspace, settings.data) if settings.demo else None
        server = Server(workspace, partial(ready, workspace, demo))
        todo = loops(workspace, url) | (demo_loops(workspace, address(door)) if settings.demo else {})
        behind = asyncio.create_task(keep_running(todo))
        lost = asyncio.create_task(owner.lost())
        serving = asyncio.create_task(server.serve(sockets=[door]))
        try:
            await asyncio.wait([serving, lost, behind], return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            await serving
            for task in (lost, behind):
                task.cancel()
            ended = await asyncio.gather(lost, behind, return_exceptions=True)
        if isinstance(ended[0], str):
            raise CannotStart(ended[0])


class Server(uvicorn.Server):
    """uvicorn with our signals, our sockets and a word when it answers."""

    def __init__(self, workspace: Workspace, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                build(workspace),
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are `run`'s."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self._ready()


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket, taken before anything else is started. CannotStart."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((settings.host, settings.port))
        except OSError as e:
            raise CannotStart(
                f"port {settings.port} of {settings.host} cannot be taken: {e.strerror}; "
                "stop who has it, or set MIAOHUI_PORT or MIAOHUI_HOST to another"
            ) from e
        yield door


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """Address of PostgreSQL: the one of the settings, or the embedded one, started and stopped here."""
    if settings.database_url:
        yield settings.database_url
        return
    with EmbeddedPostgres(settings.data / "postgres") as postgres:
        yield postgres.url


@asynccontextmanager
async def opened(settings: Settings, url: str, door: socket.socket) -> AsyncIterator[tuple[Workspace, Owner]]:
    """The workspace with all its engines, closed in reverse."""
    async with contextlib.AsyncExitStack() as stack:
        name = settings.workspace
        vault = Vault.open(settings.secret, name)
        db = await open_database(url, name)
        stack.push_async_callback(db.close)
        owner = Owner(url, name)
        await owner.take()
        stack.push_async_callback(owner.release)
        events = await EventStore.open(settings.events_url or settings.data / "events", name)
        stack.push_async_callback(events.close)
        host = Host(Postgres(partial(connect, url, name)), vault.key("host"))
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
            simulated=settings.demo and settings.simulated,
            db=db,
            events=events,
            host=host,
            vault=vault,
        )
        yield workspace, owner


def address(door: socket.socket) -> str:
    """The URL of a socket, as this machine reaches it."""
    host, port = door.getsockname()[:2]
    named = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{named}:{port}"
