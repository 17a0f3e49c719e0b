"""A small fair for the tests of the host: one campaign, the three plays, a few customers; on either storage.

Times are in ms; T is the campaign's beginning. Everything the fair gives is posted through the host, as in life.
"""

import json
from functools import partial

import msgspec

from miaohui.host import fairground, orders
from miaohui.host.host import Host
from miaohui.host.memory import Memory
from miaohui.host.openings import Fill, Filling
from miaohui.host.postgres import Postgres
from miaohui.host.setup import Setup, machine, pack
from miaohui.host.submission import Answer, Caller, Customer, Submission, body_hash
from miaohui.ledger.accounts import budget_key, piece, sku_key
from miaohui.plays import find
from miaohui.plays._fields import Given, Offer, Product, Span, Validity
from miaohui.pricing.effects import Reduction, Tier
from miaohui.text import Text

T = 1_790_000_000_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SHOP = Caller("shop")
SECRET = bytes(32)
TEA = Product("tea", "tea-1", Text("茶", "Tea"), 5000, 2000)
CAMPAIGN = "fair"


def rules(module, **changes):
    """Rules of a play of the fair."""
    common = {"id": f"{CAMPAIGN}/{module}", "identities": ("account", "phone")}
    by_module = {
        "coupon": {
            "currency": "USD",
            "give": (Given("vip", Offer(900, 4000)), Given("everybody", Offer(500))),
            "count": 100,
            "per_customer": 1,
            "valid": Validity(7),
        },
        "flash_sale": {
            "currency": "USD",
            "product": TEA,
            "price_minor": 1990,
            "slots": (Span(T, T + HOUR), Span(T + DAY, T + DAY + HOUR)),
            "stock": 10,
            "per_customer": 1,
        },
        "group_buy": {
            "currency": "USD",
            "ends_ms": T + 3 * DAY,
            "product": TEA,
            "price_minor": 3000,
            "stock": 10,
            "size": 3,
            "hours": 24,
        },
        "promotion": {"currency": "USD", "gives": (Reduction(tiers=(Tier(at_least=5000, off_minor=1000),)),)},
    }
    return find(module).Rules(**(common | by_module[module] | changes))


def setup(module, *, version=1, play="", head=None, **changes):
    """A version of a play of the fair; `head` changes what all plays share."""
    name = play or module
    fields = {"opens_ms": T, "ends_ms": T + 3 * DAY, "rate_count": 1000, "title": find(module).TITLE}
    return Setup(
        campaign=CAMPAIGN,
        play=name,
        module=module,
        version=version,
        currency="USD",
        rules=rules(module, **({"id": f"{CAMPAIGN}/{name}"} | changes)),
        **(fields | (head or {})),
    )


class Fair:
    """A host with its storage, and short words for what customers and the shop do."""

    def __init__(self, host, setups):
        self.host, self.setups, self.n = host, setups, 0

    async def open(self, *, stock=100, budget=100_000):
        """Bring in stock and money, and fill the pools."""
        await self.host.start()
        fills = (
            Fill(sku_key("tea-1"), piece("tea-1"), "", stock),
            Fill(budget_key(CAMPAIGN), "USD", "", budget),
        )
        await self.fill("fund", fills)
        for one in self.setups:
            await self.fill(f"open/{one.play}/{one.version}", fairground.fills(one))
        return self

    async def fill(self, action, fills=(), drains=()):
        """One filling."""
        filling = Filling(CAMPAIGN, action, fills, drains)
        answer = await self.host.submit(fairground.submission(self.host, filling))
        assert answer.refusal is None, answer.refusal
        return answer

    def act(self, module, action, customer, key="", *, source="live", play="", **fields):
        """A play's action as a submission."""
        play, body = play or module, json.dumps(fields).encode()
        key = key or self.next_key()
        return Submission(
            id=self.host.id(SHOP, customer, CAMPAIGN, play, key),
            hash=body_hash(body),
            what="play",
            action=action,
            fields=machine(module).inputs[action].decode(body),
            campaign=CAMPAIGN,
            play=play,
            caller=Caller("shop", source),
            customer=Customer(id=customer),
        )

    def order(self, order, verb, customer="", key="", **fields):
        """A verb of an order as a submission."""
        types = {"placed": orders.PlacedInput, "refunded": orders.RefundedInput}
        fields = {"customer": customer, **fields}
        return Submission(
            id=self.host.id(SHOP, customer, "", f"order/{order}", key or self.next_key()),
            hash=body_hash(json.dumps(fields, sort_keys=True).encode()),
            what="order",
            action=verb,
            fields=msgspec.convert(fields, types.get(verb, orders.PaidInput)),
            order=order,
            caller=SHOP,
            customer=Customer(id=customer),
        )

    def placed(self, order, customer, *claims, lines=(("1", "tea-1", 1, 5000),), key="", **more):
        """An order with claims (play, field=value ...)."""
        named = ("line", "sku", "quantity", "unit_price_minor")
        return self.order(
            order,
            "placed",
            customer,
            key,
            currency="USD",
            lines=[dict(zip(named, line, strict=True)) for line in lines],
            claims=[{"campaign": CAMPAIGN, "play": play, **where} for play, where in claims],
            **more,
        )

    def next_key(self):
        """A fresh idempotency key."""
        self.n += 1
        return f"k{self.n}"

    async def do(self, submission):
        """The reply as a dict, or the refusal's code."""
        return said(await self.host.submit(submission))


def said(answer: Answer):
    """The reply as a dict, or the refusal's code."""
    return json.loads(answer.body) if answer.refusal is None else answer.refusal.code


def memory_fair(setups, now, people=None):
    """The fair in memory; `now` is a one-element list with the time."""
    storage = Memory(lambda: now[0])
    for one in setups:
        storage.set_up(one)
    storage.people = people or {}
    return Fair(Host(storage, SECRET), setups)


async def postgres_fair(setups, database, now):
    """The fair in PostgreSQL, its clock set to `now`."""
    async with database.acquire() as c:
        for one in setups:
            await c.execute(
                "insert into play_version (campaign, play, version, module, setup) values ($1, $2, $3, $4, $5)",
                one.campaign, one.play, one.version, one.module, pack(one),
            )  # fmt: skip
            await c.execute(
                "insert into play_running values ($1, $2, $3, 'running') on conflict (campaign, play) do update set version = $3",
                one.campaign, one.play, one.version,
            )  # fmt: skip
        await c.execute("update workspace set epoch = epoch + 1")
        await set_clock(c, now[0])
    return Fair(Host(Postgres(partial(direct, database), str.encode), SECRET), setups)


async def enrol(database):
    """Whoever acted under a plain id of a test becomes a customer: the audit looks for the owner of everything."""
    await database.execute("insert into customer (id) select distinct customer from state where customer is not null")


async def set_clock(c, now_ms):
    """Move the workspace's time."""
    await c.execute(
        "update workspace set clock_offset_ms = $1 - (extract(epoch from clock_timestamp()) * 1000)::bigint", now_ms
    )


async def direct(pool):
    """A connection of its own with the pool's settings."""
    import asyncpg

    async with pool.acquire() as c:
        settings = await c.fetchrow("select current_schema as s, current_user as u")
    address = pool._connect_args[0]
    return await asyncpg.connect(
        address, server_settings={"search_path": settings["s"], "role": settings["u"], "timezone": "UTC"}
    )
