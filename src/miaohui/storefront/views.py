"""What customers' pages show, read from PostgreSQL in one go: the plays, what is left in their pools, what the visitor has.

Times are the database's (`now_ms`), as for the actions themselves. A visitor's audiences and consents are those that the host
will see; a page that lets him tap and an action that refuses him can only differ by what happened in between.
"""

from collections.abc import Collection, Iterable
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.host.orders import Order, decode, order_key
from miaohui.host.setup import Setup, machine, unpack
from miaohui.ledger.accounts import Account, pool_key
from miaohui.pages.goods import picture
from miaohui.plays._contract import Who
from miaohui.storefront.campaigns import Stage

PARTY = "party"
"""Plays keep what several customers share under `play/<campaign>/<play>/party/<id>`."""
OTHERS_SHOWN, OTHERS_LOOKED_AT = 6, 60
WALLET_SHOWN = 200


_PLAYS = """
select r.campaign, r.play, r.running, v.version, v.setup, now_ms() as now_ms from play_running r
join play_version v on (v.campaign, v.play, v.version) = (r.campaign, r.play, r.version)
where r.campaign = any($1) order by r.campaign, r.play
"""
_VERSIONS = """
select v.campaign, v.play, v.version, v.setup from play_version v
join unnest($1::text[], $2::text[], $3::integer[]) as w (campaign, play, version) using (campaign, play, version)
"""
_POOLS = "select key, unit, debits, credits, debits_pending, credits_pending from account where key = any($1)"
_MINE = """
select key, campaign, play, terms, customer, body from state
where customer = $1 and ($2 = '' or campaign = $2) order by key desc limit $3
"""
_ONE = "select key, campaign, play, terms, customer, body from state where key = $1"
_OPEN = """
select key, campaign, play, terms, customer, body from state
where key >= $1 and key < left($1, -1) || '0' order by key desc limit $2  -- '0' follows '/': all keys that begin with $1
"""
_PARTIES = """
select key, campaign, play, terms, customer, body from state
where (customer = $1 and key like $2) or key = any($3) order by key desc limit 50
"""
_MEMBER = """
select m.control, (select coalesce(array_agg(a.name), '{}') from campaign_audience a
                   where a.campaign = m.campaign and (m.mask >> a.bit) & 1 = 1) as audiences
from membership m where m.campaign = $1 and m.customer = $2
"""
_CONSENTS = "select coalesce(array_agg(name), '{}') from consent where customer = $1"
_GOODS = "select sku, category from product where sku = any($1)"


class Instance(Struct, frozen=True, kw_only=True):
    """One state of a play: a party, a coupon. `setup` is the version it was born under."""

    id: str
    state: Any
    setup: Setup
    customer: str

    @property
    def template(self) -> str:
        """The page of its play."""
        return template(self.setup)


class PlayView(Struct, frozen=True, kw_only=True):
    """One play as a page shows it. `left` is what may still be taken from each pool, `received` what came into it.

    `who` is the visitor as the host will see him, None if we do not know him; `barred` is the shared check that he fails.
    `picture` is that of the product, where the play is about one.
    """

    setup: Setup
    now_ms: int
    stage: Stage
    left: dict[str, int]
    received: dict[str, int]
    who: Who | None
    barred: str
    mine: list[Instance]
    picture: str = "gift"

    @property
    def rules(self) -> Any:
        """The current version of the play's rules."""
        return self.setup.rules

    @property
    def module(self) -> Any:
        """The play's module."""
        return machine(self.setup.module).module

    @property
    def template(self) -> str:
        """The play's own page."""
        return template(self.setup)


def template(setup: Setup) -> str:
    """The page of a play: one file, called like its module."""
    return f"storefront/plays/{setup.module}.html"


async def now_ms(db: "asyncpg.Pool[Any]") -> int:
    """The time that decides windows."""
    return int(await db.fetchval("select now_ms()"))


async def plays(db: "asyncpg.Pool[Any]", campaign: str, customer: str | None) -> dict[str, PlayView]:
    """The plays of a campaign by name, as `customer` sees them."""
    async with db.acquire() as connection:
        rows = await connection.fetch(_PLAYS, [campaign])
        setups = {row["play"]: unpack(row["setup"]) for row in rows}
        accounts = await _pools(connection, setups.values())
        who, control = await _who(connection, campaign, customer)
        mine = await _mine(connection, customer, campaign)
        pictures = await _pictures(connection, setups.values())
    return {
        row["play"]: PlayView(
            setup=setups[row["play"]],
            now_ms=row["now_ms"],
            stage=stage(setups[row["play"]], row["running"], row["now_ms"]),
            left={name: account.room() for name, account in accounts[row["play"]].items()},
            received={name: account.received() for name, account in accounts[row["play"]].items()},
            who=who,
            barred=_barred(setups[row["play"]], who, control),
            mine=[one for one in mine if one.setup.play == row["play"]],
            picture=pictures.get(row["play"], "gift"),
        )
        for row in rows
    }


def stage(setup: Setup, running: str, at_ms: int) -> Stage:
    """Where a play stands in its window."""
    if running == "closed" or at_ms >= setup.ends_ms:
        return "ended"
    if at_ms < setup.opens_ms:
        return "not_open"
    return "paused" if running == "paused" else "open"


