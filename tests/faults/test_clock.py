"""The clock jumps, forwards and back, while customers act: what is over is over once, and everything that was reserved ends."""

import asyncio
from random import Random

from tests.faults.books import agree, room
from tests.faults.customers import Customers
from tests.faults.town import ALWAYS, GROUPS

MINUTE, DAY = 60_000, 86_400_000
PLAYS = {"coupon": {"count": 5000}, "flash_sale": {"stock": 500, "slots": ALWAYS}, "group_buy": GROUPS}


async def test_jumps_under_load(town):
    await town.open(**PLAYS)
    _, one, two = await town.started("worker", "web", "web")
    customers = Customers(town, [one.port, two.port], Random(12))
    customers.allowed |= {("coupon", code) for code in ("coupon_expired", "coupon_not_yet")}
    customers.allowed |= {("group_buy", code) for code in ("unknown_party", "party_over", "leader_first")}
    customers.allowed |= {("flash_sale", "no_token"), ("", "order_state")}
    async with customers.living(*PLAYS):
        for by_ms in (20 * MINUTE, -10 * MINUTE, 2 * DAY, -3 * DAY, 8 * DAY):
            await customers.more()
            await town.move_clock(by_ms)
        await customers.more()
    await town.move_clock(30 * DAY)
    while await town.db.fetchval("select count(*) from state where due_ms is not null"):  # noqa: ASYNC110 - the worker fires them
        await asyncio.sleep(0.05)
    assert (await room(town, "flash_sale"))[1] == 0  # every hold has ended
    assert await town.db.fetchval("select count(*) from hold") == 0
    await agree(customers)
