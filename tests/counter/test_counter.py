"""The counter on a running server: it speaks to Miaohui by the API and hears it by the webhook, nothing else."""

import httpx
import msgspec
import pytest
from playwright.async_api import Browser

from miaohui.counter import connect, orders
from miaohui.customers.signin import COOKIE
from miaohui.events.delivery import Deliveries
from miaohui.events.signature import HEADER, sign
from miaohui.host.timers import Timers, due_in
from tests.browser import sound
from tests.fair_scene import HOUR, MILK, MINUTE, PASTA, Scene

BASKET = {f"n.{PASTA.sku}": "2", f"n.{MILK.sku}": "1"}


async def send(phone: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Post a form of the counter, with the token of this browser."""
    page = (await phone.get("/demo/households")).text
    token = page.split('name="_csrf" value="')[1].split('"')[0]
    return await phone.post(path, data={"_csrf": token, **fields})


async def tap(phone: httpx.AsyncClient, play: str, action: str) -> dict[str, str]:
    """A play's action; its reply."""
    answer = await phone.post(
        f"/api/v1/plays/fair/{play}/{action}", json={}, headers={"Idempotency-Key": f"{play}-{action}"}
    )
    assert answer.status_code == 200, answer.text
    reply: dict[str, str] = answer.json()
    return reply


async def order(scene: Scene, id: str) -> orders.Order:
    found = await orders.one(scene.workspace.db, id)
    assert found is not None
    return found


async def pump(scene: Scene) -> None:
    """Fire what is due and deliver what the shop is to hear, until nothing moves."""
    workspace = scene.workspace
    db = workspace.db
    await Timers(workspace.host, lambda limit: due_in(db, limit)).fire()
    deliveries = Deliveries(db, workspace.vault, workspace.shop_ids, clock=workspace.clock)
    for row in await db.fetch("select id from webhook"):
        while await deliveries.step(row["id"]):
            pass
    assert await db.fetchval("select count(*) from webhook_delivery") == 0


async def test_a_coupon_pays_part_of_a_basket_and_comes_back_with_the_whole_refund(scene: Scene) -> None:
    async with scene.phone("1228") as phone:
        coupon = (await tap(phone, "welcome", "claim"))["coupon"]
        fields = {**BASKET, "order": "K1", "campaign": "fair", "play": "welcome", "coupon": coupon}
        assert (await send(phone, "/counter/orders", **fields)).headers["location"] == "/counter/orders/K1"
        placed = await order(scene, "K1")
        assert (placed.list_minor, placed.discount_minor, placed.total_minor) == (1147, 500, 647)
        assert [item.discount_minor for item in placed.items] == [348, 152]
        assert "On hold" in (await phone.get("/wallet")).text
        await send(phone, "/counter/orders/K1/pay")
        assert "Used 1" in (await phone.get("/wallet")).text
        await send(phone, "/counter/orders/K1/refund")
        refunded = await order(scene, "K1")
        assert (refunded.status, refunded.refunded_minor) == ("refunded", 647)
        assert "Usable 1" in (await phone.get("/wallet")).text
    names = [event.name for event in await scene.events()]
    assert names == [
        "coupon.claimed",
        "order.placed",
        "coupon.redeemed",
        "order.paid",
        "coupon.returned",
        "order.refunded",
    ]


async def test_the_same_form_twice_is_one_order(scene: Scene) -> None:
    async with scene.phone("1228") as phone:
        for _ in range(2):
            assert (await send(phone, "/counter/orders", **BASKET, order="K1")).status_code == 303
    assert await scene.workspace.db.fetchval("select count(*) from counter_order") == 1


async def test_a_flash_sale_is_bought_at_its_price_and_a_cancelled_unit_goes_back(scene: Scene) -> None:
    left = "select credits - debits - debits_pending from account where key = 'play/fair/milk-hour/stock'"
    async with scene.phone("1228") as phone:
        token = (await tap(phone, "milk-hour", "token"))["token"]
        fields = {f"n.{MILK.sku}": "1", "order": "K1", "campaign": "fair", "play": "milk-hour", "instance": token}
        await send(phone, "/counter/orders", **fields)
        assert (await order(scene, "K1")).total_minor == 99
        assert await scene.workspace.db.fetchval(left) == 9
        await send(phone, "/counter/orders/K1/cancel")
    assert (await order(scene, "K1")).status == "cancelled"
    assert await scene.workspace.db.fetchval(left) == 10


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("zh", "没有下单：还差 US$4.51 才能用这张券"), ("en", "Nothing was ordered: $4.51 more to use this coupon")],
)
async def test_a_refusal_orders_nothing_and_is_said_on_the_checkout(scene: Scene, language: str, sentence: str) -> None:
    async with scene.phone("1228", language) as phone:
        coupon = (await tap(phone, "welcome", "claim"))["coupon"]
        before = await scene.count()
        fields = {f"n.{MILK.sku}": "1", "order": "K1", "campaign": "fair", "play": "welcome", "coupon": coupon}
        refused = await send(phone, "/counter/orders", **fields)
    assert refused.status_code == 409
    assert sentence in refused.text
    assert await scene.count() == before
    assert await orders.one(scene.workspace.db, "K1") is None


