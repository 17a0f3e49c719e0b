"""Simulated customers against a whole server: what they cause is marked, and they keep their pace."""

from functools import partial
from random import Random

import pytest

from miaohui.counter.miaohui import Refused
from miaohui.demo import fair, simulated
from miaohui.demo.shoppers import Crowd, Pace
from miaohui.events.envelope import unpack
from miaohui.host.timers import Timers, due_in
from miaohui.team import keys
from tests.api_scene import serving
from tests.demo.test_fair import liked


@pytest.mark.parametrize(
    ("elapsed", "used", "allowed"),
    [(0.0, 0.0, True), (0.0, 0.049, True), (0.0, 0.05, False), (0.5, 0.39, True), (0.5, 0.4, False), (1.0, 0.7, False)],
)
def test_they_take_their_share_of_the_time_that_has_passed(elapsed: float, used: float, allowed: bool) -> None:
    assert Pace(elapsed, {"sale": 1 - used}).allows("sale") is allowed


def test_they_take_nothing_of_a_play_that_is_not_there() -> None:
    assert not Pace(0.5).allows("sale")


@pytest.fixture
async def fairground(database, store, vault, monkeypatch):
    """(workspace, HTTP client) with the demo's campaign live."""
    monkeypatch.setattr(fair, "most_bought", liked)
    await database.executemany(
        """insert into product (sku, title_zh, title_en, category, currency, list_price_minor)
           values ($1, $2, $3, 'GROCERY', 'USD', $4)""",
        [("916122", "鸡胸", "Chicken", 848), ("7", "米", "Rice", 399)],
    )
    async with serving(database, store, vault) as (workspace, client):
        await fair.keep_open(workspace)
        yield workspace, client


async def test_all_that_they_cause_is_simulated(fairground) -> None:
    workspace, client = fairground
    crowd = Crowd(client, await simulated.key_of(workspace), Random("a market day"))
    campaign = await fair.live(workspace.db)
    names = set()
    for _ in range(12):
        scene = await simulated.scene_of(workspace, campaign)
        for _ in range(40):
            newcomer = crowd.newcomer()
            if newcomer:
                await simulated.introduce(workspace, newcomer)
                names.add(newcomer)
            await crowd.step(scene, newcomer)
    events = [e for row in await workspace.db.fetch("select events from outbox") for e in unpack(row["events"])]
    assert {event.source for event in events} == {"simulated"}
    assert {event.name for event in events} >= {
        *("page.viewed", "order.placed", "order.paid", "order.cancelled", "coupon.claimed", "coupon.redeemed"),
        *("flash_sale.token_issued", "flash_sale.sold", "flash_sale.released", "group_buy.party_opened", "party.completed"),
    }  # fmt: skip
    labels = await workspace.db.fetch("select label from customer")
    assert {workspace.vault.decrypt(row["label"]) for row in labels} == {
        f"Simulated {name.removeprefix('sim-')}" for name in names
    }


async def test_a_party_of_theirs_that_failed_is_refunded(fairground) -> None:
    workspace, client = fairground
    crowd = Crowd(client, await simulated.key_of(workspace), Random(1))
    scene = await simulated.scene_of(workspace, await fair.live(workspace.db))
    await simulated.bring_back(workspace, crowd)
    async for _ in crowd._group_buy(scene, "sim-00001", "neighbours"):
        pass
    await workspace.fairground.close(scene.campaign, "fail_all")
    await Timers(workspace.host, partial(due_in, workspace.db)).fire()
    await simulated.bring_back(workspace, crowd)
    events = [e for row in await workspace.db.fetch("select events from outbox") for e in unpack(row["events"])]
    assert {event.source for event in events} == {"simulated"}
    assert [(event.name, event.total_minor) for event in events[-4:]] == [
        ("party.failed", 0),
        ("refund.requested", 0),
        ("group_buy.returned", 0),
        ("order.refunded", 299),
    ]


async def test_a_revoked_key_is_no_ordinary_no(fairground) -> None:
    workspace, client = fairground
    crowd = Crowd(client, await simulated.key_of(workspace), Random(1))
    async with workspace.db.acquire() as c:
        for key in await keys.keys(c):
            await keys.revoke(c, "demo", key.id)
    scene = await simulated.scene_of(workspace, await fair.live(workspace.db))
    with pytest.raises(Refused, match="unauthorised"):
        await crowd.step(scene, "sim-00001")


async def test_the_switch_is_remembered_and_stands_in_the_audit_log(database) -> None:
    assert await simulated.running(database)
    for on in (False, False, True):
        await simulated.set_running(database, on, "lin")
        assert await simulated.running(database) is on
    rows = await database.fetch("select operator, action from audit order by seq")
    assert [tuple(row) for row in rows] == [("lin", "simulated.switched_off"), ("lin", "simulated.switched_on")]
