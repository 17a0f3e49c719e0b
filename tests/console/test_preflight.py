"""The card of the preflight: what was found, put right with one click, set aside by two; signatures; thresholds."""

import pytest
from playwright.async_api import Browser, expect

from miaohui.team import operators
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import PASSWORD, Console, sign_in
from tests.console.fair import Fair, document, fair

__all__ = ["fair"]

SIGNS = '\n[approval]\nsigns = [{ who = "finance", above = 50.00 }, { who = "legal" }]\n'


def faulty(fair: Fair) -> str:
    """A day too short, two plays for one box, a coupon that pays for a whole jar, two who must sign."""
    text = document(fair.now_ms)
    lines = {line.split(" ")[0]: line for line in text.split("\n") if line.startswith(("live ", "wrap_up"))}
    live = lines["live"].split("= ")[1]
    text = text.replace(lines["wrap_up"], f"wrap_up = {live}T23:30:00")
    jam = '\n[plays.jam]\nplay = "flash_sale"\nproduct = "jam"\nprice = 6.00\nslots = ["live 12:00 for 1 hour"]\nstock = 5\n'
    return text.replace("stock   = 30", "stock   = 9000") + jam + SIGNS


async def test_one_click_puts_it_right(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor("admin"), faulty(fair))
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        page = (await client.get("/campaigns/autumn")).text
        assert "2 blockers" in page
        assert "The plays need 9020 of tea" in page
        fix = {"base": "1", "code": "over_stock", "path": "products.tea"}
        answer = await console_app.send(client, "/campaigns/autumn/fix", fix)
        assert answer.headers["location"] == "/campaigns/autumn#check"
        page = (await client.get("/campaigns/autumn")).text
        assert "Put right and saved as v2." in page
        assert "1 blocker<" in page
        again = await console_app.send(client, "/campaigns/autumn/fix", fix)
        assert again.headers["location"] == "/campaigns/autumn#check"
        assert "Somebody saved version 2 since you read 1" in (await client.get("/campaigns/autumn")).text
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        assert (await console_app.send(client, "/campaigns/autumn/fix", fix)).status_code == 403
    assert await fair.workspace.db.fetchval("select version from campaign") == 2


async def test_a_threshold_is_changed_and_goes_back(fair: Fair, console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        change = {"name": "short_run.never_days", "value": "0.5"}
        assert (await console_app.send(client, "/preflight", change)).status_code == 403
    async with console_app.client() as client:
        await console_app.log_in(client, "admin")
        await console_app.send(client, "/preflight", {"name": "short_run.never_days", "value": "much"})
        assert "much is not a number" in (await client.get("/preflight")).text
        assert (await console_app.send(client, "/preflight", {"name": "none.such", "value": "1"})).status_code == 404
        assert await fair.workspace.db.fetchval("select count(*) from preflight_limit") == 0
        await console_app.send(client, "/preflight", change)
        found = await fair.office.check(faulty(fair))
        assert [p.code for p in found.problems if p.rule == "short_run"] == ["short_run"]
        await console_app.send(client, "/preflight", {"name": "short_run.never_days", "value": ""})
        assert await fair.workspace.db.fetchval("select count(*) from preflight_limit") == 0
    rows = await fair.workspace.db.fetch(
        "select detail->>'from' as a, detail->>'to' as b from audit where action = 'preflight.limit_changed' order by seq"
    )
    assert [tuple(row) for row in rows] == [("2", "0.5"), ("0.5", "2")]


@pytest.mark.parametrize(("width", "language"), [(WIDE, "zh"), (NARROW, "en")])
async def test_set_aside_by_two_and_signed_by_two(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    async with fair.workspace.db.acquire() as c:
        await operators.add(c, "setup", "fan", "operator", PASSWORD)
        await c.execute("update operator set department = 'finance' where name = 'fan'")
    text = faulty(fair).replace("stock   = 9000", "stock   = 30")
    await fair.office.create(await fair.actor("operator"), text)
    zh = language == "zh"
    lin = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, lin, "operator")
    page = lin.page
    await page.goto("/campaigns/autumn")
    await expect(page.locator("#check, [aria-labelledby='h-check']").first).to_contain_text("very_short_run")
    for fold in await page.locator("details.mh-fold > summary").all():
        await fold.click()
    await sound(lin)
    await page.get_by_role("button", name="放行" if zh else "Set aside").click()
    await page.locator("dialog[open] input[name=reason]").fill("One evening at the harbour")
    await page.locator("dialog[open] .btn-primary").click()
    await expect(page.locator(".mh-find.bad")).to_contain_text("One evening at the harbour")
    await lin.leave()

    boss = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, boss, "admin")
    page = boss.page
    await page.goto("/campaigns/autumn")
    await page.get_by_role("button", name="同意放行" if zh else "Agree", exact=True).click()
    await page.locator("dialog[open] .btn-primary").click()
    await expect(page.locator(".mh-find.info", has_text="very_short_run")).to_contain_text(
        "operator, admin: One evening"
    )
    await fair.office.act(await fair.actor("operator"), "autumn", "submit")
    await page.goto("/campaigns/autumn")
    await expect(page.locator("[aria-labelledby='h-signatures']")).to_contain_text("finance")
    await page.get_by_role("button", name="签字" if zh else "Sign", exact=True).click()
    await page.locator("dialog[open] .btn-primary").click()
    await expect(page.locator("[aria-labelledby='h-signatures']")).to_contain_text(
        "没有人属于 legal" if zh else "nobody is legal"
    )
    await sound(boss)
    await page.goto("/preflight")
    for fold in await page.locator("details.mh-fold > summary").all():
        await fold.click()
    await sound(boss)
    await boss.leave()
    await fair.office.act(await fair.actor("fan"), "autumn", "approve", version=1)
    assert await fair.workspace.db.fetchval("select state from campaign") == "approved"
