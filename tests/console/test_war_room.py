"""The war room in a browser: it fills its places from the stream, moves when an order is paid, and fits its wall."""

import asyncio
import json
import re

import pytest
from playwright.async_api import Browser, expect

from miaohui.events.relay import Relay
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, sign_in
from tests.console.fair import Fair, fair

__all__ = ["fair"]


async def enter(console: Console, chromium: Browser, width: int = WIDE, language: str = "en") -> Visitor:
    visitor = await Visitor.come(chromium, console.url, width=width, language=language)
    await sign_in(console, visitor, "viewer")
    return visitor


async def test_an_order_that_is_paid_moves_the_figures(fair: Fair, console_app: Console, chromium: Browser) -> None:
    await fair.live()
    visitor = await enter(console_app, chromium)
    page = visitor.page
    await page.goto("/campaigns/autumn/war-room")
    await expect(page.locator("#sales")).to_have_text("$140")
    await expect(page.locator("#orders")).to_have_text("4")
    await expect(page.locator("#basket")).to_have_text("$35.00")
    await expect(page.locator("#used-of")).to_have_text("30.0% / $100")
    await expect(page.locator("[data-step=took_part] b")).to_have_text("6")
    await expect(page.locator("#stock .box").first).to_contain_text(re.compile(r"Tea at noon\s*17 / 20\s*enough"))
    await expect(page.locator("#simulated")).to_contain_text("simulated customers: 0 more orders, $0")
    relay = asyncio.create_task(Relay(fair.workspace.db, fair.workspace.events).run())
    mine = await fair.act(6, "table", "open")
    await fair.buy(6, "t6", {"play": "table", "instance": mine["party"]})
    await expect(page.locator("#orders")).to_have_text("5")
    await expect(page.locator("#sales")).to_have_text("$175")
    await expect(page.locator("#delay")).to_have_text(re.compile(r"^data delay \d\.\d s$"))
    relay.cancel()
    assert visitor.complaints == []
    await visitor.leave()


async def test_what_runs_out_is_an_alarm(fair: Fair, console_app: Console, chromium: Browser) -> None:
    await fair.live()
    await fair.workspace.db.execute("update account set debits = debits + 33 where key = 'play/autumn/welcome/coupons'")
    visitor = await enter(console_app, chromium)
    await visitor.page.goto("/campaigns/autumn/war-room")
    await expect(visitor.page.locator("#alarms")).to_contain_text("Welcome coupon: only 1 left")
    await expect(visitor.page.locator("#alarm-count")).to_have_text("1")
    await expect(visitor.page.locator("#stock .box.warn .word")).to_have_text("low")
    await visitor.leave()


async def test_all_who_watch_share_one_answer(fair: Fair, console_app: Console) -> None:
    await fair.live()

    async def first() -> bytes:
        async with console_app.client() as client:
            await console_app.log_in(client, "viewer")
            async with client.stream("GET", "/campaigns/autumn/war-room/stream") as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                async for line in answer.aiter_lines():
                    if line.startswith("data: "):
                        assert fair.workspace.war_room.watched == ["autumn"]
                        return line.removeprefix("data: ").encode()
        raise AssertionError("the stream ended")

    one, other = await asyncio.gather(first(), first())
    shown = json.loads(one)
    assert shown["measured"]["orders"] == 4
    assert len(shown["measured"]["per_minute"]) == 60
    assert shown["first_minute_ms"] % 60_000 == 0
    assert json.loads(other)["measured"] == shown["measured"]
    for _ in range(100):  # the server learns of the closed connections
        if not fair.workspace.war_room.watched:
            break
        await asyncio.sleep(0.02)
    assert fair.workspace.war_room.watched == []


async def test_the_stream_is_for_those_who_are_logged_in(fair: Fair, console_app: Console) -> None:
    async with console_app.client() as client:
        assert (await client.get("/campaigns/autumn/war-room/stream")).status_code == 303
        await console_app.log_in(client, "viewer")
        assert (await client.get("/campaigns/autumn/war-room/stream")).status_code == 404


@pytest.mark.parametrize(("width", "language"), [(1920, "zh"), (WIDE, "en"), (NARROW, "zh")])
async def test_it_fits_its_screen(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    await fair.live()
    visitor = await enter(console_app, chromium, width, language)
    if width == 1920:
        await visitor.page.set_viewport_size({"width": 1920, "height": 1080})
    await visitor.page.goto("/campaigns/autumn/war-room")
    await expect(visitor.page.locator("#orders")).to_have_text("4")
    await sound(visitor)
    smallest = await visitor.page.evaluate(
        "() => Math.min(...[...document.querySelectorAll('.war *')].filter(e => e.childNodes.length && e.offsetParent)"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 14
    if width == 1920:
        assert await visitor.page.evaluate("() => document.documentElement.scrollHeight") == 1080
    await visitor.leave()
