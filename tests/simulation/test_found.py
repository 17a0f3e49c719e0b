"""What the simulation found, each as a short story of its own."""

from msgspec.structs import replace

from miaohui.clock import system_clock
from miaohui.host.fairground import submission as submitted
from miaohui.host.openings import Fill, Filling
from miaohui.host.timers import submission
from miaohui.plays._fields import Given, Offer, Span
from miaohui.simulation.auditor import promotion
from miaohui.simulation.auditor.record import Out, Record, Version
from miaohui.simulation.drawn import plain
from miaohui.simulation.stage import InMemory
from miaohui.simulation.world import World
from tests.host.stage import CAMPAIGN, DAY, HOUR, MINUTE, T, memory_fair, postgres_fair, setup

OFFER = {"give": (Given("everybody", Offer(500)),)}


class Scene:
    """The tests' fair, with operators."""

    def __init__(self, *setups):
        self.now = [T]
        self.f = memory_fair([], self.now)
        self.stage = InMemory(World(1, 1, 0))
        self.stage.memory = self.f.host.storage
        self.setups = setups

    async def open(self, *setups, budget=10_000):
        self.stage.now_ms = self.now[0]
        return await self.stage.open(self.f.host, CAMPAIGN, setups, budget)

    async def fire(self):
        for timer in await self.f.host.storage.due(10):
            assert (await self.f.host.submit(submission(self.f.host, timer))).refusal is None

    def here(self, account):
        a = self.f.host.storage.accounts[account]
        return a.credits - a.debits


async def scene():
    s = Scene()
    await s.stage.stock(s.f.host, "tea-1", 100)
    return s


async def test_a_coupon_gives_its_money_back_to_the_budget_it_came_from():
    """Seed 5: an edit took the play's own budget away; every coupon that was out failed from then on."""
    s = await scene()
    assert await s.open(setup("coupon", budget_minor=900, **OFFER)) is None
    coupon = (await s.f.do(s.f.act("coupon", "claim", "c1")))["coupon"]
    assert await s.open(setup("coupon", version=2, **OFFER)) is None
    assert (s.here(f"play/{CAMPAIGN}/coupon/budget"), s.here(f"budget/{CAMPAIGN}")) == (0, 9500)
    assert (await s.f.do(s.f.placed("1", "c1", ("coupon", {"coupon": coupon}))))["discount_minor"] == 500
    s.now[0] = T + 20 * MINUTE
    await s.fire()
    s.now[0] = T + 8 * DAY
    await s.fire()
    assert s.here(f"play/{CAMPAIGN}/coupon/budget") == 500
    await s.stage.close(s.f.host, CAMPAIGN, "let_run")
    assert (s.here(f"play/{CAMPAIGN}/coupon/budget"), s.here(f"budget/{CAMPAIGN}")) == (0, 10_000)


async def test_a_token_of_before_an_edit_does_not_open_the_old_slots():
    """Seed 126: who had once asked for a turn was ever after judged by the rules of that day."""
    s = await scene()
    assert await s.open(setup("flash_sale")) is None
    old = (await s.f.do(s.f.act("flash_sale", "token", "c1")))["token"]
    assert (
        await s.open(setup("flash_sale", version=2, price_minor=1500, slots=(Span(T + 2 * DAY, T + 2 * DAY + HOUR),)))
        is None
    )
    s.now[0] = T + MINUTE
    assert await s.f.do(s.f.act("flash_sale", "token", "c1")) == "no_slot"
    s.now[0] = T + 2 * DAY
    new = (await s.f.do(s.f.act("flash_sale", "token", "c1")))["token"]
    assert await s.f.do(s.f.placed("1", "c1", ("flash_sale", {"instance": old, "line": "1"}))) == "token_expired"
    assert (await s.f.do(s.f.placed("2", "c1", ("flash_sale", {"instance": new, "line": "1"}))))["total_minor"] == 1500


async def test_who_pays_for_a_party_that_has_failed_is_no_longer_in_it():
    """Seed 133: his unpaid seat stayed in the party for ever."""
    s = await scene()
    assert await s.open(setup("group_buy")) is None
    party = (await s.f.do(s.f.act("group_buy", "open", "c1")))["party"]
    await s.f.do(s.f.placed("1", "c1", ("group_buy", {"instance": party, "line": "1"})))
    await s.stage.close(s.f.host, CAMPAIGN, "fail_all")
    await s.fire()
    assert (await s.f.do(s.f.order("1", "paid")))["refund"] == "party_failed"
    stored = await s.stage.stored()
    assert stored.states[f"play/{CAMPAIGN}/group_buy/party/{party}"][1]["members"] == []
    assert stored.holds == []


PROMOTION = ("promotion", {})


