"""The demo's campaign: `pantry-days-1`, and the next number when one is over.

Its products are real: for each play the first of a short list of favourites that the shop has with a list price, else what most
households bought. Prices follow from the list price; cost and stock are invented. The document is `campaign.toml` with these
and the dates filled in: live from the last full hour on for two weeks, with a slot of the flash sale every two hours.

It goes the ordinary way: stock comes in, the document is stored, submitted, approved and opened. Each step
is taken only if it is still to be taken, so that a start that was cut off goes on with the same edition.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from msgspec import Struct

from miaohui.campaign import store
from miaohui.campaign.lifecycle import OPEN, Verb
from miaohui.campaign.store import Campaign
from miaohui.clock import moment_of
from miaohui.customers.complete_journey import ZONE
from miaohui.demo.card import OPERATOR
from miaohui.events.store import EventStore
from miaohui.money import Money
from miaohui.planning import work
from miaohui.text import Text
from miaohui.workspace import Workspace

PREFIX = "pantry-days-"
CURRENCY = "USD"
DEMO_VALUE = "demo value"
STOCK = 12_000
"""Pieces of each product, for two weeks of simulated customers."""
COUPONS = 20_000
DAYS = 14
SLOT_EVERY_H, SLOT_MINUTES = 2, 90
LOOK_EVERY_S = 60.0
PREPARED = ("copy", "stock")
"""The tasks of the preparation: done when the campaign opens."""
TEMPLATE = Path(__file__).with_name("campaign.toml")

FAVOURITES: dict[str, tuple[tuple[str, Text], ...]] = {
    "sale": (
        ("1127831", Text("草莓 16 盎司", "Strawberries, 16 oz")),
        ("916122", Text("无骨鸡胸肉", "Boneless chicken breast")),
        ("1004906", Text("土豆 5 磅袋", "Russet potatoes, 5 lb")),
    ),
    "group": (
        ("5569230", Text("罐装汽水 12 罐", "Soft drinks, 12 cans")),
        ("1029743", Text("鲜牛奶 1 加仑", "Fresh milk, 1 gallon")),
        ("976199", Text("黄油 1 磅", "Butter, 1 lb")),
    ),
}
"""Products of the data with names written for customers, by what sells them: the flash sale, the group."""


class Program(Struct, frozen=True):
    """Who hands in and opens the demo's campaigns: this program, under the name of the demo's operator."""

    name: str

    def may(self, permission: str) -> bool:
        """All that it does."""
        return True


DEMO = Program(OPERATOR)


class Goods(Struct, frozen=True):
    """A product and what customers call it (None: as the shop does)."""

    sku: str
    title: Text | None
    list_price_minor: int

    @property
    def cost_minor(self) -> int:
        """Invented: half the list price."""
        return self.list_price_minor // 2

    def price_minor(self, percent: int) -> int:
        """About `percent` of the list price, ending in 9, and below it."""
        price = self.list_price_minor * percent // 100
        return min(price - price % 10 + 9, self.list_price_minor - 1)


async def keep_open(workspace: Workspace) -> str:
    """Let a campaign of the demo be live, the newest edition, or the next one if that is over: its id. CampaignRefused."""
    newest = await _newest(workspace.db)
    if newest is None or _over(newest):
        edition = number(newest.id) + 1 if newest else 1
        text, goods = await written(workspace, edition)
        for one in goods:
            await workspace.db.execute("update product set note = $2 where sku = $1", one.sku, DEMO_VALUE)
            refusal = await workspace.fairground.stock(one.sku, STOCK, f"{PREFIX}{edition}")
            assert refusal is None, refusal
        newest = await workspace.office.create(DEMO, text, "made by the demo")
        today = _local(moment_of(newest.now_ms)).date()
        async with workspace.db.acquire() as connection:
            for task in PREPARED:
                await work.set_percent(connection, DEMO.name, newest.id, task, 100, today)
    verbs: dict[str, Verb] = {"draft": "submit", "in_review": "approve", "approved": "open"}
    while newest.status.state in verbs:
        newest = await workspace.office.act(DEMO, newest.id, verbs[newest.status.state])
    return newest.id


async def stay_open(workspace: Workspace) -> None:
    """Open the next edition when one has come to its end, until cancelled. One that an operator stopped is left alone."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        newest = await _newest(workspace.db)
        if newest is not None and _over(newest) and not newest.status.stopped:
            await keep_open(workspace)


