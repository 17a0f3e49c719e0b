"""A simulation in PostgreSQL: the durable storage and the operators' own calls, in a workspace made for it, on virtual time.

The workspace's clock stands at the simulation's time, so that the same seed gives the same log as in memory. A process that died
leaves its connection; what it had not committed is rolled back before the next one starts.
"""

from functools import partial
from typing import Any

import asyncpg
import msgspec

from miaohui.clock import moment_of
from miaohui.events.envelope import Event, unpack
from miaohui.host.fairground import Fairground
from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from miaohui.host.setup import Setup
from miaohui.host.storage import Due, Storage
from miaohui.host.timers import due_in
from miaohui.plays._contract import Refusal
from miaohui.simulation.auditor.record import Balance, Moved, Open, Stored
from miaohui.simulation.stage import How
from miaohui.simulation.world import AUDIENCES, CAMPAIGNS, CURRENCY, T, World

_CLOCK = """
create or replace function now_ms() returns bigint language sql volatile as $$ select clock_offset_ms from workspace $$
"""
_IDENTITY = """
insert into identity (kind, hash, customer, valid_from) values ($2, $3, $4, now() - $1 * interval '1 ms')
"""


class InPostgres:
    """A fresh workspace behind `db`, whose owner's address is `url`."""

    def __init__(self, url: str, schema: str, db: "asyncpg.Pool[Any]") -> None:
        self.url, self.schema, self.db = url, schema, db
        self._storage: Postgres | None = None
        self._row, self._read = 0, 0

    async def prepare(self, world: World) -> None:
        """Its clock, its months, and everybody that the world knows."""
        c = await self._connect()
        try:
            await c.execute(_CLOCK)
            await c.execute("select month_partitions($1, 3)", moment_of(T).date())
            visitors = world.visitors
            await c.executemany("insert into customer (id) values ($1)", [(v.id,) for v in visitors])
            identities = [("shop", v.shop_hash, v.id) for v in visitors if v.shop_hash]
            identities += [("phone", v.phone, v.id) for v in visitors if v.phone and not v.shop_hash]
            await c.execute("drop index identity_now")  # two customers of one phone: the world has some
            await c.executemany(_IDENTITY, [(n, *identity) for n, identity in enumerate(identities)])
            members = [(x, v.id, v.mask, v.control) for x in CAMPAIGNS for v in visitors if not v.shop_hash]
            await c.executemany("insert into membership values ($1, $2, $3, $4)", members)
            bits = [(campaign, bit, name) for campaign in CAMPAIGNS for bit, name in enumerate(AUDIENCES)]
            await c.executemany("insert into campaign_audience values ($1, $2, $3)", bits)
        finally:
            await c.close()

    async def _connect(self) -> Any:
        settings = {"search_path": self.schema, "timezone": "UTC"}
        return await asyncpg.connect(self.url, server_settings=settings)

    async def set_time(self, now_ms: int) -> None:
        """See `Stage`."""
        await self.db.execute("update workspace set clock_offset_ms = $1", now_ms)

    async def storage(self) -> Storage:
        """See `Stage`."""
        if self._storage is not None:
            await self._storage.close()
        self._storage = Postgres(self._connect, str.encode)
        return self._storage

    async def stock(self, host: Host, sku: str, quantity: int) -> None:
        """See `Stage`."""
        assert await Fairground(host, self.db).stock(sku, quantity, "simulation") is None

    async def open(self, host: Host, campaign: str, setups: tuple[Setup, ...], budget_minor: int) -> Refusal | None:
        """See `Stage`."""
        return await Fairground(host, self.db).open(campaign, setups, CURRENCY, budget_minor)

    async def pause(self, host: Host, campaign: str) -> None:
        """See `Stage`."""
        await Fairground(host, self.db).pause(campaign)

    async def resume(self, host: Host, campaign: str) -> None:
        """See `Stage`."""
        await Fairground(host, self.db).resume(campaign)

    async def close(self, host: Host, campaign: str, how: How) -> None:
        """See `Stage`."""
        await Fairground(host, self.db).close(campaign, how)

    async def due(self, limit: int, without: set[str]) -> list[Due]:
        """See `Stage`."""
        due = await due_in(self.db, limit + len(without))
        return [timer for timer in due if timer.key not in without][:limit]

    async def next_due_ms(self, without: set[str]) -> int | None:
        """See `Stage`."""
        found: int | None = await self.db.fetchval("select min(due_ms) from state where key <> all($1)", list(without))
        return found

    async def events(self, after: int) -> list[Event]:
        """See `Stage`."""
        rows = await self.db.fetch("select id, events from outbox where id > $1 order by id", self._row)
        assert after == self._read, "the events are read from the beginning, each once"
        events = [event for row in rows for event in unpack(row[1])]
        self._row, self._read = max([self._row, *(row[0] for row in rows)]), self._read + len(events)
        return events

    async def stored(self) -> Stored:
        """See `Stage`."""
        fetch = partial(self.db.fetch)
        accounts = await fetch(
            "select key, unit, debits, credits, debits_pending, credits_pending, ceiling from account"
        )
        transfers = await fetch(
            "select id, debit, credit, amount, kind, coalesce(pending, '') from transfer order by seq"
        )
        return Stored(
            accounts={row[0]: Balance(*row[1:]) for row in accounts},
            transfers=[Moved(r[0], r[1], r[2], r[3], r[4], (r[5] or r[0]) if r[4] else b"") for r in transfers],
            holds=[Open(*row) for row in await fetch("select id, keeper, debit, credit, amount from hold")],
            states={
                r[0]: (r[1], msgspec.msgpack.decode(r[2])) for r in await fetch("select key, terms, body from state")
            },
            timers={row[0] for row in await fetch("select key from state where due_ms is not null")},
            replies={row[0]: row[1] for row in await fetch("select key, body from reply")},
        )
