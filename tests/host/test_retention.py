"""Months of answers and events go when nobody may ask for them any more, and not before."""

from datetime import UTC, datetime

import asyncpg
import pytest

from miaohui.clock import ms_of
from miaohui.events import feed, webhooks
from miaohui.host import retention
from miaohui.host.audit import audit
from tests.host.stage import CAMPAIGN, enrol, postgres_fair, setup

JUNE = datetime(2020, 6, 20, tzinfo=UTC)
AUGUST = datetime(2020, 8, 1, tzinfo=UTC)
LONG_AFTER = datetime(2021, 6, 1, tzinfo=UTC)
ALWAYS = {"opens_ms": 0, "ends_ms": 2**50}
STATE = """
insert into campaign (id, state, version, name_zh, name_en, zone, opens_ms, live_ms, wrap_up_ms)
values ($1, $2, 1, '', '', 'UTC', 0, 0, 1) on conflict (id) do update set state = $2
"""


class Scene:
    """A workspace with months from May 2020 on, in which a test sets the clock, and a fair that was played in June."""

    def __init__(self, pool, owner):
        self.pool, self.owner = pool, owner

    async def clock(self, at):
        self.now = at
        await self.owner.execute("update clock set ms = $1", ms_of(at))

    async def play(self):
        """A coupon that pays an order; its keys stay the first ones."""
        f = await postgres_fair([setup("coupon", head=ALWAYS)], self.pool, [0])
        await self.owner.execute("update play_version set at = to_timestamp(now_ms() / 1000.0)")
        await f.open()
        coupon = (await f.do(f.act("coupon", "claim", "ann", "first")))["coupon"]
        await f.do(f.placed("o1", "ann", ("coupon", {"coupon": coupon}), key="placed"))
        await f.do(f.order("o1", "paid", key="paid"))
        await f.host.stop()
        return coupon

    async def drop(self, machine=None):
        """What is dropped now."""
        return await retention.drop(self.owner, lambda: ms_of(machine or self.now))

    async def relayed(self):
        """The relay has read all there is, and something came after."""
        await self.owner.execute("update relay set xid = '9223372036854775807', id = 0")


@pytest.fixture
async def scene(fresh_database, postgres_url):
    async with fresh_database() as pool:
        schema = await pool.fetchval("select current_schema")
        owner = await asyncpg.connect(postgres_url, server_settings={"search_path": schema, "timezone": "UTC"})
        await owner.execute("select month_partitions('2020-05-01', 15)")
        await owner.execute(
            "create table clock (ms bigint); insert into clock values (0); grant select on clock to public"
        )
        await owner.execute("create or replace function now_ms() returns bigint language sql as 'select ms from clock'")
        one = Scene(pool, owner)
        await one.clock(JUNE)
        yield one
        await owner.close()


async def test_answers_of_a_campaign_stay_until_it_is_archived_and_thirty_days(scene):
    coupon = await scene.play()
    answers = await scene.pool.fetchval("select count(*) from reply")
    await scene.relayed()
    await scene.clock(LONG_AFTER)
    may = ["outbox_202005", "reply_202005"]  # before anything was opened
    assert await scene.drop() == may
    await scene.pool.execute(STATE, CAMPAIGN, "reviewed")
    assert await scene.drop() == []
    f = await postgres_fair([], scene.pool, [0])
    await f.host.start()
    assert (await f.do(f.act("coupon", "claim", "ann", "first")))["coupon"] == coupon  # asked again: the first answer
    assert (await f.do(f.order("o1", "paid", key="paid")))["status"] == "paid"
    await f.host.stop()
    assert await scene.pool.fetchval("select count(*) from reply") == answers

    await scene.pool.execute(STATE, CAMPAIGN, "archived")
    assert {check.name: check.looked_at for check in await audit(scene.pool)}["events"] > 0
    await scene.clock(datetime(2020, 7, 31, 23, 59, tzinfo=UTC))  # June is over for 31 days, and is last month
    assert await scene.drop() == []
    await scene.clock(AUGUST)
    assert await scene.drop(machine=JUNE) == []  # a clock that was set ahead
    assert await scene.drop() == ["outbox_202006", "reply_202006"]
    assert await scene.drop() == []
    assert await scene.pool.fetchval("select count(*) from reply") == 0
    assert await scene.pool.fetchval("select count(*) from transfer") > 0  # these stay
    await enrol(scene.pool)
    assert {check.name: check.findings for check in await audit(scene.pool) if check.findings} == {}


async def test_the_outbox_waits_for_its_slowest_reader(scene, vault):
    await scene.play()
    await scene.pool.execute(STATE, CAMPAIGN, "archived")
    async with scene.pool.acquire() as c:
        hook, _ = await webhooks.create(c, vault, "https://shop.example/hook")
    await scene.clock(LONG_AFTER)
    gone = await scene.drop()
    assert "reply_202006" in gone
    assert "outbox_202005" in gone  # nothing is in it
    assert "outbox_202006" not in gone  # the relay has not read it
    await scene.relayed()
    await scene.owner.execute("update webhook set xid = '0', id_in_xid = 0")
    assert "outbox_202006" not in await scene.drop()  # nor has the webhook
    events = await scene.pool.fetchval("select count(*) from outbox")
    assert events > 0
    last = await scene.owner.fetchrow("select xid, id from outbox order by xid desc, id desc limit 1")
    await scene.owner.execute("update webhook set xid = $1, id_in_xid = $2", *last)
    assert await scene.drop() == []  # it may have seen half of that row
    await scene.owner.execute("update webhook set archived_at = now() where id = $1", hook)  # it reads no more
    assert await scene.drop() == ["outbox_202006"]
    assert await scene.pool.fetchval("select count(*) from outbox") == 0


async def test_a_cursor_from_before_a_dropped_month_has_missed_something(scene):
    await scene.play()
    async with scene.pool.acquire() as c:
        begin = feed.Cursor(0, 0, 0)
        first, all_ = [(await feed.read(c, begin, limit=limit)).cursor for limit in (1, 200)]
        assert not await feed.missed(c, begin)
        await scene.relayed()
        await scene.pool.execute(STATE, CAMPAIGN, "archived")
        await scene.clock(AUGUST)
        assert "outbox_202006" in await scene.drop()
        missed = [await feed.missed(c, cursor) for cursor in (begin, first, all_._replace(n=0), all_)]
        assert missed == [True, True, True, False]
        await scene.clock(LONG_AFTER)
        assert "outbox_202008" in await scene.drop()  # nothing was in it
        assert not await feed.missed(c, all_)


async def test_a_drop_does_not_hold_up_the_batches_behind_somebody_who_reads(scene):
    await scene.play()
    await scene.pool.execute(STATE, CAMPAIGN, "archived")
    await scene.clock(AUGUST)
    async with scene.pool.acquire() as reader, reader.transaction():
        await reader.fetchval("select count(*) from reply")
        gone = await scene.drop()
        assert "reply_202006" not in gone
        assert await reader.fetchval("select count(*) from reply") > 0
    assert "reply_202006" in await scene.drop()
