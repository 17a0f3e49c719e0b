"""The event store: ClickHouse, embedded (chDB) in a folder or as a server by its URL; the same SQL on both.

- The embedded engine belongs to the one process that opened it, and a process opens one folder (`server/owner.py`
  sees to the first). It is imported only when it is opened: a process forked after the import would hang.
- A client serves one thread. A small pool of threads holds one each; queries beyond that wait for their turn. A client
  whose query failed is replaced: the engine would prefix the next answer with what was left of the failed one.
- `insert` is idempotent: the same rows with the same token count once, in the table and in every view that is filled
  from it, in this process and the next. After a failed insert send the same rows with the same token again, by `mend`.
- What the embedded engine wrote is looked at before it counts as written (see `parts`).
- Its threads and the engine's have a lower priority than the one that serves customers.
- Every query ends after `QUERY_S` seconds at most, because a stop has to wait for it.

The embedded engine answers some 150 small queries a second: nothing on a customer's path asks it. A server by URL has
not been tried on a cluster yet.
"""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from miaohui.events.blocks import NICE
from miaohui.events.parts import Parts

SCHEMA = Path(__file__).with_name("schema.sql")
THREADS = 3
QUERY_S = 30
GIB = 1 << 30

ENGINE = {
    "max_server_memory_usage": min(4 * GIB, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2),
    "mark_cache_size": GIB // 16,
    "uncompressed_cache_size": 0,
    "index_mark_cache_size": 0,
    "mmap_cache_size": 0,
}
"""What the embedded engine may take of the machine, in bytes."""

SETTINGS = {"max_execution_time": QUERY_S}
EXACTLY_ONCE = {"async_insert": 0, "insert_deduplicate": 1, "deduplicate_blocks_in_dependent_materialized_views": 1}
FRUGALLY = {"max_threads": 1, "max_insert_threads": 1}
"""An insert in one thread costs less in all, and the other processor serves customers."""

T = TypeVar("T")


class EventsFailed(RuntimeError):
    """The event store cannot be opened; the message names the cause and the remedy."""


def is_server(place: str) -> bool:
    """Whether `place` is a server's URL rather than a folder."""
    return place.startswith(("http://", "https://"))


def statements(sql: str) -> list[str]:
    """The statements of a file in which each ends with a line that holds only `;`."""
    return [part.strip() for part in f"{sql}\n".split("\n;\n") if part.strip()]


class EventStore:
    """One workspace's database of events. Made by `open`."""

    def __init__(self, connect: Callable[[], Any], threads: int, parts: Parts | None = None) -> None:
        self._connect, self._parts = connect, parts
        self._clients: list[Any] = []
        self._mine = threading.local()
        self._threads = ThreadPoolExecutor(threads, "events", _this_gives_way)

    @classmethod
    async def open(cls, place: str | Path, database: str, *, threads: int = THREADS) -> "EventStore":
        """Open the folder or the server at `place`, make `database` with its tables if there is none. EventsFailed."""
        before = _threads()
        first = cls(connector(str(place), None), 1)
        try:
            await first.command(f"create database if not exists `{database}`")
            store = cls(connector(str(place), database), threads, None if is_server(str(place)) else Parts())
            for statement in statements(SCHEMA.read_text()):
                await store.command(statement)
            if store._parts:
                await store._run(store._parts.know)
        except Exception as e:
            raise EventsFailed(f"the event store at {place} cannot be opened: {e}") from e
        finally:
            await first.close()
        _give_way(_threads() - before)
        return store

    async def query(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a select as dictionaries; `parameters` fill `{name:Type}`. Times come back as aware datetimes."""

        def ask(client: Any) -> list[dict[str, Any]]:
            return list(client.query(sql, parameters=parameters).named_results())

        return await self._run(ask)

    async def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], token: str) -> None:
        """Add `rows` to `table`; the same token again adds nothing. An empty list is nothing to do. NotWritten and others."""
        if not rows:
            return
        settings = {**EXACTLY_ONCE, **FRUGALLY, "insert_deduplication_token": token}

        def add(client: Any) -> None:
            contexts = self._mine.contexts
            key = (table, *columns)
            if key not in contexts:  # made once: it asks the server for the columns' types
                contexts[key] = client.create_insert_context(table, list(columns))
            context = contexts[key]
            context.settings, context.data = settings, rows
            client.insert(context=context)

        await self._write(add)

    async def insert_block(self, table: str, columns: Sequence[str], block: bytes, token: str) -> None:
        """Add a block of format Native (see `blocks`); the same token again adds nothing. NotWritten and others."""
        settings = {**EXACTLY_ONCE, **FRUGALLY, "insert_deduplication_token": token}
        await self._write(lambda client: client.raw_insert(table, columns, block, settings, "Native"))

    async def command(self, sql: str) -> None:
        """Run a statement that has no rows to give. NotWritten and others."""
        run = self._write if sql.lstrip().startswith(("insert", "alter")) else self._run
        await run(lambda client: client.command(sql))

    async def check(self) -> None:
        """Look whether all that was written and merged since the last look is on the disk. NotWritten, once, if not."""
        if self._parts:
            await self._run(self._parts.check)

    async def close(self) -> None:
        """Wait for what is running and let go of the engine; the last one out closes it."""
        await asyncio.to_thread(self._threads.shutdown)
        for client in self._clients:
            client.close()
        self._clients.clear()

    async def _write(self, work: Callable[[Any], Any]) -> None:
        parts = self._parts
        await self._run((lambda client: parts.written(client, work)) if parts else work)

    async def _run(self, work: Callable[[Any], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._work, work)

    def _work(self, work: Callable[[Any], T]) -> T:
        client = getattr(self._mine, "client", None)
        if client is None:
            client = self._mine.client = self._connect()
            self._mine.contexts = {}
            self._clients.append(client)
        try:
            return work(client)
        except Exception:
            self._mine.client = None
            self._clients.remove(client)
            client.close()
            raise


def _threads() -> set[int]:
    """The threads of this process, where they have a priority each."""
    return {int(id) for id in os.listdir("/proc/self/task")} if sys.platform == "linux" else set()


def _give_way(threads: set[int]) -> None:
    """Lower the priority of these threads, of the engine's too; those that they make inherit it."""
    for thread in threads & _threads():
        with contextlib.suppress(OSError):  # it has ended, or that is forbidden
            if 0 <= os.getpriority(os.PRIO_PROCESS, thread) < NICE:
                os.setpriority(os.PRIO_PROCESS, thread, NICE)


def _this_gives_way() -> None:
    _give_way({threading.get_native_id()})


def connector(place: str, database: str | None) -> Callable[[], Any]:
    """What opens one client. The engine is imported here, not in a thread: its import changes the folder a while."""
    import clickhouse_connect

    common: dict[str, Any] = {"database": database, "tz_mode": "aware"}
    if is_server(place):
        return lambda: clickhouse_connect.get_client(dsn=place, settings=SETTINGS, **common)
    import chdb  # noqa: F401

    Path(place).mkdir(parents=True, exist_ok=True)
    settings = SETTINGS | {"max_threads": 2}  # the other processor serves customers
    return lambda: clickhouse_connect.get_client(
        interface="chdb", path=place, chdb_options=ENGINE, settings=settings, **common
    )
