"""The event store of another process, asked over HTTP: one process owns it (`server/owner.py`), all others reach it here.

Only queries go this way; whoever writes events writes the outbox. The owner's address stands in the database, written by the
owner itself. A request is signed with a key of the workspace's secret, which both have; nobody else may ask. Answers are
msgpack; values that msgpack does not know (dates, times with their zone, UUIDs, decimals) keep their type.
"""

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import msgspec

from miaohui.events.store import QUERY_S, EventStore
from miaohui.pages.errors import PageError
from miaohui.text import Text
from miaohui.vault import Vault

PATH = "/inside/events"
SIGNATURE = "miaohui-signature"
_PURPOSE = "inside"
_ADDRESS = "select owner_url from workspace"
_ADDRESS_S = 1.0
_PLAIN = {int, str, float, bool, bytes, type(None)}
_TIME, _DAY, _UUID, _DECIMAL = range(1, 5)


class EventsAway(PageError):
    """The process that owns the event store cannot be reached."""

    def __init__(self, why: Text) -> None:
        super().__init__(503, Text("现在看不到事件数据", "Events cannot be reached now"), why)


class RemoteStore(EventStore):
    """Reads the owner's event store. Raises `EventsAway`; what the store itself refuses is a RuntimeError with its words."""

    def __init__(self, db: "asyncpg.Pool[Any]", vault: Vault) -> None:
        self._db, self._vault = db, vault
        self._address, self._known_until_s = "", 0.0
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(QUERY_S + 5, connect=2), trust_env=False)

    async def query(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """See `EventStore`."""
        body = pack({"sql": sql, "parameters": parameters})
        address = await self._owner()
        try:
            answer = await self._http.post(
                address + PATH, content=body, headers={SIGNATURE: signature(self._vault, body)}
            )
        except httpx.TransportError as e:
            self._known_until_s = 0.0
            raise _away(address, str(e) or type(e).__name__) from e
        if answer.status_code == 400:
            raise RuntimeError(unpack(answer.content)["error"])
        if answer.status_code != 200:
            raise _away(address, f"HTTP {answer.status_code}")
        columns, rows = unpack(answer.content)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    async def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], token: str) -> None:
        """Never: the outbox is the way for events of other processes."""
        raise AssertionError(f"{table} is written by the owner of the event store only")

    async def insert_block(self, table: str, columns: Sequence[str], block: bytes, token: str) -> None:
        """Never, as `insert`."""
        raise AssertionError(f"{table} is written by the owner of the event store only")

    async def command(self, sql: str) -> None:
        """Never, as `insert`."""
        raise AssertionError(f"only the owner of the event store may run {sql[:40]!r}")

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _owner(self) -> str:
        if time.monotonic() >= self._known_until_s:
            self._address = await self._db.fetchval(_ADDRESS)
            self._known_until_s = time.monotonic() + _ADDRESS_S
        if not self._address:
            raise EventsAway(
                Text(
                    "没有进程持有事件库：请启动 miaohui worker（或 miaohui run）。领取、下单不受影响。",
                    "No process owns the event store: start `miaohui worker` (or `miaohui run`). Claims and orders go on.",
                )
            )
        return self._address


def _away(address: str, why: str) -> EventsAway:
    return EventsAway(
        Text(
            f"持有事件库的进程（{address}）没有回答：{why}。请查看它是否在运行；领取、下单不受影响。",
            f"The process that owns the event store ({address}) does not answer: {why}. See whether it runs; "
            "claims and orders go on.",
        )
    )


async def answer(store: EventStore, body: bytes) -> tuple[int, bytes]:
    """The owner's side: HTTP status and body for a request that `signed` has let in."""
    asked = unpack(body)
    try:
        rows = await store.query(asked["sql"], asked["parameters"])
    except Exception as e:  # the words of the store are for whoever asked
        return 400, pack({"error": f"{type(e).__name__}: {e}"})
    columns = list(rows[0]) if rows else []
    return 200, pack([columns, [list(row.values()) for row in rows]])


def signature(vault: Vault, body: bytes) -> str:
    """What shows that a request comes from a process of this workspace."""
    return vault.sign(_PURPOSE, body.hex())


def signed(vault: Vault, body: bytes, given: str) -> bool:
    """Whether `given` is that signature."""
    return vault.signed(_PURPOSE, body.hex(), given)


# --- values ------------------------------------------------------------------------------------------------------------------
def pack(value: Any) -> bytes:
    """Rows, parameters and all they may hold as msgpack."""
    return msgspec.msgpack.encode(_out(value))


def unpack(body: bytes) -> Any:
    """What `pack` made; tuples come back as lists."""
    return msgspec.msgpack.decode(body, ext_hook=_in)


def _out(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, dict):
        return {name: _out(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_out(one) for one in value]
    if isinstance(value, datetime):
        return _ext(_TIME, f"{value.isoformat()} {getattr(value.tzinfo, 'key', '')}")
    if isinstance(value, date):
        return _ext(_DAY, value.isoformat())
    if isinstance(value, UUID):
        return _ext(_UUID, str(value))
    if isinstance(value, Decimal):
        return _ext(_DECIMAL, str(value))
    raise TypeError(f"{type(value).__name__} cannot go to another process")


def _ext(code: int, text: str) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(code, text.encode())


def _in(code: int, data: memoryview) -> Any:
    text = bytes(data).decode()
    if code == _TIME:
        at, _, zone = text.partition(" ")
        read = datetime.fromisoformat(at)
        return read.astimezone(ZoneInfo(zone)) if zone else read
    return _READ[code](text)


_READ: dict[int, Callable[[str], Any]] = {_DAY: date.fromisoformat, _UUID: UUID, _DECIMAL: Decimal}
