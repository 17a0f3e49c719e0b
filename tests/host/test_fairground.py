"""Opening, changing, pausing, stopping and closing a campaign in PostgreSQL: nothing is sold twice, everything comes home."""

from miaohui.host.fairground import Fairground
from miaohui.host.timers import Timers, due_in
from tests.host.stage import CAMPAIGN, T, postgres_fair, setup


async def ground(database, *setups, stock=100):
    f = await postgres_fair([], database, [T + 70 * 86_400_000])  # a month that has partitions
    g = Fairground(f.host, database)
    await f.host.start()
    assert await g.stock("tea-1", stock, "first") is None
    assert await g.stock("tea-1", stock, "first") is None  # once
    return f, g


async def net(database, key):
    return await database.fetchval("select credits - debits from account where key = $1", key)


def later(module, **more):
    return setup(module, head={"opens_ms": T, "ends_ms": T + 90 * 86_400_000}, **more)


async def test_opening_moves_stock_and_money_once(database):
    f, g = await ground(database)
    setups = [later("coupon", budget_minor=900), later("group_buy", ends_ms=T + 90 * 86_400_000)]
    for _ in range(2):  # the second time nothing more is moved
        assert await g.open(CAMPAIGN, setups, "USD", 5000) is None
    assert await net(database, "sku/tea-1") == 90
    assert await net(database, f"play/{CAMPAIGN}/group_buy/stock") == 10
    assert await net(database, f"budget/{CAMPAIGN}") == 4100
    assert (await f.do(f.act("coupon", "claim", "c1")))["amount_minor"] == 500
    await f.host.stop()


async def test_not_enough_stock_opens_nothing(database):
    f, g = await ground(database, stock=9)
    refusal = await g.open(CAMPAIGN, [later("coupon"), later("group_buy")], "USD", 7)
    assert (refusal.code, refusal.data) == ("not_enough", {"account": "sku/tea-1", "have": 9, "wanted": 10})
    assert await database.fetchval("select count(*) from play_running") == 0
    assert await database.fetchval("select count(*) from transfer") == 1  # the stock that came in
    assert await net(database, "sku/tea-1") == 9
    await f.host.stop()


async def test_a_new_version_moves_the_difference(database):
    f, g = await ground(database)
    await g.open(CAMPAIGN, [later("group_buy")], "USD", 1000)
    assert await g.open(CAMPAIGN, [later("group_buy", version=2, stock=25)], "USD", 1500) is None
    assert await net(database, f"play/{CAMPAIGN}/group_buy/stock") == 25
    assert await net(database, f"budget/{CAMPAIGN}") == 1500
    assert await g.open(CAMPAIGN, [later("group_buy", version=3, stock=5)], "USD", 200) is None
    assert await net(database, f"play/{CAMPAIGN}/group_buy/stock") == 5
    assert await net(database, "sku/tea-1") == 95
    assert await net(database, f"budget/{CAMPAIGN}") == 200
    await f.host.stop()


async def test_pause_resume_and_close(database):
    f, g = await ground(database)
    await g.open(CAMPAIGN, [later("coupon"), later("group_buy")], "USD", 5000)
    await g.pause(CAMPAIGN)
    assert await f.do(f.act("coupon", "claim", "c1")) == "not_open"
    await g.resume(CAMPAIGN)
    assert (await f.do(f.act("coupon", "claim", "c1")))["amount_minor"] == 500
    await g.close(CAMPAIGN)
    assert await f.do(f.act("coupon", "claim", "c2")) == "ended"
    assert await net(database, "sku/tea-1") == 100
    assert await net(database, f"play/{CAMPAIGN}/coupon/promised") == 500
    await f.host.stop()


async def test_stopping_at_once_fails_open_parties(database):
    f, g = await ground(database)
    await g.open(CAMPAIGN, [later("group_buy", ends_ms=T + 90 * 86_400_000)], "USD", 0)
    party = (await f.do(f.act("group_buy", "open", "c1")))["party"]
    await f.do(f.placed("1", "c1", ("group_buy", {"instance": party, "line": "1"})))
    assert (await f.do(f.order("1", "paid")))["status"] == "paid"
    await g.close(CAMPAIGN, "fail_all")

    async def due(limit):
        return await due_in(database, limit)

    assert await Timers(f.host, due).fire() == 1
    late = await f.do(f.placed("2", "c2", ("group_buy", {"instance": party, "line": "1"})))
    assert late == "party_over"
    assert (await f.do(f.order("1", "refunded")))["refunded_minor"] == 3000
    await g.close(CAMPAIGN)
    assert await net(database, "sku/tea-1") == 100
    await f.host.stop()
