"""Where the plays are kept: the same words for a storage in memory and one in PostgreSQL (`on_postgres`).

`now_ms` is the only time there is. Deeds of operators go through the host like everything else of value.
"""

from typing import Any, Literal, Protocol

import msgspec

from miaohui.events.envelope import Event
from miaohui.host import fairground
from miaohui.host.fairground import difference, dropped, either_way, homes
from miaohui.host.host import Host
from miaohui.host.memory import Memory
from miaohui.host.openings import Fill, Filling
from miaohui.host.setup import Setup, machine
from miaohui.host.storage import Due, Person, Storage
from miaohui.ledger.accounts import budget_key, piece, sku_key
from miaohui.plays._contract import Refusal
from miaohui.simulation.auditor.record import Balance, Moved, Open, Stored
from miaohui.simulation.world import AUDIENCES, CAMPAIGNS, World

How = Literal["let_run", "fail_all"]


class Stage(Protocol):
    """A storage, its time, and what operators do on it."""

    async def set_time(self, now_ms: int) -> None:
        """It is `now_ms` for everybody."""

    async def storage(self) -> Storage:
        """For a new process; an earlier one is dead, and what it had not committed is gone."""

    async def stock(self, host: Host, sku: str, quantity: int) -> None:
        """The shop has `quantity` of `sku`."""

    async def open(self, host: Host, campaign: str, setups: tuple[Setup, ...], budget_minor: int) -> Refusal | None:
        """Fund, fill, and run these versions."""

    async def pause(self, host: Host, campaign: str) -> None:
        """Nothing new is started."""

    async def resume(self, host: Host, campaign: str) -> None:
        """After a pause."""

    async def close(self, host: Host, campaign: str, how: How) -> None:
        """Nothing new, for good; what the pools still have goes home."""

    async def due(self, limit: int, without: set[str]) -> list[Due]:
        """Timers whose time has come, except some."""

    async def next_due_ms(self, without: set[str]) -> int | None:
        """When the next timer is due, if there is one."""

    async def events(self, after: int) -> list[Event]:
        """The events behind the first `after`."""

    async def stored(self) -> Stored:
        """Everything that is stored, as plain figures."""


class InMemory:
    """In dicts."""

    def __init__(self, world: World) -> None:
        self.now_ms = 0
        ids = {visitor.shop_hash: visitor.id for visitor in world.visitors}
        self.memory = Memory(lambda: self.now_ms, lambda customer: ids[customer.shop_hash])
        self.memory.audiences = {c: tuple(enumerate(AUDIENCES)) for c in CAMPAIGNS}
        self.memory.people = {
            v.id: Person(
                {"phone": v.phone} if v.phone else {}, frozenset(), dict.fromkeys(CAMPAIGNS, (v.mask, v.control))
            )
            for v in world.visitors
            if not v.shop_hash
        }
        self._funded: dict[str, int] = {}

    async def set_time(self, now_ms: int) -> None:
        """See `Stage`."""
        self.now_ms = now_ms

    async def storage(self) -> Storage:
        """See `Stage`."""
        await self.memory.rollback()
        return self.memory

    async def stock(self, host: Host, sku: str, quantity: int) -> None:
        """See `Stage`."""
        assert (
            await self._fill(host, Filling("", f"stock/{sku}", (Fill(sku_key(sku), piece(sku), "", quantity),))) is None
        )

    async def open(self, host: Host, campaign: str, setups: tuple[Setup, ...], budget_minor: int) -> Refusal | None:
        """See `Stage`."""
        current = self._current(campaign)
        fund = Fill(budget_key(campaign), setups[0].currency, "", budget_minor - self._funded.get(campaign, 0))
        fills = [fund] + [move for setup in setups for move in difference(current.get(setup.play), setup)]
        left = [drain for setup in setups for drain in dropped(current.get(setup.play), setup)]
        version = max(setup.version for setup in setups)
        filling = Filling(campaign, f"open/{version}", tuple(map(either_way, fills)), tuple(left))
        refusal = await self._fill(host, filling)
        if refusal is None:
            self._funded[campaign] = budget_minor
            for setup in setups:
                _, running = self.memory.running.get((campaign, setup.play), (0, "running"))
                self.memory.set_up(setup, "running" if running == "closed" else running)
            await host.refresh()
        return refusal

    async def pause(self, host: Host, campaign: str) -> None:
        """See `Stage`."""
        await self._set(host, campaign, "running", "paused")

    async def resume(self, host: Host, campaign: str) -> None:
        """See `Stage`."""
        await self._set(host, campaign, "paused", "running")

    async def close(self, host: Host, campaign: str, how: How) -> None:
        """See `Stage`."""
        for before in ("running", "paused"):
            await self._set(host, campaign, before, "closed")
        if how == "fail_all":
            self._fail_all(campaign)
        accounts = self.memory.accounts
        for play in self._current(campaign):
            drains = homes(setup for setup in self.memory.setups if (setup.campaign, setup.play) == (campaign, play))
            if any(pool in accounts and accounts[pool].room() for pool, _ in drains):
                await self._fill(host, Filling(campaign, f"close/{play}/{len(self.memory.transfers)}", (), drains))

    def _fail_all(self, campaign: str) -> None:
        for setup in self._current(campaign).values():
            made = machine(setup.module)
            stop = getattr(made.module, "stop", None)
            if stop is None or made.state is None:
                continue
            for key, row in sorted(self.memory.states.items()):
                action = stop(key, made.state(row.body)) if key.startswith(f"play/{setup.id}/") else None
                if action is not None:
                    packed = msgspec.msgpack.encode(action)
                    self.memory.timers[key] = Due(key, self.now_ms, campaign, setup.play, packed)

    async def _set(self, host: Host, campaign: str, before: str, after: Any) -> None:
        for key, (version, running) in list(self.memory.running.items()):
            if key[0] == campaign and running == before:
                self.memory.running[key] = (version, after)
        self.memory.epoch += 1
        await host.refresh()

    async def _fill(self, host: Host, filling: Filling) -> Refusal | None:
        return (await host.submit(fairground.submission(host, filling))).refusal

    def _current(self, campaign: str) -> dict[str, Setup]:
        versions = {(s.campaign, s.play, s.version): s for s in self.memory.setups}
        return {
            play: versions[c, play, version] for (c, play), (version, _) in self.memory.running.items() if c == campaign
        }

    async def due(self, limit: int, without: set[str]) -> list[Due]:
        """See `Stage`."""
        due = await self.memory.due(limit + len(without))
        return [timer for timer in due if timer.key not in without][:limit]

    async def next_due_ms(self, without: set[str]) -> int | None:
        """See `Stage`."""
        return min((t.due_ms for t in self.memory.timers.values() if t.key not in without), default=None)

    async def events(self, after: int) -> list[Event]:
        """See `Stage`."""
        return self.memory.events[after:]

    async def stored(self) -> Stored:
        """See `Stage`."""
        m = self.memory
        return Stored(
            accounts={
                key: Balance(a.unit or "", a.debits, a.credits, a.debits_pending, a.credits_pending, a.ceiling)
                for key, a in m.accounts.items()
            },
            transfers=[
                Moved(id, t.debit, t.credit, t.amount, int(t.kind), (t.pending or id) if t.kind else b"", t.ceiling)
                for id, t, _ in m.transfers
            ],
            holds=[Open(h.id, h.keeper, h.debit, h.credit, h.amount) for h in m.holds()],
            states={key: (row.terms, msgspec.msgpack.decode(row.body)) for key, row in m.states.items()},
            timers=set(m.timers),
            replies={id: body for id, (_, body) in m.replies.items()},
        )
