"""Days from a CSV file, and the calendar as iCalendar."""

from datetime import date

import icalendar

from miaohui.calendar.almanac import Day
from miaohui.calendar.feed import Entry, written
from miaohui.calendar.sheet import read
from miaohui.text import Text

FILE = """\
kind,title_zh,title_en,rule,class,source,note
own,会员日,Members' day,every month on 22,own_day,,
event,某片上映,A film opens,2027-02-06 to 2027-02-20,brand,the distributor's list,family film
own,生日,Birthday,every year on lunar 13-1,,,
holiday,假,Off,2027-01-01,,,
own,会员日,Members' day,every month on 22,own_day,,
hot_spot,,No Chinese name,2027-01-01,,,
shopping,周年,Anniversary,every year on 10-18
"""


def test_good_rows_are_taken_and_bad_ones_set_aside_with_their_reason() -> None:
    found = read("\ufeff" + FILE.replace("\n", "\r\n"))
    assert [(day.kind, day.title.en, day.rule, day.class_, day.source, day.note) for day in found.days] == [
        ("own", "Members' day", "every month on 22", "own_day", "", ""),
        ("event", "A film opens", "2027-02-06 to 2027-02-20", "brand", "the distributor's list", "family film"),
        ("shopping", "Anniversary", "every year on 10-18", "", "", ""),
    ]
    assert [(aside.line, aside.why.en.split(":")[0]) for aside in found.aside] == [
        (4, '"every year on lunar 13-1" names no day'),
        (5, "The kind holiday is none of own, event, hot_spot, shopping"),
        (6, "The calendar has it already"),
        (7, "Both names need 1 to 60 characters"),
    ]
    assert read(FILE, found.days).days == []


def test_a_file_without_its_header_is_set_aside_as_a_whole() -> None:
    found = read("name,day\nx,2027-01-01\n")
    assert (found.days, found.aside[0].why.en) == ([], "The header lacks kind, title_zh, title_en, rule")
    assert read("").days == []


def test_other_programs_read_the_calendar() -> None:
    entries = [
        Entry(
            "occasion/mid-autumn/2026-09-25", date(2026, 9, 25), date(2026, 9, 25), "中秋节; 团圆", "来源, 1", "法定"
        ),
        Entry(
            "campaign/a/live", date(2026, 9, 25), date(2026, 9, 27), "A · live", url="https://shop.example/campaigns/a"
        ),
    ]
    file = written(entries, name="Calendar", at_ms=1_785_500_000_000)
    assert b"DTSTART;VALUE=DATE:20260925\r\n" in file
    events = icalendar.Calendar.from_ical(file).walk("VEVENT")
    assert [(str(e["uid"]), e["dtstart"].dt, e["dtend"].dt, str(e["summary"])) for e in events] == [
        ("occasion/mid-autumn/2026-09-25@miaohui", date(2026, 9, 25), date(2026, 9, 26), "中秋节; 团圆"),
        ("campaign/a/live@miaohui", date(2026, 9, 25), date(2026, 9, 28), "A · live"),
    ]
    assert (
        read("kind,title_zh,title_en,rule\n", [Day(id="x", title=Text("a", "b"), kind="own", rule="2027-01-01")]).days
        == []
    )
