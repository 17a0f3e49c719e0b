"""Every page of the team and the ledger in a real browser: wide and narrow, Chinese and English."""

import pytest
from playwright.async_api import Browser

from miaohui.team import keys, operators
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import PASSWORD, Console, sign_in
from tests.ledger_scene import POOL

PAGES = [
    "/me",
    "/operators",
    "/keys",
    "/audit",
    "/audit?who=nobody",
    "/ledger",
    "/ledger?prefix=nothing/",
    f"/ledger/account?key={POOL}",
    "/search?q=1228",
    "/search?q=zzz",
    "/search",
]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_every_page_is_sound(console_app: Console, chromium: Browser, language: str, width: int) -> None:
    async with console_app.db.acquire() as db:
        await keys.create(db, "admin", "Shop orders")
        gone, _ = await keys.create(db, "admin", "Old till")
        await keys.revoke(db, "admin", gone)
        left = await operators.add(db, "admin", "wang", "viewer", PASSWORD)
        await operators.archive(db, "admin", left.id)
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await visitor.page.goto("/login")
    await sound(visitor)
    await sign_in(console_app, visitor, "admin")
    for path in PAGES:
        await visitor.page.goto(path)
        await sound(visitor)
        assert await visitor.page.locator("html").get_attribute("lang") == ("zh-CN" if language == "zh" else "en")
    await visitor.page.goto("/nowhere")
    await sound(visitor)
    await visitor.leave()
