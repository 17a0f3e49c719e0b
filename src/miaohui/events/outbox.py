"""The outbox: rows of events, written in the transaction that causes them, read in an order that never changes behind us.

The order is (xid, id): number of the writing transaction, then of the row. Transactions commit in any order, so that only
rows of transactions older than every running one are read: behind a `Place` nothing can appear any more. A long writing
transaction anywhere in the database server holds readers back; it makes them late, never wrong. In a database that was loaded
from a dump the numbers go on where they were (`shifted`, `keep_the_order`: migration 23), so that places keep their meaning.

Readers: the relay (all rows, into the event store), the cursor of GET /events and the webhooks. Rows are never changed.
A month is dropped as a whole, not before 30 days after its end and not before all readers are past it: see `host/retention`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg

from miaohui.events.envelope import Event, count, pack, unpack

EVENTS_IN_A_ROW = 1000
_ROWS_AT_A_TIME = 100

_TAKE = "select pg_try_advisory_lock(hashtext(current_schema() || '/' || $1))"
_NEXT_TRY_S = 1.0

_READ = """
select xid, id, events from outbox
where (xid, id) > ($1::xid8, $2::bigint) and xid < (select shifted(pg_snapshot_xmin(pg_current_snapshot())))
  and ($3::xid8 is null or (xid, id) <= ($3::xid8, $4::bigint))
order by xid, id
"""
_LAG = """
select coalesce((select greatest(1, extract(epoch from clock_timestamp() - at) * 1000)::bigint from outbox
                 where (xid, id) > (relay.xid, relay.id) order by xid, id limit 1), 0)
from relay
"""


class Place(NamedTuple):
    """A place between two rows: behind row `id` of transaction `xid`."""

    xid: int
    id: int


START = Place(0, 0)


class Row(NamedTuple):
    """One row of the outbox: the place behind it, and its events as they are written there."""

    place: Place
    packed: bytes

    @property
    def events(self) -> list[Event]:
        """Its events, decoded."""
        return unpack(self.packed)


async def write(connection: "asyncpg.Connection[Any]", events: list[Event]) -> None:
    """Add events, in the running transaction."""
    rows = [pack(events[n : n + EVENTS_IN_A_ROW]) for n in range(0, len(events), EVENTS_IN_A_ROW)]
    await connection.execute(
        "insert into outbox (at, events) select clock_timestamp(), row from unnest($1::bytea[]) row", rows
    )


async def read(
    connection: "asyncpg.Connection[Any]", after: Place, *, events_max: int, through: Place | None = None
) -> list[Row]:
    """The rows behind `after`, up to `through` or until `events_max` events are reached (always whole rows)."""
    rows: list[Row] = []
    events = 0
    async with connection.transaction(readonly=True):
        cursor = connection.cursor(_READ, *after, *(through or (None, None)), prefetch=_ROWS_AT_A_TIME)
        async for record in cursor:
            rows.append(Row(Place(record["xid"], record["id"]), record["events"]))
            events += count(record["events"])
            if through is None and events >= events_max:
                break
    return rows


async def end(connection: "asyncpg.Connection[Any]") -> Place:
    """A place such that everything committed from now on lies behind it."""
    xid = await connection.fetchval("select shifted(pg_snapshot_xmin(pg_current_snapshot()))")
    return Place(xid, 0)


async def lag_ms(connection: "asyncpg.Connection[Any] | asyncpg.Pool[Any]") -> int:
    """Age of the oldest row that is not in the event store yet; 0 if all are, and only then, wherever the workspace's clock
    stands. Asked of the database, so that it grows even when no relay runs."""
    return int(await connection.fetchval(_LAG))


@asynccontextmanager
async def alone(db: "asyncpg.Pool[Any]", task: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
    """Wait until no other process does `task` in this workspace; it is ours as long as the connection lives."""
    async with db.acquire() as connection:
        while not await connection.fetchval(_TAKE, task):  # noqa: ASYNC110 - a waiting lock call holds back vacuum
            await asyncio.sleep(_NEXT_TRY_S)
        yield connection  # the pool gives the lock back with the connection
