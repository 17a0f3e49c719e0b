"""`miaohui audit`: recompute what must hold from the rows alone, on a live installation, in one snapshot.

    units         for each unit, everything that exists was brought in: the sum over all accounts is 0
    balances      each account's totals are the sums of its transfers, its pendings those of its open holds
    limits        no account without overdraft is below nothing; no ceiling is passed
    pendings      every open hold has a state that keeps it and a timer that ends it; every settled one was settled once
    events        each pool that a play proves (PROOFS) has moved by exactly what its events say
    orders        each paid or refunded order has its event, and no other order has
    answers       the furthest answer about each order says what the order is; what an action opened has its answer
    customers     whoever something belongs to is stored: what he was given can be found by him

An order goes in one direction only (`orders.STATUSES`), so that its last answer is known without a clock, which may have gone back.
A finding names the account or order, what is there and what should be. Every table is read once, in the order in which it lies.
What would need a table of all accounts is compared by sums over keyed hashes (`audit_sums`); only if those differ is the account
looked for. PostgreSQL sums while Python reads the events, both in the same snapshot; Python keeps sums, and the ids of paid orders.
Where the outbox has lost its oldest months (`retention`), campaigns of that time are archived: their pools, and orders placed
then, are not asked for their events.
"""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from secrets import randbits
from typing import Any

import msgspec
from msgspec import Struct

from miaohui.clock import ms_of
from miaohui.host import audit_sums, retention
from miaohui.host.audit_events import Told, told
from miaohui.host.orders import STATUSES
from miaohui.host.setup import proofs
from miaohui.host.setup import unpack as unpack_setup

FINDINGS_MAX = 20
_SETTINGS = "set local work_mem = '256MB'; set local hash_mem_multiplier = 2; set local jit = off; set local enable_nestloop = off"


class Finding(Struct, frozen=True):
    """Something that should hold and does not."""

    what: str
    there: str
    should_be: str


class Check(Struct, frozen=True):
    """One rule: its name, how many things were looked at, and what was found wrong (at most FINDINGS_MAX)."""

    name: str
    looked_at: int
    findings: tuple[Finding, ...]


_UNITS = "select unit, sum(credits - debits)::text, count(*) from account group by unit order by unit"
_LIMITS = """
select key, credits - debits - debits_pending, ceiling, credits + credits_pending - debits from account
where (not overdraft and debits + debits_pending > credits) or ceiling < credits + credits_pending - debits limit 20
"""
_KEPT = """
select encode(h.id, 'hex'), h.keeper, s.key is null, s.due_ms is null from hold h
left join state s on s.key = h.keeper where s.due_ms is null limit 20
"""
_PROVED = """
select setup from play_version v join play_running using (campaign, play, version)
where not exists (select from campaign where id = v.campaign and state = 'archived')
   or (select min(at) from play_version f where f.campaign = v.campaign and f.play = v.play) >= $1
"""
_MOVED = """
with proved as (select * from unnest($1::text[], $2::text[]) as p(account, prefix))
select account, sum(n)::bigint from (
  select account, amount n from transfer join proved on credit = account where kind in (0, 2) and starts_with(action, prefix)
  union all
  select account, -amount from transfer join proved on debit = account where kind in (0, 2) and starts_with(action, prefix)) x
group by account
"""
_UNANSWERED = """
select s.key from state s left join reply r on r.key = decode(right(s.key, 32), 'hex')
where s.key ~ '^play/.*/[0-9a-f]{32}$' and r.key is null
  and not exists (select 1 from campaign c where c.id = s.campaign and c.state = 'archived') limit 20
"""
_NOBODYS = """
select s.key, s.customer from state s
where s.customer is not null and not exists (select from customer c where c.id = s.customer) limit 20
"""
_SAID = """
select 'order/' || (j ->> 'order') collate "C" as key, ($1::text[])[max(array_position($1::text[], j ->> 'status'))] as said
from (select convert_from(body, 'UTF8')::json as j from reply where substring(body, 1, 10) = '{"order":"'::bytea) a
group by 1 order by 1
"""
_ORDERS = "select key, body from state where key >= 'order/' and key < 'order0' order by key"


