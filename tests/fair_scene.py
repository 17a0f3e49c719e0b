"""A fair on a server of its own: one live campaign with the three plays, a few households, the counter. It is ten past noon.

async with fair(database, vault) as scene:      # scene.url answers; scene.households has their internal ids
    visitor = await scene.comes(chromium, "1228", "zh")
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, cast
from zoneinfo import ZoneInfo

import asyncpg
import httpx
from playwright.async_api import Browser

from miaohui.clock import ms_of, system_clock
from miaohui.customers import signin
from miaohui.customers.identities import acquaint, name
from miaohui.events.envelope import Event, unpack
from miaohui.host.fairground import Fairground
from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from miaohui.host.setup import Setup
from miaohui.plays import find
from miaohui.plays._fields import Given, Offer, Product, Span
from miaohui.server.app import build
from miaohui.text import Text
from miaohui.vault import Vault
from miaohui.workspace import Workspace
from tests.browser import NARROW, Visitor, serve
from tests.host.stage import direct, set_clock

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
ZONE = "America/New_York"
NOON = ms_of(datetime.now(ZoneInfo(ZONE)).replace(hour=12, minute=0, second=0, microsecond=0))
NOW = NOON + 10 * MINUTE
PASTA = Product("pasta", "820165", Text("意大利面 16 盎司", "Pasta, 16 oz"), 399, 200)
MILK = Product("milk", "995242", Text("全脂牛奶 1 加仑", "Whole milk, 1 gal"), 349, 210)
PRODUCTS = (
    (PASTA.sku, "意大利面 16 盎司", "Pasta, 16 oz", "DRY NOODLES/PASTA", 399, "demo value"),
    (MILK.sku, "全脂牛奶 1 加仑", "Whole milk, 1 gal", "FLUID MILK PRODUCTS", 349, ""),
    ("1106523", "切达干酪", "Cheddar cheese", "CHEESE", 529, ""),
    ("916122", "去骨鸡胸肉", "Chicken breast, boneless", "CHICKEN", 899, ""),
)
HOUSEHOLDS = ("1228", "718", "2041", "2322", "982")
DOCUMENT = """
theme = { zh = "一家人的冬天，一次囤够", en = "One shop, a whole winter" }
[plays.welcome]
[plays.milk-hour]
[plays.table-of-three]
"""


@dataclass
class Scene:
    """The fair as it stands; `coupon`, `flash`, `group` are the setups of its plays."""

    url: str
    workspace: Workspace
    households: dict[str, str]
    setups: dict[str, Setup]

    async def comes(self, chromium: Browser, household: str, language: str) -> Visitor:
        """Somebody with a phone; he is known already if a household is named."""
        visitor = await Visitor.come(chromium, self.url, width=NARROW, language=language)
        if household:
            vault, now_ms = self.workspace.vault, self.workspace.clock()
            cookies = {
                signin.COOKIE: signin.make_cookie(vault, self.households[household], now_ms),
                "shopper": f"{household}.{vault.sign('shopper', household)}",
            }
            await visitor.page.context.add_cookies(
                [{"name": key, "value": value, "url": self.url} for key, value in cookies.items()]
            )
        return visitor

    def phone(self, household: str = "", language: str = "en") -> httpx.AsyncClient:
        """The same without a screen."""
        headers = {"Accept": "text/html", "Accept-Language": language, "Origin": self.url}
        cookies = {}
        if household:
            vault, now_ms = self.workspace.vault, self.workspace.clock()
            cookies[signin.COOKIE] = signin.make_cookie(vault, self.households[household], now_ms)
            cookies["shopper"] = f"{household}.{vault.sign('shopper', household)}"
        return httpx.AsyncClient(base_url=self.url, headers=headers, cookies=cookies, timeout=None)

    async def events(self, name: str = "") -> list[Event]:
        """What has happened, in its order; views of pages only when asked for."""
        rows = await self.workspace.db.fetch("select events from outbox order by xid, id")
        happened = [event for row in rows for event in unpack(row["events"])]
        return [event for event in happened if (event.name == name if name else event.name != "page.viewed")]

    async def count(self) -> tuple[int, int]:
        """How many transfers there are, and how many events (views of pages apart)."""
        return await self.workspace.db.fetchval("select count(*) from transfer"), len(await self.events())

    async def later(self, ms: int) -> None:
        """The workspace's time moves on."""
        now_ms = self.workspace.clock() + ms
        await set_clock(self.workspace.db, now_ms)
        ahead_ms = now_ms - system_clock()
        self.workspace.clock = lambda: system_clock() + ahead_ms


