"""Processes whose network to PostgreSQL delays, breaks and falls silent keep every promise, and go on by themselves."""

import asyncio
from functools import partial
from random import Random

from miaohui.host.audit import audit
from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from miaohui.server.database import connect
from tests.faults.books import agree, answers, room
from tests.faults.customers import Customers
from tests.faults.network import Network
from tests.faults.town import ALWAYS, GROUPS
from tests.host.stage import Fair, enrol

COUPONS = 80


async def test_a_network_that_delays_breaks_and_falls_silent(town):
    await town.open(coupon={"count": COUPONS}, flash_sale={"stock": 40, "slots": ALWAYS}, group_buy=GROUPS)
    dice = Random(21)
    async with Network(town.postgres.url, dice) as network:
        far = {"MIAOHUI_DATABASE_URL": network.url}
        servers = [town.server("worker"), town.server("web", **far), town.server("web", **far)]
        await asyncio.gather(*(server.start() for server in servers))
        customers = Customers(town, [server.port for server in servers[1:]], dice, twice=0.3)
        async with customers.living("coupon", "flash_sale", "group_buy"):
            await customers.more()
            network.delay_s = 0.01
            await customers.more(60)
            for halves in (False, True) * 4:
                network.cut(0.5, halves=halves)
                await customers.more(5)
            network.delay_s = 0
            for breaks in (False, True) * 2:  # what was sent arrives late, or never
                network.fall_silent()
                await asyncio.sleep(dice.random())
                if breaks:
                    network.cut(0.7)
                network.speak()
                await customers.more(10)
            while ("coupon", "none_left") not in customers.refused:  # noqa: ASYNC110 - other processes answer
                await asyncio.sleep(0.02)
        assert network.cuts > 10
        assert len(answers(customers, "claim")) == COUPONS
        assert await room(town, "coupon", "coupons") == (0, 0)
        await agree(customers)


async def test_connections_that_stay_silent_are_given_up(town, monkeypatch):
    monkeypatch.setattr("miaohui.host.postgres.PATIENCE_S", 0.3)
    await town.open(coupon={"count": 100})
    async with Network(town.postgres.url, Random(1)) as network:
        storage = Postgres(partial(connect, network.url, town.name), town.vault.encrypt)
        fair = Fair(Host(storage, town.vault.key("host")), [])
        await fair.host.start()
        for n in range(5):  # whatever the connection does when it happens
            said = asyncio.gather(
                *(fair.do(fair.act("coupon", "claim", f"c{n}-{m}", key=f"{n}-{m}")) for m in range(5))
            )
            for _ in range(n * 3):
                await asyncio.sleep(0)
            network.forsake()
            granted = await said
            assert [reply["amount_minor"] for reply in granted] == [500] * 5
            again = [await fair.do(fair.act("coupon", "claim", f"c{n}-{m}", key=f"{n}-{m}")) for m in range(5)]
            assert again == granted
        assert fair.host.figures.retries > 0
        await fair.host.stop()
    assert await room(town, "coupon", "coupons") == (75, 0)
    await enrol(town.db)
    assert {check.name: check.findings for check in await audit(town.db) if check.findings} == {}
