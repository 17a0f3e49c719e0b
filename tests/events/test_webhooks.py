"""Webhooks: at least once, in order, signed; what fails is tried again and at last a dead letter."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest

from miaohui.events import delivery, webhooks
from miaohui.events.delivery import Deliveries
from miaohui.events.signature import is_ours, sign
from tests.events.test_relay import facts, write

NOW_S = 1_790_000_000
OPEN = "select webhook from webhook_delivery where state = 'open'"
URL = "https://shop.example/miaohui"


async def shop_ids(_connection, customers):
    return {customer: f"shop-{n}" for n, customer in enumerate(sorted(customers))}


class Shop:
    """A receiver that answers with the given statuses, then with 204."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        status = self.statuses.pop(0) if self.statuses else 204
        if status == 0:
            raise httpx.ConnectError("no route")
        return httpx.Response(status)

    def orders(self):
        return [[event["order"] for event in json.loads(request.content)["events"]] for request in self.requests]


@pytest.fixture
def deliver(database, vault):
    def make(shop):
        return Deliveries(database, vault, shop_ids, transport=httpx.MockTransport(shop), clock=lambda: NOW_S * 1000)

    return make


@pytest.fixture
async def hook(database, vault):
    async with database.acquire() as connection:
        return await webhooks.create(connection, vault, URL, ["order.*"])


async def settle(deliveries, id):
    while await deliveries.step(id):
        pass


async def begin(deliveries, id):
    """Write a delivery down and try it once: `settle` would try again what has failed, on a machine that takes a second."""
    assert await deliveries.step(id)
    assert await deliveries.step(id)


async def dead(database):
    async with database.acquire() as connection:
        return await webhooks.dead_letters(connection)


async def due_now(database):
    await database.execute("update webhook_delivery set next_try_at = now() where state = 'open'")


async def due_in(database, pause_s, tried):
    """Whether the next try is `pause_s` after `tried`, which tries once: the pause counts from some moment in it."""
    before = await database.fetchval("select clock_timestamp()")
    await tried
    after, due = await database.fetchrow("select clock_timestamp(), next_try_at from webhook_delivery")
    return before <= due - timedelta(seconds=pause_s) <= after


async def test_events_arrive_in_order_and_signed(database, deliver, hook):
    id, secret = hook
    await write(database, facts(0, 250))
    shop = Shop()
    await settle(deliver(shop), id)
    assert shop.orders() == [
        [str(n) for n in range(100)],
        [str(n) for n in range(100, 200)],
        [str(n) for n in range(200, 250)],
    ]
    for request in shop.requests:
        assert str(request.url) == URL
        assert is_ours(secret, request.headers["Miaohui-Signature"], request.content, NOW_S)
        assert request.headers["Miaohui-Delivery"] == json.loads(request.content)["delivery"]
    assert json.loads(shop.requests[0].content)["events"][0]["customer"].startswith("shop-")
    await settle(deliver(shop), id)
    assert len(shop.requests) == 3
    assert await database.fetchval("select count(*) from webhook_delivery") == 0


async def test_a_webhook_begins_with_what_comes_after_it(database, vault, deliver):
    await write(database, facts(0, 3))
    async with database.acquire() as connection:
        id, _ = await webhooks.create(connection, vault, URL)
    await write(database, facts(3, 1))
    shop = Shop()
    await settle(deliver(shop), id)
    assert shop.orders() == [["3"]]


async def test_a_failed_delivery_is_repeated_with_the_same_id_and_body(database, deliver, hook):
    id, _ = hook
    await write(database, facts(0, 2))
    shop = Shop(500, 0)
    assert await due_in(database, 1, begin(deliver(shop), id))
    assert len(shop.requests) == 1
    row = await database.fetchrow("select tries, last_error from webhook_delivery")
    assert tuple(row) == (1, "HTTP 500")
    await write(database, facts(2, 1))  # what comes meanwhile waits behind it
    await due_now(database)
    assert await deliver(shop).step(id)
    assert await database.fetchval("select last_error from webhook_delivery") == "ConnectError: no route"
    await due_now(database)
    await settle(deliver(shop), id)
    assert shop.orders() == [["0", "1"], ["0", "1"], ["0", "1"], ["2"]]
    assert len({request.content for request in shop.requests[:3]}) == 1
    assert len({request.headers["Miaohui-Delivery"] for request in shop.requests}) == 2


async def test_the_pauses_double_up_to_ten_minutes(database, deliver, hook):
    id, _ = hook
    await write(database, facts(0, 1))
    deliveries = deliver(Shop(*[503] * delivery.TRIES))
    assert await deliveries.step(id)
    for pause_s in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600, 600):
        assert await due_in(database, pause_s, deliveries.step(id)), pause_s
        await due_now(database)
    assert await dead(database) == []
    await deliveries.step(id)
    [letter] = await dead(database)
    assert (letter.url, letter.events, letter.tries, letter.last_error) == (URL, 1, 15, "HTTP 503")


