"""Rules and audiences change while customers act: each answer is true to the version it was given under, and a change that is made
counts at once in every process."""

import asyncio
import json
from random import Random

from miaohui.customers.identities import SHOP, identity_hash
from miaohui.plays._fields import Given, Offer
from tests.faults.books import agree, answers, room
from tests.faults.customers import Customers
from tests.faults.town import GROUPS
from tests.host.stage import CAMPAIGN

CLAIM = f"/api/v1/plays/{CAMPAIGN}/coupon/claim"


async def test_a_new_version_of_the_rules_under_load(town):
    await town.open(coupon={"count": 500}, group_buy=GROUPS)
    _, one, two = await town.started("worker", "web", "web")
    customers = Customers(town, [one.port, two.port], Random(15))
    customers.allowed.add(("group_buy", "party_full"))  # groups of two, to which three come
    async with customers.living("coupon", "group_buy"):
        for version in range(2, 8):
            await customers.more()
            offer = {"give": (Given("everybody", Offer(500 + version)),), "count": 500 + 10 * version}
            await town.open(version=version, coupon=offer, group_buy=GROUPS | {"size": 2 + version % 2})
            told = await asyncio.gather(*(claimed(customers, port, f"v{version}-{port}") for port in customers.ports))
            assert told == [500 + version] * 2  # the change was answered before these asked
    found = answers(customers, "claim")
    terms = dict(await town.db.fetch("select key, terms from state where play = 'coupon'"))
    born = {key.rsplit("/", 1)[1]: version for key, version in terms.items()}
    assert {reply["amount_minor"] - 500 for reply in found} >= {0, *range(2, 8)}
    for reply in found:
        assert reply["amount_minor"] - 500 == (born[reply["coupon"]] if born[reply["coupon"]] > 1 else 0)
    assert (await room(town, "coupon", "coupons"))[0] == 570 - len(found)
    await agree(customers)


async def claimed(customers, port, who):
    """The amount of a coupon claimed at one process, or the refusal's code."""
    body = json.dumps({"customer": who}).encode()
    status, answer = await customers.once(port, CLAIM, who, body)
    customers.note(who, CLAIM, body, status, answer, "coupon")
    return json.loads(answer)["amount_minor" if status == 200 else "code"]


async def test_an_audience_under_load(town):
    await town.open(coupon={"count": 5000}, head={"audience": "vip"})
    await town.db.execute("insert into campaign_audience values ($1, 0, 'vip')", CAMPAIGN)
    one, two = await town.started("web", "web")
    customers = Customers(town, [one.port, two.port], Random(16))
    customers.allowed = {("coupon", "not_in_audience"), ("coupon", "limit_reached")}
    for n in range(12):
        who = f"c{n}"
        assert await both(customers, who, "a") == ["not_in_audience"] * 2
        await member(town, who, 1)
        assert sorted(await both(customers, who, "b")) == ["granted", "limit_reached"]
        await member(town, who, 0)
        assert await both(customers, who, "c") == ["not_in_audience"] * 2
    assert len(answers(customers, "claim")) == 12
    await agree(customers, events=False)


async def both(customers, who, key):
    """What each process says to a claim under a key of its own."""
    said = []
    for port in customers.ports:
        body = json.dumps({"customer": who}).encode()
        name = f"{who}-{key}-{port}"
        status, answer = await customers.once(port, CLAIM, name, body)
        customers.note(name, CLAIM, body, status, answer, "coupon")
        said.append("granted" if status == 200 else json.loads(answer)["code"])
    return said


async def member(town, who, mask):
    """Let a customer in or out."""
    hash = identity_hash(town.vault, SHOP, who)
    customer = await town.db.fetchval("select customer from identity where kind = 'shop' and hash = $1", hash)
    await town.db.execute(
        """insert into membership (campaign, customer, mask) values ($1, $2, $3)
           on conflict (customer, campaign) do update set mask = excluded.mask""",
        CAMPAIGN, customer, mask,
    )  # fmt: skip