async def live(db: "asyncpg.Pool[Any]") -> Campaign | None:
    """The edition that runs now, if one does."""
    newest = await _newest(db)
    return newest if newest and newest.status.state in OPEN and not newest.status.paused else None


def number(campaign: str) -> int:
    """Which edition a campaign is."""
    return int(campaign.removeprefix(PREFIX))


async def _newest(db: "asyncpg.Pool[Any]") -> Campaign | None:
    async with db.acquire() as connection:
        ids = await connection.fetch("select id from campaign where id ~ $1", f"^{PREFIX}[0-9]{{1,6}}$")
        if not ids:
            return None
        return await store.get(connection, max((row["id"] for row in ids), key=number))


def _over(campaign: Campaign) -> bool:
    return campaign.status.state in ("wrap_up", "reviewed", "archived") or campaign.wrap_up_ms <= campaign.now_ms


# -- the document ------------------------------------------------------------------------------------------------------------


async def written(workspace: Workspace, edition: int) -> tuple[str, list[Goods]]:
    """The document of an edition that is live now, and the products it sells."""
    sale, group = await chosen(workspace)
    now = moment_of(await workspace.db.fetchval("select now_ms()"))
    live = now.replace(minute=0, second=0, microsecond=0)
    hours = range(0, DAYS * 24, SLOT_EVERY_H)
    fields: dict[str, object] = {
        "number": edition,
        "campaign": f"{PREFIX}{edition}",
        "owner": DEMO.name,
        "prepare": _local(live - timedelta(days=14)).date(),
        "warm_up": _local(live - timedelta(days=2)).isoformat(),
        "live": _local(live).isoformat(),
        "wrap_up": _local(live + timedelta(days=DAYS)).isoformat(),
        "review": _local(live + timedelta(days=DAYS + 2)).date(),
        "stock": STOCK,
        "coupons": COUPONS,
        "slots": _lines([f'"{_after(hour)} for {SLOT_MINUTES} minutes"' for hour in hours]),
    }
    for part, goods, percent in (("sale", sale, 65), ("group", group, 75)):
        fields |= {
            part: f"{part}-product",
            f"{part}_sku": goods.sku,
            f"{part}_title": _title(goods),
            f"{part}_cost": Money(goods.cost_minor, CURRENCY).decimal(),
            f"{part}_price": Money(goods.price_minor(percent), CURRENCY).decimal(),
        }
    return Template(TEMPLATE.read_text()).substitute(fields), [sale, group]


async def chosen(workspace: Workspace) -> list[Goods]:
    """The product of each play: of two plays never the same one."""
    favourites = [sku for named in FAVOURITES.values() for sku, _ in named]
    liked = await most_bought(workspace.events)
    rows = await workspace.db.fetch(
        """select sku, list_price_minor from product where sku = any($1) and list_price_minor >= 100
           and currency = $2 and archived_at is null""",
        favourites + liked, CURRENCY,
    )  # fmt: skip
    prices = {row["sku"]: row["list_price_minor"] for row in rows}
    found: list[Goods] = []
    for named in FAVOURITES.values():
        taken = {goods.sku for goods in found}
        wanted = [*named, *((sku, None) for sku in liked)]
        found.append(next(Goods(sku, t, prices[sku]) for sku, t in wanted if sku in prices and sku not in taken))
    return found


async def most_bought(events: EventStore, most: int = 100) -> list[str]:
    """The products that most households bought in the data's last 90 days."""
    rows = await events.query(
        """select sku from events array join lines.sku as sku
           where name = 'order.paid' and source = 'import'
             and at > (select max(at) from events where source = 'import') - interval 90 day
           group by sku order by uniqExact(customer) desc, sku limit {most:UInt32}""",
        {"most": most},
    )
    return [row["sku"] for row in rows]


def _local(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(ZONE))


def _title(goods: Goods) -> str:
    return f'title = {{ zh = "{goods.title.zh}", en = "{goods.title.en}" }}' if goods.title else "# the shop's title"


def _after(hours: int) -> str:
    return f"live + {hours} hours" if hours else "live"


def _lines(slots: list[str], each: int = 4) -> str:
    return "\n".join(f"  {', '.join(slots[n : n + each])}," for n in range(0, len(slots), each))