async def test_a_dead_letter_lets_the_next_one_go_and_can_be_sent_again(database, vault, deliver, hook, monkeypatch):
    monkeypatch.setattr(delivery, "TRIES", 1)
    id, _ = hook
    await write(database, facts(0, 1))
    shop = Shop(410)
    await settle(deliver(shop), id)
    await write(database, facts(1, 1))
    await settle(deliver(shop), id)
    assert shop.orders() == [["0"], ["1"]]
    [letter] = await dead(database)
    async with database.acquire() as connection:
        [listed] = await webhooks.listed(connection)
        assert (listed.url, listed.names, listed.dead, listed.tries) == (URL, ["order.*"], 1, 0)
        body = await webhooks.dead_body(connection, vault, letter.id)
        assert body is not None
        assert json.loads(body)["events"][0]["order"] == "0"
        assert await webhooks.retry(connection, letter.id)
        assert not await webhooks.retry(connection, letter.id)
    shop.statuses = [500]
    await settle(deliver(shop), id)
    assert [(again.id, again.tries) for again in await dead(database)] == [(letter.id, 2)]
    async with database.acquire() as connection:
        assert await webhooks.retry(connection, letter.id)
    await settle(deliver(shop), id)
    assert shop.orders() == [["0"], ["1"], ["0"], ["0"]]
    assert await dead(database) == []
    assert await database.fetchval("select state from webhook_delivery") == "delivered"


async def test_a_dropped_dead_letter_is_gone_from_the_list(database, deliver, hook, monkeypatch):
    monkeypatch.setattr(delivery, "TRIES", 1)
    await write(database, facts(0, 1))
    await settle(deliver(Shop(500)), hook[0])
    [letter] = await dead(database)
    async with database.acquire() as connection:
        assert await webhooks.drop(connection, letter.id)
        assert not await webhooks.drop(connection, letter.id)
    assert await dead(database) == []


async def test_an_archived_webhook_gets_nothing_more(database, deliver, hook):
    id, _ = hook
    await write(database, facts(0, 1))
    shop = Shop(500)
    await begin(deliver(shop), id)
    async with database.acquire() as connection:
        assert await webhooks.archive(connection, id)
        assert not await webhooks.archive(connection, id)
        assert await webhooks.listed(connection) == []
    await due_now(database)
    await settle(deliver(shop), id)
    assert len(shop.requests) == 1
    assert await database.fetchval("select state from webhook_delivery") == "dropped"


async def test_the_loop_serves_all_webhooks_and_one_that_hangs_holds_up_nobody(database, vault, hook, monkeypatch):
    monkeypatch.setattr(delivery, "TICK_S", 0.01)
    async with database.acquire() as connection:
        slow, _ = await webhooks.create(connection, vault, "https://slow.example/", [])
    told = asyncio.Event()

    async def receive(request):
        if request.url.host == "slow.example":
            await asyncio.Event().wait()
        told.set()
        return httpx.Response(204)

    await write(database, facts(0, 1))
    running = asyncio.create_task(Deliveries(database, vault, shop_ids, transport=httpx.MockTransport(receive)).run())
    await told.wait()
    while [row["webhook"] for row in await database.fetch(OPEN)] != [slow]:
        pass
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("url", ["", "shop.example", "ftp://shop.example/", "https://", "https://u:p@shop.example/"])
async def test_a_bad_address_is_refused(vault, url):
    with pytest.raises(ValueError, match="is no address to send to: write one such as https://"):
        await webhooks.create(None, vault, url)


async def test_secrets_and_bodies_are_kept_encrypted(database, deliver, hook):
    id, secret = hook
    await write(database, facts(0, 1))
    await begin(deliver(Shop(500)), id)
    kept = await database.fetchrow("select w.secret, d.body from webhook w join webhook_delivery d on d.webhook = w.id")
    assert secret.encode() not in kept["secret"]
    assert b"shop-0" not in kept["body"]


def test_a_signature():
    body = b'{"delivery": "1"}'
    header = sign("secret", NOW_S, body)
    assert header == "t=1790000000,v1=7aa00a1197bfe71701a9137b70df3f9efcc6e69ec7088fbb80662a975cf2a143"
    assert is_ours("secret", header, body, NOW_S + 300)
    assert not is_ours("secret", header, body, NOW_S + 301)
    assert not is_ours("secret", header, body + b" ", NOW_S)
    assert not is_ours("other", header, body, NOW_S)
    assert not is_ours("secret", header.replace("t=179", "t=178"), body, NOW_S)
    assert not is_ours("secret", "nonsense", body, NOW_S)
