"""The OpenAPI document is whole, true to what the server does, and shown on a page that needs nothing from elsewhere."""

import re
import warnings
from types import SimpleNamespace

import msgspec
import pytest
from litestar.exceptions import LitestarDeprecationWarning
from playwright.async_api import expect

from miaohui import plays
from miaohui.api.openapi import document
from miaohui.host.answers import CODES
from miaohui.host.fairground import Fairground
from miaohui.host.setup import machine
from miaohui.pages.security import CONTENT_SECURITY_POLICY
from miaohui.server.app import build, rooms
from tests.api_scene import serving
from tests.browser import Visitor, chromium, serve  # noqa: F401 - a fixture
from tests.host.stage import CAMPAIGN, setup

SHIPPED = plays.names()
DOCUMENT = msgspec.json.decode(document())
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def references(value):
    """Every $ref below a value."""
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [ref for inner in value.values() for ref in references(inner)]
    return [ref for inner in value for ref in references(inner)] if isinstance(value, list) else []


def codes(operation, status):
    """The codes that an operation's answer of a status may carry."""
    (schema,) = (content["schema"] for content in operation["responses"][status]["content"].values())
    return schema["allOf"][1]["properties"]["code"]["enum"]


def test_every_reference_leads_somewhere_and_every_schema_is_used():
    found = set(references(DOCUMENT))
    assert len(found) > 50
    for ref in found:
        place = DOCUMENT
        for part in ref.removeprefix("#/").split("/"):
            place = place[part]
    assert {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]} - found == set()


def test_operations_have_a_name_of_their_own_and_say_what_they_do_and_answer():
    assert DOCUMENT["openapi"] == "3.1.0"
    assert len(OPERATIONS) == sum(len(methods) for methods in DOCUMENT["paths"].values())
    tags, schemes = {tag["name"] for tag in DOCUMENT["tags"]}, DOCUMENT["components"]["securitySchemes"]
    for id, (_, path, operation) in OPERATIONS.items():
        assert re.fullmatch("[a-z_]+", id), id
        assert re.fullmatch("[A-Z].+[a-z]", operation["summary"], re.DOTALL), id
        assert set(operation["tags"]) <= tags, id
        assert operation["tags"], id
        security = operation.get("security", DOCUMENT["security"])
        assert {name for one in security for name in one} <= set(schemes), id
        granted = [status for status in operation["responses"] if status.startswith("2")]
        assert len(granted) == 1, id
        assert len(operation["responses"]) > 1, id
        placed = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert placed == set(re.findall("{(.+?)}", path)), id


def test_every_address_of_the_api_every_action_and_every_verb_is_there():
    described = {(method.upper(), path) for method, path, _ in OPERATIONS.values()}
    app = rooms(SimpleNamespace(name="nobody"))
    served = {
        (method, route.path_format)
        for route in app.routes
        if route.path.startswith("/api/v1/")
        for method, (handler, *_) in route.route_handler_map.items()
        if handler.include_in_schema is not False and method != "OPTIONS"
    }
    actions = {f"/api/v1/plays/{{campaign}}/{{play}}/{action}" for name in SHIPPED for action in machine(name).actions}
    verbs = {f"/api/v1/orders/{{order}}/{verb}" for verb in ("placed", "paid", "cancelled", "refunded")}
    assert len(served) > 14
    assert described == served | {("POST", path) for path in actions | verbs}


def test_actions_name_every_code_in_both_what_the_host_and_what_the_play_refuse():
    for id, module in (("coupon_claim", "coupon"), ("flash_sale_token", "flash_sale"), ("group_buy_open", "group_buy")):
        operation = OPERATIONS[id][2]
        named = {
            code: int(status)
            for status in operation["responses"]
            if status != "200"
            for code in codes(operation, status)
        }
        own = set(plays.find(module).SENTENCES)
        assert {code for code, status in named.items() if code not in CODES} == own - set(CODES)
        assert all(status == (CODES[code][0] if code in CODES else 409) for code, status in named.items())
        assert operation["parameters"][-1]["name"] == "Idempotency-Key"
    everywhere = {
        code
        for _, _, operation in OPERATIONS.values()
        for status in operation["responses"]
        if status not in ("default", "200", "201", "202", "204")
        for code in codes(operation, status)
    }
    assert set(CODES) - everywhere == {"unknown_account", "other_unit", "not_enough"}  # openings, which no call makes


