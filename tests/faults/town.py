"""One PostgreSQL and any number of processes of one workspace, each of which can be killed, stopped and started again."""

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import asyncpg

from miaohui.events.remote import RemoteStore
from miaohui.host.fairground import Fairground
from miaohui.host.host import Host
from miaohui.host.postgres import GONE, Postgres
from miaohui.host.submission import Caller
from miaohui.plays._fields import Span
from miaohui.server.database import as_owner, connect, open_database
from miaohui.server.engines import the_vault
from miaohui.server.postgres import EmbeddedPostgres
from miaohui.server.postgres_folder import processes_in
from miaohui.server.settings import Settings
from miaohui.team import keys
from tests.host.stage import CAMPAIGN, setup

ALWAYS = [Span(0, 2**50)]
GROUPS = {"stock": 1000, "ends_ms": 2**50}
OPEN = {"opens_ms": 0, "ends_ms": 2**50, "rate_count": 10_000}
DURABLE = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
"""Commits are synchronous: what the system has been given survives every kill. Only power loss would need the disk."""


AWAY = ("PostgreSQL went away", "PostgreSQL does not answer", "the event store at")
"""What a server says that was started while PostgreSQL, or the event store, could not be had."""


class Nursery:
    """Starts servers; see nursery.py."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout.readline() == "open\n"

    def start(self, **order):
        """The process id of a new server."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        """End it, and with it whoever is left."""
        self.process.stdin.close()
        self.process.wait()


class Server:
    """One process: `part` is run, web or worker. It keeps its port from start to start."""

    def __init__(self, nursery, part, log, **settings):
        self.place = socket.socket()  # bound and not listening: the port is nobody else's while the process is away
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        port = "MIAOHUI_WORKER_PORT" if part == "worker" else "MIAOHUI_PORT"
        self.nursery, self.part, self.log = nursery, part, log
        self.environment = {"MIAOHUI_DEMO": "false", "MIAOHUI_LANGUAGE": "en", port: str(self.port)} | settings
        self.pid, self.wanted = 0, False

    def begin(self):
        """Start it, and do not wait."""
        self.pid = self.nursery.start(part=self.part, environment=self.environment, log=str(self.log))
        self.wanted = True
        try:
            self.life = os.pidfd_open(self.pid)
        except ProcessLookupError:  # it has ended already: an end of file, as of a process that is gone
            self.life, other = os.pipe()
            os.close(other)

    async def start(self):
        """Start it, again while an engine is away, as whoever supervises it does, and wait until it answers."""
        self.begin()
        while self.wanted:
            if not self.alive():
                said = self.log.read_text(errors="replace")[-3000:]
                assert any(sentence in said.splitlines()[-1] for sentence in AWAY), said
                self.begin()
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                break
            await asyncio.sleep(0.01)
        return self

    async def says(self, sentence, times=1):
        """Wait until the log has it so many times."""
        while not self.log.exists() or self.log.read_text(errors="replace").count(sentence) < times:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)

    def alive(self):
        """Whether it runs."""
        return not select.select([self.life], [], [], 0)[0]

    def send(self, sign):
        """Send it a signal."""
        os.kill(self.pid, sign)

    async def end(self, sign=signal.SIGKILL):
        """Signal it and wait until it is gone."""
        self.wanted = False
        with contextlib.suppress(ProcessLookupError):
            self.send(sign)
        await self.gone()

    async def gone(self):
        """Wait for its end."""
        while self.alive():  # noqa: ASYNC110 - another process ends
            await asyncio.sleep(0.005)


class Town:
    """A workspace on `postgres` with its processes. Use it as an async context."""

    numbers = iter(range(1, 1000))

    def __init__(self, postgres: EmbeddedPostgres, nursery: Nursery, folder: Path, name: str = ""):
        self.postgres, self.nursery = postgres, nursery
        self.name = name or f"town{next(self.numbers)}"
        self.folder = folder / self.name
        self.folder.mkdir()
        self.servers = []
        self.environment = {
            "MIAOHUI_DATABASE_URL": postgres.url,
            "MIAOHUI_WORKSPACE": self.name,
            "MIAOHUI_DATA": str(self.folder),
        }

    async def __aenter__(self):
        self.db = await open_database(self.postgres.url, self.name, connections=4, months_ahead=1)
        self.vault = await the_vault(self.db, Settings(data=self.folder, workspace=self.name))
        storage = Postgres(partial(connect, self.postgres.url, self.name), self.vault.encrypt)
        self.host = Host(storage, self.vault.key("host"))
        await self.host.start()
        self.fairground = Fairground(self.host, self.db)
        self.events = RemoteStore(self.db, self.vault)
        async with self.db.acquire() as c:
            self.scope, self.key = await keys.create(c, "tests", "shop")
        self.scope = Caller(self.scope)
        return self

    async def __aexit__(self, *_):
        await self.events.close()
        await self.host.stop()
        await self.db.close()
        for server in self.servers:  # last: one of them may own the PostgreSQL
            if server.pid and server.alive():
                await server.end()
            server.place.close()

    def server(self, part, **settings):
        """One more process of the workspace, not yet started."""
        log = self.folder / f"{part}{len(self.servers)}.log"
        made = Server(self.nursery, part, log, **self.environment | settings)
        self.servers.append(made)
        return made

    async def started(self, *parts):
        """These processes, started together."""
        made = [self.server(part) for part in parts]
        await asyncio.gather(*(one.start() for one in made))
        return made

    async def open(self, *, version=1, head=None, **plays):
        """Open the campaign with these plays (module -> changes of its rules), or bring them to a new version."""
        setups = [
            setup(module, version=version, head=OPEN | (head or {}), **changes) for module, changes in plays.items()
        ]
        await self.fairground.stock("tea-1", 10_000, "first")
        refusal = await self.fairground.open(CAMPAIGN, setups, "USD", 10**9)
        assert refusal is None, refusal

    def as_owner(self):
        """A connection of the user who owns the tables."""
        return as_owner(self.postgres.url, self.name)

    async def refuses(self, server, sentence):
        """`server` does not start, and says why."""
        server.begin()
        await server.gone()
        assert server.log.read_text().splitlines()[-1].startswith(f"miaohui: {sentence}")

    async def move_clock(self, by_ms):
        """Let the workspace's time jump."""
        await self.db.execute("update workspace set clock_offset_ms = clock_offset_ms + $1", by_ms)


async def kill_postgres(postgres: EmbeddedPostgres, sign=signal.SIGKILL):
    """Kill all of it, or (SIGINT) let it restart; its keeper starts it again."""
    whom = [postgres.pid] if sign == signal.SIGINT else processes_in(postgres.data)
    for pid in whom:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)


async def back(postgres: EmbeddedPostgres, before):
    """Wait until another server than `before` (a process id) answers."""
    while True:
        with contextlib.suppress(*GONE, asyncpg.PostgresError):
            connection = await asyncpg.connect(postgres.url)
            await connection.close()
            if postgres.pid != before:
                return
        await asyncio.sleep(0.02)
