"""A shop in Shanghai on the first of August 2026, with four products, two who may approve, and nothing planned yet.

async with planner(database, store, vault) as shop:      # shop.url answers; shop.workspace; `await shop.operator("lin")`
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from playwright.async_api import Browser

from miaohui.clock import ms_of
from miaohui.events.store import EventStore
from miaohui.host.fairground import Fairground
from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from miaohui.server.app import build
from miaohui.team import operators
from miaohui.team.operators import Operator
from miaohui.vault import Vault
from miaohui.workspace import Workspace
from tests.browser import WIDE, Visitor, serve
from tests.console.conftest import PASSWORD, token_of
from tests.host.stage import direct, set_clock

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = ms_of(datetime(2026, 8, 1, 9, tzinfo=SHANGHAI))
GOODS = [
    ("mooncake", "双黄莲蓉月饼礼盒", "Lotus mooncakes, box of eight", 16800, 9600, 900),
    ("pomelo", "红心蜜柚两只装", "Two red pomelos", 2990, 1750, 800),
    ("tea", "凤凰单丛 250 克", "Phoenix oolong, 250 g", 12800, 6000, 400),
    ("crab", "大闸蟹礼券", "Hairy crab voucher", 29800, 21000, 200),
]


@dataclass
class Shop:
    """The served shop; operators lin and wang (operator), boss (admin), vera (viewer)."""

    url: str
    workspace: Workspace
    festival: str = ""

    async def operator(self, name: str) -> Operator:
        """One of the team."""
        async with self.workspace.db.acquire() as c:
            return next(one for one in await operators.operators(c) if one.name == name)

    async def comes(self, chromium: Browser, name: str, *, width: int = WIDE, language: str = "en") -> Visitor:
        """Somebody of the team at a browser, logged in."""
        visitor = await Visitor.come(chromium, self.url, width=width, language=language)
        await visitor.page.goto("/login")
        await visitor.page.locator("#f-name").fill(name)
        await visitor.page.locator("#f-password").fill(PASSWORD)
        await visitor.page.locator("form[action='/login'] button").click()
        await visitor.page.wait_for_url("**/")
        return visitor

    @asynccontextmanager
    async def client(self, name: str, language: str = "en") -> AsyncIterator[httpx.AsyncClient]:
        """The same without a screen."""
        headers = {"Accept": "text/html", "Accept-Language": language, "Origin": self.url}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=None) as client:
            await self.send(client, "/login", {"name": name, "password": PASSWORD}, page="/login")
            yield client

    async def send(
        self,
        client: httpx.AsyncClient,
        path: str,
        fields: dict[str, str],
        *,
        page: str = "/calendar",
        files: Any = None,
    ) -> httpx.Response:
        """Post a form with the token of `page`."""
        token = token_of((await client.get(page)).text)
        return await client.post(path, data=fields | {"_csrf": token}, files=files)


@asynccontextmanager
async def planner(database: Any, store: EventStore, vault: Vault) -> AsyncIterator[Shop]:
    """The shop, served."""
    host = Host(Postgres(partial(direct, database), vault.encrypt), vault.key("host"))
    await host.start()
    ground = Fairground(host, database)
    async with database.acquire() as c:
        for name, role in (("lin", "operator"), ("wang", "admin"), ("boss", "admin"), ("vera", "viewer")):
            await operators.add(c, "setup", name, role, PASSWORD)  # type: ignore[arg-type]
        for sku, zh, en, price, cost, _ in GOODS:
            await c.execute(
                """insert into product (sku, title_zh, title_en, category, currency, list_price_minor, cost_minor)
                   values ($1, $2, $3, '', 'CNY', $4, $5)""",
                sku, zh, en, price, cost,
            )  # fmt: skip
    for sku, *_, stock in GOODS:
        assert await ground.stock(sku, stock, "first") is None
    await set_clock(database, NOW)
    workspace = Workspace(
        name="shop", title="Hetian Fresh", zone="Asia/Shanghai", currency="CNY", language="zh", url="http://127.0.0.1",
        demo=False, db=database, events=store, host=host, vault=vault, clock=lambda: NOW,
    )  # fmt: skip
    async with serve(build(workspace)) as url:
        workspace.url = url
        yield Shop(url, workspace)
    await host.stop()
