"""Webhooks in the console: made, shown once, archived; dead letters sent again or dropped."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, sign_in

URL = "http://127.0.0.1:9/miaohui"


async def dead(console: Console, id: str) -> None:
    """A delivery to the one webhook that was given up."""
    await console.db.execute(
        """insert into webhook_delivery (id, webhook, state, body, events, xid, id_in_xid, n, tries, last_error)
           select $1, id, 'dead', $2, 3, '1'::xid8, 0, 0, 15, 'HTTP 500' from webhook""",
        id, console.workspace.vault.encrypt("{}"),
    )  # fmt: skip


async def test_made_once_shown_once_archived(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "admin")
        bad = await console_app.send(client, "/webhooks", {"url": "shop", "names": ""})
        assert (bad.status_code, "is no address to send to" in bad.text) == (422, True)
        bad = await console_app.send(client, "/webhooks", {"url": URL, "names": "Everything!"})
        assert bad.status_code == 422
        assert await console_app.db.fetchval("select count(*) from webhook") == 0
        made = await console_app.send(client, "/webhooks", {"url": URL, "names": "refund.requested, party.*"})
        secret = made.text.split('<code id="told">')[1].split("</code>")[0]
        assert len(secret) == 64
        page = (await client.get("/webhooks")).text
        assert secret not in page
        assert "party.*, refund.requested" in page
        assert "nothing waits" in page
        id = await console_app.db.fetchval("select id from webhook")
        answer = await console_app.send(client, f"/webhooks/{id}/archive", {})
        assert answer.headers["location"] == "/webhooks"
        assert URL not in (await client.get("/webhooks")).text
        assert (await console_app.send(client, f"/webhooks/{id}/archive", {})).status_code == 404
    actions = await console_app.db.fetch(
        "select action, operator from audit where action like 'webhook.%' order by seq"
    )
    assert [tuple(row) for row in actions] == [("webhook.created", "admin"), ("webhook.archived", "admin")]


async def test_dead_letters_are_sent_again_or_dropped(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "admin")
        await console_app.send(client, "/webhooks", {"url": URL, "names": ""})
        await dead(console_app, "one")
        await dead(console_app, "two")
        page = (await client.get("/webhooks")).text
        assert page.count("HTTP 500") == 2
        assert (await console_app.send(client, "/dead-letters/one/retry", {})).status_code == 303
        assert (await console_app.send(client, "/dead-letters/two/drop", {})).status_code == 303
        assert (await console_app.send(client, "/dead-letters/two/drop", {})).status_code == 404
        assert (await console_app.send(client, "/dead-letters/one/eat", {})).status_code == 404
        assert "No dead letters" in (await client.get("/webhooks")).text
    states = await console_app.db.fetch("select id, state from webhook_delivery order by id")
    assert [tuple(row) for row in states] == [("one", "again"), ("two", "dropped")]


async def test_only_for_those_who_may(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        assert (await client.get("/webhooks")).status_code == 403
        assert (await console_app.send(client, "/webhooks", {"url": URL, "names": ""})).status_code == 403
    assert await console_app.db.fetchval("select count(*) from webhook") == 0


@pytest.mark.parametrize(("width", "language"), [(WIDE, "zh"), (NARROW, "en")])
async def test_the_page_is_sound(console_app: Console, chromium: Browser, width: int, language: str) -> None:
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "admin")
    await visitor.page.goto("/webhooks")
    await sound(visitor)
    await visitor.page.locator("#f-url").fill(URL)
    await visitor.page.locator("form[action='/webhooks'] button").click()
    await expect(visitor.page.locator("#told")).to_be_visible()
    await dead(console_app, "one")
    await visitor.page.goto("/webhooks")
    await sound(visitor)
    await visitor.leave()
