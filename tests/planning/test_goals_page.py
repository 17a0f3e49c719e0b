"""The page of goals: the tree, the days, the targets of people."""

import json
import re
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from playwright.async_api import Browser, expect

from miaohui.campaign.facts import Facts
from miaohui.campaign.goals import Goal
from miaohui.clock import moment_of
from miaohui.console.pacing import board
from miaohui.events.envelope import event_id
from miaohui.planning.actuals import Through, actuals
from miaohui.planning.cases import of_case
from miaohui.review.live import live_review
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, chromium, console_app, sign_in, workspace
from tests.console.fair import PEOPLE, Fair, document, fair
from tests.console.test_review import past

__all__ = ["chromium", "console_app", "fair", "workspace"]

GOALS = """\
[goals.gmv]
target = 400.00
is     = "visitors * conversion * basket"
owner  = "operator"
people = { operator = 1.2, viewer = 0.5 }
[goals.visitors]
target = 100
role   = "execution"
by     = { sms = 60, share = 40 }
[goals.conversion]
target = 8.0
[goals.basket]
target = 50.00
"""


def written(now_ms: int) -> str:
    return document(now_ms, **{"[goals.gmv]\ntarget = 500.00\n": GOALS})


async def views(fair: Fair) -> None:
    """Ten visitors: two by sms, seven by share, one by nothing known."""
    at = moment_of(fair.now_ms - 3_600_000)
    views = [(PEOPLE[n], f"s{n}", "sms" if n < 2 else "share" if n < 9 else "") for n in range(10)]
    rows = [(event_id(0, b"view" * 4, n), "page.viewed", at, *view, "autumn") for n, view in enumerate(views)]
    columns = ["id", "name", "at", "customer", "session", "channel", "campaign"]
    await fair.workspace.events.insert("events", columns, rows, "views")


async def test_a_target_changes_only_when_somebody_accepts(fair: Fair, console_app: Console) -> None:
    await fair.open(written(fair.now_ms))
    db = fair.workspace.db
    async with console_app.client() as operator, console_app.client() as viewer:
        await console_app.log_in(operator, "operator")
        await console_app.log_in(viewer, "viewer")
        assert "Each day" in (await viewer.get("/campaigns/autumn/goals?goal=visitors")).text
        sent = await console_app.send(operator, "/campaigns/autumn/goals/gmv/spread", {"reason": "kick-off"})
        assert sent.status_code == 303
        page = (await viewer.get("/campaigns/autumn/goals?goal=gmv")).text
        assert "operator proposed this" in page
        id = await db.fetchval("select id from target_spread where decided_at is null")
        path = f"/campaigns/autumn/goals/gmv/spread/{id}"
        assert (await console_app.send(viewer, path, {"accepted": "yes"})).status_code == 403
        assert await db.fetchval("select accepted from target_spread where id = $1", id) is None
        foreign = path.replace(
            "/gmv/", "/visitors/"
        )  # the operator leads all goals, but this is no proposal of that one
        assert (await console_app.send(operator, foreign, {"accepted": "yes"})).status_code == 303
        assert await db.fetchval("select accepted from target_spread where id = $1", id) is None
        assert (await console_app.send(operator, path, {"accepted": "yes"})).status_code == 303
        again = await console_app.send(operator, path, {"accepted": "no"})
        assert again.status_code == 303
    row = await db.fetchrow("select accepted, decided_by, unit, cells::text as cells from target_spread")
    assert (row["accepted"], row["decided_by"], row["unit"]) == (True, "operator", "USD")
    audited = await db.fetch("select action, operator from audit where action like 'target.%' order by seq")
    assert [tuple(one) for one in audited] == [("target.proposed", "operator"), ("target.accepted", "operator")]
    shares = await db.fetch(
        """select p.key as person, sum(p.value::bigint)::bigint as units from target_spread s, jsonb_each(s.cells) d,
           jsonb_each_text(d.value) p group by p.key order by p.key"""
    )
    totals = {one["person"]: one["units"] for one in shares}
    assert abs(totals["operator"] * 5 - totals["viewer"] * 12) <= 12 * 4  # a unit a day from 1.2 to .5


async def test_who_is_away_gets_nothing_that_day(fair: Fair, console_app: Console) -> None:
    await fair.open(written(fair.now_ms))
    db = fair.workspace.db
    today = moment_of(fair.now_ms).date()
    await db.execute(
        """insert into absence (operator, from_on, until_on, by)
           select id, $1, $2, 'admin' from operator where name = 'viewer'""",
        today, today + timedelta(3),
    )  # fmt: skip
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        await console_app.send(client, "/campaigns/autumn/goals/gmv/spread", {})
    cells = json.loads(await db.fetchval("select cells::text from target_spread"))
    shares = [people["viewer"] > 0 for _, people in sorted(cells.items())]
    assert shares == [False, False, True]


