"""`miaohui audit`: recompute what must hold from the rows alone, on a live installation, in one snapshot.

    units         for each unit, everything that exists was brought in: the sum over all accounts is 0
    balances      each account's totals are the sums of its transfers, its pendings those of its open holds
    limits        no account without overdraft is below nothing; no ceiling is passed
    pendings      every open hold has a state that keeps it and a timer that ends it; every settled one was settled once
    events        each pool that a play proves (PROOFS) has moved by exactly what its events say
    orders        each paid or refunded order has its event, and no other order has

A finding names the account or order, what is there and what should be. The check reads everything once; the outbox must still
hold the events (its partitions are dropped only together with archived campaigns).
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from miaohui.events.envelope import unpack
from miaohui.host.orders import Order
from miaohui.host.setup import MOVED, proofs
from miaohui.host.setup import unpack as unpack_setup

FINDINGS_MAX = 20
_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_order = msgspec.msgpack.Decoder(Order).decode


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
_BALANCES = """
with moved as (
  select key, sum(d)::bigint d, sum(c)::bigint c from (
    select debit key, amount d, 0::bigint c from transfer where kind in (0, 2)
    union all select credit, 0, amount from transfer where kind in (0, 2)) x group by key),
held as (
  select key, sum(d)::bigint d, sum(c)::bigint c from (
    select debit key, amount d, 0::bigint c from hold union all select credit, 0, amount from hold) x group by key)
select coalesce(a.key, m.key, h.key), a.debits, a.credits, a.debits_pending, a.credits_pending,
       coalesce(m.d, 0), coalesce(m.c, 0), coalesce(h.d, 0), coalesce(h.c, 0)
from account a full join moved m on m.key = a.key full join held h on h.key = coalesce(a.key, m.key)
where (a.debits, a.credits, a.debits_pending, a.credits_pending)
      is distinct from (coalesce(m.d, 0), coalesce(m.c, 0), coalesce(h.d, 0), coalesce(h.c, 0)) limit 20
"""
_LIMITS = """
select key, credits - debits - debits_pending, ceiling, credits + credits_pending - debits from account
where (not overdraft and debits + debits_pending > credits) or ceiling < credits + credits_pending - debits limit 20
"""
_KEPT = """
select encode(h.id, 'hex'), h.keeper, s.key is null, t.name is null from hold h
left join state s on s.key = h.keeper left join timer t on t.name = h.keeper where s.key is null or t.name is null limit 20
"""
_SETTLED = """
select encode(pending, 'hex'), count(*) filter (where kind = 1), count(*) filter (where kind > 1),
       (select count(*) from hold h where h.id = pending)
from transfer where kind > 0 group by pending
having count(*) filter (where kind = 1)
       <> count(*) filter (where kind > 1) + (select count(*) from hold h where h.id = pending) limit 20
"""


async def audit(db: Any) -> list[Check]:
    """Every check on one snapshot of the database behind the pool `db`."""
    async with db.acquire() as c, c.transaction(isolation="repeatable_read", readonly=True):
        accounts, transfers, holds = [
            await c.fetchval(f"select count(*) from {table}") for table in ("account", "transfer", "hold")
        ]
        units = await c.fetch(_UNITS)
        checks = [
            Check(
                "units",
                len(units),
                tuple(
                    Finding(f"unit {unit}", total, "0 over all accounts") for unit, total, _ in units if total != "0"
                ),
            ),
            Check("balances", transfers, await _found(c, _BALANCES, _unbalanced)),
            Check("limits", accounts, await _found(c, _LIMITS, _beyond)),
            Check("pendings", holds, await _found(c, _KEPT, _unkept) + await _found(c, _SETTLED, _unsettled)),
        ]
        sums, paid, seen = await _told(c)
        checks.append(Check("events", seen, await _unproved(c, sums)))
        checks.append(await _orders(c, paid))
    return checks


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


Sums = dict[tuple[str, str], dict[tuple[str, str], int]]


async def _told(c: Any) -> tuple[Sums, dict[str, set[str]], int]:
    """(campaign, play) -> (event, field) -> sum ("" counts); event of orders -> orders; how many events there are."""
    sums: Sums = defaultdict(lambda: defaultdict(int))
    orders: dict[str, set[str]] = {"order.paid": set(), "order.refunded": set()}
    seen = 0
    async for row in c.cursor("select events from outbox", prefetch=200):
        for event in unpack(row[0]):
            seen += 1
            if event.name in orders:
                orders[event.name].add(event.order)
            if event.play:
                of_play = sums[event.campaign, event.play]
                of_play[event.name, ""] += 1
                for field, value in event.properties.items():
                    if value.isdigit():
                        of_play[event.name, field] += int(value)
    return sums, orders, seen


async def _unproved(c: Any, sums: Sums) -> tuple[Finding, ...]:
    found = []
    rows = await c.fetch("select setup from play_version join play_running using (campaign, play, version)")
    for setup in (unpack_setup(row[0]) for row in rows):
        for proof in proofs(setup):
            told = proof.told(sums[setup.campaign, setup.play])
            moved = await c.fetchval(MOVED, proof.account, setup.id, _EVER)
            if moved != told:
                found.append(Finding(f"account {proof.account}", f"{moved} by transfers", f"{told} by events"))
    return tuple(found[:FINDINGS_MAX])


async def _orders(c: Any, told: dict[str, set[str]]) -> Check:
    stored: dict[str, set[str]] = {"order.paid": set(), "order.refunded": set()}
    looked_at = 0
    async for row in c.cursor("select key, body from state where key like 'order/%'", prefetch=500):
        looked_at += 1
        order = _order(row[1])
        lapsed_refund = order.status == "refunded" and not order.returned
        if order.status in ("paid", "partly_refunded", "refunded") and not lapsed_refund:
            stored["order.paid"].add(row[0].removeprefix("order/"))
        if order.returned:
            stored["order.refunded"].add(row[0].removeprefix("order/"))
    found = [
        Finding(f"order {order}", f"{name}: {'event' if order in told[name] else 'state'} only", "event and state")
        for name, orders in stored.items()
        for order in sorted(orders ^ told[name])
    ]
    return Check("orders", looked_at, tuple(found[:FINDINGS_MAX]))