def setup(
    module: str, play: str, title: Text, *, opens_ms: int = NOON, ends_ms: int = NOON + 3 * DAY, **rules: Any
) -> Setup:
    """A version of a play of the fair."""
    fields = {"id": f"fair/{play}", "currency": "USD"} | ({"ends_ms": ends_ms} if module == "group_buy" else {}) | rules
    return Setup(
        campaign="fair", play=play, module=module, title=title, currency="USD", zone=ZONE,
        opens_ms=opens_ms, ends_ms=ends_ms, rate_count=1000, rules=find(module).Rules(**fields),
    )  # fmt: skip


def the_plays() -> list[Setup]:
    """A coupon, a flash sale between two slots, groups of three."""
    slots = (Span(NOON, NOON + HOUR), Span(NOON + DAY, NOON + DAY + HOUR))
    return [
        setup("coupon", "welcome", Text("新年见面券", "New-year coupon"), give=(Given("everybody", Offer(500, 800)),), count=100),
        setup("flash_sale", "milk-hour", Text("整点秒杀", "Flash sale"), product=MILK, price_minor=99, slots=slots, stock=10),
        setup("group_buy", "table-of-three", Text("三人团", "Group of three"), product=PASTA, price_minor=249, stock=10),
    ]  # fmt: skip


@asynccontextmanager
async def fair(
    database: asyncpg.Pool, vault: Vault, setups: list[Setup] | None = None, stock: Mapping[str, int] = {}
) -> AsyncIterator[Scene]:
    """The fair, open, with its address; `stock`: what the shop has of other products."""
    setups = the_plays() if setups is None else setups
    households = await _people(database, vault)
    await set_clock(database, NOW)
    ahead_ms = NOW - system_clock()
    host = Host(Postgres(partial(direct, database), vault.encrypt), vault.key("host"))
    await host.start()
    workspace = Workspace(
        name="test", title="Harbour Grocer", zone=ZONE, currency="USD", language="en", url="http://127.0.0.1", demo=True,
        db=database, events=cast(Any, None), host=host, vault=vault, clock=lambda: system_clock() + ahead_ms,
    )  # fmt: skip
    ground = Fairground(host, database)
    for sku in {one.rules.product.sku for one in setups if hasattr(one.rules, "product")}:
        await ground.stock(sku, 1000, "first")
    for sku, quantity in stock.items():
        await ground.stock(sku, quantity, "first")
    assert await ground.open("fair", setups, "USD", 1_000_000) is None
    async with serve(build(workspace)) as url:
        workspace.url = url
        yield Scene(url, workspace, households, {one.play: one for one in setups})
    await host.stop()


async def _people(database: asyncpg.Pool, vault: Vault) -> dict[str, str]:
    async with database.acquire() as c:
        for sku, zh, en, category, price_minor, note in PRODUCTS:
            await c.execute(
                """insert into product (sku, title_zh, title_en, category, currency, list_price_minor, note)
                   values ($1, $2, $3, $4, 'USD', $5, $6)""",
                sku, zh, en, category, price_minor, note,
            )  # fmt: skip
        await c.execute(
            """insert into campaign (id, state, version, approved, name_zh, name_en, zone, opens_ms, live_ms, wrap_up_ms)
               values ('fair', 'live', 1, 1, '新年囤货季', 'New-year stock-up', $3, $1, $1, $2)""",
            NOON, NOON + 3 * DAY, ZONE,
        )  # fmt: skip
        await c.execute(
            "insert into campaign_version (campaign, version, text, by) values ('fair', 1, $1, 'lin')", DOCUMENT
        )
        ids = await acquaint(c, vault, HOUSEHOLDS)
        await name(c, vault, {id: f"Household {shop_id}" for shop_id, id in ids.items()})
        return ids
