"""Today: the five rules, each at its limit, and the page that shows them."""

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser

from miaohui.campaign.lifecycle import Status
from miaohui.campaign.store import Campaign
from miaohui.clock import moment_of
from miaohui.console.funds import Fair as Books
from miaohui.console.funds import Funds, PlayFigures, PoolFigure
from miaohui.console.needs import (
    LateTimers,
    approval_waiting,
    budget_used,
    events_late,
    needs,
    stock_low,
    timer_late,
)
from miaohui.text import Text
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, sign_in
from tests.console.fair import Fair, fair
from tests.host.stage import setup

__all__ = ["fair"]

NAME = Text("秋", "Autumn")
NOW = 1_790_000_000_000


def funds(spent: int, promised: int, total: int = 10_000) -> Funds:
    return Funds("autumn", "USD", total, spent, promised)


def play(left: int, *, amount: int = 100, running: str = "running") -> PlayFigures:
    pool = PoolFigure("play/fair/coupon/coupons", Text("可领", "To be taken"), "coupon", amount, left, 0, True)
    return PlayFigures(setup("coupon"), running, (pool,))  # type: ignore[arg-type]


def campaign(**status: object) -> Campaign:
    at = moment_of(NOW)
    return Campaign(
        id="autumn",
        name=NAME,
        status=Status(**status),  # type: ignore[arg-type]
        zone="UTC",
        opens_ms=0,
        live_ms=0,
        wrap_up_ms=1,
        trouble=None,
        created_at=at,
        changed_at=at,
        now_ms=NOW,
    )


@pytest.mark.parametrize(
    ("spent", "promised", "mark"),
    [(5000, 2999, None), (5000, 3000, "80.0%"), (8000, 0, "80.0%"), (9000, 1000, "100.0%")],
)
def test_a_budget_from_80_percent_on(spent: int, promised: int, mark: str | None) -> None:
    need = budget_used(NAME, funds(spent, promised))
    assert (need and need.mark.en) == mark
    if need is not None:
        assert (need.rule, need.path) == ("budget_used", "/campaigns/autumn#budget")
        assert need.tone == ("red" if mark == "100.0%" else "amber")


def test_a_campaign_without_money_needs_nobody_for_its_budget() -> None:
    assert budget_used(NAME, funds(0, 0, total=0)) is None


@pytest.mark.parametrize(
    ("left", "running", "mark"),
    [
        (11, "running", None),
        (10, "running", "10.0%"),
        (0, "running", "empty"),
        (10, "paused", "10.0%"),
        (0, "closed", None),
    ],
)
def test_stock_down_to_10_percent(left: int, running: str, mark: str | None) -> None:
    figures = play(left, running=running)
    need = stock_low("autumn", figures, figures.pools[0])
    assert (need and need.mark.en) == mark
    if need is not None:
        assert (need.title.en, need.why.en) == ("Stock is running out: Coupon", f"{left} of 100 left")


def test_what_unpaid_orders_hold_is_not_left() -> None:
    figures = play(14)
    assert stock_low("autumn", figures, figures.pools[0]) is None
    held = replace(figures.pools[0], held=4)
    need = stock_low("autumn", figures, held)
    assert need is not None
    assert need.why.en == "10 of 100 left"


@pytest.mark.parametrize(("lag_ms", "mark"), [(0, None), (10_000, None), (10_001, "10 s"), (75_000, "75 s")])
def test_events_more_than_10_seconds_late(lag_ms: int, mark: str | None) -> None:
    need = events_late(lag_ms)
    assert (need and need.mark.en) == mark


@pytest.mark.parametrize(("submitted", "title"), [(0, None), (3, "Approval waits: Autumn")])
def test_an_approval_that_waits(submitted: int, title: str | None) -> None:
    need = approval_waiting(campaign(state="in_review", version=3, submitted=submitted))
    assert (need and need.title.en) == title
    if need is not None:
        assert (need.why.en, need.path) == ("Version 3; approved, it opens at its time", "/campaigns/autumn")


@pytest.mark.parametrize(("due_ms", "mark"), [(NOW - 10_000, None), (NOW - 10_001, "10 s late"), (NOW + 5, None)])
def test_a_timer_more_than_10_seconds_late(due_ms: int, mark: str | None) -> None:
    need = timer_late(LateTimers("autumn", "table", 4, due_ms), NOW)
    assert (need and need.mark.en) == mark
    if need is not None:
        assert (need.title.en, need.path) == ("Timers are late: table", "/campaigns/autumn#plays")


def test_rows_come_what_is_broken_first() -> None:
    books = {"autumn": Books(funds(9000, 0), (play(3),))}
    late = [LateTimers("", "", 2, NOW - 60_000)]
    found = needs([campaign(state="live", version=2, submitted=2)], books, late, 20_000, NOW)
    assert [need.rule for need in found] == [
        "events_late",
        "timer_late",
        "approval_waiting",
        "budget_used",
        "stock_low",
    ]
    assert needs([campaign(state="wrap_up")], books, [], 0, NOW) == []


async def test_an_empty_house_is_told_how_to_begin(fair: Fair, console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        page = (await client.get("/")).text
        assert "Campaigns that are prepared or run will stand here" in page
        assert 'href="/begin"' in page
        assert "Nothing needs you" in page
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        assert 'href="/begin"' not in (await client.get("/")).text


async def test_the_table_and_the_figures(fair: Fair, console_app: Console) -> None:
    await fair.live()
    await fair.workspace.db.execute(
        "insert into state (key, version, campaign, play, terms, body, due_ms, timer, source)"
        " values ('late', 1, 'autumn', 'table', 1, '', now_ms() - 90000, '', 'live')"
    )
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        page = (await client.get("/")).text
    assert "Harbour autumn" in page
    assert "$30 / $100" in page  # 5.00 given, 25.00 promised to five customers
    assert "GMV $500" in page
    assert "28.0%" in page  # 30 + 30 + 35 + 45 of 500
    assert "Timers are late: table" in page


@pytest.mark.parametrize(("width", "language"), [(WIDE, "zh"), (NARROW, "en")])
async def test_the_page_is_sound(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    await fair.live()
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "operator")
    await sound(visitor)
    await visitor.leave()
