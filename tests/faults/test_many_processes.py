"""Two web processes and a worker on one PostgreSQL keep the promises of one process."""

import asyncio
import json
import time
from random import Random

import httpx

from miaohui.events.remote import PATH, SIGNATURE, pack
from miaohui.team import keys
from tests.faults.books import agree, answers, room
from tests.faults.customers import Customers
from tests.faults.town import ALWAYS, GROUPS
from tests.host.stage import CAMPAIGN

COUPONS, UNITS = 120, 30
CLAIM = f"/api/v1/plays/{CAMPAIGN}/coupon/claim"


async def test_the_last_item_is_sold_and_none_twice(town):
    await town.open(
        coupon={"count": COUPONS},
        flash_sale={"stock": UNITS, "slots": ALWAYS},
        group_buy=GROUPS,
    )
    _, one, two = await town.started("worker", "web", "web")
    customers = Customers(town, [one.port, two.port], Random(1), twice=0.3)
    async with customers.living("coupon", "flash_sale", "group_buy", people=24):
        gone = asyncio.create_task(revoked(customers))
        while not {("coupon", "none_left"), ("flash_sale", "sold_out")} <= set(customers.refused):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert len(answers(customers, "claim")) == COUPONS
    while (await room(town, "flash_sale"))[0]:  # what was cancelled meanwhile
        customers.n += 1
        await customers.flash_sale(f"last{customers.n}")
    assert await gone <= 5
    await agree(customers)


async def revoked(customers):
    """Seconds from the revocation of a key to the last request that was sent with it and let in."""

    async def tried():
        calls = (customers.once(port, CLAIM, "r", b"{}", bearer=key) for port in customers.ports)
        return [status for status, _ in await asyncio.gather(*calls)]

    async with customers.town.db.acquire() as c:
        id, key = await keys.create(c, "tests", "second")
        assert await tried() == [422, 422]  # let in, then asked for a customer
        await keys.revoke(c, "tests", id)
    since = let_in = sent = time.monotonic()
    while await tried() != [401, 401]:
        let_in = sent
        await asyncio.sleep(0.1)
        sent = time.monotonic()
    return let_in - since


async def test_one_customer_one_key_one_limit_on_both_at_once(town):
    await town.open(coupon={"count": 1000})
    one, two = await town.started("web", "web")
    customers = Customers(
        town, [one.port, two.port], Random(2), allowed={("coupon", "limit_reached"), ("coupon", "bad_request")}
    )

    async def both(keys, *bodies):
        calls = [
            (port, CLAIM, key, json.dumps(body).encode())
            for port, key, body in zip(customers.ports, keys, bodies, strict=True)
        ]
        told = await asyncio.gather(*(customers.once(*call) for call in calls))
        for (_, path, key, body), (status, answer) in zip(calls, told, strict=True):
            customers.note(key, path, body, status, answer, "coupon")
        return told

    for n in range(25):
        body = {"customer": f"same{n}"}
        first, second = await both([f"s{n}", f"s{n}"], body, body)  # the same key: the same answer
        assert first[0] == 200
        assert first == second
        found = sorted(await both([f"a{n}", f"b{n}"], *[{"customer": f"other{n}"}] * 2))  # two keys: his limit is one
        assert [status for status, _ in found] == [200, 409]
        assert json.loads(found[1][1])["code"] == "limit_reached"
        codes = sorted(
            json.loads(answer).get("code", "granted")
            for _, answer in await both([f"x{n}", f"x{n}"], {"customer": f"third{n}"}, {"customer": f"third{n}", "": 1})
        )
        assert codes == ["bad_request", "granted"]
    assert (await room(town, "coupon", "coupons"))[0] == 1000 - 75
    status, answer = await customers.once(two.port, CLAIM, "s0", b'{"customer":"same0" }')  # one key, another body
    assert (status, json.loads(answer)["code"]) == (409, "key_reused")
    await agree(customers, events=False)


async def test_a_change_counts_at_once_in_every_process(town):
    await town.open(coupon={"count": 1000})
    one, two = await town.started("web", "web")
    customers = Customers(town, [one.port, two.port], Random(3), allowed={("coupon", "not_open")})
    for n in range(10):
        assert await customers.act("coupon", "claim", f"open{n}")
        await town.fairground.pause(CAMPAIGN)
        found = await asyncio.gather(
            *(customers.once(port, CLAIM, f"p{n}-{port}", b'{"customer":"paused"}') for port in customers.ports)
        )
        assert [json.loads(answer)["code"] for _, answer in found] == ["not_open", "not_open"]
        await town.fairground.resume(CAMPAIGN)
    assert len(answers(customers, "claim")) == 10
    await agree(customers, events=False)


async def test_events_are_asked_of_the_owner_and_customers_do_not_need_it(town):
    await town.open(coupon={"count": 100})
    worker, web = await town.started("worker", "web")
    customers = Customers(town, [web.port], Random(4))
    assert await customers.act("coupon", "claim", "ann")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}", timeout=None) as client:
        client.headers = {"Authorization": f"Bearer {town.key}", "Accept-Language": "en"}
        asked = {"text": "count(coupon.claimed, last 1 days) >= 1"}
        counted = await client.post("/api/v1/audiences/count", json=asked)
        assert counted.status_code == 200, counted.text
        await worker.end()
        away = await client.post("/api/v1/audiences/count", json=asked)
        assert (away.status_code, away.json()["code"], away.json()["retry"]) == (503, "busy", True)
        assert away.json()["sentence"].startswith(
            f"The process that owns the event store (http://127.0.0.1:{worker.port}) does not answer: "
        )
        health = await client.get("/healthz")
        assert (health.status_code, health.json()["ledger"]) == (200, "ok")
        assert health.json()["events"].startswith("The process that owns the event store")
        assert await customers.act("coupon", "claim", "bob")
        await worker.start()
        while (await client.post("/api/v1/audiences/count", json=asked)).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await agree(customers)


async def test_only_who_has_the_secret_may_ask_the_owner(town):
    (worker,) = await town.started("worker")
    body = pack({"sql": "select 1 as one", "parameters": None})
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{worker.port}", timeout=None) as client:
        for signature in ("", town.vault.sign("inside", "ff")):
            answer = await client.post(PATH, content=body, headers={SIGNATURE: signature})
            assert (answer.status_code, answer.content) == (403, b"")
        assert (await client.get("/console")).status_code == 404
    assert await town.events.query("select 1 as one") == [{"one": 1}]


async def test_a_process_with_another_secret_does_not_start(town, tmp_path):
    web = town.server("web", MIAOHUI_SECRET_FILE=str(tmp_path / "secret"))
    await town.refuses(
        web, f"workspace '{town.name}' has a secret, and there is none at {tmp_path}/secret: copy the file"
    )
    (tmp_path / "secret").write_text("ab" * 32)
    await town.refuses(web, f"the secret at {tmp_path}/secret is not that of workspace '{town.name}': copy the file")
