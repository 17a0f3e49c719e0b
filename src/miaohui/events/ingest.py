"""The ingest: events of a shop or a browser are checked row by row and lie in the outbox when they are answered.

- A bad row comes back with its index, a code, a sentence and the remedy; the good rows beside it are kept.
- An id that comes again is accepted and counted once, however often and in whichever batch or process: ids are remembered
  for `WINDOW_DAYS`. An id is a uuid7 and carries its own time, so that one older than the window is refused instead of
  being counted a second time: within the window the promise has no hole. An event without id cannot be recognised again.
- Whatever waits while one transaction commits goes into the next, whole batches and single events alike (group commit).
- `customer` is the shop's own id; it becomes the internal one by the resolver that the server gives us. For a browser the
  customer is the cookie's, and the time is ours.

Codes, in the order in which they are checked: malformed, unknown_name, not_yours, id_not_uuid7, id_out_of_window,
at_out_of_window, unknown_customer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct
from uuid_utils import uuid7

from miaohui.clock import Clock, ms_of, system_clock
from miaohui.events import outbox, schema
from miaohui.events.envelope import NOBODY, Event
from miaohui.text import Text

ROWS_MAX = 10_000
WAITING_MAX = 100_000
WINDOW_DAYS = 7
DAY_MS = 86_400_000
ID_AHEAD_MS = DAY_MS
AT_AHEAD_MS = 600_000
AT_FIRST_MS = 946_684_800_000  # 2000-01-01
_CHUNK = 500
_FORGET_EVERY_S = 3600.0

log = logging.getLogger(__name__)

Resolve = Callable[["asyncpg.Connection[Any]", Sequence[str]], Awaitable[Mapping[str, str]]]
"""The shop's ids of customers -> internal ids, in the running transaction; who is not in the answer is unknown."""

_DICTIONARY = Text("对照 docs/reference/events.md 修改这一行", "correct the row by docs/reference/events.md")
REASONS: dict[str, tuple[Text, Text]] = {
    "malformed": (
        Text("这一行不符合事件字典：{problem}", "the row does not fit the dictionary: {problem}"),
        _DICTIONARY,
    ),
    "unknown_name": (Text("没有名为 {name} 的事件", "there is no event called {name}"), _DICTIONARY),
    "not_yours": (
        Text("{name} 不接受来自 {sender} 的上报", "{name} is not taken from a {sender}"),
        Text("由 {by} 上报", "let {by} send it"),
    ),
    "id_not_uuid7": (
        Text("id {id} 不是 uuid7", "id {id} is not a uuid7"),
        Text("换成 uuid7，或不填", "make it a uuid7, or leave it out"),
    ),
    "id_out_of_window": (
        Text("id {id} 的时间不在接受范围内", "the time of id {id} is outside the window"),
        Text(
            "id 须产生于最近 {days} 天内且不超前 1 天：换一个新 id，发生时间写在 at 里",
            "use an id made in the last {days} days, at most a day ahead; when it happened stands in at",
        ),
    ),
    "at_out_of_window": (
        Text("at {at} 不在接受范围内", "at {at} is outside the window"),
        Text(
            "写 2000 年以后、不晚于现在 10 分钟的时间，或不填",
            "write a time since 2000, at most 10 minutes ahead, or leave it out",
        ),
    ),
    "unknown_customer": (
        Text("没有编号为 {customer} 的顾客", "there is no customer {customer}"),
        Text("先建立这位顾客", "make the customer first"),
    ),
}
"""Code -> what is wrong, and what to do about it; `{...}` is filled from the refusal's data."""


class Busy(Exception):
    """Too much is waiting already: send it again later."""


class Sender(Struct, frozen=True):
    """Who sends: a shop's key (`source` simulated for keys of simulated customers), or the browser of `customer`."""

    kind: Literal["shop", "browser"]
    source: str = "live"
    customer: str = NOBODY


class Refused(Struct, frozen=True):
    """One row that was not kept; `code` is one of REASONS."""

    index: int
    code: str
    data: dict[str, Any] = {}


class Taken(Struct):
    """`accepted` rows are in the outbox, `repeated` of them were there before; `refused` in the order of their index."""

    accepted: int = 0
    repeated: int = 0
    refused: list[Refused] = []


class _Parcel(Struct):
    """Checked rows of one request, on their way into the outbox. `shop_ids` has the shop's id of a row's customer."""

    events: list[Event]
    indexes: list[int]
    shop_ids: list[str]
    taken: Taken
    stored: "asyncio.Future[None]"


class _Named(Struct):
    name: str


_decode = msgspec.json.Decoder(schema.AnyFact).decode
_name = msgspec.json.Decoder(_Named).decode


