"""The durable storage: one connection that writes, one statement and one transaction a batch; one that reads for the next batch
meanwhile; one that asks who those are that come in. The SQL is in functions of the database (`host_acquaint`, `host_welcome`,
`host_lock`, `host_peek`, `host_store`): written in sets, reaching tables only through `= any($array)`, without joins.

A new connection is made when the old one broke; a batch whose commit has an unknown outcome is run again by the host, and the
stored replies tell what was granted.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
from uuid_utils import uuid7

from miaohui.events.envelope import pack
from miaohui.host import retention
from miaohui.host.setup import Register, unpack
from miaohui.host.storage import Acquaintance, Broken, Changes, Full, Loaded, Person, Raced, StateRow
from miaohui.host.submission import Customer
from miaohui.host.wire import ROW_TYPES, Wire
from miaohui.ledger.accounts import Account, Hold

SETTINGS = {"enable_seqscan": "off", "enable_nestloop": "off", "jit": "off", "plan_cache_mode": "force_generic_plan"}
"""For the host's connection: every table is reached by key, whatever its statistics say."""

PATIENCE_S = 20.0
"""What has no answer by then breaks its connection: a network that has fallen silent, a machine that is gone. TCP alone would wait
for a quarter of an hour. Whether the batch was committed is found out when it is run again."""

STALLED = "5s"
"""A process that stops in the middle of a batch (paused, cut off) holds its locks, if it has any, that long; then PostgreSQL takes
the batch back, and the others go on. If the process wakes up, it runs the batch again."""

Connect = Callable[[], Awaitable[Any]]
Batch = tuple[Any, ...]
"""The parameters of `host_store`."""
_STALLED = f"set_config('idle_in_transaction_session_timeout', '{STALLED}', true)"
_ACQUAINT = "select * from host_acquaint($1, $2, $3)"
_WELCOME = "select * from host_welcome($1, $2, $3)"
_LOCK = f"select host_lock($1, $2), {_STALLED}"
_PEEK = "select * from host_peek($1, $2, $3, $4, $5, $6)"
_STORE = "select host_store(" + ", ".join(f"${n}" for n in range(1, 23)) + ")"
_TYPES = "select typname, oid, typarray from pg_type where typnamespace = current_schema()::regnamespace and typname = any($1)"
GONE = (
    *(asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError),
    *(asyncpg.OperatorInterventionError, asyncpg.TooManyConnectionsError),  # it stops, starts, or is full of us
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""What asyncpg raises when PostgreSQL is away, or this connection is of no use any more."""
_FULL = (asyncpg.InsufficientResourcesError, asyncpg.PostgresSystemError)
"""No room, no memory, a disk that fails: PostgreSQL's own trouble, whatever the batch is."""
_LOST = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError)


