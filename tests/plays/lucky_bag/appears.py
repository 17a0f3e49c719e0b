"""What a play gets for being there: run by `test_new_files_only.py` in a copy of the checkout that has the lucky bag."""

from pathlib import Path

import msgspec
import pytest
from tests.api_scene import serving

from miaohui import plays
from miaohui.api.openapi import document
from miaohui.campaign import grammar, reference, schema
from miaohui.campaign.grammar import Whole
from miaohui.campaign.reader import read
from miaohui.customers.identities import SHOP, find
from miaohui.customers.signin import COOKIE, make_cookie
from miaohui.events.envelope import unpack
from miaohui.host.audit import audit
from miaohui.host.fairground import Fairground
from miaohui.host.setup import Setup
from miaohui.pages.forms import SESSION_COOKIE
from miaohui.plays._fields import Product
from miaohui.server.reference import events
from miaohui.simulation.run import simulate
from miaohui.team import operators, sessions
from miaohui.text import Text

COPY = Path(__file__).parents[3]
TITLE = "福袋 · Lucky bag"


def test_it_is_found_in_the_copy():
    assert "lucky_bag" in plays.names()
    assert Path(plays.find("lucky_bag").__file__).is_relative_to(COPY)


def test_its_document_is_read_and_its_form_has_a_field_for_each_of_its_rules():
    found = read((COPY / "docs/examples/lucky_bag.toml").read_text())
    assert found.document.plays["first-bags"].rules.bags == 300
    form = {field.name: field for field in grammar.rules(plays.find("lucky_bag")).fields}
    assert list(form) == ["product", "bags", "per_customer"]
    assert form["bags"].kind == Whole(1)
    assert form["bags"].sentence.zh.startswith("福袋数量")
    assert form["per_customer"].default == 1


def test_its_rules_are_in_the_reference_page_and_the_json_schema_and_its_events_in_the_dictionary():
    page = reference.reference()
    assert f'### `play = "lucky_bag"` {TITLE}' in page
    assert "| `bags` | a whole number, at least 1 | **needed** | 福袋数量 · How many bags there are |" in page
    forms = msgspec.json.decode(schema.schema())["properties"]["plays"]["additionalProperties"]["oneOf"]
    (form,) = (form for form in forms if form["properties"]["play"]["const"] == "lucky_bag")
    assert form["required"] == ["bags", "play", "product"]
    assert "lucky_bag.taken" in events()


def test_its_action_is_an_operation_with_its_codes():
    made = msgspec.json.decode(document())
    operation = made["paths"]["/api/v1/plays/{campaign}/{play}/take"]["post"]
    assert (operation["operationId"], operation["summary"]) == ("lucky_bag_take", "Lucky bag: take")
    assert "All lucky bags are gone" in operation["responses"]["409"]["description"]
    assert made["components"]["schemas"]["lucky_bag.Reply"]["properties"] == {"left": {"type": "integer"}}


@pytest.fixture
async def scene(database, store, vault):
    async with serving(database, store, vault) as (workspace, client):
        ground = Fairground(workspace.host, database)
        await ground.stock("bag-1", 2, "first")
        module = plays.find("lucky_bag")
        bag = Product("bag", "bag-1", Text("开门福袋", "Door bag"), 1200, 500)
        setup = Setup(
            campaign="open-door", play="first-bags", module="lucky_bag", title=module.TITLE, currency="USD",
            opens_ms=0, ends_ms=2**53, rules=module.Rules(id="open-door/first-bags", product=bag, bags=2),
        )  # fmt: skip
        assert await ground.open("open-door", [setup], "USD", 0) is None
        yield workspace, client


async def take(client, customer, key, language="en"):
    """One tap, by the shop."""
    headers = {"Idempotency-Key": key, "Accept-Language": language}
    return await client.post("/api/v1/plays/open-door/first-bags/take", json={"customer": customer}, headers=headers)


async def test_customers_take_it_over_http_and_the_books_are_right(scene, database):
    _, client = scene
    assert (await take(client, "ann", "1")).json() == {"left": 1}
    refused = await take(client, "ann", "2", "zh")
    assert (refused.status_code, refused.json()["sentence"]) == (409, "每人限领 1 个福袋")
    assert (await take(client, "bob", "1")).json() == {"left": 0}
    assert (await take(client, "eve", "1")).json()["sentence"] == "All lucky bags are gone"
    happened = [event.name for row in await database.fetch("select events from outbox") for event in unpack(row[0])]
    assert happened.count("lucky_bag.taken") == 2
    assert [check.name for check in await audit(database) if check.findings] == []


async def test_the_simulation_plays_it():
    outcome = await simulate(1, hours=6, customers=60)
    assert outcome.findings == ()
    assert outcome.by_play["east/lucky-bag"] > 0


async def test_operators_find_its_fields_beside_the_editor(scene, database):
    workspace, client = scene
    async with database.acquire() as connection:
        wang = await operators.add(connection, "test", "wang", "operator", "a good password")
        session = await sessions.begin(connection, wang, workspace.clock())
    headers = {"Accept-Language": "zh", "Authorization": "", "Cookie": f"{SESSION_COOKIE}={session}"}
    page = (await client.get("/new-campaign", headers=headers)).text
    assert "福袋" in page
    assert "福袋数量" in page
    assert "bags" in page


async def test_its_page_is_open_to_customers_in_both_languages(scene, database):
    workspace, client = scene
    await take(client, "ann", "1")
    async with database.acquire() as connection:
        ann = await find(connection, workspace.vault, SHOP, "ann")
    cookie = f"{COOKIE}={make_cookie(workspace.vault, ann, workspace.clock())}"
    for language, left, button in (("zh", "还剩 1 个", "领福袋"), ("en", "1 left", "Take a bag")):
        headers = {"Accept-Language": language, "Cookie": cookie}
        page = await client.get("/c/open-door/first-bags", headers=headers)
        assert (page.status_code, left in page.text, button in page.text) == (200, True, True)
        assert "/api/v1/plays/open-door/first-bags/take" in page.text
