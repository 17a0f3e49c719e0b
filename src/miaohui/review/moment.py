"""The figures of the moment: what a war room shows. Sales and funnel from the events, money and stock from the ledger.

Events are a second or so behind (`lag_ms` says how far); the ledger is not. Budget and stock count everybody who was promised
something; sales and funnel stand twice, measured and simulated. Customers are counted approximately from some thousands on.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.clock import moment_of
from miaohui.events import outbox
from miaohui.events.store import EventStore
from miaohui.host.setup import Setup, machine
from miaohui.ledger.accounts import budget_key, pool_key
from miaohui.review import books
from miaohui.text import Text

MINUTES = 60
MINUTE_MS = 60_000
BUDGET_ALARM_PPM = 800_000
STOCK_ALARM_PPM = 100_000
LAG_ALARM_MS = 10_000


class Tally(Struct, frozen=True, kw_only=True):
    """Paid orders since the beginning, orders of each of the last 60 minutes (the last one is now), customers at each step."""

    orders: int = 0
    sales_minor: int = 0
    discount_minor: int = 0
    per_minute: tuple[int, ...] = (0,) * MINUTES
    reached: int = 0
    took_part: int = 0
    ordered: int = 0
    paid: int = 0


class Money(Struct, frozen=True, kw_only=True):
    """The campaign's money: `free` to be promised, `promised` and not used yet, `spent`; all of it is `total`."""

    total_minor: int
    free_minor: int
    promised_minor: int
    spent_minor: int
    used_ppm: int


class Stock(Struct, frozen=True, kw_only=True):
    """What a play may still give of one pool: `left` of `planned`; `held` is reserved and not paid."""

    play: str
    pool: str
    title: Text
    unit: str
    planned: int
    left: int
    held: int


class Alarm(Struct, frozen=True, kw_only=True):
    """Something that needs somebody. `subject`: the play, or empty."""

    code: str
    level: str
    subject: str
    says: Text


class Moment(Struct, frozen=True, kw_only=True):
    """One campaign now."""

    campaign: str
    now_ms: int
    lag_ms: int
    currency: str
    measured: Tally
    simulated: Tally
    budget: Money
    stock: tuple[Stock, ...]
    alarms: tuple[Alarm, ...]


_PAID = """
select source = 'simulated' as simulated, sum(events) as orders, sum(total_minor) as sales_minor,
       sum(discount_minor) as discount_minor,
       sumMapIf(map(toInt64(toUnixTimestamp(minute)), events), minute >= {since:DateTime('UTC')}) as minutes
from counters_per_minute where campaign = {campaign:String} and name = 'order.paid' group by simulated
"""
_FUNNEL = """
select simulated, uniqIfMergeIf(customers, name = 'campaign.reached') as reached,
       uniqIfMergeIf(customers, taking_part) as took_part,
       uniqIfMergeIf(customers, name = 'order.placed') as ordered, uniqIfMergeIf(customers, name = 'order.paid') as paid
from (select *, source = 'simulated' as simulated, name in {plays:Array(String)} as taking_part
      from counters_per_minute where campaign = {campaign:String})
group by simulated
"""
_ACCOUNTS = "select key, credits - debits as net, debits_pending as held from account where key = any($1)"


async def moment(db: "asyncpg.Pool[Any]", store: EventStore, campaign: str, currency: str) -> Moment:
    """The figures of `campaign` now; `currency` is that of its money."""
    setups = await books.running(db, campaign)
    now_ms, lag_ms = await db.fetchval("select now_ms()"), await outbox.lag_ms(db)
    measured, simulated = await _tallies(store, campaign, setups, now_ms)
    keys = [pool_key(setup.id, pool) for setup in setups for pool in _pools(setup)]
    rows = await db.fetch(_ACCOUNTS, [budget_key(campaign), *keys])
    accounts = {row["key"]: (row["net"], row["held"]) for row in rows}
    budget, stock = _budget(accounts, campaign, setups, currency), _stock(accounts, setups, currency)
    return Moment(
        campaign=campaign,
        now_ms=now_ms,
        lag_ms=lag_ms,
        currency=currency,
        measured=measured,
        simulated=simulated,
        budget=budget,
        stock=stock,
        alarms=alarms(budget, stock, lag_ms),
    )


