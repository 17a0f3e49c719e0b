"""Lunar days and solar terms of eight years, day by day against another library."""

from datetime import date, datetime, timedelta

import cnlunar
import pytest

from miaohui.calendar.lunar import LunarDay, lunar_day, solar_day, term_of, terms


def test_eight_years_day_by_day():
    day, differ = date(2020, 1, 1), []
    while day.year < 2028:
        theirs = cnlunar.Lunar(datetime(day.year, day.month, day.day, 12), godType="8char")  # noqa: DTZ001
        ours, term = lunar_day(day), term_of(day)
        said = (ours.year, ours.month, ours.day, ours.leap, term.zh if term else "无")
        if said != (
            theirs.lunarYear, theirs.lunarMonth, theirs.lunarDay, theirs.isLunarLeapMonth, theirs.todaySolarTerms,
        ):  # fmt: skip
            differ.append((day, said))
        day += timedelta(1)
    assert differ == []


def test_names_and_the_way_back():
    assert lunar_day(date(2026, 9, 25)) == LunarDay(2026, 8, 15, False, "八月十五")
    assert lunar_day(date(2025, 7, 25)).text.en == "lunar leap 6-1"
    assert solar_day(2026, 8, 15) == date(2026, 9, 25)
    assert solar_day(2025, 6, 1) == date(2025, 6, 25)  # the first of the two sixth months
    assert solar_day(2025, 12, 30) == date(2026, 2, 16)  # that month has 29 days: New Year's Eve


@pytest.mark.parametrize("year", [1990, 2026, 2060])
def test_a_year_has_its_24_terms_in_order(year):
    found = list(terms(year).values())
    assert len(found) == 24
    assert found == sorted(found)
    assert {day.year for day in found} == {year}
