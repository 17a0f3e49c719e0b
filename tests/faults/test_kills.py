"""kill -9 of web processes, the worker, PostgreSQL, all of it, at random moments while customers claim, order and pay."""

import asyncio
import signal
from random import Random

import pytest

from miaohui.customers.identities import SHOP, identity_hash
from miaohui.host.submission import Customer
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
    victims = [[one], [two], [worker], [durable], [one, two], [durable, one], [two], [one, two, worker, durable]]
    async with customers.living(*PLAYS), asyncio.TaskGroup() as starting:
        for n in range(KILLS):
            await customers.more(10)
            await asyncio.sleep(random.random() / 10)
            await kill(victims[n % len(victims)], signal.SIGINT if n % 2 else signal.SIGKILL, starting)
    async with customers.living(*PLAYS):
        await customers.more()
    assert customers.unanswered > 0
    assert len(answers(customers, "claim")) == 2000 - (await room(town, "coupon", "coupons"))[0]
    await agree(customers)


async def test_a_customer_whom_postgres_has_just_made_is_there_after_its_kill(town, durable):
    new, before = Customer("", identity_hash(town.vault, SHOP, "new"), "new"), durable.pid
    made = await town.host.storage.acquaint([new], [])
    await kill_postgres(durable)
    await back(durable, before)
    assert (await town.host.storage.acquaint([new], [])).customers == made.customers


async def kill(whom, way, starting):
    """Kill all of these at once, and start them again: servers in the background; PostgreSQL, which is killed or restarted
    (its `way`), before this returns."""
    postgres = next((one for one in whom if isinstance(one, EmbeddedPostgres)), None)
    servers = [one for one in whom if one is not postgres]
    before = postgres and postgres.pid
    if postgres:
        await kill_postgres(postgres, way)
    await asyncio.gather(*(server.end() for server in servers))
    if postgres:
        await back(postgres, before)
    for server in servers:
        starting.create_task(server.start())


@pytest.mark.parametrize("processes", [1, 2])
async def test_a_run_with_its_own_postgres(nursery, faults_folder, processes):
    name = f"alone_{processes}"
    town = Town(EmbeddedPostgres(faults_folder / name / "postgres"), nursery, faults_folder, name)
    run = town.server("run", MIAOHUI_DATABASE_URL="", MIAOHUI_PROCESSES=str(processes))
    await run.start()
    async with town:
        await town.open(**PLAYS)
        customers = Customers(town, [run.port], Random(5))
        async with customers.living(*PLAYS):
            for starts in (1, 2):
                await run.says("web process 2 of 2, pid ", starts * (processes - 1))
                await customers.more()
                await run.end()
                await run.start()
            await customers.more()
        await agree(customers)