async def test_what_came_is_what_the_review_says(fair: Fair) -> None:
    await fair.live()
    made = (await fair.office.check(document(fair.now_ms))).document
    assert made is not None
    db, events = fair.workspace.db, fair.workspace.events
    names = (
        "gmv",
        "orders",
        "participants",
        "customers",
        "new_customers",
        "reached",
        "visitors",
        "coupons",
        "redeemed",
    )
    goals = {name: Goal(target=Decimal(1)) for name in (*names, "parties", "basket")}
    review = await live_review(db, events, msgspec.structs.replace(made, goals=goals))
    came = (await actuals(db, events, "autumn", made.zone, made.currency)).figures()
    for goal in review.goals:
        assert goal.actual is not None or goal.name == "basket"
        if goal.actual is not None:
            assert round(Decimal(str(float(came[goal.name]))), 2) == goal.actual, goal.name
    simulated = await actuals(db, events, "autumn", made.zone, made.currency, simulated=True)
    assert (simulated.total("participants"), simulated.total("coupons")) == (1, 1)


async def test_curves_come_from_cases_of_both_kinds(fair: Fair, console_app: Console) -> None:
    await past(fair)
    text = document(fair.now_ms, **{"target = 500.00": 'target = 500.00\ncurve = "case:cj-13, case:none"'})
    opens = fair.open
    fair.open = lambda _="": opens(text)  # type: ignore[method-assign]
    await fair.live()
    db, events, world = fair.workspace.db, fair.workspace.events, Facts(zone="America/New_York", currency="USD")
    assert await of_case(db, events, "cj-13", "gmv", world) == [0, 2401, 0]
    assert await of_case(db, events, "cj-13", "parties", world) == [0, 2, 0]
    assert await of_case(db, events, "autumn", "gmv", world) == [14_000, 0, 0, 0]
    assert await of_case(db, events, "none", "gmv", world) == []
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/campaigns/autumn/goals?goal=gmv")).text
        assert "Nothing is known of these cases; the curve is even without them: none" in page
        assert "$0</td>" in page  # the first third of three days brought nothing


async def test_the_gap_is_explained(fair: Fair, console_app: Console) -> None:
    await fair.live()
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/campaigns/autumn/goals")).text
        assert "$140" in page  # what the review says too
        assert "did we do it" in page
        assert "Fewer than two cases" in page
        missing = await client.get("/campaigns/none/goals")
        assert missing.status_code == 404


async def test_a_gap_that_is_shown_as_nothing_is_none(fair: Fair, console_app: Console) -> None:
    """At noon of the first of four days a target of two asks for a quarter of a group, one of eight for a whole one."""
    for target, shown, tone in ((2, "0", "ok"), (8, "\N{MINUS SIGN}1", "bad")):
        parties = f"[goals.parties]\ntarget = {target}\n[goals.gmv]"
        text = document(fair.now_ms, **{"[goals.gmv]": parties, '"autumn"': f'"autumn-{target}"'})
        made = (await fair.office.check(text)).document
        assert made is not None
        seen = await board(fair.workspace, made, fair.now_ms, opened=True, simulated=False)
        row = seen.rows[0]
        assert (row.name, row.gap and row.gap.en, row.tone) == ("parties", shown, tone)


async def test_the_mix_of_channels_is_told_apart(fair: Fair, console_app: Console) -> None:
    opens = fair.open
    fair.open = lambda _="": opens(written(fair.now_ms))  # type: ignore[method-assign]
    await fair.live()
    await views(fair)
    made = (await fair.office.check(written(fair.now_ms))).document
    assert made is not None
    came = await actuals(fair.workspace.db, fair.workspace.events, "autumn", made.zone, made.currency)
    assert came.through["sms"] == Through(visitors=2, orders=2, sales_minor=6_000)
    assert came.through["share"] == Through(visitors=7, orders=2, sales_minor=8_000)
    assert came.through[""].visitors == 1
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/campaigns/autumn/goals")).text
        mix = page.split('id="h-mix"')[1].split("</table>")[0]
        said = re.findall(r'<td class="num">([^<]+)</td>', mix)
        plan, *steps, end = [
            int(each.replace("$", "").replace("\N{MINUS SIGN}", "-").replace(",", "")) for each in said
        ]
        assert len(steps) == 4
        assert end == 140
        assert abs(plan + sum(steps) - end) <= 2  # each is rounded


async def test_without_goals_the_page_teaches(fair: Fair, console_app: Console) -> None:
    head = document(fair.now_ms)
    await fair.office.create(await fair.actor(), head[: head.index("[goals.gmv]")] + head[head.index("[budget]") :])
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/campaigns/autumn/goals")).text
        assert "The document has no [goals]" in page
        assert (await client.get("/campaigns/autumn/goals?goal=none")).status_code == 200


@pytest.mark.parametrize(("width", "language"), [(WIDE, "en"), (NARROW, "zh")])
async def test_the_page_is_sound(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    opens = fair.open
    fair.open = lambda _="": opens(written(fair.now_ms))  # type: ignore[method-assign]
    await fair.live()
    await views(fair)
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "operator")
    await visitor.page.goto("/campaigns/autumn/goals")
    await expect(visitor.page.locator("#burn svg")).to_be_visible()
    await sound(visitor)
    await visitor.page.locator(".mh-chip").first.press("Enter")
    dialog = visitor.page.locator("#gap-gmv")
    await expect(dialog).to_contain_text("Shapley")
    await sound(visitor)
    await dialog.get_by_role("button").click()
    await expect(dialog).to_be_hidden()
    await visitor.leave()