class Ingest:
    """Takes events of this process."""

    def __init__(self, db: "asyncpg.Pool[Any]", resolve: Resolve, clock: Clock = system_clock) -> None:
        self._db, self._resolve, self._clock = db, resolve, clock
        self._waiting: list[_Parcel] = []
        self._storing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Forget the ids that are too old to come again, once an hour, until cancelled."""
        while True:
            try:
                await self.forget()
            except (OSError, asyncpg.PostgresError):
                log.exception("old ids of events could not be forgotten; next try in an hour")
            await asyncio.sleep(_FORGET_EVERY_S)

    async def forget(self) -> None:
        """Forget ids an hour after they are refused for their age."""
        oldest_ms = self._clock() - WINDOW_DAYS * DAY_MS - 3_600_000
        await self._db.execute("delete from event_seen where id < $1", UUID(int=oldest_ms << 80))

    async def take(self, rows: Sequence[bytes | msgspec.Raw], sender: Sender) -> Taken:
        """Check the rows (JSON objects) and keep the good ones; they are durable when this returns. Busy."""
        if sum(len(parcel.events) for parcel in self._waiting) >= WAITING_MAX:
            raise Busy
        parcel = _Parcel([], [], [], Taken(refused=[]), asyncio.get_running_loop().create_future())
        received_at_ms = self._clock()
        for start in range(0, len(rows), _CHUNK):
            if start:
                await asyncio.sleep(0)  # others get their turn: the actions of customers run in this loop
            for index in range(start, min(start + _CHUNK, len(rows))):
                checked = check(rows[index], index, sender, received_at_ms)
                if isinstance(checked, Refused):
                    parcel.taken.refused.append(checked)
                else:
                    parcel.events.append(checked[0])
                    parcel.shop_ids.append(checked[1])
                    parcel.indexes.append(index)
        if parcel.events:
            self._waiting.append(parcel)
            if self._storing is None:
                self._storing = asyncio.create_task(self._store_waiting())
            await parcel.stored
            parcel.taken.refused.sort(key=lambda refused: refused.index)
        return parcel.taken

    async def _store_waiting(self) -> None:
        while self._waiting:
            parcels, self._waiting = self._waiting, []
            try:
                await self._store(parcels)
            except Exception as failure:
                for parcel in parcels:
                    if not parcel.stored.cancelled():
                        parcel.stored.set_exception(failure)
            else:
                for parcel in parcels:
                    if not parcel.stored.cancelled():
                        parcel.stored.set_result(None)
        self._storing = None

    async def _store(self, parcels: list[_Parcel]) -> None:
        async with self._db.acquire() as connection, connection.transaction():
            customers = await self._customers(connection, parcels)
            good: list[tuple[_Parcel, Event]] = []
            for parcel in parcels:
                for event, index, shop_id in zip(parcel.events, parcel.indexes, parcel.shop_ids, strict=True):
                    if not shop_id:
                        good.append((parcel, event))
                    elif customer := customers.get(shop_id):
                        good.append((parcel, msgspec.structs.replace(event, customer=customer)))
                    else:
                        parcel.taken.refused.append(Refused(index, "unknown_customer", {"customer": shop_id}))
            seen = await _seen(connection, (event.id for _, event in good))
            fresh = []
            for parcel, event in good:
                parcel.taken.accepted += 1
                if event.id in seen:
                    parcel.taken.repeated += 1
                else:
                    seen.add(event.id)
                    fresh.append(event)
            if fresh:
                await outbox.write(connection, fresh)

    async def _customers(self, connection: "asyncpg.Connection[Any]", parcels: list[_Parcel]) -> Mapping[str, str]:
        named = sorted({shop_id for parcel in parcels for shop_id in parcel.shop_ids if shop_id})
        return await self._resolve(connection, named) if named else {}


def check(row: bytes | msgspec.Raw, index: int, sender: Sender, received_at_ms: int) -> tuple[Event, str] | Refused:
    """One row as an event, with the shop's id of its customer (empty: none is to be resolved)."""
    try:
        fact = _decode(row)
    except msgspec.DecodeError as problem:
        return _malformed(row, index, str(problem))
    if fact.BY == "miaohui" or (sender.kind == "browser" and fact.BY != "browser"):
        return Refused(index, "not_yours", {"name": schema.name_of(type(fact)), "sender": sender.kind, "by": fact.BY})
    id = fact.id
    if id is None:
        id = UUID(int=uuid7().int)
    elif id.version != 7:
        return Refused(index, "id_not_uuid7", {"id": str(id)})
    elif not received_at_ms - WINDOW_DAYS * DAY_MS <= id.int >> 80 <= received_at_ms + ID_AHEAD_MS:
        return Refused(index, "id_out_of_window", {"id": str(id), "days": WINDOW_DAYS})
    browser = sender.kind == "browser"
    at_ms = received_at_ms if fact.at is None or browser else ms_of(fact.at)
    if not AT_FIRST_MS <= at_ms <= received_at_ms + AT_AHEAD_MS:
        return Refused(index, "at_out_of_window", {"at": str(fact.at)})
    event = schema.event(
        fact,
        id=str(id),
        at_ms=at_ms,
        received_at_ms=received_at_ms,
        source=sender.source,
        customer=sender.customer if browser else NOBODY,
    )
    return event, "" if browser else fact.customer


def _malformed(row: bytes | msgspec.Raw, index: int, problem: str) -> Refused:
    try:
        name = _name(row).name
    except msgspec.DecodeError:
        return Refused(index, "malformed", {"problem": problem})
    if name not in schema.BY_NAME:
        return Refused(index, "unknown_name", {"name": name})
    return Refused(index, "malformed", {"problem": problem})


async def _seen(connection: "asyncpg.Connection[Any]", ids: Iterable[str]) -> set[str]:
    """Remember the ids; answer those that were remembered before."""
    rows = await connection.fetch(
        """with given as (select distinct id from unnest($1::uuid[]) id order by id),
                fresh as (insert into event_seen select id from given on conflict do nothing returning id)
           select id from given where id not in (select id from fresh)""",
        list(ids),
    )
    return {str(row["id"]) for row in rows}
