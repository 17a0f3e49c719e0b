"""What operators keep: days, announcements, lead times, countries, links; each with its line of the audit log."""

from datetime import date
from typing import Any

import pytest

from miaohui.calendar import store
from miaohui.calendar.almanac import Day, known
from miaohui.calendar.sheet import announced
from miaohui.calendar.store import CalendarRefusal, calendar_of
from miaohui.text import Text

MEMBERS = Day(
    id="members", title=Text("会员日", "Members' day"), kind="own", rule="Every month  on 22", class_="own_day"
)


async def audit(c: Any) -> list[tuple[str, str, str]]:
    """Who did what to which, in order."""
    rows = await c.fetch("select operator, action, subject from audit order by seq")
    return [(row["operator"], row["action"], row["subject"]) for row in rows]


async def test_a_day_is_kept_changed_archived_and_comes_back(database: Any) -> None:
    async with database.acquire() as c:
        before = await calendar_of(c, "Asia/Shanghai")
        assert (before.almanac.days, before.almanac.workdays.country) == (known(), "CN")
        await store.keep(c, "lin", [MEMBERS])
        almanac = (await calendar_of(c, "Asia/Shanghai")).almanac
        assert almanac.days[-1].rule == "every month on 22"
        assert str(almanac.next("members", date(2026, 8, 23)).first) == "2026-09-22"  # type: ignore[union-attr]
        assert (await store.archive(c, "lin", "members")).en == "Members' day"
        assert (await calendar_of(c, "Asia/Shanghai")).almanac.days == known()
        with pytest.raises(CalendarRefusal, match="archived already"):
            await store.archive(c, "lin", "members")
        await store.keep(c, "lin", [MEMBERS])
        assert len((await calendar_of(c, "Asia/Shanghai")).almanac.days) == len(known()) + 1
        assert await audit(c) == [
            ("lin", "calendar.added", "members"),
            ("lin", "calendar.archived", "members"),
            ("lin", "calendar.changed", "members"),
        ]


async def test_days_without_an_id_are_called_after_their_name(database: Any) -> None:
    async with database.acquire() as c:
        for _ in range(2):
            await store.keep(
                c, "lin", [Day(id="", title=Text("会员日", "Members' day!"), kind="own", rule="every month on 22")]
            )
        await store.keep(c, "lin", [Day(id="", title=Text("中秋", "Mid-autumn"), kind="own", rule="2027-09-01")])
        ids = [row["id"] for row in await c.fetch("select id from calendar_day order by changed_at")]
    assert ids == ["members-day", "members-day-2", "mid-autumn-2"]


async def test_a_known_day_is_changed_hidden_and_restored(database: Any) -> None:
    async with database.acquire() as c:
        mine = Day(id="6-18", title=Text("年中庆", "Half-year"), kind="shopping", rule="2027-06-16 to 2027-06-20")
        await store.keep(c, "lin", [mine])
        almanac = (await calendar_of(c, "UTC")).almanac
        assert [day.title.en for day in almanac.days if day.id == "6-18"] == ["Half-year"]
        await store.archive(c, "lin", "11-11")
        calendar = await calendar_of(c, "UTC")
        assert [day.id for day in calendar.hidden] == ["11-11"]
        assert "11-11" not in [day.id for day in calendar.almanac.days]
        await store.restore(c, "lin", "11-11")
        assert "11-11" in [day.id for day in (await calendar_of(c, "UTC")).almanac.days]
        with pytest.raises(CalendarRefusal):
            await store.restore(c, "lin", "11-11")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rule": "some day"}, '"some day" names no day'),
        ({"title": Text("", "x")}, "Both names need 1 to 60 characters"),
        ({"kind": "lunar"}, "The kind lunar is none of"),
        ({"class_": "big"}, "The class big is none of"),
        ({"id": "A day"}, "The id A day may hold a-z, 0-9 and -"),
    ],
)
async def test_what_cannot_be_kept_changes_nothing(database: Any, wrong: dict[str, Any], said: str) -> None:
    fields = {"id": "x", "title": Text("x", "x"), "kind": "own", "rule": "2027-01-01"} | wrong
    async with database.acquire() as c:
        with pytest.raises(CalendarRefusal) as refused:
            await store.keep(c, "lin", [MEMBERS, Day(**fields)])
        assert said in refused.value.sentence.en
        assert (await audit(c), await c.fetchval("select count(*) from calendar_day")) == ([], 0)


async def test_a_year_is_announced(database: Any) -> None:
    text = "2031-01-22 to 2031-01-29 off 春节 Spring Festival\n\n2031-01-19 work 春节 Spring Festival\n"
    async with database.acquire() as c:
        assert not (await calendar_of(c, "Asia/Shanghai")).almanac.workdays.announced(2031)
        await store.announce(c, "lin", announced(text), "国办发明电", "CN")
        days = (await calendar_of(c, "Asia/Shanghai")).almanac.workdays
        assert days.announced(2031)
        assert [days.kind(date(2031, 1, n)) for n in (19, 20, 22, 29, 30)] == [
            "make_up", "workday", "holiday", "holiday", "workday",
        ]  # fmt: skip
        detail = await c.fetchval("select detail::text from audit")
        assert '"off": 8' in detail
        assert '"at_work": 1' in detail
        with pytest.raises(CalendarRefusal, match="Line 1 cannot be read"):
            announced("the first week of May off")


async def test_lead_times_countries_and_links(database: Any) -> None:
    async with database.acquire() as c:
        await store.set_lead(c, "lin", "own_day", 8, 3, 2)
        lead = (await calendar_of(c, "UTC")).lead("own_day")
        assert (lead.prepare_workdays, lead.warm_up_days, lead.live_days) == (8, 3, 2)
        with pytest.raises(CalendarRefusal):
            await store.set_lead(c, "lin", "own_day", -1, 3, 2)
        with pytest.raises(CalendarRefusal):
            await store.set_lead(c, "lin", "picnic", 1, 3, 2)
        await store.set_abroad(c, "lin", ["JP", "US"])
        await store.set_abroad(c, "lin", ["JP"])
        assert (await calendar_of(c, "UTC")).almanac.abroad == ("JP",)
        with pytest.raises(CalendarRefusal):
            await store.set_abroad(c, "lin", ["CN"])
        token = await store.open_feed(c, "lin")
        assert await store.opens(c, token)
        assert not await store.opens(c, token[:-1])
        assert token not in await c.fetchval("select string_agg(calendar_feed::text, '') from calendar_feed")
        [link] = await store.feeds(c)
        await store.revoke_feed(c, "lin", link["id"])
        assert not await store.opens(c, token)
        with pytest.raises(CalendarRefusal):
            await store.revoke_feed(c, "lin", link["id"])
        assert [action for _, action, _ in await audit(c)] == [
            "calendar.lead_changed", "calendar.countries_changed", "calendar.countries_changed", "calendar.feed_opened",
            "calendar.feed_revoked",
        ]  # fmt: skip
