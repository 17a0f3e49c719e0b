"""POST and GET /api/v1/events over HTTP, and the calls of webhooks."""

import json
from uuid import UUID

import asyncpg
import httpx
import pytest

from miaohui.customers.signin import COOKIE, make_cookie
from miaohui.events import delivery, feed
from miaohui.events.envelope import NOBODY
from miaohui.events.ingest import ROWS_MAX
from tests.api_scene import serving

VIEW = {"name": "page.viewed", "page": "/tea"}
PAID = {"name": "order.paid", "customer": "1228", "order": "A-1", "currency": "USD", "total_minor": 900}
URL = "/api/v1/events"
HOOKS = "/api/v1/webhooks"


@pytest.fixture
async def scene(database, vault):
    async with serving(database, None, vault) as (workspace, client):
        yield workspace, client


async def test_a_batch_is_answered_row_by_row(scene):
    _, client = scene
    answer = await client.post(URL, json=[PAID, VIEW | {"name": "page.seen"}, VIEW])
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 2,
        "repeated": 0,
        "refused": [
            {
                "index": 1,
                "code": "unknown_name",
                "sentence": "there is no event called page.seen",
                "remedy": "correct the row by docs/reference/events.md",
                "data": {"name": "page.seen"},
            }
        ],
    }
    page = (await client.get(URL)).json()
    assert [(event["name"], event.get("customer"), event["source"]) for event in page["events"]] == [
        ("order.paid", "1228", "live"),
        ("page.viewed", None, "live"),
    ]
    assert page["more"] is False


async def test_a_cursor_whose_events_are_gone_is_told_so(scene, postgres_url):
    workspace, client = scene
    await client.post(URL, json=[PAID, VIEW])
    old, new = [(await client.get(URL, params={"limit": limit})).json()["cursor"] for limit in (1, 2)]
    owner = await asyncpg.connect(
        postgres_url, server_settings={"search_path": await workspace.db.fetchval("select current_schema")}
    )
    seen = feed.cursor(new)
    await owner.execute("update workspace set dropped_xid = $1, dropped_id = $2, dropped_n = $3", *seen)
    await owner.close()
    answer = await client.get(URL, params={"after": old})
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (
        410, "cursor_too_old", {"after": old},
    )  # fmt: skip
    assert (await client.get(URL, params={"after": new})).json() == {"events": [], "cursor": new, "more": False}
    assert len((await client.get(URL)).json()["events"]) == 2


async def test_one_event_is_answered_as_one(scene, database):
    _, client = scene
    assert (await client.post(URL, json=PAID)).json() == {"accepted": 1, "repeated": 0, "refused": []}
    answer = await client.post(URL, json=PAID | {"currency": "dollars"}, headers={"Accept-Language": "zh"})
    assert answer.status_code == 422
    problem = "Expected `str` matching regex '^[A-Z]{3}$' - at `$.currency`"
    assert answer.json() == {
        "code": "malformed",
        "sentence": f"这一行不符合事件字典：{problem}：对照 docs/reference/events.md 修改这一行",
        "data": {"problem": problem},
        "retry": False,
    }
    assert await database.fetchval("select count(*) from outbox") == 1


async def test_a_customer_is_one_customer_for_events_and_is_made_once(scene, database):
    _, client = scene
    await client.post(URL, json=[PAID, PAID | {"order": "A-2"}])
    await client.post(URL, json=PAID | {"order": "A-3"})
    assert await database.fetchval("select count(*) from customer") == 1


