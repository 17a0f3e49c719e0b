"""`miaohui bench audit`: how long the audit of a large ledger takes.

A workspace of its own is filled by SQL as the host would have left it: coupons claimed by as many customers, every tenth used by an
order that is paid; with states, timers, answers and the events of it all. Then the audit reads it: the line says how
long, and that it found nothing. One cent is then changed behind its back, which it must find.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct
from rich.console import Console

from miaohui.events.envelope import Event, pack
from miaohui.host.audit import Check, audit
from miaohui.host.orders import Order
from miaohui.host.setup import Setup
from miaohui.host.setup import pack as pack_setup
from miaohui.plays import coupon
from miaohui.plays._contract import Who
from miaohui.plays._fields import Given, Offer
from miaohui.server.database import open_database
from miaohui.server.postgres import EmbeddedPostgres

WORKSPACE = "audited"
PER_CLAIM = 3.4
"""Transfers of a claim: three, and four more for every tenth, which is used."""
EVENTS_IN_A_ROW = 512
SLICE = 400 * EVENTS_IN_A_ROW
_HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "8GB"}

_FILL = """
with n as (select g, g % 10 = 0 as used, md5('c' || g) as id, md5('h' || g) as hold, 'cust' || g as who, 'o' || g as o,
                  'wallet/cust' || g || '/coupon:bench/coupon' as w
           from generate_series($1::bigint, $2::bigint) g),
     kept as (insert into state (key, version, campaign, play, terms, customer, body, due_ms, timer, source)
       select 'play/bench/coupon/coupon/' || id, 1, 'bench', 'coupon', 1, who, $3::bytea,
         case when not used then 1::bigint << 50 end, case when not used then $3 end, case when not used then 'live' end from n
       union all select 'order/' || o, 2, 'bench', '', 0, who, $4, null, null, null from n where used),
     people as (insert into customer (id) select who from n),
     accounts as (insert into account (key, unit, debits, credits, overdraft, ceiling)
       select w, 'coupon:bench/coupon', used::int, 1, false, null::bigint from n
       union all select 'limit/bench/coupon/account/' || who, 'use', 0, 1, false, 1 from n),
     moved as (insert into transfer (at, id, debit, credit, amount, kind, pending, action)
       select now(), decode(md5(m.n || id), 'hex'), d, c, a, k, p, 'bench/coupon/' || x from n,
       lateral (values (0, 'play/bench/coupon/coupons', w, 1::bigint, 0, null::bytea, 'claim'),
                       (1, 'budget/bench', 'play/bench/coupon/promised', 500, 0, null, 'claim'),
                       (2, 'world/use', 'limit/bench/coupon/account/' || who, 1, 0, null, 'claim'),
                       (3, w, 'play/bench/coupon/used', 1, 1, decode('00' || hold, 'hex'), 'place'),
                       (4, 'play/bench/coupon/promised', 'play/bench/coupon/spent', 500, 1, decode('01' || hold, 'hex'), 'place'),
                       (5, w, 'play/bench/coupon/used', 1, 2, decode('00' || hold, 'hex'), 'pay'),
                       (6, 'play/bench/coupon/promised', 'play/bench/coupon/spent', 500, 2, decode('01' || hold, 'hex'), 'pay')
       ) as m(n, d, c, a, k, p, x) where used or m.n < 3),
     answered as (insert into reply (key, at, hash, campaign, body)
       select decode(id, 'hex'), now(), '\\x00'::bytea, 'bench', convert_to('{"coupon":"' || id || '"}', 'UTF8') from n
       union all select decode(md5(s || o), 'hex'), now() + t * interval '1 ms', '\\x00', 'bench',
         convert_to('{"order":"' || o || '","status":"' || s || '","currency":"USD","total_minor":1500}', 'UTF8')
       from n, (values (0, 'placed'), (1, 'paid')) as v(t, s) where used)
select count(*) from n
"""
_POOLS = """
insert into account (key, unit, debits, credits, overdraft) values
  ('world/coupon:bench/coupon', 'coupon:bench/coupon', 1 << 30, 0, true), ('world/USD', 'USD', 1::bigint << 40, 0, true),
  ('world/use', 'use', $1::bigint, 0, true), ('play/bench/coupon/coupons', 'coupon:bench/coupon', $1, 1 << 30, false),
  ('budget/bench', 'USD', 500 * $1, 1::bigint << 40, false),
  ('play/bench/coupon/promised', 'USD', 500 * $2::bigint, 500 * $1, false),
  ('play/bench/coupon/used', 'coupon:bench/coupon', 0, $2, false), ('play/bench/coupon/spent', 'USD', 0, 500 * $2, false)
