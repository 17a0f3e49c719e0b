"""The list of campaigns and the page of one: what they show, and what an operator does there."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, sign_in
from tests.console.fair import Fair, document, fair

__all__ = ["fair"]


async def test_the_list_finds_by_words_and_state(fair: Fair, console_app: Console) -> None:
    admin = await fair.actor()
    await fair.office.create(admin, document(fair.now_ms))
    spring = {'"autumn"': '"spring"', "海港秋日": "海港春日", "Harbour autumn": "Harbour spring"}
    await fair.office.create(admin, document(fair.now_ms, **spring))
    await fair.office.act(admin, "spring", "submit")
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")

        async def found(query: str) -> list[str]:
            page = (await client.get(f"/campaigns?{query}")).text
            return [name for name in ("Harbour autumn", "Harbour spring") if name in page]

        assert await found("") == ["Harbour autumn", "Harbour spring"]
        assert await found("q=SPRING") == ["Harbour spring"]
        assert await found("q=海港秋日") == ["Harbour autumn"]
        assert await found("stage=in_review") == ["Harbour spring"]
        assert await found("stage=live") == []
        assert "No campaign fits" in (await client.get("/campaigns?q=nothing")).text
        assert (await client.get("/campaigns?after=rubbish")).status_code == 200
        missing = await client.get("/campaigns/nowhere")
        assert (missing.status_code, "There is no campaign nowhere" in missing.text) == (404, True)


async def test_the_page_says_what_the_ledger_says(fair: Fair, console_app: Console) -> None:
    await fair.live()
    async with console_app.client() as client:
        await console_app.log_in(client, "admin")
        page = (await client.get("/campaigns/autumn")).text
        assert "<dd>17 / 20<br>" in page  # two sold, one held by an order that is not paid
        assert "<dd>29 / 30</dd>" in page
        assert "<dd>34 / 40</dd>" in page
        assert "$70 <small>/ $100</small>" in page
        assert "20% reached" in page
        assert "80% not yet" in page
        statement = "/ledger/account?key=play%2Fautumn%2Fnoon%2Fstock"
        assert f'href="{statement}"' in page
        assert (await client.get(statement)).status_code == 200
        assert "worst_cost_over_budget" in page


async def test_from_draft_to_archive_by_buttons(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor("operator"), document(fair.now_ms))

    async def state() -> str:
        return str(await fair.workspace.db.fetchval("select state from campaign where id = 'autumn'"))

    async with console_app.client() as operator, console_app.client() as admin:
        await console_app.log_in(operator, "operator")
        await console_app.log_in(admin, "admin")

        async def press(client: object, verb: str, **fields: str) -> str:
            answer = await console_app.send(client, f"/campaigns/autumn/{verb}", fields)  # type: ignore[arg-type]
            assert answer.status_code == 303, answer.text
            return await state()

        page = (await operator.get("/campaigns/autumn")).text
        assert "It concerns 11 customers and a budget of $100." in page
        assert await press(operator, "submit") == "in_review"
        page = (await operator.get("/campaigns/autumn")).text
        assert "Needs campaign.approve (Administrator)" in page
        refused = await console_app.send(operator, "/campaigns/autumn/approve", {})
        assert (refused.status_code, await state()) == (403, "in_review")
        assert await press(admin, "approve", version="2") == "in_review"
        assert "Version 1 waits for approval: read that one" in (await admin.get("/campaigns/autumn")).text
        assert await press(admin, "approve", version="1") == "approved"
        assert await press(operator, "open") == "live"
        assert await press(operator, "pause") == "live"
        assert "Paused" in (await operator.get("/campaigns/autumn")).text
        assert await press(operator, "resume") == "live"
        assert isinstance(await fair.act(0, "table", "open"), dict)
        page = (await operator.get("/campaigns/autumn")).text
        assert "1 customers hold coupons or seats" in page
        assert await press(operator, "stop", how="fail_all", note="wrong price") == "wrap_up"
        page = (await operator.get("/campaigns/autumn")).text
        assert "stopped, what was open failed" in page
        assert "wrong price" in page
        assert await press(operator, "close_review") == "reviewed"
        assert await press(operator, "archive") == "archived"
        assert (await console_app.send(operator, "/campaigns/autumn/juggle", {})).status_code == 404
        assert (await console_app.send(operator, "/campaigns/none/open", {})).status_code == 404


async def test_a_viewer_reads_and_cannot_act(fair: Fair, console_app: Console) -> None:
    await fair.open()
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/campaigns/autumn")).text
        assert "Needs campaign.stop (Operator / Administrator)" in page
        assert 'action="/campaigns/autumn/stop"' not in page
        assert (await console_app.send(client, "/campaigns/autumn/stop", {})).status_code == 403
    assert await fair.workspace.db.fetchval("select state from campaign where id = 'autumn'") == "live"


async def test_a_form_of_another_site_does_nothing(fair: Fair, console_app: Console) -> None:
    await fair.open()
    async with console_app.client() as client:
        await console_app.log_in(client, "admin")
        assert (await client.post("/campaigns/autumn/stop", data={"how": "fail_all"})).status_code == 403
    assert await fair.workspace.db.fetchval("select state from campaign where id = 'autumn'") == "live"


async def test_a_stop_asks_with_people_and_money(fair: Fair, console_app: Console, chromium: Browser) -> None:
    await fair.live()
    visitor = await Visitor.come(chromium, console_app.url, language="en")
    await sign_in(console_app, visitor, "operator")
    await visitor.page.goto("/campaigns/autumn")
    await visitor.page.get_by_role("button", name="Stop", exact=True).press("Enter")
    dialog = visitor.page.get_by_role("dialog", name='Stop "Harbour autumn"?')
    await expect(dialog).to_contain_text("7 customers hold coupons or seats, $25 promised; $70 that was not promised")
    await sound(visitor)
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_be_hidden()
    await visitor.page.get_by_role("button", name="Stop", exact=True).click()
    await dialog.get_by_role("button", name="Stop").click()
    await expect(visitor.page.locator(".mh-toast")).to_contain_text("Done. The campaign is now: wrap-up.")
    await sound(visitor)
    await visitor.leave()


@pytest.mark.parametrize(("width", "language"), [(WIDE, "en"), (NARROW, "zh")])
async def test_the_pages_are_sound(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    await fair.live()
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "admin")
    for path in ("/campaigns", "/campaigns?stage=past", "/campaigns?q=none", "/campaigns/autumn"):
        await visitor.page.goto(path)
        await sound(visitor)
    await visitor.leave()