class _Status(Struct):
    """What the audit reads of a stored order."""

    status: str
    returned: dict[str, int] = {}
    placed_ms: int = 0


_status = msgspec.msgpack.Decoder(_Status).decode


async def audit(db: Any) -> list[Check]:
    """Every check on one snapshot of the database behind the pool `db`, which gives two connections."""
    async with _reading(db, None) as sums, _reading(db, await sums.fetchval("select pg_export_snapshot()")) as rows:
        plays = await sums.fetch(_PROVED, await retention.outbox_begins(sums))
        proved = {(s.campaign, s.play): proofs(s) for s in (unpack_setup(row[0]) for row in plays)}
        counted, (heard, orders) = await asyncio.gather(_sums(sums, proved), _rows(rows, proved))
    units, balances, limits, pendings, answers, customers, moved = counted
    events = tuple(
        Finding(f"account {proof.account}", f"{moved.get(proof.account, 0)} by transfers", f"{should} by events")
        for play, its in proved.items()
        for proof in its
        if moved.get(proof.account, 0) != (should := proof.told(heard.sums[play]))
    )
    unsaid, wrong, looked_at = orders
    found = (*wrong, *answers.findings)[:FINDINGS_MAX]
    return [
        units, balances, limits, pendings,
        Check("events", heard.events, events[:FINDINGS_MAX]),
        Check("orders", looked_at, unsaid[:FINDINGS_MAX]),
        Check("answers", answers.looked_at + looked_at, found),
        customers,
    ]  # fmt: skip


@asynccontextmanager
async def _reading(db: Any, snapshot: str | None) -> Any:
    """A connection in a transaction that changes nothing; of an exported snapshot, if there is one."""
    async with db.acquire() as c, c.transaction(isolation="repeatable_read", readonly=True):
        if snapshot is not None:
            await c.execute(f"set transaction snapshot '{snapshot}'")
        await c.execute(_SETTINGS)
        yield c


# --- what PostgreSQL sums ---------------------------------------------------------------------------------------------
async def _sums(
    c: Any, proved: dict[tuple[str, str], list[Any]]
) -> tuple[Check, Check, Check, Check, Check, Check, Any]:
    units = await c.fetch(_UNITS)
    held = await c.fetchval("select count(*) from hold")
    transfers, unbalanced, unsettled = await _fingerprints(c)
    named = [(proof.account, f"{campaign}/{play}/") for (campaign, play), its in proved.items() for proof in its]
    moved = dict(await c.fetch(_MOVED, [account for account, _ in named], [prefix for _, prefix in named]))
    states = await c.fetchval("select count(*) from state")
    return (
        Check(
            "units",
            len(units),
            tuple(Finding(f"unit {unit}", total, "0 over all accounts") for unit, total, _ in units if total != "0"),
        ),
        Check("balances", transfers, unbalanced),
        Check("limits", sum(row[2] for row in units), await _found(c, _LIMITS, _beyond)),
        Check("pendings", held, await _found(c, _KEPT, _unkept) + unsettled),
        Check("answers", states, await _found(c, _UNANSWERED, _unanswered)),
        Check("customers", states, await _found(c, _NOBODYS, _nobodys)),
        moved,
    )


async def _fingerprints(c: Any) -> tuple[int, tuple[Finding, ...], tuple[Finding, ...]]:
    """How many transfers there are; accounts that are not what they add up to; holds that were not settled once."""
    seed = randbits(62)
    moved = await c.fetchrow(audit_sums.TRANSFERS, seed)
    there = await c.fetchrow(audit_sums.ACCOUNTS, seed)
    balances, holds = audit_sums.compare(moved, there, await c.fetchrow(audit_sums.HOLDS, seed))
    return (
        moved["rows"],
        () if balances else await _found(c, audit_sums.UNBALANCED, _unbalanced),
        () if holds else await _found(c, audit_sums.UNSETTLED, _unsettled),
    )


