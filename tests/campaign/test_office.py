"""Documents and verbs in a real workspace: versions, conflicts, the whole life, what is refused, and what the audit log says."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from miaohui.campaign import clockwork, store
from miaohui.campaign.lifecycle import Status
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.setups import setups
from miaohui.text import Text
from tests.campaign.conftest import BOSS, DAY_MS, LIN, VIEWER, Desk

ID = "lantern-fair"


async def refused(code: str, doing: Any) -> CampaignRefused:
    """What `doing` is refused with."""
    with pytest.raises(CampaignRefused) as refusal:
        await doing
    assert refusal.value.code == code, refusal.value
    return refusal.value


async def approved(desk: Desk, **document: Any) -> None:
    """A campaign that waits for its warm-up."""
    await desk.office.create(LIN, desk.document(**document))
    await desk.office.act(LIN, ID, "submit")
    await desk.office.act(BOSS, ID, "approve", version=1)


async def test_a_campaign_begins_as_a_draft(desk: Desk) -> None:
    campaign = await desk.office.create(LIN, desk.document(), "first idea")
    assert (campaign.id, campaign.name) == (ID, Text(zh="灯会", en="Lantern fair"))
    assert campaign.status == Status(state="draft", version=1)
    assert (campaign.opens_ms, campaign.live_ms) == (desk.live_ms - 3 * DAY_MS, desk.live_ms)
    async with desk.db.acquire() as c:
        kept = await store.version(c, ID)
    assert (kept.version, kept.text, kept.by, kept.note) == (1, desk.document(), "lin", "first idea")
    assert await desk.audit() == [("lin", "campaign.created")]


async def test_what_is_refused_leaves_nothing_behind(desk: Desk) -> None:
    office = desk.office
    await refused("forbidden", office.create(VIEWER, desk.document()))
    await refused("too_large", office.create(LIN, "#" * 200_001))
    unreadable = await refused("unreadable", office.create(LIN, desk.document().replace("kind =", "kin =")))
    assert unreadable.sentence.en == "This cannot be read as a campaign: line 1: kind is missing"
    assert [problem.code for problem in unreadable.data["problems"]][:2] == ["missing_key", "unknown_key"]
    await refused("unknown_campaign", office.save(LIN, ID, 1, desk.document()))
    await refused("unknown_campaign", office.act(LIN, ID, "submit"))
    assert await desk.audit() == []
    await office.create(LIN, desk.document())
    await refused("campaign_exists", office.create(LIN, desk.document()))
    await refused("other_id", office.save(LIN, ID, 1, desk.document(campaign="moon-fair")))
    await refused("not_from_here", office.act(LIN, ID, "open"))
    await refused("forbidden", office.act(LIN, ID, "approve"))
    assert await desk.audit() == [("lin", "campaign.created")]


async def test_a_stale_base_is_a_conflict_and_nothing_is_lost(desk: Desk) -> None:
    await desk.office.create(LIN, desk.document())
    saved = await desk.office.save(LIN, ID, 1, desk.document(stock=20), "more lanterns")
    assert saved.status.version == 2
    conflict = await refused("stale_base", desk.office.save(BOSS, ID, 1, desk.document(stock=30)))
    assert conflict.data == {"campaign": ID, "base": 1, "version": 2}
    async with desk.db.acquire() as c:
        assert [(v.version, v.by, v.note) for v in await store.versions(c, ID)] == [
            (2, "lin", "more lanterns"),
            (1, "lin", ""),
        ]
        assert [v.version for v in await store.versions(c, ID, before=2)] == [1]
        assert (await store.version(c, ID, 1)).text == desk.document()


async def test_a_version_is_never_changed(desk: Desk) -> None:
    await desk.office.create(LIN, desk.document())
    for change in ("update campaign_version set text = ''", "delete from campaign_version"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await desk.db.execute(change)


async def test_campaigns_are_listed_by_cursor(desk: Desk) -> None:
    for name in ("one", "two", "three"):
        await desk.office.create(LIN, desk.document(campaign=name))
    await desk.office.act(LIN, "two", "archive")
    async with desk.db.acquire() as c:
        first = await store.campaigns(c, limit=2)
        rest = await store.campaigns(c, after=(first[-1].created_at, first[-1].id), limit=2)
        drafts = await store.campaigns(c, ["draft"])
    assert [campaign.id for campaign in (*first, *rest)] == ["three", "two", "one"]
    assert [campaign.id for campaign in drafts] == ["three", "one"]


async def test_a_document_with_stops_is_kept_but_not_submitted(desk: Desk) -> None:
    await desk.office.create(LIN, desk.document(stock=61))
    stop = await refused("has_problems", desk.office.act(LIN, ID, "submit"))
    assert [problem.code for problem in stop.data["problems"]] == ["over_stock"]
    assert stop.sentence.en == "1 must be put right first: line 15: The plays need 61 of lantern; there are 60"
    assert await desk.audit() == [("lin", "campaign.created")]


async def test_the_whole_life_by_the_clock(desk: Desk) -> None:
    await approved(desk)
    assert await desk.office.tick() == {}
    assert await desk.running() == {}

    await desk.at(desk.live_ms - 3 * DAY_MS)
    assert await desk.office.tick() == {ID: None}
    assert await desk.running() == {"eight": (1, "running"), "gift": (1, "running")}
    assert await desk.net("sku/L-1") == 50
    assert await desk.net(f"play/{ID}/eight/stock") == 10
    assert await desk.net(f"budget/{ID}") == 30_000
    assert await desk.net(f"play/{ID}/gift/budget") == 20_000
    assert [r["name"] for r in await desk.db.fetch("select name from campaign_audience")] == ["all"]

    await desk.at(desk.live_ms)
    assert await desk.office.tick() == {ID: None}
    assert await desk.office.tick() == {}
    await desk.at(desk.live_ms + 3 * DAY_MS)
    assert await desk.office.tick() == {ID: None}
    assert await desk.running() == {"eight": (1, "closed"), "gift": (1, "closed")}
    assert await desk.net("sku/L-1") == 60
    assert await desk.net(f"budget/{ID}") == 50_000

    assert (await desk.office.act(LIN, ID, "close_review")).status.state == "reviewed"
    assert (await desk.office.act(LIN, ID, "archive")).status.state == "archived"
    assert await desk.audit() == [
        ("lin", "campaign.created"),
        ("lin", "campaign.submitted"),
        ("boss", "campaign.approved"),
        ("clock", "campaign.opened"),
        ("clock", "campaign.went_live"),
        ("clock", "campaign.ended"),
        ("lin", "campaign.reviewed"),
        ("lin", "campaign.archived"),
    ]


async def test_by_hand_open_pause_resume_and_stop(desk: Desk) -> None:
    await approved(desk)
    assert (await desk.office.act(LIN, ID, "open")).status.state == "warm_up"
    assert (await desk.office.act(LIN, ID, "pause")).status.paused
    assert await desk.running() == {"eight": (1, "paused"), "gift": (1, "paused")}
    assert not (await desk.office.act(LIN, ID, "resume")).status.paused
    assert await desk.running() == {"eight": (1, "running"), "gift": (1, "running")}
    stopped = await desk.office.act(LIN, ID, "stop", how="fail_all", note="the bakery burnt down")
    assert (stopped.status.state, stopped.status.stopped) == ("wrap_up", True)
    assert await desk.running() == {"eight": (1, "closed"), "gift": (1, "closed")}
    assert await desk.net("sku/L-1") == 60
    detail = await desk.db.fetchval("select detail::text from audit where action = 'campaign.stopped'")
    assert '"note": "the bakery burnt down"' in detail
    assert '"how": "fail_all"' in detail


async def test_an_edit_after_approval_needs_approval_again(desk: Desk) -> None:
    await approved(desk)
    edited = await desk.office.save(BOSS, ID, 1, desk.document(stock=20))
    assert edited.status == Status(state="draft", version=2)
    await desk.at(desk.live_ms)
    assert await desk.office.tick() == {}
    await refused("not_from_here", desk.office.act(LIN, ID, "open"))


async def test_an_edit_of_a_live_campaign_runs_from_its_approval_on(desk: Desk) -> None:
    await approved(desk)
    await desk.office.act(LIN, ID, "open")
    await desk.office.save(LIN, ID, 1, desk.document(stock=60))
    assert await desk.running() == {"eight": (1, "running"), "gift": (1, "running")}
    waiting = await desk.office.act(LIN, ID, "submit")
    assert waiting.status == Status(state="warm_up", version=2, submitted=2, approved=1)
    await refused("other_version", desk.office.act(BOSS, ID, "approve", version=1))
    changed = await desk.office.act(BOSS, ID, "approve", version=2)
    assert changed.status == Status(state="warm_up", version=2, approved=2)
    assert await desk.running() == {"eight": (2, "running"), "gift": (2, "running")}
    assert await desk.net(f"play/{ID}/eight/stock") == 60
    assert await desk.net("sku/L-1") == 0


async def test_an_opening_that_the_stock_does_not_cover_is_told_and_tried_again(desk: Desk) -> None:
    await approved(desk, stock=60)
    other = desk.document(stock=1, campaign="first")
    await desk.office.create(LIN, other)
    await desk.office.act(LIN, "first", "submit")
    await desk.office.act(BOSS, "first", "approve")
    await desk.office.act(LIN, "first", "open")
    await desk.at(desk.live_ms - DAY_MS)
    (trouble,) = [refusal for id, refusal in (await desk.office.tick()).items() if id == ID]
    assert trouble is not None
    assert trouble.code == "has_problems"
    async with desk.db.acquire() as c:
        campaign = await store.get(c, ID)
    assert campaign.status.state == "approved"
    assert campaign.trouble == Text(
        zh="文件还有 1 处必须改正，第一处：第 15 行：各玩法要 lantern 的 60 件，只有 59 件",
        en="1 must be put right first: line 15: The plays need 60 of lantern; there are 59",
    )
    assert await desk.db.fetchval("select count(*) from campaign_audience where campaign = $1", ID) == 0
    await desk.office.act(BOSS, "first", "stop")
    assert await desk.office.tick() == {ID: None}
    async with desk.db.acquire() as c:
        assert (await store.get(c, ID)).trouble is None


async def test_of_two_who_save_at_once_one_is_told(desk: Desk) -> None:
    await desk.office.create(LIN, desk.document())
    saves = [desk.office.save(by, ID, 1, desk.document(stock=n)) for n, by in enumerate((LIN, BOSS, LIN, BOSS), 1)]
    done = await asyncio.gather(*saves, return_exceptions=True)
    refusals = [refusal.code for refusal in done if isinstance(refusal, CampaignRefused)]
    assert refusals == ["stale_base"] * 3
    async with desk.db.acquire() as c:
        assert [v.version for v in await store.versions(c, ID)] == [2, 1]


async def test_an_opening_that_broke_off_half_way_goes_on(desk: Desk) -> None:
    await approved(desk, stock=60)
    document = (await desk.office.check(desk.document(stock=60))).document
    assert document is not None
    assert (
        await desk.office.fairground.open(ID, setups(document, 1), "CNY", 50_000) is None
    )  # and then the power failed
    await desk.at(desk.live_ms)
    assert await desk.office.tick() == {ID: None}
    assert await desk.net("sku/L-1") == 0
    assert await desk.net(f"play/{ID}/eight/stock") == 60
    assert await desk.net(f"budget/{ID}") == 30_000
    async with desk.db.acquire() as c:
        assert (await store.get(c, ID)).status.state == "live"


async def test_what_runs_is_not_taken_away(desk: Desk) -> None:
    await approved(desk)
    await desk.office.act(LIN, ID, "open")
    without = desk.document().partition("[plays.eight]")[0]
    await desk.office.save(LIN, ID, 1, without)
    assert (await refused("play_removed", desk.office.act(LIN, ID, "submit"))).data == {"play": "eight"}
    other = (
        desk.document().replace("[plays.gift]", "[plays.eight]", 1).partition('[plays.eight]\nplay = "flash_sale"')[0]
    )
    await desk.office.save(LIN, ID, 2, other + "[plays.gift]\n" + other.partition("[plays.eight]\n")[2])
    replaced = await refused("play_replaced", desk.office.act(LIN, ID, "submit"))
    assert replaced.data == {"play": "eight", "was": "flash_sale", "written": "coupon"}
    await desk.office.save(LIN, ID, 3, desk.document().replace("share = 5", "share = 6"))
    await refused("audiences_fixed", desk.office.act(LIN, ID, "submit"))
    assert await desk.running() == {"eight": (1, "running"), "gift": (1, "running")}


async def test_the_loop_ticks_and_sleeps(desk: Desk) -> None:
    await approved(desk)
    await desk.at(desk.live_ms)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        await clockwork.run(desk.office, sleep)
    assert slept == [1.0, 1.0]
    async with desk.db.acquire() as c:
        assert (await store.get(c, ID)).status.state == "live"


async def test_the_example_is_sound_for_a_shop_that_has_its_products(desk: Desk) -> None:
    text = (Path(__file__).parents[2] / "docs" / "examples" / "mid-autumn.toml").read_text()
    found = await desk.office.check(text)
    assert sorted({p.code for p in found.problems if p.level == "stop"}) == ["not_in_shop"]
    for sku in ("mooncake-box", "pomelo"):
        await desk.db.execute("insert into product values ($1, '货', 'Goods', '', '', 'CNY', 20000, 100)", sku)
        assert await desk.office.fairground.stock(sku, 5_000, "first") is None
    found = await desk.office.check(text)
    assert [p for p in found.problems if p.level == "stop"] == []
