"""A toy play for the document to speak of (one file beside the others, and nothing else), and an office to bring documents to."""

import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from miaohui import plays
from miaohui.campaign.office import Office
from miaohui.clock import moment_of, ms_of
from miaohui.events.store import EventStore
from miaohui.host.fairground import Fairground
from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from miaohui.team.roles import ROLES, Role
from miaohui.vault import Vault
from tests.conftest import STAGE_MONTH
from tests.host.stage import direct, set_clock


@pytest.fixture(scope="module", autouse=True)
def tombola() -> Iterator[None]:
    """`play = "tombola"` exists while the tests of one file run."""
    toys = str(Path(__file__).parent / "toys")
    plays.__path__.append(toys)
    yield
    plays.__path__.remove(toys)
    sys.modules.pop("miaohui.plays.tombola", None)


DAY_MS = 86_400_000


class Somebody(Struct, frozen=True):
    """An actor with a role."""

    name: str
    role: Role
    department: str = ""

    def may(self, permission: str) -> bool:
        """As the role may."""
        return permission in ROLES[self.role]


VIEWER, LIN, BOSS = Somebody("vera", "viewer"), Somebody("lin", "operator"), Somebody("boss", "admin")


class Desk:
    """An office over a workspace with sixty lanterns in the shop, and a clock that tests set."""

    def __init__(self, office: Office, db: Any, live_ms: int) -> None:
        self.office, self.db, self.live_ms = office, db, live_ms

    async def at(self, now_ms: int) -> None:
        """It is `now_ms`."""
        await set_clock(self.db, now_ms)

    async def net(self, key: str) -> int:
        """What an account has."""
        return int(await self.db.fetchval("select coalesce(sum(credits - debits), 0) from account where key = $1", key))

    async def running(self) -> dict[str, tuple[int, str]]:
        """What the host runs: play -> version, how."""
        rows = await self.db.fetch("select play, version, running from play_running order by play")
        return {row["play"]: (row["version"], row["running"]) for row in rows}

    async def audit(self) -> list[tuple[str, str]]:
        """Who did what, in order."""
        return [
            (r["operator"], r["action"]) for r in await self.db.fetch("select operator, action from audit order by seq")
        ]

    def document(self, stock: int = 10, budget: str = "500.00", campaign: str = "lantern-fair") -> str:
        """A campaign that is warm three days before it is live, and live for three days."""

        def at(days: int) -> str:
            return moment_of(self.live_ms + days * DAY_MS).isoformat()

        return f"""\
campaign = "{campaign}"
name = {{ zh = "灯会", en = "Lantern fair" }}
kind = "promotional"
currency = "CNY"
[phases]
warm_up = {at(-3)}
live = {at(0)}
wrap_up = {at(3)}
[budget]
total = {budget}
[audiences]
all = "everybody"
[control]
share = 5
[products.lantern]
sku = "L-1"
[plays.gift]
play = "coupon"
opens = "warm_up"
give = {{ everybody = "5.00 off 49.00" }}
count = 40
budget = 200.00
[plays.eight]
play = "flash_sale"
product = "lantern"
price = 60.00
slots = ["live for 30 minutes"]
stock = {stock}
"""


@pytest.fixture
async def desk(database: Any, store: EventStore, vault: Vault) -> AsyncIterator[Desk]:
    """An office with its host, in a workspace of its own; the ledger has the month, and the next."""
    live_ms = ms_of(datetime.combine(STAGE_MONTH, time(), UTC)) + 10 * DAY_MS
    await set_clock(database, live_ms - 5 * DAY_MS)
    host = Host(Postgres(partial(direct, database), vault.encrypt), vault.key("host"))
    await host.start()
    fairground = Fairground(host, database)
    await database.execute(
        """insert into product (sku, title_zh, title_en, currency, list_price_minor, cost_minor)
           values ('L-1', '灯笼', 'Lantern', 'CNY', 9900, 4000)"""
    )
    assert await fairground.stock("L-1", 60, "first") is None
    yield Desk(Office(database, fairground, store, vault, "UTC", "CNY"), database, live_ms)
    await host.stop()