class Postgres:
    """One host's connection. `connect` gives a connection whose search_path is the workspace's schema; `seal` encrypts the
    shop's id of a new customer."""

    def __init__(self, connect: Connect, seal: Callable[[str], bytes]) -> None:
        self._connect, self._seal, self._last_ms = connect, seal, 0
        self._host = str(uuid7())
        self._c: Any = None
        self._reading: Any = None
        self._asking: Any = None
        self._locked = False
        self._since = datetime(1970, 1, 1, tzinfo=UTC)

    async def _ready(self) -> Any:
        if self._c is None or self._c.is_closed():
            c = await self._connect()
            await _set(c, SETTINGS)
            self._wire = await _wire(c)
            self._lock = (await c.prepare(_LOCK)).fetchrow
            self._peek_locked = (await c.prepare(_PEEK)).fetchrow
            self._store = (await c.prepare(_STORE)).fetchval
            self._c, self._locked = c, False
        return self._c

    async def _reader(self) -> None:
        """The connection that reads for the next batch: each statement is a transaction."""
        if self._reading is None or self._reading.is_closed():
            c = await self._connect()
            await _set(c, SETTINGS)
            self._peek = (await c.prepare(_PEEK)).fetchrow
            self._reading = c

    async def _ask(self) -> None:
        """The connection that asks: each statement is a transaction. It waits for the disk as the others do, so that nobody sees a
        customer who is not on it: a PostgreSQL that is killed would forget him, and be back for what he does next."""
        if self._asking is None or self._asking.is_closed():
            c = await self._connect()
            await _set(c, SETTINGS)
            self._acquaint = (await c.prepare(_ACQUAINT)).fetchrow
            self._welcome = (await c.prepare(_WELCOME)).fetchrow
            self._asking = c

    @contextlib.asynccontextmanager
    async def _using(self, name: str) -> AsyncIterator[None]:
        """Work with the connection of that name, with patience; the troubles that a batch survives get their names."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield
        except _LOST as e:
            raise Raced(str(e)) from e
        except TimeoutError as e:
            if (c := getattr(self, name)) is not None:
                c.terminate()
                setattr(self, name, None)
            raise Broken(f"PostgreSQL has not answered for {PATIENCE_S:g} s") from e
        except GONE as e:
            raise Broken(str(e)) from e
        except _FULL as e:
            raise Full(str(e)) from e
        except asyncpg.InternalServerError as e:
            if e.sqlstate != asyncpg.InternalServerError.sqlstate:
                raise  # rows that are damaged: others can be written
            raise Full(str(e)) from e  # a file that must not grow is among them

    async def moved(self, epoch: int) -> bool:
        """See `Storage`."""
        async with self._using("_c"):
            c = await self._ready()
            return bool(await c.fetchval("select epoch <> $1 from workspace", epoch))

    async def register(self) -> Register:
        """See `Storage`."""
        async with self._using("_c"):
            c = await self._ready()
            # the epoch first: what changes later is found out by it
            epoch, read_ms = await c.fetchrow("select epoch, now_ms() from workspace")
            versions = [unpack(row[0]) for row in await c.fetch("select setup from play_version")]
            rows = await c.fetch("select campaign, play, version, running from play_running")
            running = {(row[0], row[1]): (row[2], row[3]) for row in rows}
            audiences: dict[str, tuple[tuple[int, str], ...]] = {}
            for campaign, bit, name in await c.fetch("select campaign, bit, name from campaign_audience order by 1, 2"):
                audiences[campaign] = (*audiences.get(campaign, ()), (bit, name))
            self._since = await retention.since(c)
            return Register.of(epoch, versions, running, audiences, max(self._last_ms, read_ms))

    async def acquaint(self, customers: list[Customer], orders: list[str]) -> Acquaintance:
        """See `Storage`."""
        shop = {c.shop_hash: c for c in customers if not c.id}
        ids = [c.id for c in customers if c.id]
        async with self._using("_asking"):
            await self._ask()
            row = await self._acquaint(list(shop), ids, orders)
            known = Acquaintance(
                dict(_rows(row, "c_hash", "c_id")), _known(row).people, dict(_rows(row, "o_key", "o_body"))
            )
            new = [c for c in shop.values() if c.shop_hash not in known.customers]
            if new:
                made = await self._welcome(
                    [c.shop_hash for c in new], [self._seal(c.shop_id) for c in new], [str(uuid7()) for _ in new]
                )
                known.customers |= dict(_rows(made, "c_hash", "c_id"))
        return known

    async def lock(self, states: list[str], accounts: list[str]) -> None:
        """See `Storage`."""
        async with self._using("_c"):
            c = await self._ready()
            await c.execute("begin")
            self._locked = True
            await self._lock(states, accounts)

    async def peek(
        self,
        states: list[str],
        accounts: list[str],
        replies: list[bytes],
        customers: list[str],
        *,
        locked: bool = False,
    ) -> Loaded:
        """See `Storage`."""
        async with self._using("_c" if locked else "_reading"):
            if locked:
                row = await self._peek_locked(states, accounts, replies, self._since, customers, self._host)
            else:
                await self._reader()
                row = await self._peek(states, accounts, replies, self._since, customers, self._host)
        balances = {key: Account() for key in accounts}
        keys, numbers = row["a_key"] or (), row["a_number"]
        n = len(keys)
        for i, key in enumerate(keys):
            balances[key] = Account(
                numbers[i],
                numbers[n + i],
                numbers[2 * n + i],
                numbers[3 * n + i],
                row["a_unit"][i],
                row["a_overdraft"][i],
                row["a_ceiling"][i],
                numbers[4 * n + i],
            )
        self._last_ms = max(self._last_ms, row["at_ms"])
        return Loaded(
            self._last_ms,
            row["at_epoch"],
            {key: StateRow(v, t, b) for key, v, t, b in _rows(row, "s_key", "s_version", "s_terms", "s_body")},
            balances,
            {h[0]: Hold(*h) for h in _rows(row, "h_id", "h_keeper", "h_debit", "h_credit", "h_amount")},
            {key: (hash, body) for key, hash, body in _rows(row, "r_key", "r_hash", "r_body")},
            _known(row),
            row["at_mark"] or 0,
        )

    def prepare(self, changes: Changes) -> Batch:
        """See `Storage`."""
        born, states, ended, opened, accounts, transfers, holds, replies, timers, shared = self._wire.pack(changes)
        seen_states, seen_accounts = changes.seen_states, changes.seen_accounts
        return (
            changes.now_ms,
            *(born, states, ended, opened, accounts, transfers, holds),
            [h.id for h in changes.settled],
            replies,
            timers,
            pack(changes.events) if changes.events else None,
            changes.epoch,
            list(seen_states),
            [f"{key} {version}" for key, version in seen_states.items() if version],
            list(seen_accounts),
            [f"{key} {version}" for key, version in seen_accounts.items() if version],
            [key for key, _ in changes.spent],
            [f"{key} {due_ms}" for key, due_ms in changes.spent],
            shared,
            self._host,
            changes.mark,
        )

    async def write(self, batch: Batch) -> None:
        """See `Storage`."""
        async with self._using("_c"):
            await self._ready()
            try:
                await self._store(*batch)
            except asyncpg.CheckViolationError as e:
                if self._locked:
                    raise  # nobody was faster: this batch can never be written
                raise Raced(str(e)) from e
            if self._locked:
                self._locked = False
                await self._c.execute("commit")

    async def rollback(self) -> None:
        """See `Storage`."""
        try:
            if self._c is not None and self._locked:
                async with asyncio.timeout(PATIENCE_S):
                    await self._c.execute("rollback")
        except GONE:
            self._c.terminate()
            self._c = None
        self._locked = False

    async def close(self) -> None:
        """See `Storage`."""
        for c in (self._c, self._reading, self._asking):
            if c is not None:
                with contextlib.suppress(*GONE):
                    await c.close()


async def _set(c: Any, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        await c.execute(f"set {name} = {value}")


def _rows(row: Any, *columns: str) -> Any:
    return zip(*(row[column] or () for column in columns), strict=True)


async def _wire(c: Any) -> Wire:
    """How batches are packed for this connection, which from now on takes packed arrays of their row types as they are. The driver
    offers that for single values only, hence the way round its front door; no such array ever comes back."""
    rows = await c.fetch(_TYPES, list(ROW_TYPES))
    settings = c._protocol.get_settings()
    for name, _, array in rows:
        settings.add_python_codec(array, f"_{name}", "", [], "scalar", _as_it_is, _as_it_is, "binary")
    return Wire({name: type_ for name, type_, _ in rows})


def _as_it_is(packed: bytes) -> bytes:
    return packed


def _known(row: Any) -> Acquaintance:
    known = Acquaintance()
    for customer, kind, hash in _rows(row, "i_customer", "i_kind", "i_hash"):
        if kind == "shop":
            known.customers[hash] = customer
        else:
            _person(known, customer).identities[kind] = hash
    for customer, name in _rows(row, "n_customer", "n_name"):
        person = _person(known, customer)
        person.consents |= {name}
    for campaign, customer, mask, control in _rows(row, "m_campaign", "m_customer", "m_mask", "m_control"):
        _person(known, customer).memberships[campaign] = (mask, control)
    return known


def _person(known: Acquaintance, customer: str) -> Person:
    return known.people.setdefault(customer, Person())