async def test_a_limit_of_a_promotion_that_is_taken_away_is_gone():
    """Seed 19: after an edit without `uses` every order beyond the old limit failed."""
    s = await scene()
    assert await s.open(setup("promotion", uses=1, uses_per_day=1)) is None
    assert (await s.f.do(s.f.placed("1", "c1", PROMOTION)))["discount_minor"] == 1000
    assert await s.f.do(s.f.placed("2", "c2", PROMOTION)) == "used_up"
    assert await s.open(setup("promotion", version=2, per_customer_per_day=1)) is None
    assert (await s.f.do(s.f.placed("2", "c2", PROMOTION)))["discount_minor"] == 1000
    assert await s.f.do(s.f.placed("3", "c2", PROMOTION)) == "used_by_you_today"
    assert await s.open(setup("promotion", version=3, uses=2)) is None
    assert await s.f.do(s.f.placed("3", "c3", PROMOTION)) == "used_up"


async def test_a_payment_under_old_rules_leaves_the_limit_of_today(database):
    """Beside seed 19: paying an order of before set the old limit again, below what was counted since; PostgreSQL refuses that."""
    head = {"opens_ms": 0, "ends_ms": 2**50}
    now = [system_clock()]
    f = await postgres_fair([setup("promotion", uses=1, head=head)], database, now)
    await f.open()
    await f.do(f.placed("1", "c1", PROMOTION))
    f = await postgres_fair([setup("promotion", version=2, uses=3, head=head)], database, now)
    f.n = 100
    await f.host.start()
    await f.do(f.placed("2", "c2", PROMOTION))
    assert (await f.do(f.order("1", "paid")))["status"] == "paid"
    assert (await f.do(f.placed("3", "c3", PROMOTION)))["status"] == "placed"
    assert await f.do(f.placed("4", "c4", PROMOTION)) == "used_up"
    key = f"play/{CAMPAIGN}/promotion/used"
    assert tuple(
        await database.fetchrow("select credits, credits_pending, ceiling from account where key = $1", key)
    ) == (1, 2, 3)
    await f.host.stop()


async def codes_used():
    """A promotion with three codes that work once and one use a day each: one used, one used and given back, one withdrawn."""
    s = await scene()
    once = setup("promotion", single_use=True, per_customer_per_day=1, uses_per_day=5)
    assert await s.open(once) is None
    pool = f"play/{CAMPAIGN}/promotion"
    fills = tuple(Fill(f"{pool}/codes/{code}", "use", "", 1) for code in "abc")
    assert (await s.f.host.submit(submitted(s.f.host, Filling(CAMPAIGN, "codes", fills)))).refusal is None
    gone = Filling(
        CAMPAIGN, "gone", (Fill(f"{pool}/withdrawn/c", "use"),), ((f"{pool}/codes/c", f"{pool}/withdrawn/c"),)
    )
    assert (await s.f.host.submit(submitted(s.f.host, gone))).refusal is None
    for order, (customer, code) in enumerate((("c1", "a"), ("c2", "b")), 1):
        placed = s.f.placed(str(order), customer, ("promotion", {"code": code}))
        assert (await s.f.do(placed))["discount_minor"] == 1000
        s.now[0] += DAY * (order == 2)  # the second is paid the day after: its day is that of its placing
        await s.f.do(s.f.order(str(order), "paid"))
    assert (await s.f.do(s.f.placed("3", "c3", ("promotion", {"code": "a"})))) == "code_used"
    assert (await s.f.do(s.f.placed("3", "c3", ("promotion", {"code": "c"})))) == "code_withdrawn"
    await s.f.do(s.f.order("2", "refunded", lines=[]))
    customers = {event.customer for event in s.f.host.storage.events if event.customer}
    record = Record(people={c: {"account": c} for c in customers}, stock={}, budgets={CAMPAIGN: 10_000})
    record.events = list(s.f.host.storage.events)
    rules = plain(once.rules)
    record.versions = [Version(0, CAMPAIGN, "promotion", "promotion", 1, once.opens_ms, once.ends_ms, rules, {}, {})]
    return record, await s.stage.stored()


def audited(record, stored):
    events = record.of_play(CAMPAIGN, "promotion")
    found = promotion.audit(record, record.versions, events, stored, Out())
    return [(finding.what.removeprefix(f"play/{CAMPAIGN}/promotion/"), finding.there) for finding in found]


async def test_the_auditor_counts_codes_and_days():
    record, stored = await codes_used()
    assert audited(record, stored) == []
    (applied, *_) = [event for event in record.events if event.name == "promotion.applied"]

    # the same code is used again: by an order that had given its own back
    record.events.append(replace(applied, order="2", properties=applied.properties | {"code": "a"}))
    assert ("codes/a", "used 2 times") in audited(record, stored)
    record.events.pop()

    # a code has a use too many
    for code, there in (("b", "2 left, 0 used"), ("c", "2 left, 0 used")):
        key = f"play/{CAMPAIGN}/promotion/codes/{code}"
        was = stored.accounts[key]
        stored.accounts[key] = replace(was, credits=was.credits + 1)
        assert audited(record, stored) == [(f"codes/{code}", there)]
        stored.accounts[key] = was

    # the day has a use that no event tells of
    (day,) = [key for key in stored.accounts if "/day/" in key]
    stored.accounts[day] = replace(stored.accounts[day], credits=stored.accounts[day].credits + 1)
    assert audited(record, stored) == [(day.removeprefix(f"play/{CAMPAIGN}/promotion/"), "2")]