def filled(schema):
    """The least that a schema asks for."""
    if "$ref" in schema:
        return filled(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    match schema.get("type"):
        case "object":
            return {name: filled(schema["properties"][name]) for name in schema.get("required", ())}
        case "array":
            return [filled(schema["items"])]
        case "integer":
            return 1
    return "a"


def body_of(operation):
    """The schema of the operation's body."""
    return operation["requestBody"]["content"]["application/json"]["schema"]


def fits(schema, value):
    """Whether a value has the form of a schema, as far as these answers use it."""
    if "$ref" in schema:
        return fits(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]], value)
    match schema.get("type"):
        case "object":
            known = schema.get("properties", {})
            return set(schema.get("required", ())) <= set(value) and all(
                fits(known[name], inner) for name, inner in value.items() if name in known
            )
        case "array":
            return isinstance(value, list) and all(fits(schema["items"], inner) for inner in value)
        case "integer":
            return isinstance(value, int)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
    return all(fits(one, value) for one in schema.get("allOf", ()))


@pytest.fixture
async def client(database, vault):
    async with serving(database, None, vault) as (workspace, client):
        ground = Fairground(workspace.host, database)
        await ground.stock("tea-1", 100, "first")
        head = {"opens_ms": 0, "ends_ms": 2**53}
        assert await ground.open(CAMPAIGN, [setup("coupon", head=head)], "USD", 100_000) is None
        yield client


async def call(client, id, body, **places):
    """An operation, called as the document says."""
    method, path, operation = OPERATIONS[id]
    headers = {"Idempotency-Key": f"{id}/{places}"[:64]}
    answer = await client.request(method, path.format(**places), json=body, headers=headers)
    assert str(answer.status_code) in operation["responses"] or "default" in operation["responses"]
    said = operation["responses"].get(str(answer.status_code), {"$ref": ""})
    if "content" in said:
        (content,) = said["content"].values()
        assert fits(content["schema"], answer.json()), answer.json()
        if not answer.is_success:
            assert answer.json()["code"] in codes(operation, str(answer.status_code))
    return answer


async def test_calls_made_by_the_document_are_answered_as_it_says(client):
    taken = await call(client, "coupon_claim", {"customer": "1228"}, campaign=CAMPAIGN, play="coupon")
    assert taken.status_code == 200
    again = await call(client, "coupon_claim", {"customer": "1228", "more": 1}, campaign=CAMPAIGN, play="coupon")
    assert again.json()["code"] == "bad_request"
    order = filled(body_of(OPERATIONS["order_placed"][2])) | {"currency": "USD"}
    assert set(order) == {"customer", "currency", "lines"}
    placed = await call(client, "order_placed", order, order="o-1")
    assert (placed.status_code, placed.json()["total_minor"]) == (200, 1)
    assert (await call(client, "order_placed", order | {"customer": "b"}, order="o-1")).json()["code"] == "key_reused"
    assert (await call(client, "order_refunded", {}, order="o-2")).json()["code"] == "order_not_placed"
    hook = filled(body_of(OPERATIONS["create_webhook"][2])) | {"url": "https://shop.example/hook"}
    assert (await call(client, "create_webhook", hook)).status_code == 201
    assert (await call(client, "list_webhooks", None)).json()["webhooks"][0]["url"] == "https://shop.example/hook"
    assert (await call(client, "list_campaigns", None)).json() == {"campaigns": [], "next": ""}


async def test_every_address_of_the_document_is_served(client):
    for _, path, _ in OPERATIONS.values():
        address = re.sub("{.+?}", "1", path)
        answer = await client.request("PATCH", address)  # which nobody takes
        assert answer.status_code == (404 if path.startswith(("/api/v1/plays", "/api/v1/orders")) else 405), path


async def test_the_page_shows_every_operation_and_asks_nothing_of_others(chromium, database, vault):  # noqa: F811
    async with serving(database, None, vault) as (workspace, _), serve(build(workspace)) as url:
        visitor = await Visitor.come(chromium, url, language="en")
        page, said = visitor.page, []
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        await page.goto("/docs")
        await expect(page.locator(".opblock")).to_have_count(len(OPERATIONS))
        await page.locator("#operations-plays-coupon_claim button.opblock-summary-control").click()
        await expect(page.locator("#operations-plays-coupon_claim")).to_contain_text("limit_reached")
        assert (said, visitor.complaints, visitor.foreign) == ([], [], [])
        policy = (await page.request.get("/docs")).headers["content-security-policy"]
        assert policy == CONTENT_SECURITY_POLICY
        await visitor.leave()


def test_no_handler_leaves_open_where_an_argument_comes_from():
    with warnings.catch_warnings():
        warnings.simplefilter("error", LitestarDeprecationWarning)
        rooms(SimpleNamespace(name="nobody"))
