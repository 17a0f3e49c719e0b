"""The waves of a share, counted from events; and finished campaigns as cases for plans to come."""

import re
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Browser, expect

from miaohui.campaign.facts import Past
from miaohui.planning.past import Quartiles, quartiles
from miaohui.planning.sharing import Carried, carried, waves
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, chromium, console_app, sign_in, workspace
from tests.console.fair import Fair, document, fair
from tests.host.stage import set_clock
from tests.planning.test_goals_page import views, written

__all__ = ["chromium", "console_app", "fair", "workspace"]

DAY_MS = 86_400_000

WAVES = [
    ("nobody", {}, ()),
    ("seeds alone", {"a": "a", "b": "b"}, (2,)),
    ("one brings one brings one", {"c": "b", "b": "a", "a": "a"}, (1, 1, 1)),
    ("two chains", {"a": "a", "b": "a", "c": "a", "d": "c", "e": "e", "f": "e"}, (2, 3, 1)),
    ("of somebody who has left", {"b": "gone", "c": "b"}, (0, 1, 1)),
    ("in a circle, as no host would let them", {"a": "b", "b": "a"}, (1, 1)),
]


@pytest.mark.parametrize("case", WAVES, ids=[case[0] for case in WAVES])
def test_waves(case) -> None:  # type: ignore[no-untyped-def]
    _, owners, expected = case
    assert waves(owners) == expected


@given(st.lists(st.integers(0, 40), max_size=40))
def test_everybody_stands_in_one_wave(brought: list[int]) -> None:
    """Person n was brought by somebody before him, or came alone; the waves hold each once, and none behind a gap."""
    owners = {str(n): str(by if by < n else n) for n, by in enumerate(brought)}
    found = waves(owners)
    assert sum(found) == len(owners)
    assert all(found)


def test_what_the_waves_say() -> None:
    came = Carried(people=(200, 110, 44), looked=308)
    assert (came.first, came.decay, came.join) == (0.55, 0.4 / 0.55, 0.5)
    assert (Carried().first, Carried().decay, Carried().join) == (None, None, None)
    assert (Carried(people=(5,)).first, Carried(people=(5,)).decay) == (0.0, None)
    assert Carried(people=(5, 4), looked=3).join is None  # more took part than were seen: nothing is said
    assert quartiles([0.1, 0.2, 0.3, 0.4]) == Quartiles(
        4, pytest.approx(0.175), pytest.approx(0.25), pytest.approx(0.325)
    )  # type: ignore[arg-type]


async def shared(fair: Fair) -> None:
    """0 opens a group that 1 and 2 fill; 1 opens one that 3 joins; 5 opens one alone; 4 orders and does not pay; 6 is simulated."""
    await fair.open(document(fair.now_ms, **{"size    = 3\n": "size    = 3\nper_customer = 2\n"}))
    parties: dict[int, str] = {}
    for who, leader, order in ((0, 0, "a"), (1, 0, "b"), (2, 0, "c"), (1, 1, "d"), (3, 1, "e"), (5, 5, "f")):
        if who == leader:
            parties[who] = (await fair.act(who, "table", "open"))["party"]
        await fair.buy(who, order, {"play": "table", "instance": parties[leader]})
    await fair.buy(4, "g", {"play": "table", "instance": parties[1]}, pay=False)
    played = await fair.act(6, "table", "open", source="simulated")
    await fair.buy(6, "h", {"play": "table", "instance": played["party"]}, source="simulated")
    await views(fair)
    await fair.settle()


async def finished(fair: Fair) -> None:
    """The campaign has ended and its review is closed."""
    await set_clock(fair.workspace.db, fair.now_ms + 5 * DAY_MS)
    assert set((await fair.office.tick()).values()) <= {None}
    await fair.settle()
    await fair.office.act(await fair.actor(), "autumn", "close_review")


async def test_the_waves_of_a_campaign(fair: Fair) -> None:
    await shared(fair)
    db, events = fair.workspace.db, fair.workspace.events
    assert await carried(db, events, "autumn", 7) == Carried(people=(2, 2, 1), looked=7)
    assert await carried(db, events, "autumn", 0, simulated=True) == Carried(people=(1,))
    assert await carried(db, events, "none", 0) == Carried()


async def test_a_finished_campaign_is_a_case(fair: Fair) -> None:
    await shared(fair)
    cases = fair.workspace.cases
    assert await cases.all() == []  # it is still live
    assert await cases.past("USD") == Past(median_order_minor=3500)
    await finished(fair)
    (case,) = await cases.all()
    assert (case.campaign, case.currency, case.carried) == ("autumn", "USD", Carried(people=(2, 2, 1), looked=7))
    past = await cases.past("USD")
    assert past.cases["k1"] == (Decimal(1),)
    assert (past.cases["orders"], past.cases["basket"]) == ((Decimal(6),), (Decimal(35),))
    assert (past.cases["gmv"], past.median_order_minor) == ((Decimal(210),), 3500)
    assert "gmv" not in (await cases.past("EUR")).cases
    assert (await cases.past("EUR")).median_order_minor is None
    assert await cases.spreading() == {}  # one is too few
    async with fair.workspace.db.acquire() as c:
        await c.execute("update campaign set stopped = true")
    assert await cases.all() == []  # what was stopped says nothing about what can be reached


