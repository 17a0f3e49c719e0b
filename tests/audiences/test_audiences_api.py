"""POST /api/v1/audiences/parse and /count, as a shop calls them."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import asyncpg
import httpx
import pytest
from crowd import DAY_MS, NOW_MS, put
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from plain import Did, Person

from miaohui.api import audiences
from miaohui.api.refusals import EXCEPTION_HANDLERS
from miaohui.customers import consent, identities
from miaohui.events.store import EventStore
from miaohui.team import keys
from miaohui.vault import Vault
from miaohui.workspace import Workspace

TREE = {"kind": "not", "of": {"kind": "tagged", "tags": ["vip"]}}


@pytest.fixture
async def shop(database: asyncpg.Pool, store: EventStore, vault: Vault) -> AsyncIterator[httpx.AsyncClient]:
    """A shop's client; Lin has paid twice and is a vip, He has not and is silent."""
    async with database.acquire() as connection:
        met = await identities.acquaint(connection, vault, ["lin", "he"])
        await identities.name(connection, vault, {met["lin"]: "Lin"})
        await consent.give(connection, [*met.values()], "sms")
        await consent.give(connection, [met["he"]], "email")
        _, key = await keys.create(connection, "root", "shop")
    paid = [Did("order.paid", NOW_MS - n * DAY_MS, total_minor=9_900) for n in (1, 2)]
    await put(store, {met["lin"]: Person({}, ("vip",), paid), met["he"]: Person({"stage": "silent"})})
    workspace = Workspace(
        name="w", title="W", zone="UTC", currency="USD", language="en", url="http://w", demo=False,
        db=database, events=store, host=SimpleNamespace(), vault=vault, clock=lambda: NOW_MS,
    )  # fmt: skip
    app = Litestar(
        [Router("/api/v1", route_handlers=audiences.HANDLERS, exception_handlers=EXCEPTION_HANDLERS)],
        dependencies={"workspace": Provide(lambda: workspace, sync_to_thread=False)},
        state=State({"workspace": workspace}),
        openapi_config=None,
    )
    headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://w/api/v1/audiences", headers=headers
    ) as client:
        client.met = met
        yield client


async def refusal(shop: httpx.AsyncClient, path: str, body: Any, **more: Any) -> tuple[int, dict[str, Any]]:
    answer = await shop.post(path, json=body, **more)
    return answer.status_code, answer.json()


async def test_text_and_tree_are_two_forms_of_one_condition(shop: httpx.AsyncClient) -> None:
    expected = {"text": "not tag vip", "tree": TREE, "hints": []}
    for asked in [{"text": "not (tag 'vip')"}, {"tree": TREE}]:
        answer = await shop.post("/parse", json=asked)
        assert (answer.status_code, answer.json()) == (200, expected)


async def test_words_that_nobody_carries_are_pointed_out(shop: httpx.AsyncClient) -> None:
    answer = await shop.post("/parse", json={"text": "stage is silnet"})
    assert answer.json()["hints"] == [
        {"offset": 9, "length": 6, "sentence": "no customer's stage is 'silnet' yet", "nearest": "silent"}
    ]


async def test_a_count_says_how_many_who_and_why(shop: httpx.AsyncClient) -> None:
    answer = await shop.post("/count", json={"text": "sum(order.paid.amount, last 30 days) > 150 and everybody"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["customers"], body["total"], body["now_ms"], body["consents"]) == (1, 2, NOW_MS, {"sms": 1})
    assert [(part["path"], part["customers"]) for part in body["parts"]] == [("", 1), ("0", 1), ("1", 2)]
    assert body["text"] == "sum(order.paid.amount, last 30 days) > 150.00 and everybody"
    assert body["tree"]["of"][0] == {
        "kind": "sum",
        "event": {"name": "order.paid", "where": []},
        "field": "total_minor",
        "op": ">",
        "value": 15_000,
        "window": {"kind": "last", "number": 30, "unit": "day"},
    }
    assert body["samples"] == [
        {
            "customer": shop.met["lin"],
            "label": "Lin",
            "reasons": [
                {
                    "text": "sum(order.paid.amount, last 30 days) > 150.00",
                    "figure": "19800",
                    "unit": "amount_minor",
                },
                {"text": "everybody", "figure": "", "unit": ""},
            ],
        }
    ]
    assert (await shop.post("/count", json={"text": "everybody", "samples": 0})).json()["samples"] == []


async def test_a_mistake_is_answered_with_its_place(shop: httpx.AsyncClient) -> None:
    for path in ("/parse", "/count"):
        assert await refusal(shop, path, {"text": "count(order.payed) > 1"}) == (
            422,
            {
                "code": "bad_condition",
                "sentence": "expected the name of an event, found 'order.payed'; did you mean 'order.paid'?",
                "data": {
                    "text": "count(order.payed) > 1",
                    "offset": 6,
                    "length": 11,
                    "expected": ["the name of an event"],
                    "found": "order.payed",
                    "nearest": "order.paid",
                },
                "retry": False,
            },
        )
    _, body = await refusal(shop, "/parse", {"text": "tag"}, headers={"Accept-Language": "zh"})
    assert body["sentence"] == "这里应是标签名，写的是句末"
    assert body["data"]["expected"] == ["标签名"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad_request"),
        ({"text": "everybody", "tree": TREE}, "bad_request"),
        ({"tree": {"kind": "alle"}}, "bad_request"),
        ({"tree": {"kind": "all", "of": [TREE]}}, "bad_request"),
        ({"tree": {"kind": "count", "event": {"name": "order.lost"}, "op": ">", "number": 1}}, "bad_condition"),
        ({"text": "everybody", "samples": 201}, "bad_request"),
        ({"text": "everybody", "speed": 1}, "bad_request"),
    ],
)
async def test_what_does_not_fit_is_refused(shop: httpx.AsyncClient, body: dict[str, Any], code: str) -> None:
    status, answer = await refusal(shop, "/count", body)
    assert (status, answer["code"], answer["retry"]) == (422, code, False)


async def test_only_a_shop_with_its_key_may_ask(shop: httpx.AsyncClient) -> None:
    for headers in [{"Authorization": ""}, {"Authorization": "Bearer mh_wrong"}]:
        status, answer = await refusal(shop, "/count", {"text": "everybody"}, headers=headers)
        assert (status, answer["code"]) == (401, "unauthorised")
