"""Two workers: one owns the event store, the other stands by and takes over; each event is carried once."""

import asyncio
import signal
from random import Random

import asyncpg

from tests.faults.books import agree
from tests.faults.customers import Customers

END_OWNERS = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1"


async def test_the_one_that_stands_by_takes_over(town):
    await town.open(coupon={"count": 100_000})
    first, web = await town.started("worker", "web")
    second = town.server("worker")
    customers = Customers(town, [web.port], Random(13))
    async with customers.living("coupon", people=4):
        for owner, other in ((first, second), (second, first)):
            taking_over = asyncio.create_task(other.start())
            await other.says(f"is owned by process {owner.pid} on ")
            await customers.more()
            assert not taking_over.done()
            await owner.end()
            await taking_over
            await customers.more()
    await agree(customers)


async def test_an_owner_that_sleeps_while_another_takes_its_place(town):
    """The folder of the event store has a lock of its own: nobody opens it before the sleeper has left it."""
    await town.open(coupon={"count": 100_000})
    first, web = await town.started("worker", "web")
    second = town.server("worker")
    taking_over = asyncio.create_task(second.start())
    await second.says(f"is owned by process {first.pid} on ")
    customers = Customers(town, [web.port], Random(14))
    async with customers.living("coupon", people=4):
        await customers.more()
        first.send(signal.SIGSTOP)
        connection = await asyncpg.connect(town.postgres.url)
        await connection.fetch(END_OWNERS, f"miaohui/events/{town.name} %")
        await connection.close()
        await second.says("cannot be opened")
        await customers.more()
        first.send(signal.SIGCONT)  # it is the owner again, or it leaves
        await customers.more()
    await agree(customers)
    taking_over.cancel()
