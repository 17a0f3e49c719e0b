"""The promotions of a campaign: written in a form, tried on a cart while they are written, saved into the document."""

import re

import pytest
from playwright.async_api import Browser, expect

from miaohui.campaign.edits import CannotEdit
from miaohui.console.promotion_form import edited, form_of
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, sign_in
from tests.console.fair import Fair, document, fair

__all__ = ["fair"]

PROMOTIONS = """
[plays.full]                                # the one that everybody sees
play  = "promotion"
title = { zh = "满减", en = "Full reduction" }
gives = "10.00 off 100.00"
[plays.insiders]
play  = "promotion"
title = { zh = "老客码", en = "A code for regulars" }
for   = "regulars"
gives = "10 % off"
codes = ["TEA10"]
"""


def test_the_form_is_the_table_of_the_document_and_back() -> None:
    form = form_of(PROMOTIONS, "full")
    assert form == {
        "was": "full", "name": "full", "title_zh": "满减", "title_en": "Full reduction", "gives": "10.00 off 100.00",
        "when": "", "on": "", "codes": "", "groups": "", "exclusive_with": "",
    }  # fmt: skip
    assert edited(PROMOTIONS, form) == (PROMOTIONS, "full")
    assert edited(PROMOTIONS, form_of(PROMOTIONS, "insiders")) == (PROMOTIONS, "insiders")
    changed = form | {
        "gives": "10.00 off 100.00\nfree shipping",
        "per_customer": "2",
        "exclusive": "cart",
        "on": "tea, jam",
    }
    text, _ = edited(PROMOTIONS, changed)
    assert 'gives = ["10.00 off 100.00", "free shipping"]' in text
    assert 'on = ["tea", "jam"]' in text
    assert "per_customer = 2" in text
    assert 'exclusive = "cart"' in text
    assert "# the one that everybody sees" in text
    assert form_of(text, "full") == changed
    with pytest.raises(CannotEdit, match="a name has small letters"):
        edited(PROMOTIONS, {"name": "Big Sale", "gives": "1.00 off"})


async def test_a_promotion_is_written_tried_and_saved(fair: Fair, console_app: Console, chromium: Browser) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms) + PROMOTIONS)
    visitor = await Visitor.come(chromium, console_app.url, language="en")
    await sign_in(console_app, visitor, "operator")
    page, tried = visitor.page, visitor.page.locator("#tried")
    await page.goto("/campaigns/autumn/promotions")
    # tea 50.00 and jam 8.00: 42.00 more for the full reduction
    await expect(tried).to_contain_text("$42.00 more for $10.00 off")
    await page.get_by_label("Oolong tea").fill("2")
    await expect(tried.locator("tfoot")).to_contain_text("$98.00")
    await page.get_by_label("Code", exact=True).fill("tea10")
    await expect(tried).to_contain_text("This is for invited customers only")
    await page.get_by_label("The customer is in").select_option("regulars")
    await expect(tried.locator("tfoot")).to_contain_text("$88.20")
    await expect(tried.locator(".mh-left")).to_contain_text("$45.20")  # two teas cost 40.00, the jam 3.00
    await sound(visitor)
    await page.get_by_role("link", name="Add a promotion").click()
    await expect(page.get_by_label("What it gives")).to_have_value("20.00 off 100.00")
    await page.get_by_label("In the document").or_(page.locator("#f-name")).first.fill("jam-pair")
    await page.locator("#f-title_en").fill("Two jams")
    await page.get_by_label("What it gives").fill("2nd at half prize")
    await expect(tried).to_contain_text("is not something a promotion gives")
    await page.get_by_label("What it gives").fill("2nd at half price")
    await page.get_by_label("On which products").fill("jam")
    await page.get_by_label("Strawberry jam").fill("2")
    await expect(tried).to_contain_text("Two jams")
    await expect(tried.locator("li.applied")).to_contain_text("$4.00")
    await sound(visitor)
    await page.get_by_role("button", name=re.compile("Save as v2")).click()
    await expect(page.locator(".mh-toast")).to_contain_text("Saved as v2")
    await expect(page.locator("#all, [aria-labelledby=h-all]").first).to_contain_text("2nd piece at half price")
    assert await fair.workspace.db.fetchval("select version from campaign") == 2
    text = await fair.workspace.db.fetchval("select text from campaign_version where version = 2")
    assert '[plays.jam-pair]\nplay = "promotion"' in text
    assert "# the one that everybody sees" in text
    await visitor.leave()