def alarms(budget: Money, stock: Iterable[Stock], lag_ms: int) -> tuple[Alarm, ...]:
    """What needs somebody: budget used to 80 % or more, 10 % of a stock or less left, events more than 10 s behind."""
    found = []
    if budget.total_minor and budget.used_ppm >= BUDGET_ALARM_PPM:
        share = f"{budget.used_ppm / 10_000:.0f}%"
        says = Text(f"预算已用 {share}", f"{share} of the budget is used")
        found.append(Alarm(code="budget_used", level="warn", subject="", says=says))
    for one in stock:
        if one.left * 1_000_000 <= one.planned * STOCK_ALARM_PPM:
            gone = one.left == 0
            zh = f"{one.title.zh}：{'已发完' if gone else f'只剩 {one.left:,}'}"
            en = f"{one.title.en}: {'none left' if gone else f'only {one.left:,} left'}"
            code = "stock_gone" if gone else "stock_low"
            found.append(Alarm(code=code, level="bad" if gone else "warn", subject=one.play, says=Text(zh, en)))
    if lag_ms > LAG_ALARM_MS:
        says = Text(f"事件晚了 {lag_ms // 1000} 秒", f"Events are {lag_ms // 1000} s behind")
        found.append(Alarm(code="events_late", level="bad", subject="", says=says))
    return tuple(found)


async def _tallies(store: EventStore, campaign: str, setups: Sequence[Setup], now_ms: int) -> tuple[Tally, Tally]:
    first_ms = (now_ms // MINUTE_MS - MINUTES + 1) * MINUTE_MS
    names = [name for name in books.event_names(setups) if name != "refund.requested"]
    asked = {"campaign": campaign, "since": moment_of(first_ms), "plays": names}
    funnel = {bool(row.pop("simulated")): row for row in await store.query(_FUNNEL, asked)}
    paid = {bool(row.pop("simulated")): row for row in await store.query(_PAID, asked)}
    minutes = [(first_ms + n * MINUTE_MS) // 1000 for n in range(MINUTES)]

    def half(simulated: bool) -> Tally:
        orders = paid.get(simulated, {})
        at = orders.pop("minutes", {})
        return Tally(per_minute=tuple(at.get(minute, 0) for minute in minutes), **orders, **funnel.get(simulated, {}))

    return half(False), half(True)


def _pools(setup: Setup) -> dict[str, Any]:
    return machine(setup.module).module.pools(setup.rules)


def _budget(accounts: dict[str, tuple[int, int]], campaign: str, setups: Sequence[Setup], currency: str) -> Money:
    """Pools of money: `promised` and `spent` are what their names say; every other one is still free."""
    sums = {"free": accounts.get(budget_key(campaign), (0, 0))[0], "promised": 0, "spent": 0}
    for setup in setups:
        for name, pool in _pools(setup).items():
            if pool.unit == currency:
                sums[name if name in sums else "free"] += accounts.get(pool_key(setup.id, name), (0, 0))[0]
    total = sum(sums.values())
    used = sums["promised"] + sums["spent"]
    return Money(
        total_minor=total,
        free_minor=sums["free"],
        promised_minor=sums["promised"],
        spent_minor=sums["spent"],
        used_ppm=used * 1_000_000 // total if total else 0,
    )


def _stock(accounts: dict[str, tuple[int, int]], setups: Sequence[Setup], currency: str) -> tuple[Stock, ...]:
    found = []
    for setup in setups:
        for name, pool in _pools(setup).items():
            if pool.unit != currency and pool.amount:
                net, held = accounts.get(pool_key(setup.id, name), (0, 0))
                found.append(
                    Stock(
                        play=setup.play,
                        pool=name,
                        title=setup.title,
                        unit=pool.unit,
                        planned=pool.amount,
                        left=net - held,
                        held=held,
                    )
                )
    return tuple(found)
