"""kill -9 of the server at random moments while customers claim, order and pay.

The client writes down every answer it saw. After each start it asks again, with the same keys, what it got no answer to. In the
end: every answer that was seen is in the ledger, nothing is there twice, no limit is broken, the audit is clean, and the event
store has exactly the events of the outbox.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import asyncpg
import httpx
import pytest

from miaohui.bench.stand import Stand, prepare
from miaohui.events.envelope import unpack
from miaohui.host.audit import audit
from miaohui.server.postgres import EmbeddedPostgres
from tests.host.stage import CAMPAIGN, setup

KILLS = 10
COUPONS = 400
OPEN = {"opens_ms": 0, "ends_ms": 2**50, "rate_count": 10_000}


class Customers:
    """Everybody who claims; each keeps his key until he has an answer."""

    def __init__(self, url, key):
        self.url, self.headers = url, {"Authorization": f"Bearer {key}"}
        self.seen, self.open, self.n = {}, {}, 0

    async def one(self, client, path, key, body):
        """Ask until there is an answer, however often the server dies; its status and JSON."""
        while True:
            try:
                answer = await client.post(path, json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                await asyncio.sleep(0.02)
                continue
            if answer.status_code != 503:
                assert self.seen.setdefault(key, answer.content) == answer.content
                return answer.status_code, answer.json()

    async def life(self, random):
        """One customer after another: a coupon, an order with it, paid or cancelled."""
        async with httpx.AsyncClient(base_url=self.url, headers=self.headers, timeout=5) as client:
            while not self.stop.is_set():
                self.n += 1
                who = f"c{self.n}"
                status, coupon = await self.one(
                    client, f"/api/v1/plays/{CAMPAIGN}/coupon/claim", f"{who}-k", {"customer": who}
                )
                if status != 200:
                    assert coupon["code"] == "none_left", coupon
                    continue
                self.open[who] = coupon["coupon"]
                body = {
                    "customer": who,
                    "currency": "USD",
                    "lines": [{"line": "a", "sku": "x", "quantity": 1, "unit_price_minor": 900}],
                    "claims": [{"campaign": CAMPAIGN, "play": "coupon", "coupon": coupon["coupon"]}],
                }
                status, placed = await self.one(client, f"/api/v1/orders/{who}/placed", f"{who}-p", body)
                assert (status, placed["total_minor"]) == (200, 400), placed
                verb = random.choice(["paid", "paid", "cancelled"])
                status, done = await self.one(client, f"/api/v1/orders/{who}/{verb}", f"{who}-{verb}", {})
                assert (status, done["status"]) == (200, verb), done

    async def live(self, random, people):
        """Until told to stop."""
        self.stop = asyncio.Event()
        await asyncio.gather(*(self.life(random) for _ in range(people)))


@pytest.mark.timeout(300)
async def test_nothing_answered_is_lost_and_nothing_is_there_twice(tmp_path):
    if os.geteuid() == 0:
        tmp_path.chmod(0o755)
    data, random = tmp_path / "data", Random(20261122)
    key = await prepare(data, [setup("coupon", head=OPEN, count=COUPONS)], stock={}, budget_minor=10**9)
    server = Stand(data, MIAOHUI_LANGUAGE="en").start()
    customers = Customers(server.url, key)
    living = asyncio.create_task(customers.live(random, 24))
    for _ in range(KILLS):
        await asyncio.sleep(random.uniform(0.05, 0.6))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    await asyncio.sleep(0.3)
    customers.stop.set()
    await living

    await asyncio.to_thread(server.kill)
    await found(data, customers)


async def found(data, customers):
    """Compare what the client saw with ledger, outbox and event store."""
    with EmbeddedPostgres(data / "postgres") as postgres:
        db = await asyncpg.create_pool(postgres.url, server_settings={"search_path": "main"})
        assert {check.name: check.findings for check in await audit(db) if check.findings} == {}
        states = {
            row[0].rsplit("/", 1)[1]: row[1]
            for row in await db.fetch("select key, customer from state where play = 'coupon'")
        }
        told = {e.id: e for row in await db.fetch("select events from outbox") for e in unpack(row[0])}
        assert set(customers.open.values()) == set(states)  # each coupon answered is there, and no other
        assert len(states) <= COUPONS
        assert len(set(states.values())) == len(states)  # one a customer
        paid = {key for key, body in customers.seen.items() if key.endswith("-paid")}
        assert {e.order for e in told.values() if e.name == "order.paid"} == {key.removesuffix("-paid") for key in paid}
        await db.close()
        reader = Path(__file__).with_name("events_of.py")
        command = [sys.executable, str(reader), postgres.url, str(data / "events")]
        read = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, check=True)
        there = json.loads(read.stdout)
        assert sorted(there) == sorted(told)