async def test_a_group_that_is_not_full_in_time_is_refunded_by_the_webhook(scene: Scene) -> None:
    async with scene.phone("1228") as phone:
        party = (await tap(phone, "table-of-three", "open"))["party"]
        fields = {f"n.{PASTA.sku}": "1", "order": "K1", "campaign": "fair", "play": "table-of-three", "instance": party}
        await send(phone, "/counter/orders", **fields)
        await send(phone, "/counter/orders/K1/pay")
        await pump(scene)
        assert (await order(scene, "K1")).status == "paid"
        await scene.later(25 * HOUR)
        await pump(scene)
        refunded = await order(scene, "K1")
        assert (refunded.status, refunded.refunded_minor) == ("refunded", 249)
        assert "The group was not filled" in (await phone.get(f"/c/fair/table-of-three/{party}")).text
    names = [event.name for event in await scene.events() if not event.name.startswith("group_buy.")]
    assert names == ["order.placed", "order.paid", "party.failed", "refund.requested", "order.refunded"]


async def test_an_order_that_was_not_paid_in_time_shows_so_here_and_there(scene: Scene) -> None:
    async with scene.phone("1228") as phone:
        party = (await tap(phone, "table-of-three", "open"))["party"]
        fields = {f"n.{PASTA.sku}": "1", "order": "K1", "campaign": "fair", "play": "table-of-three", "instance": party}
        await send(phone, "/counter/orders", **fields)
        await scene.later(16 * MINUTE)
        assert "Expired" in (await phone.get("/counter/orders/K1")).text
        await pump(scene)
    assert await scene.workspace.db.fetchval("select status from counter_order") == "expired"
    [cancelled] = await scene.events("order.cancelled")
    assert cancelled.properties["reason"] == "expired"


async def test_the_webhook_is_heard_only_with_its_signature(scene: Scene) -> None:
    async with scene.phone("1228") as phone:
        await send(phone, "/counter/orders", **BASKET, order="K1")
        await send(phone, "/counter/orders/K1/pay")
        event = {"id": "e1", "name": "refund.requested", "order": "K1", "properties": {"lines": "1,2"}}
        body = msgspec.json.encode({"delivery": "d1", "events": [event]})
        secret, now_s = (await connect.ties(scene.workspace)).webhook_secret, scene.workspace.clock() // 1000
        for header in (
            "",
            sign("another", now_s, body),
            sign(secret, now_s - 301, body),
            sign(secret, now_s, body + b" "),
        ):
            assert (await phone.post("/counter/webhook", content=body, headers={HEADER: header})).status_code == 401
        assert (await order(scene, "K1")).status == "paid"
        heard = await phone.post("/counter/webhook", content=body, headers={HEADER: sign(secret, now_s, body)})
        assert heard.status_code == 204
    assert (await order(scene, "K1")).status == "refunded"


