"""The clock jumps, forwards and back, while customers act: what is over is over once, and no time runs backwards for a host."""

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
    customers.allowed |= {("coupon", "coupon_expired"), ("group_buy", "party_over")}
    async with customers.living(*PLAYS):
        for by_ms in (20 * MINUTE, -10 * MINUTE, 2 * DAY, -3 * DAY, 8 * DAY):
            await customers.more()
            await town.move_clock(by_ms)
        await customers.more()
    await town.move_clock(30 * DAY)
    while await town.db.fetchval("select count(*) from timer"):
        pass
    assert (await room(town, "flash_sale"))[1] == 0  # every hold has ended
    assert await town.db.fetchval("select count(*) from hold") == 0
    await agree(customers)
    times = await town.db.fetch("select at from transfer order by seq")
    assert len({row["at"] for row in times}) > 1
