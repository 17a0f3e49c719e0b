"""Several hosts on one PostgreSQL sell from the same pools side by side, their connections break, and everything agrees."""

import asyncio
from functools import partial
from random import Random

import pytest

from miaohui.host.audit import audit
from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from tests.host.stage import CAMPAIGN, SECRET, Fair, direct, enrol, said
from tests.host.test_fairground import ground, later

COUPONS, BOXES, PEOPLE, HOSTS = 60, 20, 120, 3


def cut(host, dice):
    """One of a host's connections is gone; whether what was under way on it was done, nobody knows."""
    c = getattr(host.storage, dice.choice(("_c", "_reading", "_asking")))
    if c is not None:
        c._transport.abort()


async def fair(database):
    """The fair opened, and as many hosts as there are, each with connections of its own."""
    f, g = await ground(database)
    setups = [
        later("coupon", count=COUPONS, budget_minor=500 * COUPONS),
        later("group_buy", play="tea", stock=BOXES, per_customer=3),
    ]
    assert await g.open(CAMPAIGN, setups, "USD", 500 * COUPONS) is None
    await f.host.stop()
    hosts = [Host(Postgres(partial(direct, database), str.encode), SECRET) for _ in range(HOSTS)]
    fairs = [Fair(host, setups) for host in hosts]
    for one in fairs:
        await one.host.start()
    return fairs


async def balance(database, key):
    return await database.fetchrow("select debits, credits, debits_pending from account where key = $1", key)


async def ask(fairs, dice, make):
    """Ask one of them, or two at the same moment, until it is answered; who asks twice hears the same."""
    while True:
        asked = [one.host.submit(make(one)) for one in dice.sample(fairs, dice.choice((1, 1, 2)))]
        heard = [said(answer) for answer in await asyncio.gather(*asked)]
        if "busy" not in heard:
            break
    granted = [one for one in heard if isinstance(one, dict)]
    assert all(one == granted[0] for one in granted)
    return granted[0] if granted else heard[0]


async def lives(fairs, n, told):
    """A customer: takes a coupon, opens a party, orders with both, and pays or leaves it."""
    dice, me = Random(n), f"c{n}"
    coupon = await ask(fairs, dice, lambda f: f.act("coupon", "claim", me, f"claim {me}"))
    told.append(("claim", coupon))
    party = await ask(fairs, dice, lambda f: f.act("group_buy", "open", me, f"open {me}", play="tea"))
    told.append(("open", party))
    if not isinstance(party, dict):
        return
    claims = [("tea", {"instance": party["party"], "line": "1"})]
    if isinstance(coupon, dict):
        claims.append(("coupon", {"coupon": coupon["coupon"]}))
    placed = await ask(fairs, dice, lambda f: f.placed(f"o{n}", me, *claims, key=f"placed {me}"))
    told.append(("placed", placed))
    if isinstance(placed, dict):
        verb = dice.choice(("paid", "cancelled"))
        settled = await ask(fairs, dice, lambda f: f.order(f"o{n}", verb, key=f"{verb} {me}"))
        told.append((verb, settled))


@pytest.mark.parametrize("breaks", [False, True], ids=["", "connections break"])
async def test_the_last_one_goes_once_and_all_agrees(database, breaks):
    fairs, told, dice = await fair(database), [], Random(breaks)
    alive = asyncio.gather(*(lives(fairs, n, told) for n in range(PEOPLE)))
    while breaks and not alive.done():
        cut(dice.choice(fairs).host, dice)
        for _ in range(30):  # meanwhile some batches are written
            await database.fetchval("select 1")
    await alive
    for one in fairs:
        await one.host.stop()
    granted = {
        what: [x for w, x in told if w == what and isinstance(x, dict)]
        for what in ("claim", "placed", "paid", "cancelled")
    }
    refused = {(w, x) for w, x in told if isinstance(x, str)}
    assert ("claim", "none_left") in refused
    assert len(granted["claim"]) == COUPONS
    assert len({x["coupon"] for x in granted["claim"]}) == COUPONS
    assert tuple(await balance(database, f"play/{CAMPAIGN}/coupon/coupons")) == (COUPONS, COUPONS, 0)
    paid = sum(x["status"] == "paid" for x in granted["paid"])
    stock = await balance(database, f"play/{CAMPAIGN}/tea/stock")
    assert paid <= BOXES
    assert tuple(stock) == (paid, BOXES, 0)
    await enrol(database)
    assert {check.name: check.findings for check in await audit(database) if check.findings} == {}
    assert sum(one.host.figures.failed for one in fairs) == 0
