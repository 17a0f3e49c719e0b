"""The audit finds nothing in a fair that was played, and finds each thing that somebody changed behind the host's back."""

import asyncpg
import pytest

from miaohui.host.audit import audit
from tests.host.stage import CAMPAIGN, T, enrol, postgres_fair
from tests.host.test_fairground import ground, later


async def played(database):
    f, g = await ground(database)
    await g.open(CAMPAIGN, [later("coupon"), later("group_buy", ends_ms=T + 90 * 86_400_000)], "USD", 50_000)
    coupons = [(await f.do(f.act("coupon", "claim", c)))["coupon"] for c in ("a", "b", "c")]
    party = (await f.do(f.act("group_buy", "open", "a")))["party"]
    for n, c in enumerate("abc"):
        await f.do(f.placed(f"g{n}", c, ("group_buy", {"instance": party, "line": "1"})))
        await f.do(f.order(f"g{n}", "paid"))
        await f.do(f.placed(f"c{n}", c, ("coupon", {"coupon": coupons[n]})))
    await f.do(f.order("c0", "paid"))
    await f.do(f.order("c1", "cancelled"))
    await f.do(f.order("g1", "refunded"))
    await f.host.stop()
    await enrol(database)


async def wrong(database):
    return {check.name: [f.what for f in check.findings] for check in await audit(database) if check.findings}


async def test_what_was_played_is_clean(database):
    await played(database)
    found = await audit(database)
    assert {check.name: check.findings for check in found} == dict.fromkeys(
        ("units", "balances", "limits", "pendings", "events", "orders", "answers", "customers"), ()
    )
    assert {check.name: check.looked_at for check in found}["orders"] == 6


@pytest.mark.parametrize(
    ("change", "name", "what"),
    [
        ("update account set credits = credits + 1 where key = 'sku/tea-1'", "units", "unit piece:tea-1"),
        ("update account set credits = credits + 1 where key = 'sku/tea-1'", "balances", "account sku/tea-1"),
        ("update state set customer = 'nobody' where key = 'order/c2'", "customers", "order/c2"),
        ("update state set due_ms = null where key = 'order/c2'", "pendings", "of order/c2"),
        ("delete from state where key = 'order/c2'", "pendings", "of order/c2"),
        ("delete from hold where keeper = 'order/c2' and debit like 'wallet%'", "pendings", "hold "),
        ("delete from outbox where id = (select max(id) from outbox)", "orders", "order g1"),
        (
            "delete from outbox where id = (select max(id) from outbox)",
            "events",
            f"account play/{CAMPAIGN}/group_buy/sold",
        ),
        (
            "update account set debits = debits + 1, credits = credits + 1 where key = 'sku/tea-1'",  # the balance is the same
            "balances",
            "account sku/tea-1",
        ),
        (
            "insert into transfer overriding system value select * from (select * from transfer where kind = 1 limit 1) t",
            "pendings",
            "hold ",
        ),
        ("delete from reply where body like '{\"coupon\":%'", "answers", f"play/{CAMPAIGN}/coupon/coupon/"),
        (
            "update reply set body = replace(convert_from(body, 'UTF8'), '\"cancelled\"', '\"paid\"')::bytea",
            "answers",
            "order/c1",
        ),
        (
            "update reply set body = replace(convert_from(body, 'UTF8'), '\"c1\"', '\"c11\"')::bytea",
            "answers",
            "order/c11",
        ),
    ],
)
async def test_each_change_behind_the_hosts_back_is_found(database, postgres_url, change, name, what):
    await played(database)
    schema = await database.fetchval("select current_schema")
    owner = await asyncpg.connect(postgres_url, server_settings={"search_path": schema})
    await owner.execute(change)
    await owner.close()
    assert any(what in found for found in (await wrong(database))[name])


async def test_the_last_answer_is_the_furthest_whatever_the_clock_said(database, postgres_url):
    f, g = await ground(database)
    await g.open(CAMPAIGN, [later("coupon"), later("group_buy")], "USD", 50_000)
    coupons = [(await f.do(f.act("coupon", "claim", c)))["coupon"] for c in ("a", "b", "c")]
    for n, c in enumerate("abc"):
        await f.do(f.placed(f"o{n}", c, ("coupon", {"coupon": coupons[n]})))
    await f.do(f.order("o1", "cancelled"))
    await f.host.stop()
    f = await postgres_fair([], database, [T + 70 * 86_400_000 - 600_000])
    await f.host.start()
    await f.do(f.order("o0", "paid"))
    await f.do(f.order("o2", "paid"))
    await f.do(f.order("o2", "refunded"))
    await f.host.stop()
    await enrol(database)
    late = """select min(at) filter (where body like '%"paid"%') < max(at) filter (where body like '%"placed"%') from reply"""
    assert await database.fetchval(late)  # the clock did go back
    assert await wrong(database) == {}
    owner = await asyncpg.connect(
        postgres_url, server_settings={"search_path": await database.fetchval("select current_schema")}
    )
    await owner.execute('delete from reply where body like \'%"o2"%"refunded"%\'')
    await owner.close()
    assert await wrong(database) == {"answers": ["order/o2"]}


async def test_an_amount_beyond_the_sums_is_compared_exactly(database, postgres_url):
    await played(database)
    schema = await database.fetchval("select current_schema")
    owner = await asyncpg.connect(postgres_url, server_settings={"search_path": schema})
    await owner.execute(
        f"""insert into transfer (at, id, debit, credit, amount, kind, action)
            select at, '\\x01', 'world/USD', 'budget/{CAMPAIGN}', 1::bigint << 50, 0, '' from transfer limit 1"""
    )
    assert sorted((await wrong(database))["balances"]) == [f"account budget/{CAMPAIGN}", "account world/USD"]
    await owner.execute(f"update account set credits = credits + (1::bigint << 50) where key = 'budget/{CAMPAIGN}'")
    await owner.execute("update account set debits = debits + (1::bigint << 50) where key = 'world/USD'")
    await owner.close()
    assert await wrong(database) == {}


async def test_an_empty_installation_is_clean(database):
    f = await postgres_fair([], database, [T + 70 * 86_400_000])
    assert await wrong(database) == {}
    await f.host.stop()