async def test_codes_that_work_once_are_made_taken_away_and_withdrawn(
    fair: Fair, console_app: Console, chromium: Browser
) -> None:
    once = PROMOTIONS.replace('codes = ["TEA10"]', "single_use = true")
    assert edited(once, form_of(once, "insiders")) == (once, "insiders")
    await fair.office.create(await fair.actor(), document(fair.now_ms) + once)
    visitor = await Visitor.come(chromium, console_app.url, language="en")
    await sign_in(console_app, visitor, "operator")
    page = visitor.page
    await page.goto("/campaigns/autumn/promotions?edit=full")
    await expect(page.get_by_role("button", name="Make them")).to_have_count(0)
    for at in ("/campaigns/autumn", "/campaigns/autumn/plan"):  # the preflight leads to where they are made
        await page.goto(at)
        await page.get_by_role("link", name="Make codes").click()
        await expect(page.get_by_text("None are made yet.")).to_be_in_viewport()
        assert await page.locator(":target").inner_text() == "Codes that work once"  # and not the hint of a field
    await sound(visitor)
    await page.get_by_label("How many").fill("70000")
    await page.get_by_label("Length without the prefix").select_option("8")
    await page.get_by_role("button", name="Make them").click()
    await expect(page.locator(".mh-toast")).to_contain_text("70000 codes so short can be guessed: 9 characters or more")
    await page.get_by_label("How many").fill("25")
    await page.get_by_label("Prefix", exact=True).fill("tea")
    await page.get_by_role("button", name="Make them").click()
    await expect(page.locator(".mh-toast")).to_contain_text("25 codes are made")
    await sound(visitor)
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Export CSV").click()
    path = await (await coming.value).path()
    head, *rows = path.read_text().lstrip("\ufeff").splitlines()
    assert (head, len(rows)) == ("code,state", 25)
    assert all(re.fullmatch(r"TEA-\w{4}-\w{4}-\w{2},free", row) for row in rows)
    assert "no_codes" not in {p.code for p in (await fair.office.check(document(fair.now_ms) + once)).problems}
    await page.get_by_role("button", name="Withdraw").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Withdraw this batch of codes?")
    await page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    await expect(page.locator(".mh-toast")).to_contain_text("25 codes that were not used do not work any more")
    await expect(page.get_by_role("region", name="Batches made")).to_contain_text("25 unused")
    await expect(page.get_by_role("button", name="Withdraw")).to_have_count(0)
    await sound(visitor)
    assert "no_codes" in {p.code for p in (await fair.office.check(document(fair.now_ms) + once)).problems}
    # the dry run asks for a code, whichever it is
    await page.get_by_label("The customer is in").select_option("regulars")
    await page.get_by_label("Code", exact=True).fill("anything")
    await expect(page.locator("#tried li.applied")).to_contain_text("A code for regulars")
    await visitor.leave()
    done = await fair.workspace.db.fetch("select action, subject from audit where action like 'codes.%' order by seq")
    assert [tuple(row) for row in done] == [
        (f"codes.{what}", "autumn/insiders") for what in ("made", "exported", "withdrawn")
    ]
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        batch = await fair.workspace.db.fetchval("select id from code_batch")
        assert (await client.get(f"/campaigns/autumn/codes/{batch}/file")).status_code == 403
        for at in ("promotions/insiders/codes", f"codes/{batch}/withdraw"):
            sent = await console_app.send(client, f"/campaigns/autumn/{at}", {"count": "5", "length": "10"})
            assert sent.status_code == 403
    assert await fair.workspace.db.fetchval("select count(*) from code_batch") == 1


async def test_what_does_not_read_is_not_saved(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms) + PROMOTIONS)
    form = {"was": "full", "name": "full", "gives": "much off", "base": "1"}
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        answer = await console_app.send(client, "/campaigns/autumn/promotions", form)
        assert (answer.status_code, "is not something a promotion gives" in answer.text) == (422, True)
        assert "much off</textarea>" in answer.text
        assert await fair.workspace.db.fetchval("select version from campaign") == 1
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        assert (await console_app.send(client, "/campaigns/autumn/promotions", form)).status_code == 403
        page = (await client.get("/campaigns/autumn/promotions?edit=full")).text
        assert "Save as" not in page
        assert "$10.00 off from $100.00 on" in page


@pytest.mark.parametrize(("width", "language"), [(WIDE, "zh"), (NARROW, "en"), (NARROW, "zh")])
async def test_the_page_is_sound(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms) + PROMOTIONS)
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "operator")
    for path in ("/campaigns/autumn/promotions", "/campaigns/autumn/promotions?edit=insiders"):
        await visitor.page.goto(path)
        await sound(visitor)
    await visitor.leave()