async def test_simulated_customers_are_marked(database, vault):
    async with serving(database, None, vault, source="simulated") as (_, client):
        await client.post(URL, json=VIEW)
        [event] = (await client.get(URL)).json()["events"]
        assert event["source"] == "simulated"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[{]", 422, "bad_request"),
        (b"", 422, "malformed"),
        (json.dumps([VIEW] * (ROWS_MAX + 1)).encode(), 422, "too_many_events"),
    ],
)
async def test_a_body_that_does_not_fit_leaves_nothing(scene, database, body, status, code):
    _, client = scene
    answer = await client.post(URL, content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await database.fetchval("select count(*) from outbox") == 0


@pytest.mark.parametrize("key", ["", "Bearer nonsense"])
async def test_nobody_sends_or_reads_without_a_key(scene, database, key):
    _, client = scene
    headers = {"Authorization": key}
    for answer in (
        await client.post(URL, json=VIEW, headers=headers),
        await client.get(URL, headers=headers),
        await client.get(HOOKS, headers=headers),
        await client.post(HOOKS, json={"url": "https://a.example"}, headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert await database.fetchval("select count(*) from outbox") == 0
    assert await database.fetchval("select count(*) from webhook") == 0


async def test_a_browser_sends_its_own_views_with_its_cookie(scene, database):
    workspace, client = scene
    ann = str(UUID(int=7 << 76 | 2 << 62 | 1))
    cookie = make_cookie(workspace.vault, ann, workspace.clock())
    del client.headers["Authorization"]
    headers = {"Cookie": f"{COOKIE}={cookie}", "Origin": workspace.url}
    answer = await client.post(URL, json=[VIEW | {"customer": "1228"}, PAID], headers=headers)
    assert answer.json()["accepted"] == 1
    assert answer.json()["refused"][0]["sentence"] == "order.paid is not taken from a browser"
    [event] = await workspace_events(workspace)
    assert event.customer == ann != NOBODY
    for other in ({"Origin": "https://evil.example"}, {"Origin": ""}, {"Cookie": f"{COOKIE}={cookie}x"}):
        assert (await client.post(URL, json=VIEW, headers=headers | other)).status_code == 401
    assert len(await workspace_events(workspace)) == 1


async def workspace_events(workspace):

    async with workspace.db.acquire() as connection:
        return (await feed.read(connection, feed.cursor(""))).events


async def test_the_cursor_pages_and_filters(scene):
    _, client = scene
    await client.post(URL, json=[VIEW, PAID, PAID | {"order": "A-2"}])
    first = (await client.get(URL, params={"limit": 1, "name": "order.*"})).json()
    assert [event["order"] for event in first["events"]] == ["A-1"]
    assert first["more"] is True
    rest = (await client.get(URL, params={"after": first["cursor"], "name": ["order.*", "page.viewed"]})).json()
    assert [event.get("order") for event in rest["events"]] == ["A-2"]
    assert (await client.get(URL, params={"after": rest["cursor"]})).json()["events"] == []


@pytest.mark.parametrize("query", [{"after": "x"}, {"name": "*"}, {"limit": 0}, {"limit": 201}])
async def test_a_bad_query_is_told_so(scene, query):
    _, client = scene
    answer = await client.get(URL, params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_request")


async def test_a_webhook_is_made_listed_and_archived_with_a_line_in_the_log(scene, database):
    _, client = scene
    made = await client.post(HOOKS, json={"url": "https://shop.example/hook", "names": ["refund.requested"]})
    assert made.status_code == 201
    id = made.json()["id"]
    assert len(made.json()["secret"]) == 64
    [listed] = (await client.get(HOOKS)).json()["webhooks"]
    assert (listed["id"], listed["url"], listed["names"]) == (id, "https://shop.example/hook", ["refund.requested"])
    assert "secret" not in listed
    assert (await client.delete(f"{HOOKS}/{id}")).status_code == 204
    gone = await client.delete(f"{HOOKS}/{id}")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_webhook")
    assert (await client.get(HOOKS)).json() == {"webhooks": [], "after": ""}
    log = await database.fetch("select operator, action from audit where action like 'webhook.%' order by seq")
    assert [tuple(row) for row in log] == [("key shop", "webhook.created"), ("key shop", "webhook.archived")]


@pytest.mark.parametrize("body", [{"url": "shop"}, {"url": "https://a.example", "names": ["*"]}, {}, {"url": 1}])
async def test_a_webhook_that_does_not_fit_is_not_made(scene, database, body):
    _, client = scene
    answer = await client.post(HOOKS, json=body)
    assert answer.status_code in (400, 422)
    assert await database.fetchval("select count(*) from webhook") == 0


async def test_dead_letters_are_listed_retried_and_dropped(scene, database, monkeypatch):

    monkeypatch.setattr(delivery, "TRIES", 1)
    workspace, client = scene
    hook = (await client.post(HOOKS, json={"url": "https://shop.example/"})).json()["id"]
    await client.post(URL, json=PAID)
    dead = httpx.MockTransport(lambda _: httpx.Response(500))
    deliveries = delivery.Deliveries(database, workspace.vault, workspace.shop_ids, transport=dead)
    while await deliveries.step(hook):
        pass
    [letter] = (await client.get(f"{HOOKS}/dead-letters")).json()["dead_letters"]
    assert (letter["webhook"], letter["events"], letter["last_error"]) == (hook, 1, "HTTP 500")
    assert (await client.post(f"{HOOKS}/dead-letters/{letter['id']}/retry")).status_code == 202
    assert (await client.post(f"{HOOKS}/dead-letters/{letter['id']}/retry")).status_code == 404
    while await deliveries.step(hook):
        pass
    assert (await client.post(f"{HOOKS}/dead-letters/{letter['id']}/drop")).status_code == 204
    gone = await client.post(f"{HOOKS}/dead-letters/{letter['id']}/drop")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_dead_letter")
