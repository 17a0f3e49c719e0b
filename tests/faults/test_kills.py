"""kill -9 of web processes, the worker, PostgreSQL, all of it, at random moments while customers claim, order and pay."""

import asyncio
import signal
from random import Random

from miaohui.server.postgres import EmbeddedPostgres
from tests.faults.books import agree, answers, room
from tests.faults.customers import Customers
from tests.faults.town import ALWAYS, GROUPS, Town, back, kill_postgres

KILLS = 24
PLAYS = {"coupon": {"count": 2000}, "flash_sale": {"stock": 500, "slots": ALWAYS}, "group_buy": GROUPS}


async def test_nothing_answered_is_lost_and_nothing_is_there_twice(town, durable):
    await town.open(**PLAYS)
    worker, one, two = await town.started("worker", "web", "web")
    customers = Customers(town, [one.port, two.port], random := Random(20261127))
    databases = [("postgres", signal.SIGKILL), ("postgres", signal.SIGINT)]
    victims = [
        *((server, signal.SIGKILL) for server in (one, two, worker, one, two)),
        *databases,
        ("all", signal.SIGKILL),
    ]
    async with customers.living(*PLAYS):
        for n in range(KILLS):
            await customers.more(10)
            await asyncio.sleep(random.random() / 10)
            await killed(town, durable, *victims[n % len(victims)])
        await customers.more()
    assert customers.unanswered > 0
    assert len(answers(customers, "claim")) == 2000 - (await room(town, "coupon", "coupons"))[0]
    await agree(customers)


async def killed(town, postgres, what, sign):
    """Kill and start again: a process, PostgreSQL, or everything at once."""
    before = postgres.pid
    whom = town.servers if what == "all" else [what] if what != "postgres" else []
    await asyncio.gather(*(server.end(sign) for server in whom))
    if what in ("postgres", "all"):
        await kill_postgres(postgres, sign)
        await back(postgres, before)
    await asyncio.gather(*(server.start() for server in whom))


async def test_one_process_with_its_own_postgres(nursery, faults_folder):
    town = Town(EmbeddedPostgres(faults_folder / "alone" / "postgres"), nursery, faults_folder, "alone")
    run = town.server("run", MIAOHUI_DATABASE_URL="")
    await run.start()
    async with town:
        await town.open(**PLAYS)
        customers = Customers(town, [run.port], Random(5))
        async with customers.living(*PLAYS):
            for _ in range(2):
                await customers.more()
                await run.end()
                await run.start()
            await customers.more()
        await agree(customers)
