"""The durable storage: one connection, one transaction a batch. The SQL is in the functions `host_acquaint`, `host_load` and
`host_store` of the first migration: written in sets, reaching tables only through `= any($array)`, without joins.

A new connection is made when the old one broke; a batch whose commit has an unknown outcome is run again by the host, and the
stored replies tell what was granted.
"""

import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from miaohui.events.envelope import pack
from miaohui.host.setup import Register, unpack
from miaohui.host.storage import Acquaintance, Broken, Changes, Loaded, Person, Raced, StateRow
from miaohui.host.submission import Customer
from miaohui.ledger.accounts import Account, Hold

REPLIES_DAYS = 30
"""How long an answer is replayed at least; longer while its campaign is not archived."""

SETTINGS = {"enable_seqscan": "off", "enable_nestloop": "off", "jit": "off", "plan_cache_mode": "force_generic_plan"}
"""For the host's connection: every table is reached by key, whatever its statistics say."""

Connect = Callable[[], Awaitable[Any]]
_ACQUAINT = "select * from host_acquaint($1, $2, $3, $4, $5, $6)"
_LOAD = "select * from host_load($1, $2, $3, $4)"
_STORE = "select host_store(" + ", ".join(f"${n}" for n in range(1, 43)) + ")"
_GONE = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.CannotConnectNowError, OSError)
_LOST = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError)


class Postgres:
    """One host's connection. `connect` gives a connection whose search_path is the workspace's schema."""

    def __init__(self, connect: Connect) -> None:
        self._connect, self._last_ms = connect, 0
        self._c: Any = None
        self._since = datetime(1970, 1, 1, tzinfo=UTC)

    async def _ready(self) -> Any:
        if self._c is None or self._c.is_closed():
            c = await self._connect()
            for name, value in SETTINGS.items():
                await c.execute(f"set {name} = {value}")
            self._acquaint = (await c.prepare(_ACQUAINT)).fetchrow
            self._load = (await c.prepare(_LOAD)).fetchrow
            self._store = (await c.prepare(_STORE)).fetchval
            await c.execute("begin")
            self._c = c
        return self._c

    async def register(self) -> Register:
        """See `Storage`."""
        with _named():
            c = await self._ready()
            epoch = await c.fetchval("select epoch from workspace")
            versions = [unpack(row[0]) for row in await c.fetch("select setup from play_version")]
            rows = await c.fetch("select campaign, play, version, running from play_running")
            running = {(row[0], row[1]): (row[2], row[3]) for row in rows}
            audiences: dict[str, tuple[tuple[int, str], ...]] = {}
            for campaign, bit, name in await c.fetch("select campaign, bit, name from campaign_audience order by 1, 2"):
                audiences[campaign] = (*audiences.get(campaign, ()), (bit, name))
            self._since = await c.fetchval(_SINCE, timedelta(days=REPLIES_DAYS))
            await c.execute("commit; begin")
            return Register.of(epoch, versions, running, audiences)

    async def acquaint(self, customers: list[Customer], campaigns: list[str], orders: list[str]) -> Acquaintance:
        """See `Storage`."""
        with _named():
            await self._ready()
            new = {c.shop_hash: c for c in customers if c.shop_hash}
            known = [c.id for c in customers if c.id]
            row = await self._acquaint(
                list(new),
                [c.shop_value for c in new.values()],
                [c.new_id for c in new.values()],
                known,
                campaigns,
                orders,
            )
        people: dict[str, Person] = {}
        for customer, kind, hash in _rows(row, "i_customer", "i_kind", "i_hash"):
            people.setdefault(customer, Person()).identities[kind] = hash
        for customer, name in _rows(row, "n_customer", "n_name"):
            person = people.setdefault(customer, Person())
            person.consents |= {name}
        for campaign, customer, mask, control in _rows(row, "m_campaign", "m_customer", "m_mask", "m_control"):
            people.setdefault(customer, Person()).memberships[campaign] = (mask, control)
        return Acquaintance(dict(_rows(row, "c_hash", "c_id")), people, dict(_rows(row, "o_key", "o_body")))

    async def load(self, states: list[str], accounts: list[str], replies: list[bytes]) -> Loaded:
        """See `Storage`."""
        with _named():
            await self._ready()
            row = await self._load(states, accounts, replies, self._since)
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
        )

    async def store(self, changes: Changes) -> None:
        """See `Storage`."""
        states, accounts = changes.states, list(changes.accounts.items())
        transfers, set_, balances = changes.transfers, changes.timers, [a for _, a in accounts]
        timers = [(name, *timer) for name, timer in set_.items() if timer is not None]
        with _named():
            await self._store(
                changes.now_ms,
                *(
                    [getattr(s, f) for s in states]
                    for f in ("key", "version", "campaign", "play", "terms", "customer", "body")
                ),
                [key for key, _ in accounts],
                *(
                    [getattr(a, f) for a in balances]
                    for f in ("unit", "debits", "credits", "debits_pending", "credits_pending")
                ),
                [a.overdraft for a in balances],
                [a.ceiling for a in balances],
                [a.version + 1 for a in balances],
                [id for id, _, _ in transfers],
                *([getattr(t, f) for _, t, _ in transfers] for f in ("debit", "credit", "amount")),
                [int(t.kind) for _, t, _ in transfers],
                [t.pending or None for _, t, _ in transfers],
                [action for _, _, action in transfers],
                *([getattr(h, f) for h in changes.holds] for f in ("id", "keeper", "debit", "credit", "amount")),
                [h.id for h in changes.settled],
                *([reply[i] for reply in changes.replies] for i in range(4)),
                *([timer[i] for timer in timers] for i in range(6)),
                [name for name, timer in set_.items() if timer is None],
                pack(changes.events) if changes.events else None,
            )

    async def commit(self) -> None:
        """See `Storage`."""
        with _named():
            await self._c.execute("commit; begin")

    async def rollback(self) -> None:
        """See `Storage`."""
        with contextlib.suppress(*_GONE):
            if self._c is not None and not self._c.is_closed():
                await self._c.execute("rollback; begin")

    async def close(self) -> None:
        """See `Storage`."""
        if self._c is not None:
            await self._c.close()


_SINCE = """select least(to_timestamp(now_ms() / 1000.0) - $1::interval,
                  (select min(at) from play_version join play_running using (campaign, play)))"""


def _rows(row: Any, *columns: str) -> Any:
    return zip(*(row[column] or () for column in columns), strict=True)


@contextlib.contextmanager
def _named() -> Any:
    """The two troubles a batch survives, under their names."""
    try:
        yield
    except _LOST as e:
        raise Raced(str(e)) from e
    except _GONE as e:
        raise Broken(str(e)) from e