async def test_nobody_sees_or_moves_anothers_order(scene: Scene) -> None:
    async with scene.phone("1228") as phone:
        await send(phone, "/counter/orders", **BASKET, order="K1")
    async with scene.phone("718") as other:
        assert (await other.get("/counter/orders/K1")).status_code == 404
        assert (await send(other, "/counter/orders/K1/cancel")).status_code == 404
    async with scene.phone() as nobody:
        assert (await nobody.get("/counter/orders")).status_code == 401
    assert (await order(scene, "K1")).status == "placed"


async def test_a_form_of_another_site_changes_nothing(scene: Scene) -> None:
    async with scene.phone("1228") as phone:
        await send(phone, "/counter/orders", **BASKET, order="K1")
        assert (await phone.post("/counter/orders/K1/cancel", data={})).status_code == 403
    assert (await order(scene, "K1")).status == "placed"


async def test_picking_a_household_goes_by_the_shops_signed_link(scene: Scene) -> None:
    async with scene.phone() as phone:
        found = (await phone.get("/demo/households?q=718&next=/c/fair")).text
        assert "Household 718" in found
        assert "Household 1228" not in found
        sent = await send(phone, "/demo/households", household="718", next="/c/fair")
        assert sent.headers["location"].startswith("/enter?c=718&t=")
        entered = await phone.get(sent.headers["location"])
        assert entered.headers["location"] == "/c/fair"
        assert phone.cookies[COOKIE].startswith(scene.households["718"])
        assert (await send(phone, "/demo/households", household="9999")).status_code == 404


async def test_outside_the_demo_there_is_no_counter(scene: Scene) -> None:
    scene.workspace.demo = False
    async with scene.phone("1228") as phone:
        for path in ("/counter", "/counter/orders", "/demo/households"):
            assert (await phone.get(path)).status_code == 404
        come = (await phone.get("/come?next=/c/fair")).text
    assert "/demo/households" not in come


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_page_of_the_counter_fits_a_phone_and_says_what_it_is(
    scene: Scene, chromium: Browser, language: str
) -> None:
    async with scene.phone("1228") as phone:
        for id, verb in (("K1", ""), ("K2", "pay"), ("K3", "cancel")):
            await send(phone, "/counter/orders", **BASKET, order=id)
            if verb:
                await send(phone, f"/counter/orders/{id}/{verb}")
    visitor = await scene.comes(chromium, "1228", language)
    paths = [
        "/counter",
        "/counter?q=pasta",
        "/counter/checkout",
        f"/counter/checkout?n.{PASTA.sku}=2",
        "/counter/orders",
    ]
    for path in [*paths, "/counter/orders/K1", "/counter/orders/K2", "/counter/orders/K3", "/demo/households"]:
        answer = await visitor.page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        await sound(visitor)
        says = {
            "zh": "演示柜台：它代替真正的商店，不收真钱",
            "en": "A demo counter: it stands in for the shop, takes no real money",
        }
        assert says[language] in await visitor.page.locator("main").inner_text(), path
    await visitor.leave()


async def test_at_another_address_the_webhook_is_made_anew_and_the_key_stays(scene: Scene) -> None:
    first = await connect.ties(scene.workspace)
    assert await connect.ties(scene.workspace) == first
    scene.workspace.url = "http://127.0.0.1:1"
    moved = await connect.ties(scene.workspace)
    assert (moved.api_key, moved.webhook_url) == (first.api_key, "http://127.0.0.1:1/counter/webhook")
    in_use = await scene.workspace.db.fetch("select url from webhook where archived_at is null")
    assert [row["url"] for row in in_use] == ["http://127.0.0.1:1/counter/webhook"]
