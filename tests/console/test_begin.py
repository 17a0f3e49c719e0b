"""From the calendar to a campaign that somebody else has signed; and the questions when they are answered wrongly."""

import pytest
from playwright.async_api import Browser, Page, expect

from miaohui.campaign import store
from tests.browser import chromium, sound
from tests.console.planner import Shop, planner

__all__ = ["chromium"]
MOST = 40


@pytest.fixture
async def shop(database, store, vault):
    """A shop of this test's own, on the first of August 2026."""
    async with planner(database, store, vault) as shop:
        yield shop


class Hand:
    """Clicks and fills, and counts both."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    async def click(self, name: str, role: str = "link") -> None:
        """Press a link or a button."""
        await self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
        self.count += 1

    async def fill(self, label: str, value: str) -> None:
        """Write into a field."""
        await self.page.get_by_label(label, exact=True).fill(value)
        self.count += 1


async def test_from_the_calendar_to_a_signed_campaign(shop: Shop, chromium: Browser) -> None:
    lin = await shop.comes(chromium, "lin")
    hand = Hand(lin.page)
    await hand.click("Calendar")
    await hand.click("Later")
    await expect(lin.page.get_by_role("heading", name="September 2026")).to_be_visible()
    await hand.click("Mid-Autumn Festival")
    await expect(lin.page.get_by_text("Thu 27 Aug")).to_be_visible()
    await hand.click("Plan a campaign")
    await sound(lin)
    await hand.click("Use it A festival")
    await expect(lin.page.get_by_role("heading", name="What do customers call it?")).to_be_visible()
    await hand.fill("In Chinese", "中秋团圆季")
    await hand.fill("In English", "Mid-Autumn reunion")
    await hand.click("Next", "button")
    await expect(lin.page.get_by_text("work starts on 2026-08-27")).to_be_visible()
    await hand.click("Next", "button")
    await sound(lin)
    await hand.fill("Price CNY", "99.00")
    await hand.fill("Pieces", "600")
    await hand.click("Next", "button")
    await hand.click("Next", "button")
    await hand.fill("Coupons", "400")
    await hand.click("Next", "button")
    await hand.fill("How many", "800")
    await hand.click("Next", "button")
    await hand.click("Next", "button")  # the proposed budget
    await expect(lin.page.get_by_role("heading", name="Mid-Autumn reunion")).to_be_visible()
    await expect(lin.page.locator(".mh-said")).to_contain_text("may be submitted")
    await sound(lin)
    await hand.click("Save as a draft", "button")
    await lin.page.wait_for_url("**/campaigns/mid-autumn-2026")
    await hand.click("Submit", "button")
    await lin.page.locator("dialog[open] button.btn-primary").click()
    hand.count += 1
    await expect(lin.page.locator(".mh-toast.ok")).to_be_visible()
    assert hand.count <= MOST, hand.count
    assert hand.count == 21
    await lin.leave()
    boss = await shop.comes(chromium, "boss")
    await boss.page.goto("/campaigns/mid-autumn-2026")
    await boss.page.get_by_role("button", name="Approve", exact=True).first.click()
    await boss.page.locator("dialog[open] button.btn-primary").click()
    await expect(boss.page.locator(".mh-toast.ok")).to_be_visible()
    await boss.leave()
    async with shop.workspace.db.acquire() as c:
        campaign, version = await store.get(c, "mid-autumn-2026"), await store.version(c, "mid-autumn-2026")
        signed = await c.fetch("select operator, action from audit where subject = 'mid-autumn-2026' order by seq")
    assert campaign.status.state == "approved"
    assert [tuple(row) for row in signed] == [
        ("lin", "campaign.created"), ("lin", "campaign.submitted"), ("boss", "campaign.approved"),
    ]  # fmt: skip
    for line in (
        "live    = 2026-09-25",
        "prepare = 2026-08-27",
        "price   = 99.00",
        "stock   = 600",
        "count = 400",
        "target = 800",
    ):
        assert line in version.text, line


async def test_a_wrong_answer_is_asked_again_and_nothing_is_lost(shop: Shop, chromium: Browser) -> None:
    visitor = await shop.comes(chromium, "lin")
    page, hand = visitor.page, Hand(visitor.page)
    await page.goto("/begin/hot-spot")
    await hand.click("Next", "button")
    await hand.click("Next", "button")
    await hand.fill("Price CNY", "999.00")
    await hand.click("Next", "button")
    await expect(page.get_by_role("alert")).to_contain_text("Must be below the list price of 168.00")
    await expect(page.get_by_label("Price CNY")).to_have_value("999.00")
    await sound(visitor)
    await hand.click("Back", "button")
    await expect(page.get_by_role("heading", name="From which day on, for how many days?")).to_be_visible()
    await hand.click("Next", "button")
    await expect(page.get_by_label("Price CNY")).to_have_value("999.00")
    await hand.fill("Price CNY", "")
    for _ in range(4):
        await hand.click("Next", "button")
    await expect(page.get_by_role("button", name="Save as a draft")).to_be_visible()
    await hand.click("Change Which coupon is given?", "button")
    await expect(page.get_by_role("heading", name="Which coupon is given?")).to_be_visible()
    await visitor.leave()
    assert await shop.workspace.db.fetchval("select count(*) from campaign") == 0


async def test_who_may_not_edit_does_not_begin(shop: Shop) -> None:
    async with shop.client("vera") as client:
        for path in ("/begin", "/begin/festival"):
            assert (await client.get(path)).status_code == 403
        assert (await shop.send(client, "/begin/festival", {}, page="/calendar")).status_code == 403
    async with shop.client("lin") as client:
        assert (await client.get("/begin/nonsense")).status_code == 404
        nothing = await shop.send(client, "/begin/festival", {})
        assert nothing.headers["location"] == "/begin/festival"
        assert "Write 1 to 60 characters" in (await client.get("/begin/festival")).text
    assert await shop.workspace.db.fetchval("select count(*) from campaign") == 0