async def _found(c: Any, sql: str, finding: Callable[..., Finding]) -> tuple[Finding, ...]:
    return tuple(finding(*row) for row in await c.fetch(sql))


def _unbalanced(key: str, *totals: int | None) -> Finding:
    names = ("debits", "credits", "debits_pending", "credits_pending")
    there, should = (
        ", ".join(f"{n} {t}" for n, t in zip(names, half, strict=True)) for half in (totals[:4], totals[4:])
    )
    return Finding(f"account {key}", there, should)


def _beyond(key: str, room: int, ceiling: int | None, received: int) -> Finding:
    if room < 0:
        return Finding(f"account {key}", f"room {room}", "0 or more")
    return Finding(f"account {key}", f"received {received}", f"at most {ceiling}")


def _unkept(id: str, keeper: str, no_state: bool, no_timer: bool) -> Finding:
    missing = "no state" if no_state else "no timer"
    return Finding(f"hold {id} of {keeper}", missing, "a state that keeps it and a timer that ends it")


def _unsettled(id: str, made: int, settled: int, open_: int) -> Finding:
    return Finding(f"hold {id}", f"made {made} times, settled {settled} times, {open_} open", "settled once or open")


def _unanswered(key: str) -> Finding:
    return Finding(key, "no answer", "the answer to the action that opened it")


def _nobodys(key: str, customer: str) -> Finding:
    return Finding(key, f"of customer {customer}, who is not stored", "of a customer who is")


# --- what Python reads ------------------------------------------------------------------------------------------------
async def _rows(
    c: Any, proved: dict[tuple[str, str], list[Any]]
) -> tuple[Told, tuple[tuple[Finding, ...], list[Finding], int]]:
    heard = await told(c, {term[1] for its in proved.values() for proof in its for term in proof.terms})
    return heard, await _orders(c, heard)


async def _orders(c: Any, heard: Told) -> tuple[tuple[Finding, ...], list[Finding], int]:
    """Orders without their event or events without their order; orders that are not what was last answered; how many there are.

    Both lists come in the order of their keys and are walked side by side.
    """
    unsaid: list[Finding] = []
    wrong: list[Finding] = []
    looked_at = 0
    begins_ms = ms_of(await retention.outbox_begins(c))
    said = _Cursor(c.cursor(_SAID, list(STATUSES), prefetch=2000))
    await said.step()
    async for key, body in c.cursor(_ORDERS, prefetch=2000):
        looked_at += 1
        order, state = key.removeprefix("order/"), _status(body)
        lapsed_refund = state.status == "refunded" and not state.returned
        paid = state.status in ("paid", "partly_refunded", "refunded") and not lapsed_refund
        for name, should in (("order.paid", paid), ("order.refunded", bool(state.returned))):
            if heard.take(name, order) != should and not (should and state.placed_ms < begins_ms):
                unsaid.append(
                    Finding(f"order {order}", f"{name}: {'state' if should else 'event'} only", "event and state")
                )
        while said.key is not None and said.key < key:
            wrong.append(Finding(said.key, f"answered {said.value}", "an order that is there"))
            await said.step()
        if said.key == key:
            if state.status != said.value:
                wrong.append(Finding(key, f"answered {said.value}", f"{state.status}, as it is"))
            await said.step()
        if len(wrong) + len(unsaid) > FINDINGS_MAX:
            break
    else:
        while said.key is not None and len(wrong) < FINDINGS_MAX:
            wrong.append(Finding(said.key, f"answered {said.value}", "an order that is there"))
            await said.step()
        unsaid += [
            Finding(f"order {order}", f"{name}: event only", "event and state")
            for name, left in heard.orders.items()
            for order in sorted(left)[:FINDINGS_MAX]
        ]
    return tuple(unsaid), wrong, looked_at


class _Cursor:
    """The row of a cursor that comes next: its key (None: it is at its end) and its value."""

    def __init__(self, cursor: Any) -> None:
        self._rows, self.key, self.value = cursor.__aiter__(), None, ""

    async def step(self) -> None:
        """The next one."""
        row = await anext(self._rows, None)
        self.key, self.value = (None, "") if row is None else (row[0], row[1])
