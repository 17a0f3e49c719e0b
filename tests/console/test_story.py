"""An operator's story in a browser: he logs in, opens a campaign from a document, and sees it live."""

from playwright.async_api import Browser, Page, expect

from tests.browser import Visitor
from tests.console.conftest import Console, sign_in
from tests.console.fair import Fair, document, fair

__all__ = ["fair"]


async def press(page: Page, verb: str) -> None:
    """Press the button of a verb and say yes."""
    await page.get_by_role("button", name=verb, exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name=verb).click()


async def test_from_a_document_to_a_live_campaign(fair: Fair, console_app: Console, chromium: Browser) -> None:
    visitor = await Visitor.come(chromium, console_app.url, language="en")
    page = visitor.page
    await sign_in(console_app, visitor, "admin")
    await page.get_by_role("link", name="New campaign").first.click()
    await page.get_by_role("link", name="Write the document").click()
    file = {"name": "autumn.toml", "mimeType": "text/plain", "buffer": document(fair.now_ms).encode()}
    await page.locator("[data-fills]").set_input_files(file)  # type: ignore[arg-type]
    await expect(page.locator("#checked")).to_contain_text("may be submitted")
    await page.get_by_role("button", name="Save as a draft").click()
    await page.wait_for_url("**/campaigns/autumn")
    for verb, now in (("Submit", "in review"), ("Approve", "approved"), ("Open now", "live")):
        await press(page, verb)
        await expect(page.locator(".mh-toast")).to_contain_text(f"The campaign is now: {now}.")
    await page.goto("/")
    await expect(page.get_by_role("row", name="Harbour autumn")).to_contain_text("Live")
    claimed = await fair.act(0, "welcome", "claim")
    assert claimed["amount_minor"] == 500
    await page.goto("/campaigns/autumn")
    await expect(page.get_by_text("$100", exact=False).first).to_be_visible()
    await visitor.leave()
