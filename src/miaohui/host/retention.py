"""How long answers and the outbox are kept: by whole months, and never less than somebody may still ask for.

    answers   `SINCE`: 30 days, and all since the first opening of the oldest campaign that is not archived. The host asks for no
              older one, and no older one has to be there.
    outbox    the same (the audit hears its events), and behind every reader: the relay, and each webhook that is not archived. A
              reader of GET /events keeps his cursor himself: he has these days to come back, and is told if he missed anything.

A month is dropped when all of it is out of date by the workspace's clock and by the machine's, and it is older than last month,
which a clock that goes back may need. Transfers are never dropped. The drop needs the owner of the tables, and a lock that stops
batches for a moment: it waits `LOCK_MS` for it, and is tried again an hour later.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import structlog
from msgspec import Struct

from miaohui.clock import Clock, moment_of, system_clock
from miaohui.events.envelope import count

log = structlog.get_logger()

REPLIES_DAYS = 30
"""How long an answer is replayed at least; longer while its campaign is not archived."""
LOCK_MS = 300

_SINCE = """
select least(to_timestamp(now_ms() / 1000.0) - $1::interval,
  (select min(at) from play_version join play_running using (campaign, play)
   where not exists (select from campaign where id = play_version.campaign and state = 'archived')))
"""
_MONTHS = """
select p.relname, to_date(right(c.relname, 6), 'YYYYMM'), pg_total_relation_size(c.oid)
from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
where p.relnamespace = current_schema()::regnamespace and p.relname in ('reply', 'outbox') order by 1, 2
"""
_UNREAD = """
with reader as (
  select * from (select xid, id from relay union all select xid, id_in_xid from webhook where archived_at is null) r
  order by 1, 2 limit 1)
select exists (select from outbox o where o.at >= $1 and o.at < $2 and (o.xid, o.id) >= (select xid, id from reader))
"""


_LAST = "select xid, id, events from {} order by xid desc, id desc limit 1"
_DROPPED = """
update workspace set dropped_xid = $1, dropped_id = $2, dropped_n = $3 where (dropped_xid, dropped_id) < ($1::xid8, $2::bigint)
"""


class Month(Struct, frozen=True):
    """A month of `table` (reply or outbox): its first day, its size, and whether nobody may ask for any of it any more."""

    table: str
    first: date
    size: int
    over: bool

    @property
    def partition(self) -> str:
        """What it is called in the database."""
        return f"{self.table}_{self.first:%Y%m}"


async def since(c: Any) -> datetime:
    """From when on answers are kept, as it is now."""
    moment: datetime = await c.fetchval(_SINCE, timedelta(days=REPLIES_DAYS))
    return moment


async def months(c: Any, clock: Clock = system_clock) -> list[Month]:
    """The months of answers and outbox that have begun, oldest first."""
    now = moment_of(min(clock(), await c.fetchval("select now_ms()")))
    kept = min(await since(c), now - timedelta(days=REPLIES_DAYS), _before(_midnight(now.date().replace(day=1))))
    found: list[Month] = []
    for table, first, size in await c.fetch(_MONTHS):
        begin, end = _midnight(first), _after(first)
        over = end <= kept and not (table == "outbox" and await c.fetchval(_UNREAD, begin, end))
        if begin <= now:
            found.append(Month(table, first, size, over))
    return found


async def drop(owner: "asyncpg.Connection[Any]", clock: Clock = system_clock) -> list[str]:
    """Drop the months that are over, each in a transaction of its own; the names of those that are gone now."""
    gone = []
    for month in await months(owner, clock):
        if month.over:
            try:
                async with owner.transaction():
                    await owner.execute(f"set local lock_timeout = {LOCK_MS}")
                    if month.table == "outbox":
                        await _remember(owner, month)
                    await owner.execute(f"drop table {month.partition}")
            except asyncpg.LockNotAvailableError:
                log.info("a month is dropped later: somebody reads", month=month.partition)
                continue
            log.info("a month that nobody may ask for was dropped", month=month.partition, bytes=month.size)
            gone.append(month.partition)
    return gone


async def _remember(owner: "asyncpg.Connection[Any]", month: Month) -> None:
    """How far what is dropped goes: see `feed.missed`."""
    last = await owner.fetchrow(_LAST.format(month.partition))
    if last is not None:
        await owner.execute(_DROPPED, last["xid"], last["id"], count(last["events"]))


async def outbox_begins(c: Any) -> datetime:
    """From when on the outbox has all events."""
    return min(_midnight(first) for table, first, _ in await c.fetch(_MONTHS) if table == "outbox")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _before(month: datetime) -> datetime:
    """The month before."""
    return (month - timedelta(days=1)).replace(day=1)


def _after(first: date) -> datetime:
    """The month after."""
    return (_midnight(first) + timedelta(days=31)).replace(day=1)
