"""What operators do to a campaign's plays: fund, open, change, pause, resume, stop, close. Everything of value goes through the
host as fillings, all or nothing and once; which version runs, and whether it may start anything, is written beside it and raises
the workspace's epoch, so that every host reads the plays anew before its next batch.

The steps are repeatable: after a crash in between, the same call goes on where it was.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import msgspec

from miaohui.host.host import Host
from miaohui.host.openings import Fill, Filling
from miaohui.host.setup import Running, Setup, machine, pack, unpack
from miaohui.host.submission import Caller, Submission, body_hash
from miaohui.ledger.accounts import budget_key, piece, pool_key, sku_key
from miaohui.plays._contract import Refusal

_US = Caller("us")


class Fairground:
    """The plays of one workspace; `db` is its pool of connections."""

    def __init__(self, host: Host, db: Any) -> None:
        self.host, self.db = host, db

    async def stock(self, sku: str, quantity: int, key: str) -> Refusal | None:
        """The shop has `quantity` more of `sku`; the same `key` counts once."""
        return await self._fill(Filling("", f"stock/{sku}/{key}", (Fill(sku_key(sku), piece(sku), "", quantity),)))

    async def open(self, campaign: str, setups: Sequence[Setup], currency: str, budget_minor: int) -> Refusal | None:
        """Fund the campaign and fill the pools of its plays, then make these versions the current ones, running.

        Setups that run already in an older version are changed: pools get, or give back, the difference. Refusals:
        not_enough (account, have, wanted), unknown_account, other_unit; then nothing runs that did not run before.
        """
        current = await self._current(campaign)
        version = max((setup.version for setup in setups), default=0)
        moves = [Fill(budget_key(campaign), currency, "", budget_minor - await self._funded(campaign))]
        left: list[tuple[str, str]] = []
        for setup in setups:
            moves += difference(current.get(setup.play), setup)
            left += dropped(current.get(setup.play), setup)
        filling = Filling(campaign, f"open/{version}", tuple(either_way(move) for move in moves), tuple(left))
        refusal = await self._fill(filling)
        if refusal is None:
            async with self._transaction() as c:
                for setup in setups:
                    await c.execute(_VERSION, campaign, setup.play, setup.version, setup.module, pack(setup))
                    await c.execute(_RUN, campaign, setup.play, setup.version)
                await c.execute(_EPOCH)
        return refusal

    async def pause(self, campaign: str) -> None:
        """Nothing new is started; what was promised is honoured."""
        await self._set(campaign, "paused", "running")

    async def resume(self, campaign: str) -> None:
        """After a pause."""
        await self._set(campaign, "running", "paused")

    async def close(self, campaign: str, how: Literal["let_run", "fail_all"] = "let_run") -> None:
        """Nothing new is started, for good, and what the pools still have goes home. `fail_all` also ends what is open now
        (parties, not coupons); with `let_run` it runs to its own end. Call it again to collect what came back since."""
        await self._set(campaign, "closed", "running", "paused")
        if how == "fail_all":
            await self._fail_all(campaign)
        versions: dict[str, list[Setup]] = {}
        for row in await self.db.fetch(_VERSIONS, campaign):
            versions.setdefault(row[0], []).append(unpack(row[1]))
        for play, setups in versions.items():
            drains = homes(setups)
            left = await self.db.fetchval(_LEFT, [pool for pool, _ in drains])
            if left:
                marker = await self.db.fetchval("select coalesce(max(seq), 0) from transfer")
                await self._fill(Filling(campaign, f"close/{play}/{marker}", (), drains))

    async def _fail_all(self, campaign: str) -> None:
        """Give every open instance a timer that is due now, with the action by which its play ends it."""
        for setup in (await self._current(campaign)).values():
            made = machine(setup.module)
            stop = getattr(made.module, "stop", None)
            if stop is None or made.state is None:
                continue
            rows = await self.db.fetch(_STATES, campaign, setup.play)
            for key, body in rows:
                action = stop(key, made.state(body))
                if action is not None:
                    await self.db.execute(_TIMER, key, msgspec.msgpack.encode(action))

    async def _fill(self, filling: Filling) -> Refusal | None:
        if not filling.fills and not filling.drains:
            return None
        return (await self.host.submit(submission(self.host, filling))).refusal

    async def _set(self, campaign: str, running: Running, *before: Running) -> None:
        async with self._transaction() as c:
            await c.execute(_SET, campaign, running, list(before))
            await c.execute(_EPOCH)

    async def _current(self, campaign: str) -> dict[str, Setup]:
        return {row[0]: unpack(row[1]) for row in await self.db.fetch(_CURRENT, campaign)}

    async def _funded(self, campaign: str) -> int:
        """What the campaign's budget was given in all."""
        return int(await self.db.fetchval(_FUNDED, budget_key(campaign)))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Any]:
        async with self.db.acquire() as c, c.transaction():
            yield c
        await self.host.refresh()


