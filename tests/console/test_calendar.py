"""The calendar as operators use it: looked at, changed, dragged; what other programs read of it."""

import icalendar
import pytest
from playwright.async_api import Browser, expect

from miaohui.campaign import store
from miaohui.planning.library import shipped
from miaohui.team import keys
from miaohui.vault import Vault
from tests.browser import NARROW, WIDE, chromium, sound
from tests.console.planner import Shop, planner
from tests.planning.conftest import occasion, proposals

__all__ = ["chromium"]
VAULT = Vault(bytes(range(32)), "test")
TEMPLATES = {template.id: template for template in shipped()}


@pytest.fixture
async def shop(database, store, vault):
    """A shop of this test's own."""
    async with planner(database, store, vault) as shop:
        yield shop


@pytest.fixture(scope="module")
async def standing(fresh_database, fresh_store):
    """A shop with a campaign for Mid-Autumn and one that clashes with it, only to be looked at."""
    async with fresh_database() as database, fresh_store() as store, planner(database, store, VAULT) as shop:
        shop.festival = await planned(shop, "festival")
        await planned(shop, "wake-the-silent", "2026-09-19")
        yield shop


async def planned(shop: Shop, template: str, on: str = "", **changed: str) -> str:
    """A draft made from a template, on products of the shop."""
    text = proposals(TEMPLATES[template], None if on else occasion(), **({"live__day": on} if on else {}), **changed)
    text = text.replace('"tea-1"', '"mooncake"').replace('"tea-2"', '"tea"').replace("price = 50.00", "price = 168.00")
    return (await shop.workspace.office.create(await shop.operator("lin"), text)).id


async def audit(shop: Shop) -> list[str]:
    """What was done, in order."""
    return [
        row["action"]
        for row in await shop.workspace.db.fetch("select action from audit where action like 'calendar.%' order by seq")
    ]


async def test_a_month_shows_days_off_make_up_days_and_the_lunar_day(standing: Shop) -> None:
    async with standing.client("vera", "zh") as client:
        page = (await client.get("/calendar?month=2026-09")).text
        assert "2026年9月" in page
        assert 'href="/calendar/mid-autumn/2026-09-25">中秋节</a>' in page
        assert page.count('<span class="mark work"') == 1  # the Sunday of the 20th
        assert page.count('<span class="mark off"') == 7  # 25 to 27 September, 1 to 4 October
        assert '<span class="lunar">八月</span>' in page
        assert "尚未公布" not in page
        assert "/calendar/days" not in page  # vera may look only
        assert page.count('aria-label="撞期"') == 14  # every bar of both campaigns
        page = (await client.get("/calendar?month=2031-01")).text
        assert "2031 年的放假与调休尚未公布" in page
        assert (await client.get("/calendar?month=nonsense")).status_code == 200
        assert (await client.get("/calendar?month=9999-99&view=year&q=%00")).status_code == 200
        assert (await client.get("/calendar/mid-autumn/2026-09-26")).status_code == 404
        assert (await client.get("/calendar/days")).status_code == 403


async def test_the_agenda_says_when_work_must_start(standing: Shop) -> None:
    async with standing.client("lin") as client:
        page = (await client.get("/calendar?view=agenda")).text
        rows = {
            row.split('href="/calendar/')[1].split("/")[0]: row
            for row in page.split("<tr>")
            if 'href="/calendar/' in row
        }
        assert "Thu 27 Aug" in rows["mid-autumn"]
        assert f'href="/campaigns/{standing.festival}"' in rows["mid-autumn"]
        assert "too late for a full one" in rows["8-8"]
        assert 'href="/begin/hot-spot?occasion=8-8&on=2026-08-08"' in rows["8-8"].replace("&amp;", "&")
        assert 'href="/begin?occasion=11-11&on=2026-11-11"' in rows["11-11"].replace("&amp;", "&")
        page = (await client.get("/calendar?view=agenda&kind=term&q=start")).text
        assert "Start of Autumn" in page
        assert "Mid-Autumn Festival</a>" not in page
        occasion_page = (await client.get("/calendar/8-8/2026-08-08")).text
        assert "too late. The hot-spot template" in occasion_page


async def test_the_first_page_says_what_is_coming(standing: Shop) -> None:
    async with standing.client("lin", "zh") as client:
        page = (await client.get("/")).text
        assert "农历六月十九" in page
        month = page.split('id="h-cal"')[1].split('id="h-campaigns"')[0]
        assert "营销日历 · 2026年8月" in month
        assert 'datetime="2026-08-01" aria-current="date"' in month
        assert month.index("立秋") < month.index("七夕")
        assert '<a class="bar-c ph ' in month
        card = page.split('id="h-coming"')[1]
        assert card.index("8.8") < card.index("七夕") < card.index("教师节")
        assert "只能快反" in card
        assert "8月13日开工" in card


