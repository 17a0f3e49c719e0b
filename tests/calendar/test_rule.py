"""When a day comes round."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miaohui.calendar.rule import BadRule, occurrences, read, told

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("words", "days", "zh", "en"),
    [
        ("2026-05-20", ["05-20"], "一次", "once"),
        ("every year on 11-11", ["11-11"], "每年 11 月 11 日", "every 11 Nov"),
        ("every year on 2-29", ["02-28"], "每年 2 月 29 日", "every 29 Feb"),
        ("every year on 4th thursday of november", ["11-26"], "每年 11 月第 4 个周四", "4th Thursday of November"),
        ("every year on 4th Thursday of November + 1 day", ["11-27"], "每年 11 月第 4 个周四后 1 天",
         "4th Thursday of November + 1 day"),
        ("every year on 2nd sunday of may", ["05-10"], "每年 5 月第 2 个周日", "2nd Sunday of May"),
        ("every year on last monday of may", ["05-25"], "每年 5 月最后一个周一", "last Monday of May"),
        ("every year on lunar 8-15", ["09-25"], "农历 8 月 15 日", "lunar 8-15"),
        ("every year on lunar 12-8", ["01-26"], "农历 12 月 8 日", "lunar 12-8"),
        ("every year on term dongzhi", ["12-22"], "节气冬至", "solar term Winter Solstice"),
        ("every month on 22", [f"{m:02}-22" for m in range(1, 13)], "每月 22 日", "the 22nd of each month"),
    ],
)  # fmt: skip
def test_days_of_2026(words, days, zh, en):
    rule = read(words)
    assert [f"{first:%m-%d}" for first, last in occurrences(rule, *YEAR) if first == last] == days
    assert (told(rule).zh, told(rule).en) == (zh, en)


def test_a_month_without_the_day_has_its_last():
    months = [first.day for first, _ in occurrences(read("every month on 31"), *YEAR)]
    assert months == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def test_weeks_and_spans():
    march = date(2026, 3, 1), date(2026, 3, 31)
    assert [first.day for first, _ in occurrences(read("every week on friday"), *march)] == [6, 13, 20, 27]
    film = read("2026-02-25 to 2026-03-03")
    assert list(occurrences(film, *march)) == [(date(2026, 2, 25), date(2026, 3, 3))]
    assert list(occurrences(film, date(2026, 3, 4), date(2026, 3, 31))) == []


@pytest.mark.parametrize(
    "words",
    ["", "tomorrow", "2026-02-30", "2026-03-02 to 2026-03-01", "every month on 32", "every year on 13-1",
     "every year on 2-30", "every year on lunar 8-31", "every year on term easter", "every year on 5th friday of may"],
)  # fmt: skip
def test_what_names_no_day_is_refused(words):
    with pytest.raises(BadRule) as refused:
        read(words)
    assert f'"{words or "-"}" names no day' in refused.value.sentence.en


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 30), st.integers(1950, 2090))
def test_a_lunar_birthday_comes_once_in_every_lunar_year(month, day, year):
    found = list(occurrences(read(f"every year on lunar {month}-{day}"), date(year, 1, 1), date(year + 2, 12, 31)))
    assert 2 <= len(found) <= 4
    assert all(350 <= (b - a).days <= 390 for (a, _), (b, _) in pairwise(found))