async def test_the_usual_order_is_what_a_prize_is_held_against(fair: Fair) -> None:
    """5.00 off an order of 0.20 in the middle: 25 times as much."""
    now_ms = fair.now_ms
    text = document(now_ms)
    assert "prize_not_believed" not in {p.code for p in (await fair.office.check(text)).problems}
    fair.workspace.cases._median["USD"] = (fair.workspace.clock(), 20)
    problems = {p.code: p.what.en for p in (await fair.office.check(text)).problems}
    assert problems["prize_not_believed"] == "A prize of 5.00 USD is not believed: 25 baskets"


@pytest.mark.parametrize(("width", "language"), [(WIDE, "en"), (NARROW, "zh")])
async def test_what_came_is_drawn_over_the_estimate(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    await shared(fair)
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "operator")
    await visitor.page.goto("/campaigns/autumn/fission")
    rows = visitor.page.get_by_role("region", name="每一波" if language == "zh" else "Waves").locator("tbody tr")
    await expect(rows.nth(0).locator("td").nth(4)).to_have_text("1.0000")
    await expect(rows.nth(1).locator("td").nth(4)).to_have_text("0.5000")
    await expect(rows.nth(1).locator("td").nth(5)).to_have_text("1")
    await expect(rows.nth(2).locator("td").nth(5)).to_have_text("—")
    await expect(visitor.page.locator("#waves svg")).to_be_visible()
    await expect(visitor.page.locator(".mh-ticks")).to_have_count(0)
    await sound(visitor)
    await visitor.leave()


async def test_where_cases_lie_stands_at_the_sliders(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms))

    async def spreading() -> dict[str, Quartiles]:
        return {"first": Quartiles(5, 0.21, 0.3, 0.44), "join": Quartiles(4, 0.2, 0.31, 0.5)}

    fair.workspace.cases.spreading = spreading  # type: ignore[method-assign]
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/campaigns/autumn/fission")).text
    assert "4 cases: 20% · <b>31%</b> · 50%" in page
    assert '<rect x="20.0" width="30.0"' in page
    assert "In 5 finished campaigns half of the K of the first wave lay between 0.21 and 0.44, median 0.30." in page


async def test_goals_stand_beside_what_came_last_time(fair: Fair, console_app: Console, chromium: Browser) -> None:
    def of_the_day(text: str) -> str:
        return text.replace("campaign = ", 'occasion = "mid-autumn"\ncampaign = ', 1)

    now_ms = fair.now_ms
    opens = fair.open
    fair.open = lambda _="": opens(of_the_day(document(now_ms)))  # type: ignore[method-assign]
    await fair.live()
    later = of_the_day(written(now_ms + 360 * 86_400_000)).replace('campaign = "autumn"', 'campaign = "again"', 1)
    await fair.office.create(await fair.actor("admin"), later)
    await fair.office.create(await fair.actor("admin"), document(now_ms).replace('"autumn"', '"other"', 1))
    row = re.compile(r"<tr><td class=\"nowrap mh-depth-\d\">(.*?)</tr>", re.DOTALL)

    async def shown(client: httpx.AsyncClient, id: str) -> tuple[dict[str, list[str]], str]:
        page = (await client.get(f"/campaigns/{id}/goals")).text
        rows = [re.findall(r'<td class="num">(.*?)</td>', one) for one in row.findall(page)]
        return dict(zip(("gmv", "visitors", "conversion", "basket"), rows, strict=False)), page

    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        rows, page = await shown(client, "again")
        assert rows["gmv"][:3] == ["—", "$400", "—"]
        assert "No campaign of this day has been reviewed yet" in page
        await finished(fair)
        rows, page = await shown(client, "again")
        assert rows["gmv"][:3] == ["$140", "$400", "+$260"]
        assert rows["visitors"][:3] == ["0", "100", "+100"]
        assert rows["conversion"][:3] == ["—", "8.0%", "—"]  # nobody visited: there is no rate
        assert '<a href="/campaigns/autumn/review">' in page
        rows, page = await shown(client, "other")
        assert rows["gmv"][0] == "—"
        assert "The document names no occasion" in page
    visitor = await Visitor.come(chromium, console_app.url, width=NARROW, language="en")
    await sign_in(console_app, visitor, "viewer")
    await visitor.page.goto("/campaigns/again/goals")
    await expect(visitor.page.get_by_role("link", name="Harbour autumn").last).to_be_visible()
    await sound(visitor)
    await visitor.leave()
