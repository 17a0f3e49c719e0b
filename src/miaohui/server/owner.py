"""One process owns the event store of a workspace: the relay, audiences and the console's queries run there.

Ownership is an advisory lock in PostgreSQL on a connection of its own; it ends with the process, however that ends.
When the connection breaks (PostgreSQL was restarted) the owner takes the lock again before anybody notices; if somebody
else has it by then, `lost` says so and the process has to stop.
"""

import asyncio
import os
import socket
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import structlog

from miaohui.host.postgres import GONE
from miaohui.server.database import DatabaseFailed, as_owner

RETRY_S = 0.5

log = structlog.get_logger()


class OwnedElsewhere(RuntimeError):
    """Another process owns the event store; the message names it."""


class Owner:
    """The ownership of a workspace's event store, from `take` to `release`."""

    def __init__(self, url: str, workspace: str) -> None:
        self._url, self._workspace = url, workspace
        self._name = f"miaohui/events/{workspace}"
        self._stack = AsyncExitStack()
        self._broken = asyncio.Event()

    async def take(self) -> None:
        """Become the owner. OwnedElsewhere, DatabaseFailed."""
        self._broken.clear()
        connection = await self._stack.enter_async_context(as_owner(self._url, self._workspace))
        me = f"{self._name} {socket.gethostname()} {os.getpid()}"
        await connection.execute("select set_config('application_name', $1, false)", me[-63:])
        if not await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 0))", self._name):
            holder = await self._holder(connection)
            await self._stack.aclose()
            raise OwnedElsewhere(
                f"the event store of workspace {self._workspace!r} is owned by {holder}: stop that process, "
                "or give this one another MIAOHUI_WORKSPACE"
            )
        connection.add_termination_listener(lambda _: self._broken.set())

    async def wait(self) -> None:
        """Stand by until nobody owns it, then become the owner. DatabaseFailed."""
        told = ""
        while True:
            try:
                await self.take()
                return
            except OwnedElsewhere as e:
                if str(e) != told:
                    told = str(e)
                    log.info("stands by", why=told)
                await asyncio.sleep(RETRY_S)

    async def release(self) -> None:
        """Let another process take it."""
        await self._stack.aclose()

    async def lost(self) -> str:
        """Hold on to it; returns, with the reason, only when another process has taken it."""
        while True:
            await self._broken.wait()
            try:
                await self._stack.aclose()
                await self.take()
            except OwnedElsewhere as e:
                return str(e)
            except (DatabaseFailed, *GONE, asyncpg.PostgresError):
                self._broken.set()
                await asyncio.sleep(RETRY_S)

    async def _holder(self, connection: "asyncpg.Connection[Any]") -> str:
        found = await connection.fetchval(
            """select a.application_name from pg_locks l join pg_stat_activity a using (pid)
               where l.locktype = 'advisory' and l.granted and l.objsubid = 1
                 and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended($1, 0)""",
            self._name,
        )
        words = str(found or "").rsplit(" ", 2)
        return f"process {words[2]} on {words[1]}" if len(words) == 3 else "another process"