async def test_days_are_added_hidden_and_taken_from_a_file(shop: Shop) -> None:
    async with shop.client("lin") as client:
        members = {"zh": "会员日", "en": "Members' day", "kind": "own", "rule": "every month on 22", "class": ""}
        assert (await shop.send(client, "/calendar/days", members)).status_code == 303
        assert "Members&#39; day" in (await client.get("/calendar?month=2026-09")).text
        wrong = await shop.send(client, "/calendar/days", members | {"rule": "now and then"})
        assert wrong.status_code == 422
        assert "&#34;now and then&#34; names no day" in wrong.text
        assert 'value="now and then"' in wrong.text  # what was written is not lost
        await shop.send(client, "/calendar/days/9-9/archive", {})
        assert "/calendar/9-9/" not in (await client.get("/calendar?month=2026-09")).text
        await shop.send(client, "/calendar/days/9-9/restore", {})
        assert "/calendar/9-9/" in (await client.get("/calendar?month=2026-09")).text
        rows = "kind,title_zh,title_en,rule\nevent,某片,A film,2026-09-12\nevent,坏,Bad,someday\n"
        taken = await shop.send(client, "/calendar/file", {}, files={"file": ("days.csv", rows.encode(), "text/csv")})
        assert "1 rows taken, 1 set aside." in taken.text
        assert "&#34;someday&#34; names no day" in taken.text
        assert "A film" in (await client.get("/calendar?month=2026-09")).text
        bad = await shop.send(client, "/calendar/file", {}, files={"file": ("days.csv", b"\xff\xfe", "text/csv")})
        assert (bad.status_code, "must be UTF-8" in bad.text) == (422, True)
    assert await audit(shop) == [
        "calendar.added", "calendar.archived", "calendar.changed", "calendar.added",
    ]  # fmt: skip


async def test_what_was_announced_lead_times_and_other_countries(shop: Shop) -> None:
    async with shop.client("lin") as client:
        days = "2031-01-22 to 2031-01-29 off 春节 Spring Festival\n2031-01-19 work 春节 Spring Festival"
        assert (await shop.send(client, "/calendar/announced", {"days": days, "source": "国办"})).status_code == 303
        page = (await client.get("/calendar?month=2031-01")).text
        assert "not announced" not in page.split('class="cal-month"')[0].replace("of 2030 are not announced", "")
        assert page.count('<span class="mark off"') == 8
        refused = await shop.send(client, "/calendar/announced", {"days": "soon"})
        assert (refused.status_code, "Line 1 cannot be read" in refused.text) == (422, True)
        await shop.send(
            client, "/calendar/leads", {"class": "lunar_festival", "prepare": "20", "warm_up": "5", "live": "3"}
        )
        assert "Mon 24 Aug" in (await client.get("/calendar/mid-autumn/2026-09-25")).text
        wrong = await shop.send(
            client, "/calendar/leads", {"class": "own_day", "prepare": "x", "warm_up": "5", "live": "3"}
        )
        assert wrong.status_code == 422
        await shop.send(client, "/calendar/countries", {"countries": "us, jp"})
        assert "Veterans Day (US)" in (await client.get("/calendar?month=2026-11")).text
        assert (await shop.send(client, "/calendar/countries", {"countries": "XX"})).status_code == 422


async def test_other_programs_read_it_by_a_secret_link_or_a_key(shop: Shop) -> None:
    id = await planned(shop, "festival")
    async with shop.client("lin") as client:
        page = (await shop.send(client, "/calendar/feeds", {})).text
        link = page.split('<code id="feed-link">')[1].split("</code>")[0]
        assert link not in (await client.get("/calendar/days")).text
        client.cookies.clear()
        file = await client.get(link, params={"lang": "en", "key": link.split("key=")[1]})
        assert file.headers["content-type"] == "text/calendar; charset=utf-8"
        entries = {str(e["uid"]).split("@")[0]: e for e in icalendar.Calendar.from_ical(file.content).walk("VEVENT")}
        assert str(entries["work/mid-autumn/2026-09-25"]["dtstart"].dt) == "2026-08-27"
        assert str(entries["work/mid-autumn/2026-09-25"]["summary"]) == "Work must start: Mid-Autumn Festival"
        assert str(entries[f"campaign/{id}/live"]["dtstart"].dt) == "2026-09-25"
        async with shop.workspace.db.acquire() as c:
            _, key = await keys.create(c, "lin", "phone")
        assert (await client.get("/calendar.ics", headers={"Authorization": f"Bearer {key}"})).status_code == 200
        for wrong in ("/calendar.ics", "/calendar.ics?key=guess"):
            assert (await client.get(wrong)).status_code == 404
    async with shop.client("lin") as client:
        [feed] = await shop.workspace.db.fetch("select id from calendar_feed")
        await shop.send(client, f"/calendar/feeds/{feed['id']}/revoke", {})
        assert (await client.get("/calendar.ics", params={"key": link.split("key=")[1]})).status_code == 404


