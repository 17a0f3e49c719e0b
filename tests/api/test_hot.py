"""The hot path over HTTP: who may call, what is answered, and that a no changes nothing."""

import pytest

from miaohui.customers.signin import COOKIE, make_cookie
from miaohui.host.fairground import Fairground
from tests.api_scene import serving
from tests.host.stage import CAMPAIGN, setup

URL = f"/api/v1/plays/{CAMPAIGN}"
OPEN = {"opens_ms": 0, "ends_ms": 2**53}


@pytest.fixture
async def scene(database, vault):
    async with serving(database, None, vault) as (workspace, client):
        ground = Fairground(workspace.host, database)
        await ground.stock("tea-1", 100, "first")
        setups = [setup("coupon", head=OPEN), setup("group_buy", head=OPEN, ends_ms=2**53)]
        assert await ground.open(CAMPAIGN, setups, "USD", 100_000) is None
        yield workspace, client


async def rows(database):
    return [await database.fetchval(f"select count(*) from {t}") for t in ("transfer", "outbox", "reply", "state")]


def key(k):
    return {"Idempotency-Key": k}


async def test_a_claim_is_answered_and_repeated_byte_for_byte(scene, database):
    _, client = scene
    first = await client.post(f"{URL}/coupon/claim", json={"customer": "1228"}, headers=key("k"))
    before = await rows(database)
    again = await client.post(f"{URL}/coupon/claim", json={"customer": "1228"}, headers=key("k"))
    assert (first.status_code, first.json()["amount_minor"]) == (200, 500)
    assert again.content == first.content
    assert await rows(database) == before
    other = await client.post(f"{URL}/coupon/claim", json={"customer": "1229"}, headers=key("k"))
    assert other.json()["coupon"] != first.json()["coupon"]  # another customer's key is another key


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("/coupon/claim", {"customer": "1"}, {}, 422, "bad_request"),
        ("/coupon/claim", {"customer": "1"}, key("k" * 65), 422, "bad_request"),
        ("/coupon/claim", {"customer": "1", "more": 1}, key("k"), 422, "bad_request"),
        ("/coupon/claim", {}, key("k"), 422, "bad_request"),
        ("/coupon/claim", {"customer": "1"}, key("k") | {"Authorization": "Bearer nonsense"}, 401, "unauthorised"),
        ("/coupon/claim", {"customer": "1"}, key("k") | {"Authorization": ""}, 401, "unauthorised"),
        ("/coupon/open", {"customer": "1"}, key("k"), 404, "unknown_action"),
        ("/nothing/claim", {"customer": "1"}, key("k"), 404, "unknown_play"),
    ],
)
async def test_a_request_that_does_not_fit_is_told_why_and_changes_nothing(
    scene, database, path, body, headers, status, code
):
    _, client = scene
    before = await rows(database)
    answer = await client.post(URL + path, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "sentence", "data", "retry"}
    assert await rows(database) == before


async def test_a_browser_acts_for_its_own_customer_only(scene, database):
    workspace, client = scene
    ann = (await client.post(f"{URL}/coupon/claim", json={"customer": "ann"}, headers=key("k"))).json()["coupon"]
    id = await database.fetchval("select customer from state where key like '%' || $1", ann)
    cookie = make_cookie(workspace.vault, id, workspace.clock())
    browser = {"Authorization": "", "Cookie": f"{COOKIE}={cookie}", "Origin": workspace.url, **key("b")}
    taken = await client.post(f"{URL}/coupon/claim", json={"customer": "bob"}, headers=browser)
    assert (taken.status_code, taken.json()["code"]) == (409, "limit_reached")  # ann's limit, whatever the body says
    foreign = browser | {"Origin": "https://elsewhere.example"}
    assert (await client.post(f"{URL}/coupon/claim", json={}, headers=foreign)).status_code == 401
    forged = browser | {"Cookie": f"{COOKIE}={cookie[:-1]}0"}
    assert (await client.post(f"{URL}/coupon/claim", json={}, headers=forged)).status_code in (
        401,
        409 if cookie[-1] == "0" else 401,
    )


async def test_sentences_come_in_the_readers_language(scene):
    _, client = scene
    await client.post(f"{URL}/coupon/claim", json={"customer": "1"}, headers=key("a"))
    said = {}
    for language in ("zh-CN,zh;q=0.9", "en"):
        headers = key("b") | {"Accept-Language": language}
        said[language[:2]] = (await client.post(f"{URL}/coupon/claim", json={"customer": "1"}, headers=headers)).json()[
            "sentence"
        ]
    assert said == {"zh": "每人限领 1 张，你已经领过了", "en": "You already have yours: 1 per customer"}


async def test_an_order_over_http(scene):
    _, client = scene
    coupon = (await client.post(f"{URL}/coupon/claim", json={"customer": "1"}, headers=key("a"))).json()["coupon"]
    order = {
        "customer": "1",
        "currency": "USD",
        "lines": [{"line": "a", "sku": "x", "quantity": 2, "unit_price_minor": 700}],
        "claims": [{"campaign": CAMPAIGN, "play": "coupon", "coupon": coupon}],
    }
    placed = await client.post("/api/v1/orders/o-1/placed", json=order, headers=key("p"))
    assert (placed.status_code, placed.json()["total_minor"], placed.json()["status"]) == (200, 900, "placed")
    same = await client.post("/api/v1/orders/o-1/placed", json=order | {"currency": "EUR"}, headers=key("p"))
    assert (same.status_code, same.json()["code"]) == (409, "key_reused")
    early = await client.post("/api/v1/orders/o-2/paid", json={}, headers=key("q"))
    assert (early.status_code, early.json()["code"], early.json()["retry"]) == (409, "order_not_placed", True)
    paid = await client.post("/api/v1/orders/o-1/paid", headers=key("r"))
    assert (paid.status_code, paid.json()["status"]) == (200, "paid")
    back = await client.post(
        "/api/v1/orders/o-1/refunded", json={"lines": [{"line": "a", "quantity": 1}]}, headers=key("s")
    )
    assert (back.json()["refunded_minor"], back.json()["status"]) == (450, "partly_refunded")
    wrong = await client.post(
        "/api/v1/orders/o-1/refunded", json={"lines": [{"line": "a", "quantity": 2}]}, headers=key("t")
    )
    assert (wrong.json()["code"], wrong.json()["data"]["left"]) == ("refund_exceeds_order", 1)
    bad = await client.post("/api/v1/orders/o-3/placed", json=order | {"lines": []}, headers=key("u"))
    assert (bad.status_code, bad.json()["data"]["wanted"]) == (422, "1 to 200 lines")
