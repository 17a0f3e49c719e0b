"""A process that is paused in the middle of its work: the others go on, timers are late and never lost, and when it wakes up it
finds out what has happened."""

import asyncio
import signal
from random import Random

from tests.faults.books import agree, answers, room
from tests.faults.customers import TEA, Customers
from tests.faults.town import ALWAYS

MINUTE = 60_000


async def test_a_paused_web_process_does_not_hold_the_others_up(town):
    await town.open(coupon={"count": 100_000})
    one, two = await town.started("web", "web")
    customers, patient = Customers(town, [one.port], Random(9)), Customers(town, [two.port], Random(10))
    async with customers.living("coupon"):
        await customers.more()
        for _ in range(2):  # in the middle of a batch, most likely
            one.send(signal.SIGSTOP)
            assert await patient.act("coupon", "claim", f"p{patient.n}")  # while that one is paused
            patient.n += 1
            one.send(signal.SIGCONT)
            await customers.more(5)
    customers.granted |= patient.granted
    await agree(customers, events=False)


async def test_timers_of_a_paused_worker_are_late_and_never_lost(town):
    await town.open(flash_sale={"stock": 50, "slots": ALWAYS})
    worker, web = await town.started("worker", "web")
    customers = Customers(town, [web.port], Random(11))
    for n in range(20):
        token = await customers.act("flash_sale", "token", f"c{n}")
        assert await customers.bought(f"c{n}", "flash_sale", TEA, instance=token["token"], line="a")
    assert await room(town, "flash_sale") == (30, 20)
    worker.send(signal.SIGSTOP)
    await town.move_clock(31 * MINUTE)  # every hold is over, and nobody is there to see it
    paid = await customers.order("c0-flash_sale", "paid")  # late, and still held: it counts
    assert (paid["status"], paid["refund"]) == ("paid", "")
    assert await room(town, "flash_sale") == (30, 19)
    worker.send(signal.SIGCONT)
    while await room(town, "flash_sale") != (49, 0):  # noqa: ASYNC110 - another process fires them
        await asyncio.sleep(0.02)
    assert len(answers(customers, "placed")) == 20
    assert await town.db.fetchval("select count(*) from state where key like 'order/%' and due_ms is not null") == 0
    again = await customers.order("c1-flash_sale", "paid")  # too late, and there are units: it reserves and counts
    assert (again["status"], again["refund"]) == ("paid", "")
    assert await room(town, "flash_sale") == (48, 0)
    await agree(customers)