async def test_a_campaign_is_moved_with_a_preview_and_a_new_version(shop: Shop) -> None:
    id = await planned(shop, "festival")
    await planned(shop, "wake-the-silent", "2026-09-28")
    lin = await shop.operator("lin")
    await shop.workspace.office.act(lin, id, "submit")
    async with shop.client("lin") as client:
        page = (await client.get(f"/calendar-move/{id}?to=2026-09-28")).text
        assert "+3 days" in page
        for shown in (
            "phases.prepare",
            "2026-09-01",
            "phases.live",
            "2026-09-28",
            "the same people",
            "becomes a draft again",
        ):
            assert shown in page, shown
        async with shop.workspace.db.acquire() as c:
            assert (await store.get(c, id)).status.version == 1  # looking changes nothing
        moved = await shop.send(client, f"/calendar-move/{id}", {"days": "3", "base": "1"})
        assert moved.headers["location"] == f"/campaigns/{id}"
        async with shop.workspace.db.acquire() as c:
            campaign, version = await store.get(c, id), await store.version(c, id)
        assert (campaign.status.state, version.version, version.note) == (
            "draft",
            2,
            "moved by +3 days on the calendar",
        )
        assert "live    = 2026-09-28\n" in version.text
        stale = await shop.send(client, f"/calendar-move/{id}", {"days": "3", "base": "1"})
        assert stale.headers["location"] == f"/calendar-move/{id}?days=3"
        assert "Somebody saved version 2" in (await client.get(stale.headers["location"])).text
        async with shop.workspace.db.acquire() as c:
            assert (await store.get(c, id)).status.version == 2
        await client.get("/calendar")
    async with shop.client("vera") as client:
        assert (await client.get(f"/calendar-move/{id}?days=3")).status_code == 403


async def test_a_finished_campaign_becomes_a_template(shop: Shop) -> None:
    id = await planned(shop, "festival")
    async with shop.client("lin") as client:
        made = await shop.send(client, f"/campaigns/{id}/as-template", {})
        assert made.status_code == 303
        page = (await client.get("/begin")).text
        assert "Made of Mid-Autumn Festival treats" in page
        template = made.headers["location"].split("#")[1]
        assert "What do customers call it?" in (await client.get(f"/begin/{template}")).text
        await shop.send(client, f"/templates/{template}/archive", {})
        assert "Made of Mid-Autumn Festival treats" not in (await client.get("/begin")).text
        assert (await client.get(f"/begin/{template}")).status_code == 404


async def test_dragging_a_bar_asks_before_it_moves(shop: Shop, chromium: Browser) -> None:
    id = await planned(shop, "festival")
    await planned(shop, "wake-the-silent", "2026-09-19")
    visitor = await shop.comes(chromium, "lin")
    page = visitor.page
    await page.goto("/calendar?month=2026-09")
    await sound(visitor)
    bar = page.locator(f"[data-campaign='{id}'].live")
    box = await bar.bounding_box()
    assert box
    week = page.locator(".week", has=page.locator("text='28'")).last
    there = await week.bounding_box()
    assert there
    await page.mouse.move(box["x"] + 20, box["y"] + 8)  # on Friday the 25th
    await page.mouse.down()
    await page.mouse.move(there["x"] + 30, there["y"] + 20, steps=6)  # to Monday the 28th
    await page.mouse.up()
    await page.wait_for_url(f"**/calendar-move/{id}?days=3")
    await expect(page.locator("#moves, [aria-labelledby='h-moves']").first).to_contain_text("2026-09-28")
    await sound(visitor)
    await page.get_by_role("button", name="Move it, as v2").click()
    await page.wait_for_url(f"**/campaigns/{id}")
    await page.goto("/calendar?month=2026-09")
    await expect(page.locator(f"[data-campaign='{id}'].live")).to_contain_text("live")
    assert await page.locator(f"[data-campaign='{id}'].live.c1").count() == 1
    await visitor.leave()


@pytest.mark.parametrize(("width", "language"), [(WIDE, "zh"), (NARROW, "en")])
async def test_the_pages_are_sound(standing: Shop, chromium: Browser, width: int, language: str) -> None:
    visitor = await standing.comes(chromium, "lin", width=width, language=language)
    for path in (
        "/calendar?month=2026-09", "/calendar?view=year", "/calendar?view=agenda", "/calendar/mid-autumn/2026-09-25",
        "/calendar/days", f"/calendar-move/{standing.festival}?days=-3", "/begin?occasion=mid-autumn&on=2026-09-25",
    ):  # fmt: skip
        await visitor.page.goto(path)
        await sound(visitor)
    await visitor.leave()
