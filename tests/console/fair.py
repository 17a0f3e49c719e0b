"""A shop with a campaign under way, for tests of the pages of campaigns: real ledger, real events, real host.

Harbour Grocer, noon in New York. "autumn" has been live since midnight: a coupon, a flash sale, a group. Ten customers, of whom
seven took part and four paid; `Fair` has short words for what they and the shop do, and `settle` brings all events home.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from miaohui.campaign.office import Office
from miaohui.clock import moment_of
from miaohui.events import outbox
from miaohui.events.envelope import event_id
from miaohui.events.relay import Relay
from miaohui.events.store import EventStore
from miaohui.host import orders
from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from miaohui.host.setup import machine
from miaohui.host.submission import Caller, Customer, Submission, body_hash
from miaohui.team import operators
from miaohui.team.operators import Operator
from miaohui.workspace import Workspace
from tests.console.conftest import Console
from tests.host.stage import direct, set_clock

NEW_YORK = ZoneInfo("America/New_York")
GOODS = [
    ("tea-1", "乌龙茶", "Oolong tea", 5000, 2000),
    ("jam-1", "草莓酱", "Strawberry jam", 800, 300),
]
PEOPLE = [str(UUID(int=(0x0190B000_0000_7000_8000_000000000000 + n))) for n in range(1, 11)]

DOCUMENT = """\
# Autumn at the harbour.
campaign = "autumn"
name     = {{ zh = "海港秋日", en = "Harbour autumn" }}
theme    = {{ zh = "一壶热茶", en = "A pot of hot tea" }}
kind     = "promotional"
owner    = "operator"

[phases]
warm_up = {warm_up}
live    = {live}
wrap_up = {wrap_up}
review  = {review}

[goals.gmv]
target = 500.00
[goals.participants]
target = 14
role   = "execution"
[goals.repurchase]
target = 32.0

[budget]
total  = 100.00
alarms = [20, 80, 100]
margin = 30

[audiences]
regulars = "count(order.paid, last 90 days) >= 3"
silent   = "stage is silent and not tag 'do not disturb'"

[control]
share = 10

[products.tea]
sku = "tea-1"
[products.jam]
sku = "jam-1"

[plays.welcome]
play  = "coupon"
title = {{ zh = "欢迎券", en = "Welcome coupon" }}
opens = "warm_up"
give  = {{ everybody = "5.00 off" }}
count = 40
valid = {{ from = "claim", days = 7 }}
[plays.noon]
play    = "flash_sale"
title   = {{ zh = "午间抢茶", en = "Tea at noon" }}
product = "tea"
price   = 30.00
slots   = ["live 00:00 for 20 hours"]
stock   = 20
[plays.table]
play    = "group_buy"
title   = {{ zh = "三人茶桌", en = "A table of three" }}
product = "tea"
price   = 35.00
size    = 3
hours   = 24
stock   = 30
"""


def document(now_ms: int, **changes: str) -> str:
    """The campaign's document: live since midnight of the day of `now_ms`; `changes` replace its lines by their beginning."""
    midnight = moment_of(now_ms).astimezone(NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"warm_up": -2, "live": 0, "wrap_up": 4, "review": 10}
    text = DOCUMENT.format(**{name: (midnight.date() + timedelta(days=n)).isoformat() for name, n in days.items()})
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


