"""The relay carries the outbox into the event store, each event exactly once, whatever is killed when.

A batch is a range of the outbox. Its end is committed to the table `relay` *before* the store sees it, with its number;
the number is the store's deduplication token; then the cursor moves to the end. What a kill can leave behind:

    before the end is committed         nothing happened: another batch is chosen
    after it, before the store answers  the batch is open: the same rows are sent again with the same token, and what is
                                        still missing in the table or in a view is added (see `mend`)
    before the cursor moves             the same: nothing is missing

The rows behind a place of the outbox never change (see `outbox`), so that "the same rows" is only the range. Batches are
cut at `EVENTS_MAX` events and 200 ms apart (a second in a rush), at once while there is more. A batch that the store
refuses, or says it has and has not written, is tried again until it goes: nothing is skipped, the lag grows, and /healthz
and the home page say so.

A store that is empty although something was carried is a new one (another server, or a folder that was lost): it is filled
again with all that the outbox keeps. What an import wrote straight into the store is not in the outbox.
"""

import asyncio
import logging
import time
from typing import Any

import asyncpg

from miaohui.events import outbox
from miaohui.events.blocks import Blocks
from miaohui.events.envelope import STORE_COLUMNS, count
from miaohui.events.mend import Store, again
from miaohui.events.outbox import Place, Row

EVENTS_MAX = 10_000
TICK_S = 0.2
RUSH, RUSH_TICK_S = 500, 1.0
"""So many events in one batch are a rush: the next is carried later and is larger, because each costs the store the same."""
PAUSE_S = 2.0
CHECK_S = 60.0
"""So often a relay without work looks after what the store has merged; it is much less than merged parts are kept."""

log = logging.getLogger(__name__)

_STATE = "select batch, xid, id, open_xid, open_id from relay"
_OPEN = """
update relay set batch = batch + 1, open_xid = $1, open_id = $2 where open_xid is null and batch = $3 returning batch
"""
_CLOSE = """
update relay set xid = open_xid, id = open_id, open_xid = null, open_id = null where batch = $1 and open_xid is not null
"""
_AGAIN = """
update relay set xid = '0', id = 0, open_xid = null, open_id = null where batch > 0 and (xid, id) > ('0', 0) returning batch
"""
_TYPES = "select name, type from system.columns where database = currentDatabase() and table = 'events'"


class Relay:
    """The one that carries. Any process may make one; only the one that holds the lock works."""

    def __init__(self, db: "asyncpg.Pool[Any]", store: Store, *, tick_s: float = TICK_S) -> None:
        self._db, self._store, self._tick_s = db, store, tick_s
        self.failures = 0
        self._check_at_s = 0.0
        self._blocks: Blocks | None = None

    async def run(self) -> None:
        """Carry until cancelled."""
        try:
            while True:
                try:
                    await self._carry()
                except Exception:
                    self.failures += 1
                    log.exception("the event store did not take what it was to; it is tried again in %s s", PAUSE_S)
                    await asyncio.sleep(PAUSE_S)
        finally:
            if self._blocks is not None:
                self._blocks.close()

    async def _carry(self) -> None:
        async with outbox.alone(self._db, "relay") as connection:
            if not await self._store.query("select 1 as there from events limit 1"):
                await self._fill_again(connection)
            while True:
                carried = await self.step(connection)
                if carried < EVENTS_MAX:
                    await asyncio.sleep(self._tick_s if carried < RUSH else max(self._tick_s, RUSH_TICK_S))

    async def _fill_again(self, connection: "asyncpg.Connection[Any]") -> None:
        if await connection.fetchval(_AGAIN) is not None:
            log.warning("the event store is empty: all that the outbox keeps is carried into it again")

    async def step(self, connection: "asyncpg.Connection[Any]") -> int:
        """Carry one batch and answer how many events it had; 0: the outbox is all there."""
        batch, rows, open_before = await self._batch(connection)
        if not rows:
            if time.monotonic() >= self._check_at_s:
                self._check_at_s = time.monotonic() + CHECK_S
                await self._store.check()
            return 0
        events = sum(count(row.packed) for row in rows)
        if events:
            token, block = f"outbox batch {batch}", await self._block(rows)
            if open_before:
                await again(self._store, lambda table: self._store.insert_block(table, STORE_COLUMNS, block, token))
            else:
                await self._store.insert_block("events", STORE_COLUMNS, block, token)
        await connection.execute(_CLOSE, batch)
        return events

    async def _block(self, rows: list[Row]) -> bytes:
        """Their events as the store takes them."""
        if self._blocks is None:
            types = {row["name"]: row["type"] for row in await self._store.query(_TYPES)}
            self._blocks = Blocks([(name, types[name]) for name in STORE_COLUMNS])
        return await self._blocks.make([row.packed for row in rows])

    async def _batch(self, connection: "asyncpg.Connection[Any]") -> tuple[int, list[Row], bool]:
        state = await connection.fetchrow(_STATE)
        assert state is not None, "the table relay has lost its row"
        after = Place(state["xid"], state["id"])
        if state["open_xid"] is not None:
            through = Place(state["open_xid"], state["open_id"])
            return state["batch"], await outbox.read(connection, after, events_max=EVENTS_MAX, through=through), True
        rows = await outbox.read(connection, after, events_max=EVENTS_MAX)
        if not rows:
            return state["batch"], [], False
        batch = await connection.fetchval(_OPEN, *rows[-1].place, state["batch"])
        assert batch is not None, "another relay works on this outbox"
        return batch, rows, False
