"""`miaohui run`, `web` and `worker`: engines, workspace, in a demo its data, web server and loops, and an orderly stop.

Ctrl-C and SIGTERM stop it: no new requests, a short while for those that run, then the loops, the event store, the
database, and last the embedded PostgreSQL. Losing the ownership of the event store stops it too; so does the end of the standard
input for a web process that is tied to whoever started it.

Where others answer at the port of `run` too, it has a second one of its own, at which they ask for events.
"""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import uvicorn
import uvloop

from miaohui.api.front import front_of
from miaohui.customers.complete_journey import ImportFailed
from miaohui.demo.first_start import Demo, demo_loops, prepare
from miaohui.events.store import EventsFailed
from miaohui.server import beside, inside
from miaohui.server.app import App, build
from miaohui.server.database import DatabaseFailed
from miaohui.server.engines import CannotStart, Part, address, database_url, opened
from miaohui.server.log import log_to_stderr
from miaohui.server.loops import keep_running, loops, mailing
from miaohui.server.owner import OwnedElsewhere
from miaohui.server.postgres_folder import PostgresFailed
from miaohui.server.settings import Settings, SettingsWrong, variable
from miaohui.workspace import Workspace

GRACE_S = 2
"""How long a stop waits for requests that run; streams to open pages are cut then."""

PROBLEMS = (CannotStart, SettingsWrong, PostgresFailed, DatabaseFailed, OwnedElsewhere, EventsFailed, ImportFailed)
"""What stops a start and somebody can put right; the message is a sentence for him."""

Ready = Callable[[Workspace, Demo | None], None]


def run(settings: Settings, ready: Ready, part: Part = "run", *, tied: bool = False) -> None:
    """Serve until a signal, `tied` until the standard input ends too; `ready` is called once the server answers, in a demo with the
    way in. Raises `PROBLEMS`."""
    log_to_stderr()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the loop takes both signals over
    settings.data.mkdir(parents=True, exist_ok=True)
    with doors(settings, part) as (door, inner), database_url(settings, part) as url:
        serving = _serve(settings, url, door, inner, ready, part)
        asyncio.Runner(loop_factory=uvloop.new_event_loop).run(_until_stopped(serving, tied=tied))


async def _until_stopped(serving: Coroutine[Any, Any, None], *, tied: bool) -> None:
    """The whole life in one task: before the server answers a signal cancels it, afterwards it lets the server end."""
    life, loop = asyncio.ensure_future(serving), asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, life.cancel)

    def input_ended() -> None:
        loop.remove_reader(sys.stdin)
        if not life.cancelling():  # a second time would cut short what the first has begun
            life.cancel()

    if tied:
        loop.add_reader(sys.stdin, input_ended)  # nobody writes there
    with contextlib.suppress(asyncio.CancelledError):
        await life


async def _serve(
    settings: Settings, url: str, door: socket.socket, inner: socket.socket, ready: Ready, part: Part
) -> None:
    async with opened(settings, url, door, inner, part) as (workspace, owner):
        with_demo = settings.demo and part == "run"
        demo = await prepare(workspace, settings.data) if with_demo else None
        said = partial(ready, workspace, demo)
        servers = [(Server(inside.build(workspace) if part == "worker" else build(workspace), said), door)]
        if inner is not door:
            servers.append((Server(inside.build(workspace), lambda: None), inner))
        todo = loops(workspace, url) | mailing(workspace, settings) if owner is not None else {}
        todo |= demo_loops(workspace, address(door)) if with_demo else {}
        serving = [asyncio.create_task(server.serve(sockets=[at])) for server, at in servers]
        behind: list[asyncio.Task[Any]] = []
        if owner is not None:
            behind = [asyncio.create_task(keep_running(todo)), asyncio.create_task(owner.lost())]
        webs = asyncio.create_task(beside.keep(settings, door)) if part == "run" and settings.processes > 1 else None
        try:
            await asyncio.wait([*serving, *behind], return_when=asyncio.FIRST_COMPLETED)
        finally:
            if webs is not None:
                webs.cancel()
            for server, _ in servers:
                server.should_exit = True
            await asyncio.wait(serving)
            for task in behind:
                task.cancel()
            ended = await asyncio.gather(*serving, *behind, *([webs] if webs else []), return_exceptions=True)
        for why in ended:
            if isinstance(why, str):
                raise CannotStart(why)
            if isinstance(why, Exception):
                raise why


class Server(uvicorn.Server):
    """uvicorn with our signals, our sockets and a word when it answers."""

    def __init__(self, app: Any, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=front_of(app.hot) if isinstance(app, App) else "httptools",
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
        gc.collect()
        gc.freeze()  # what is there now stays: the collector need not walk it again
        gc.set_threshold(50_000, 20, 50)
        self._ready()


@contextmanager
def doors(settings: Settings, part: Part) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Where this process answers, and where it is asked by the web processes if it owns the event store: the same socket, unless
    they share it. Taken before anything else is started. CannotStart."""
    several = part == "run" and settings.processes > 1
    shared = settings.shared_port or several
    with contextlib.ExitStack() as stack:
        if several and not settings.shared_port:
            _nobody_has_the_port(settings)
        if part == "worker":
            door = inner = stack.enter_context(listening(settings, "worker_port"))
        else:
            door = inner = stack.enter_context(listening(settings, shared=shared))
        if shared and part == "run":
            inner = stack.enter_context(listening(settings, "worker_port"))
        yield door, inner


def _nobody_has_the_port(settings: Settings) -> None:
    """Only our own processes are to share the port; those of a run that was killed just now are about to leave it. CannotStart."""
    until_s = time.monotonic() + GRACE_S
    while True:
        try:
            with listening(settings):
                return
        except CannotStart:
            if time.monotonic() > until_s:
                raise
        time.sleep(0.05)


@contextmanager
def listening(settings: Settings, key: str = "port", *, shared: bool = False) -> Iterator[socket.socket]:
    """The socket at the port of the setting `key`. CannotStart."""
    host, port = settings.host, getattr(settings, key)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            door.bind((host, port))
        except OSError as e:
            raise CannotStart(
                f"port {port} of {host} cannot be taken: {e.strerror}; "
                f"stop who has it, or set {variable(key)} or MIAOHUI_HOST to another"
            ) from e
        yield door
