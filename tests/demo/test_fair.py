"""The demo's campaign: its products, its prices, and a document in which nothing is wrong whenever it is written."""

from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from miaohui.campaign import store
from miaohui.clock import ms_of, system_clock
from miaohui.demo import fair
from miaohui.demo.fair import Goods
from miaohui.text import Text
from tests.api_scene import serving

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("list_price", "percent", "price", "cost"),
    [(299, 65, 199, 149), (469, 75, 359, 234), (848, 65, 559, 424), (100, 75, 79, 50), (1000, 65, 659, 500)],
)
def test_prices_end_in_9_and_lie_between_cost_and_list_price(
    list_price: int, percent: int, price: int, cost: int
) -> None:
    goods = Goods("1", None, list_price)
    assert (goods.price_minor(percent), goods.cost_minor) == (price, cost)
    assert cost < price < list_price


@pytest.fixture
async def shop(database, store, vault):
    """A workspace with three products, of which one is a favourite of the flash sale."""
    await database.executemany(
        """insert into product (sku, title_zh, title_en, category, currency, list_price_minor)
           values ($1, $2, $3, 'GROCERY', 'USD', $4)""",
        [("916122", "鸡胸", "Chicken", 848), ("7", "米", "Rice", 399), ("8", "糖", "Sugar", 99)],
    )
    async with serving(database, store, vault) as (workspace, _):
        yield workspace


async def at(workspace: SimpleNamespace, when: datetime) -> None:
    """It is `when`."""
    offset_ms = ms_of(when) - system_clock()
    await workspace.db.execute("update workspace set clock_offset_ms = $1", offset_ms)


async def liked(events, limit=100):
    """What most households bought, if nobody has bought anything."""
    return ["8", "916122", "7"]


async def test_a_favourite_is_taken_first_and_no_product_twice(shop, monkeypatch) -> None:
    monkeypatch.setattr(fair, "most_bought", liked)
    assert await fair.chosen(shop) == [
        Goods("916122", Text("无骨鸡胸肉", "Boneless chicken breast"), 848),
        Goods("7", None, 399),
    ]


@pytest.mark.parametrize(
    "when",
    [
        datetime(2031, 3, 3, 10, 20, tzinfo=NEW_YORK),  # its second week loses an hour
        datetime(2031, 10, 27, 23, 59, tzinfo=NEW_YORK),  # its second week wins one
        datetime(2031, 11, 2, 1, 30, tzinfo=NEW_YORK, fold=1),  # the hour that comes twice
        datetime(2031, 12, 31, 0, 0, tzinfo=NEW_YORK),
    ],
)
async def test_the_document_is_sound_whenever_it_is_written(shop, monkeypatch, when: datetime) -> None:
    monkeypatch.setattr(fair, "most_bought", liked)
    for sku in ("916122", "7"):
        assert await shop.fairground.stock(sku, fair.STOCK, "3") is None
    await at(shop, when)
    text, _ = await fair.written(shop, 3)
    found = await shop.office.check(text)
    assert [p.code for p in found.problems if p.level != "hint" and p.code != "unknown_person"] == []
    document = found.document
    assert document.campaign == "pantry-days-3"
    assert document.phases.wrap_up_ms - document.phases.live_ms == 14 * 86_400_000
    assert 0 <= ms_of(when) - document.phases.live_ms < 3_600_000
    slots = document.plays["two-hourly"].rules.slots
    assert len(slots) == 168
    assert (slots[0].start_ms, slots[-1].end_ms) == (
        document.phases.live_ms,
        document.phases.wrap_up_ms - 30 * 60_000,
    )


async def test_it_goes_the_ordinary_way_and_the_next_edition_follows(shop, monkeypatch) -> None:
    monkeypatch.setattr(fair, "most_bought", liked)
    await fair.keep_open(shop)
    await fair.keep_open(shop)
    live = await fair.live(shop.db)
    assert (live.id, live.status.state) == ("pantry-days-1", "live")
    actions = await shop.db.fetch("select action from audit where subject = 'pantry-days-1' order by seq")
    assert [row["action"] for row in actions] == [
        "campaign.created",
        "task.done",
        "task.done",
        "campaign.submitted",
        "campaign.approved",
        "campaign.opened",
    ]
    taken = "select sum(amount)::int from transfer where credit = 'play/pantry-days-1/two-hourly/stock'"
    assert await shop.db.fetchval(taken) == 12_000
    assert await shop.db.fetchval("select count(*) from product where note = 'demo value'") == 2

    await shop.db.execute("update workspace set clock_offset_ms = $1", 15 * 86_400_000)
    assert await shop.office.tick() == {"pantry-days-1": None}
    assert await fair.live(shop.db) is None
    await fair.keep_open(shop)
    assert (await fair.live(shop.db)).id == "pantry-days-2"


async def test_an_edition_that_was_cut_off_is_gone_on_with(shop, monkeypatch) -> None:
    monkeypatch.setattr(fair, "most_bought", liked)
    whole, done = shop.office.act, []

    async def cut_off(by, id, verb, **more):
        if verb in done:
            return await whole(by, id, verb, **more)
        done.append(verb)
        raise KeyboardInterrupt

    monkeypatch.setattr(shop.office, "act", cut_off)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            await fair.keep_open(shop)
    await fair.keep_open(shop)
    assert done == ["submit", "approve", "open"]
    async with shop.db.acquire() as c:
        assert [(one.id, one.status.state) for one in await store.campaigns(c)] == [("pantry-days-1", "live")]
    assert await shop.db.fetchval("select credits from account where key = 'sku/7'") == 12_000
