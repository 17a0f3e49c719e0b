"""A shop in Shanghai on 2026-08-01 with two teas and an operator, and what templates need to be filled for it."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from miaohui.calendar import lead
from miaohui.calendar.almanac import Almanac, Occasion, together
from miaohui.calendar.workdays import Workdays
from miaohui.campaign.facts import Facts
from miaohui.campaign.office import Office
from miaohui.clock import ms_of
from miaohui.events.store import EventStore
from miaohui.host.fairground import Fairground
from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from miaohui.planning import begin
from miaohui.planning.asks import Good, World
from miaohui.planning.template import Template
from miaohui.team import operators
from miaohui.text import Text
from miaohui.vault import Vault
from tests.conftest import STAGE_MONTH
from tests.host.stage import direct, set_clock

ZONE = "Asia/Shanghai"
TODAY = date(2026, 8, 1)
GOODS = (
    Good("tea-1", Text("乌龙茶", "Oolong tea"), 5000, 2000, 500),
    Good("tea-2", Text("“明前”龙井", 'Longjing "before the rain"'), 12800, 6000, 500),
)
ALMANAC = Almanac(days=together([]), workdays=Workdays("CN"))


def occasion(id: str = "mid-autumn", after: date = TODAY) -> Occasion:
    """A day of the almanac, the next time it comes round."""
    found = ALMANAC.next(id, after)
    assert found is not None
    return found


def world(template: Template, about: Occasion | None, today: date = TODAY) -> World:
    """What the questions of `template` are asked in."""
    times = template.lead(lead.of(begin.class_of(template, about)))
    return World(today=today, currency="CNY", workdays=ALMANAC.workdays, lead=times, goods=GOODS, occasion=about)


def facts(inside: World) -> Facts:
    """The shop as the check sees it."""
    products, people = begin.products_of(inside), frozenset({"lin"})
    return Facts(products=products, people=people, zone=ZONE, currency="CNY", now_ms=at("2026-08-01 09:00"))


def proposals(template: Template, about: Occasion | None, today: date = TODAY, **changed: str) -> str:
    """The document of an operator who takes every proposal; `changed`: fields he answers himself, "." written "__"."""
    inside, given = world(template, about, today), {}
    mine = {name.replace("__", "."): value for name, value in changed.items()}
    for n in range(len(template.head.ask)):
        asked = begin.step(template, given, inside, n, facts(inside))
        given |= {field.name: mine.get(field.name, field.value) for field in asked.fields}
    words = begin.step(template, given, inside, len(template.head.ask), facts(inside)).words
    shared = begin.common(template, inside, frozenset(), words, owner="lin", zone=ZONE)
    return begin.document_of(template, words, shared)


def at(when: str) -> int:
    """A time in Shanghai in ms."""
    return ms_of(datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(ZONE)))


class Desk:
    """An office over that shop, with a clock that tests set."""

    def __init__(self, office: Office, host: Host, db: Any) -> None:
        self.office, self.host, self.db = office, host, db

    async def at(self, now_ms: int) -> None:
        """It is `now_ms`, and the clock moves what is due."""
        await set_clock(self.db, now_ms)
        assert {id: said for id, said in (await self.office.tick()).items() if said} == {}

    async def actor(self, name: str) -> operators.Operator:
        """One of the operators, who are called lin and boss."""
        async with self.db.acquire() as c:
            return next(one for one in await operators.operators(c) if one.name == name)

    async def free(self, sku: str) -> int:
        """What the shop may still sell."""
        sql = "select credits - debits - debits_pending from account where key = 'sku/' || $1"
        return int(await self.db.fetchval(sql, sku))

    async def plays(self) -> set[str]:
        """How the plays stand: running, closed."""
        return {row["running"] for row in await self.db.fetch("select running from play_running")}


@pytest.fixture
async def desk(database: Any, store: EventStore, vault: Vault) -> AsyncIterator[Desk]:
    """An office with its host, in a workspace of its own; it is the first morning of a month that the ledger has."""
    await set_clock(database, at(f"{STAGE_MONTH} 09:00"))
    host = Host(Postgres(partial(direct, database), vault.encrypt), vault.key("host"))
    await host.start()
    ground = Fairground(host, database)
    async with database.acquire() as c:
        for name, role in (("lin", "operator"), ("boss", "admin")):
            await operators.add(c, "setup", name, role, "ten letters")  # type: ignore[arg-type]
        for good in GOODS:
            await c.execute(
                """insert into product (sku, title_zh, title_en, currency, list_price_minor, cost_minor)
                   values ($1, $2, $3, 'CNY', $4, $5)""",
                good.sku, good.title.zh, good.title.en, good.price_minor, good.cost_minor,
            )  # fmt: skip
    for good in GOODS:
        assert await ground.stock(good.sku, good.free, "first") is None
    desk = Desk(Office(database, ground, store, vault, ZONE, "CNY"), host, database)
    yield desk
    await host.stop()
