"""A real browser for tests of pages: Debian's Chromium through Playwright, axe, and the app on a port of its own.

    from tests.browser import Visitor, chromium, serve, sound       # in the conftest.py of a folder of page tests

    async with serve(app) as url:
        visitor = await Visitor.come(chromium, url, width=390, language="zh")
        await visitor.page.goto("/login")
        await sound(visitor)                                   # nothing overflows, axe is content, nothing foreign was asked

The strict policy of the pages forbids `wait_for_function`: use locators and `expect`.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect

AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text()
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
NARROW, WIDE = 390, 1360
PATIENCE_MS = 120_000
"""How long a browser may take to show what it must show: much longer than any machine needs, shorter than a test may last."""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser of the session; each visitor has a context of his own in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def serve(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI app on a free port in this loop; its address."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[door]))
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        door.close()


@dataclass
class Visitor:
    """Somebody at a browser: his page, what it asked of other hosts, and what it complained of."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @classmethod
    async def come(cls, chromium: Browser, url: str, *, width: int = WIDE, language: str = "zh") -> "Visitor":
        """A new visitor with no cookies, at a screen of `width`, whose browser asks for `language`."""
        narrow = width < 600
        context = await chromium.new_context(
            base_url=url,
            viewport={"width": width, "height": 844 if narrow else 900},
            locale="zh-CN" if language == "zh" else "en-US",
            has_touch=narrow,
            is_mobile=narrow,
        )
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(AXE)
        page = await context.new_page()
        visitor = cls(page)

        def asked(address: str) -> None:
            if not address.startswith(("data:", "blob:")) and urlsplit(address).netloc != urlsplit(url).netloc:
                visitor.foreign.append(address)

        page.on("request", lambda request: asked(request.url))
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        page.on("console", lambda said: visitor.complaints.append(said.text) if _is_policy(said.text) else None)
        return visitor

    async def leave(self) -> None:
        """Close the visitor's browser context."""
        await self.page.context.close()


def _is_policy(text: str) -> bool:
    return "Content Security Policy" in text or "Content-Security-Policy" in text


_OVERFLOW = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide <= 0) return [];
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((e) => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 40)}`)
    .slice(0, 5)
    .concat([`${wide} px too wide`]);
}"""

_AXE = """async () => {
  const found = await axe.run({resultTypes: ["violations"]});
  return found.violations
    .filter((v) => v.impact === "serious" || v.impact === "critical")
    .flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")} | ${n.failureSummary}`));
}"""


async def sound(visitor: Visitor) -> None:
    """Assert that the page the visitor sees fits its screen, is accessible, and asked nothing of anybody else."""
    assert await visitor.page.evaluate(_OVERFLOW) == [], visitor.page.url
    assert await visitor.page.evaluate(_AXE) == [], visitor.page.url
    assert visitor.foreign == []
    assert visitor.complaints == [], visitor.page.url