"""
_OPENED = """
insert into transfer (at, id, debit, credit, amount, kind, action) values
  (now(), '\\x01', 'world/coupon:bench/coupon', 'play/bench/coupon/coupons', 1 << 30, 0, 'bench/open/1'),
  (now(), '\\x02', 'world/USD', 'budget/bench', 1::bigint << 40, 0, 'bench/open/1')
"""


class Outcome(Struct, frozen=True):
    """`seconds` for `transfers`; `findings` must be 0, `planted_found` true."""

    transfers: int
    seconds: float
    transfers_per_second: int
    findings: int
    planted_found: bool
    filled_s: float
    megabytes: int
    checks: tuple[Check, ...]


def run(*, transfers: int) -> Outcome:
    """Fill, audit, change one cent, audit again."""
    with (
        tempfile.TemporaryDirectory(prefix="miaohui-audit-") as folder,
        EmbeddedPostgres(Path(folder), _HASTE) as server,
    ):
        return asyncio.run(_run(server.url, transfers))


async def _run(url: str, transfers: int) -> Outcome:
    db = await open_database(url, WORKSPACE, months_ahead=1)
    owner = await asyncpg.connect(url, server_settings={"search_path": WORKSPACE})
    try:
        started = time.perf_counter()
        await _fill(owner, int(transfers / PER_CLAIM))
        filled_s = time.perf_counter() - started
        started = time.perf_counter()
        checks = await audit(db)
        seconds = time.perf_counter() - started
        rows = await owner.fetchval("select count(*) from transfer")
        await owner.execute("update account set credits = credits + 1 where key = 'wallet/cust7/coupon:bench/coupon'")
        again = await audit(db)
        megabytes = await owner.fetchval("select pg_database_size(current_database()) / 1000000")
    finally:
        await owner.close()
        await db.close()
    found = {finding.what for check in again for finding in check.findings}
    return Outcome(
        rows, round(seconds, 1), int(rows / seconds), sum(len(check.findings) for check in checks),
        "account wallet/cust7/coupon:bench/coupon" in found, round(filled_s, 1), megabytes, tuple(checks),
    )  # fmt: skip


async def _fill(c: Any, claims: int) -> None:
    rules = coupon.Rules(id="bench/coupon", currency="USD", give=(Given("everybody", Offer(500)),), count=1 << 26)
    setup = Setup(
        campaign="bench",
        play="coupon",
        module="coupon",
        title=coupon.TITLE,
        currency="USD",
        opens_ms=0,
        ends_ms=1 << 50,
        rules=rules,
    )
    await c.execute("insert into play_version values ('bench', 'coupon', 1, 'coupon', $1)", pack_setup(setup))
    await c.execute("insert into play_running values ('bench', 'coupon', 1, 'running')")
    order = Order(customer="c", who=Who("c"), currency="USD", lines=(), claims=(), status="paid")
    bodies = (b"\x80", msgspec.msgpack.encode(order))
    for start in range(1, claims + 1, SLICE):
        await c.execute(_FILL, start, min(start + SLICE - 1, claims), *bodies, timeout=600)
    await c.execute(_POOLS, claims, claims // 10)
    await c.execute(_OPENED)
    for start in range(1, claims + 1, SLICE):
        rows = [
            (pack([event for g in range(at, min(at + EVENTS_IN_A_ROW, claims + 1)) for event in _events(g)]),)
            for at in range(start, min(start + SLICE, claims + 1), EVENTS_IN_A_ROW)
        ]
        await c.executemany("insert into outbox (at, events) values (now(), $1)", rows)
    await c.execute("vacuum analyze")


def _events(g: int) -> list[Event]:
    shared: dict[str, Any] = {
        "at_ms": g,
        "received_at_ms": g,
        "customer": f"cust{g}",
        "campaign": "bench",
        "play": "coupon",
    }
    claimed = {"coupon": f"{g:032x}", "amount_minor": "500", "threshold_minor": "0", "valid_until_ms": "1"}
    events = [Event(id=f"{g:036x}", name="coupon.claimed", properties=claimed, **shared)]
    if g % 10 == 0:
        given = {"coupon": f"{g:032x}", "given_minor": "500"}
        events.append(Event(id=f"{g:035x}r", name="coupon.redeemed", order=f"o{g}", properties=given, **shared))
        events += [
            Event(id=f"{g:035x}{n[6]}", name=n, order=f"o{g}", total_minor=1500, **shared)
            for n in ("order.placed", "order.paid")
        ]
    return events


def show(outcome: Outcome) -> None:
    """One line."""
    Console().print(
        f"{outcome.transfers:,} transfers ({outcome.megabytes:,} MB): audited in {outcome.seconds} s, {outcome.findings} findings; "
        f"one cent changed behind its back: {'found' if outcome.planted_found else 'NOT FOUND'}"
    )
