"""Who works when: China day by day against another library, a year that nobody announced, other countries by their law."""

from datetime import date, timedelta

import holidays
import pytest

from miaohui.calendar.workdays import CHINA_NAMES, Stated, Workdays, country_of
from miaohui.text import Text

CHINA = Workdays("CN")


def test_china_is_the_same_day_by_day_for_seven_years():
    theirs = holidays.country_holidays("CN", years=range(2020, 2027))
    day, differ = date(2020, 1, 1), []
    while day.year < 2027:
        if CHINA.works(day) != theirs.is_working_day(day):
            differ.append(day)
        day += timedelta(1)
    assert differ == []


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        ("2026-09-20", "make_up"),
        ("2026-09-25", "holiday"),
        ("2026-09-26", "holiday"),
        ("2026-09-24", "workday"),
        ("2026-10-10", "make_up"),
        ("2026-10-11", "weekend"),
    ],
)
def test_what_a_day_is(on, kind):
    assert CHINA.kind(date.fromisoformat(on)) == kind


def test_every_reason_has_a_chinese_name():
    year = (date(2026, 1, 1) + timedelta(n) for n in range(365))
    named = {stated.title for day in year if (stated := CHINA.stated(day))}
    assert {title.zh for title in named} == set(CHINA_NAMES.values()) - {"抗战胜利纪念日"}


def test_a_year_that_nobody_announced_is_not_guessed():
    assert CHINA.announced(2026)
    assert not CHINA.announced(2031)
    spring_festival = date(2031, 1, 23)
    assert (CHINA.stated(spring_festival), CHINA.kind(spring_festival)) == (None, "workday")
    assert CHINA.unannounced(date(2026, 12, 1), date(2032, 1, 1)) == (2027, 2028, 2029, 2030, 2031, 2032)


def test_what_operators_enter_wins():
    entered = {date(2031, 1, 23): Stated(False, Text("春节", "Spring Festival"))}
    entered |= {date(2031, 1, 25): Stated(True, Text("春节", "Spring Festival"))}
    entered |= {date(2026, 9, 20): Stated(False, Text("不补班", "No work"))}
    ours = Workdays("CN", entered)
    assert ours.announced(2031)
    assert [ours.kind(date(2031, 1, day)) for day in (22, 23, 24, 25, 26)] == [
        "workday", "holiday", "workday", "make_up", "weekend",
    ]  # fmt: skip
    assert ours.kind(date(2026, 9, 20)) == "holiday"


def test_counting_over_a_week_off():
    assert CHINA.before(date(2026, 10, 12), 1) == date(2026, 10, 10)
    assert CHINA.before(date(2026, 10, 12), 4) == date(2026, 9, 30)
    assert CHINA.after(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert CHINA.before(date(2026, 10, 12), 0) == date(2026, 10, 12)
    assert CHINA.count(date(2026, 9, 21), date(2026, 10, 12)) == 4 + 3 + 3


def test_other_countries_by_their_law():
    assert [country_of(zone) for zone in ("Asia/Shanghai", "America/New_York", "UTC")] == ["CN", "US", ""]
    america = Workdays("US")
    assert america.kind(date(2026, 11, 26)) == "holiday"
    assert america.stated(date(2026, 11, 26)).title.en == "Thanksgiving Day"
    assert america.announced(2040)
    assert Workdays("").kind(date(2026, 12, 25)) == "workday"