@dataclass
class Fair:
    """The campaign and its people."""

    workspace: Workspace
    now_ms: int
    n: int = 0

    @property
    def office(self) -> Office:
        return self.workspace.office

    async def actor(self, role: str = "admin") -> Operator:
        """The operator whose name is his role."""
        async with self.workspace.db.acquire() as c:
            found = await operators.operators(c)
        return next(one for one in found if one.name == role)

    async def open(self, text: str = "") -> None:
        """Save, submit, approve and open the campaign."""
        admin = await self.actor()
        made = await self.office.create(admin, text or document(self.now_ms), "first draft")
        for verb in ("submit", "approve", "open"):
            await self.office.act(admin, made.id, verb)  # type: ignore[arg-type]

    async def act(self, who: int, play: str, action: str, *, source: str = "live", **fields: Any) -> Any:
        """Customer number `who` takes part; the reply, or the refusal's code."""
        setup = self.workspace.host.register.entries["autumn", play].current
        self.n += 1
        body = json.dumps(fields).encode()
        caller = Caller("shop", source)
        answer = await self.workspace.host.submit(
            Submission(
                id=self.workspace.host.id(caller, PEOPLE[who], "autumn", play, f"k{self.n}"),
                hash=body_hash(body),
                what="play",
                action=action,
                fields=machine(setup.module).inputs[action].decode(body),
                campaign="autumn",
                play=play,
                caller=caller,
                customer=Customer(id=PEOPLE[who]),
            )
        )
        return json.loads(answer.body) if answer.refusal is None else answer.refusal.code

    async def order(self, who: int, order: str, verb: str, *, source: str = "live", **fields: Any) -> Any:
        """The shop tells of an order."""
        self.n += 1
        caller = Caller("shop", source)
        types: dict[str, Any] = {"placed": orders.PlacedInput, "refunded": orders.RefundedInput}
        answer = await self.workspace.host.submit(
            Submission(
                id=self.workspace.host.id(caller, PEOPLE[who], "", f"order/{order}", f"k{self.n}"),
                hash=body_hash(json.dumps(fields, sort_keys=True).encode()),
                what="order",
                action=verb,
                fields=msgspec.convert({"customer": PEOPLE[who], **fields}, types.get(verb, orders.PaidInput)),
                order=order,
                caller=caller,
                customer=Customer(id=PEOPLE[who]),
            )
        )
        return json.loads(answer.body) if answer.refusal is None else answer.refusal.code

    async def buy(self, who: int, order: str, *claims: dict[str, str], source: str = "live", pay: bool = True) -> None:
        """One box of tea at list price, with claims."""
        line = {"line": "1", "sku": "tea-1", "quantity": 1, "unit_price_minor": 5000}
        wanted = [{"campaign": "autumn", **claim} for claim in claims]
        placed = await self.order(who, order, "placed", currency="USD", lines=[line], claims=wanted, source=source)
        assert isinstance(placed, dict), placed
        if pay:
            paid = await self.order(who, order, "paid", source=source)
            assert isinstance(paid, dict), paid

    async def settle(self) -> None:
        """Every event is in the store, and a minute has passed."""
        relay = Relay(self.workspace.db, self.workspace.events)
        async with outbox.alone(self.workspace.db, "relay") as connection:
            while await relay.step(connection):
                pass
        self.now_ms += 60_000
        now_ms = self.now_ms
        self.workspace.clock = lambda: now_ms
        await set_clock(self.workspace.db, now_ms)

    async def live(self) -> None:
        """A morning's trade: seven took part, four paid; one of each is simulated."""
        await self.open()
        for who in range(5):
            assert isinstance(await self.act(who, "welcome", "claim"), dict)
        simulated = await self.act(9, "welcome", "claim", source="simulated")
        for who in (0, 1):
            token = await self.act(who, "noon", "token")
            await self.buy(who, f"n{who}", {"play": "noon", "instance": token["token"]})
        token = await self.act(5, "noon", "token")
        await self.buy(5, "n5", {"play": "noon", "instance": token["token"]}, pay=False)
        mine = await self.act(2, "table", "open")
        await self.buy(2, "t2", {"play": "table", "instance": mine["party"]})
        coupon = await self.workspace.db.fetchval(
            "select key from state where customer = $1 and play = 'welcome'", PEOPLE[3]
        )
        await self.buy(3, "c3", {"play": "welcome", "coupon": coupon.rsplit("/", 1)[1]})
        assert isinstance(simulated, dict)
        await self.settle()


async def people(workspace: Workspace, store: EventStore, now_ms: int) -> None:
    """Ten households with profiles, three of them regular customers of the last weeks."""
    async with workspace.db.acquire() as c:
        for n, id in enumerate(PEOPLE):
            await c.execute(
                "insert into customer (id, label) values ($1, $2)", id, workspace.vault.encrypt(f"Household {2000 + n}")
            )
        await c.executemany(
            """insert into product (sku, title_zh, title_en, currency, list_price_minor, cost_minor)
               values ($1, $2, $3, 'USD', $4, $5)""",
            GOODS,
        )
    profiles = [
        (id, {"stage": "silent" if n >= 6 else "active"}, ["do not disturb"] if n == 9 else [], moment_of(now_ms))
        for n, id in enumerate(PEOPLE)
    ]
    await store.insert("profiles", ["customer", "traits", "tags", "at"], profiles, "profiles")
    rows = [
        (event_id(now_ms, bytes([n]) * 16, k), "order.paid", moment_of(now_ms - (k + 2) * 86_400_000), PEOPLE[n], 1000)
        for n in range(3)
        for k in range(3)
    ]
    await store.insert("events", ["id", "name", "at", "customer", "total_minor"], rows, "history")


@pytest.fixture
async def fair(console_app: Console, store: EventStore) -> AsyncIterator[Fair]:
    """The shop with its people and stock; nothing is open yet."""
    workspace = console_app.workspace
    await set_clock(workspace.db, console_app.now_ms)
    host = Host(Postgres(partial(direct, workspace.db), workspace.vault.encrypt), workspace.vault.key("host"))
    workspace.events, workspace.host = store, host
    workspace.__post_init__()
    await host.start()
    await people(workspace, store, console_app.now_ms)
    for sku, *_ in GOODS:
        await workspace.fairground.stock(sku, 200, "first")
    yield Fair(workspace, console_app.now_ms)
    await host.stop()