def submission(host: Host, filling: Filling) -> Submission:
    """A filling as something to decide. Its action names it: the same action of a campaign is decided once."""
    return Submission(
        id=host.id(_US, "", filling.campaign, "", filling.action),
        hash=body_hash(filling.action.encode()),
        what="opening",
        action=filling.action,
        fields=filling,
        campaign=filling.campaign,
        caller=_US,
    )


def fills(setup: Setup) -> tuple[Fill, ...]:
    """What opening the play for the first time posts into its pools; the accounts its pools come from are opened too."""
    pools = machine(setup.module).module.pools(setup.rules)
    return tuple(Fill(pool_key(setup.id, name), p.unit, p.source, p.amount) for name, p in pools.items())


def difference(old: Setup | None, new: Setup) -> tuple[Fill, ...]:
    """What opening `new` moves where `old` ran, or nothing did: fills, also negative ones."""
    before = {} if old is None else {f.target: f.amount for f in fills(old)}
    return tuple(
        f if f.target not in before else Fill(f.target, f.unit, f.source, f.amount - before[f.target])
        for f in fills(new)
    )


def dropped(old: Setup | None, new: Setup) -> tuple[tuple[str, str], ...]:
    """Pools of `old` that `new` has no more, and where what is free in them goes."""
    kept = {fill.target for fill in fills(new)}
    return () if old is None else tuple(drain for drain in homes([old]) if drain[0] not in kept)


def homes(versions: Iterable[Setup]) -> tuple[tuple[str, str], ...]:
    """Every pool that a version of one play filled, and the account where its rest goes home."""
    pools: dict[str, str] = {}
    for setup in versions:
        for name, pool in machine(setup.module).module.pools(setup.rules).items():
            if pool.source:
                pools[pool_key(setup.id, name)] = pool.source
    return tuple(pools.items())


def either_way(change: Fill) -> Fill:
    """A negative fill is one the other way round."""
    return change if change.amount >= 0 else Fill(change.origin(), change.unit, change.target, -change.amount)


_VERSION = "insert into play_version (campaign, play, version, module, setup) values ($1, $2, $3, $4, $5) on conflict do nothing"
_RUN = """insert into play_running (campaign, play, version, running) values ($1, $2, $3, 'running')
          on conflict (campaign, play) do update set version = excluded.version,
          running = case play_running.running when 'closed' then 'running' else play_running.running end"""
_SET = "update play_running set running = $2 where campaign = $1 and running = any($3)"
_EPOCH = "update workspace set epoch = epoch + 1"
_CURRENT = """select play, setup from play_version join play_running using (campaign, play, version)
              where campaign = $1 order by play"""
_VERSIONS = "select play, setup from play_version where campaign = $1 order by play, version"
_FUNDED = """select coalesce(sum(case when credit = $1 then amount else -amount end), 0)::bigint from transfer
             where (credit = $1 and debit like 'world/%') or (debit = $1 and credit like 'world/%')"""
_LEFT = "select coalesce(sum(credits - debits - debits_pending), 0)::bigint from account where key = any($1)"
_STATES = "select key, body from state where campaign = $1 and play = $2"
_TIMER = "update state set due_ms = now_ms(), timer = $2, source = coalesce(source, 'live') where key = $1"