async def wallet(db: "asyncpg.Pool[Any]", customer: str) -> tuple[list[Instance], list[tuple[str, Order]]]:
    """All that the customer has: states of plays, and his orders that claimed something, with their ids."""
    async with db.acquire() as connection:
        rows = await connection.fetch(_MINE, customer, "", WALLET_SHOWN)
        orders = [(row["key"].removeprefix(order_key("")), decode(row["body"])) for row in rows if not row["play"]]
        held = await _instances(connection, [row for row in rows if row["play"]])
        return held, [(id, order) for id, order in orders if order.claims]


async def party(db: "asyncpg.Pool[Any]", campaign_play: str, instance: str) -> Instance | None:
    """One party of a play; None if there is none."""
    async with db.acquire() as connection:
        rows = await connection.fetch(_ONE, pool_key(campaign_play, PARTY, instance))
        return next(iter(await _instances(connection, rows)), None)


async def my_parties(db: "asyncpg.Pool[Any]", customer: str, orders: Iterable[tuple[str, Order]]) -> list[Instance]:
    """The parties that the customer opened or has a seat in, the latest end first."""
    keys = [
        pool_key(f"{claim.campaign}/{claim.play}", PARTY, claim.instance)
        for _, order in orders
        for claim in order.claims
        if claim.instance
    ]
    async with db.acquire() as connection:
        found = await _instances(connection, await connection.fetch(_PARTIES, customer, f"play/%/{PARTY}/%", keys))
    return sorted(found, key=lambda one: -one.state.ends_ms)


async def open_parties(db: "asyncpg.Pool[Any]", campaign: str, play: str, now_ms: int) -> list[Instance]:
    """Some of the newest that others may still join: begun, not over, with a seat to take."""
    keys = f"{pool_key(f'{campaign}/{play}', PARTY)}/"
    async with db.acquire() as connection:
        found = await _instances(connection, await connection.fetch(_OPEN, keys, OTHERS_LOOKED_AT))
    return [
        one
        for one in found
        if one.state.status == "open"
        and one.state.paid()
        and len(one.state.members) < one.state.size
        and one.state.ends_ms > now_ms
    ][:OTHERS_SHOWN]


def shortened(name: str) -> str:
    """A name as strangers see it on a shared page: "Household 1228" is "…1228", "王磊" is "王＊"."""
    last = name.split()[-1:]
    return f"…{last[0][-4:]}" if last and last[0].isdigit() else f"{name[:1]}＊"


async def _pools(connection: "asyncpg.Connection[Any]", setups: Collection[Setup]) -> dict[str, dict[str, Account]]:
    keys = {
        pool_key(setup.id, name): (setup.play, name)
        for setup in setups
        for name in machine(setup.module).module.pools(setup.rules)
    }
    found: dict[str, dict[str, Account]] = {setup.play: {} for setup in setups}
    for row in await connection.fetch(_POOLS, list(keys)):
        play, name = keys[row["key"]]
        found[play][name] = Account(
            row["debits"], row["credits"], row["debits_pending"], row["credits_pending"], row["unit"]
        )
    return found


async def _pictures(connection: "asyncpg.Connection[Any]", setups: Collection[Setup]) -> dict[str, str]:
    """play -> picture of the product it is about."""
    skus = {setup.play: setup.rules.product.sku for setup in setups if hasattr(setup.rules, "product")}
    known = {row["sku"]: row["category"] for row in await connection.fetch(_GOODS, list(skus.values()))}
    return {play: picture(known[sku]) for play, sku in skus.items() if sku in known}


async def _who(connection: "asyncpg.Connection[Any]", campaign: str, customer: str | None) -> tuple[Who | None, bool]:
    if customer is None:
        return None, False
    member = await connection.fetchrow(_MEMBER, campaign, customer)
    consents = frozenset(await connection.fetchval(_CONSENTS, customer))
    audiences = frozenset(member["audiences"]) if member else frozenset()
    return Who(customer, {}, audiences, consents), bool(member and member["control"])


def _barred(setup: Setup, who: Who | None, control: bool) -> str:
    if who is None:
        return ""
    if setup.audience and setup.audience not in who.audiences:
        return "not_in_audience"
    if setup.audience and control:
        return "not_offered"
    return "no_consent" if setup.consent and setup.consent not in who.consents else ""


async def _mine(connection: "asyncpg.Connection[Any]", customer: str | None, campaign: str) -> list[Instance]:
    if customer is None:
        return []
    rows = await connection.fetch(_MINE, customer, campaign, WALLET_SHOWN)
    return await _instances(connection, [row for row in rows if row["play"]])


async def _instances(connection: "asyncpg.Connection[Any]", rows: list[Any]) -> list[Instance]:
    wanted = sorted({(row["campaign"], row["play"], row["terms"]) for row in rows})
    columns = [list(column) for column in zip(*wanted, strict=True)] or [[], [], []]
    versions = {
        (row["campaign"], row["play"], row["version"]): unpack(row["setup"])
        for row in await connection.fetch(_VERSIONS, *columns)
    }
    found = []
    for row in rows:
        setup = versions[row["campaign"], row["play"], row["terms"]]
        decode = machine(setup.module).state
        assert decode is not None, f"{row['key']} belongs to {setup.module}, which keeps no states"
        found.append(
            Instance(
                id=row["key"].rpartition("/")[2],
                state=decode(row["body"]),
                setup=setup,
                customer=row["customer"] or "",
            )
        )
    return found
