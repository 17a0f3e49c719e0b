"""The Chinese calendar: lunar days and the 24 solar terms, in Beijing time as the almanac has them (lunar-python).

A leap month repeats the month before it; festivals and birthdays are kept in the first of the two. The thirtieth of a month that
has 29 days is its last day: so "lunar 12-30" is always New Year's Eve.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from lunar_python import LunarYear, Solar
from msgspec import Struct

from miaohui.text import Text

TERMS: dict[str, Text] = {
    "xiaohan": Text("小寒", "Minor Cold"),
    "dahan": Text("大寒", "Major Cold"),
    "lichun": Text("立春", "Start of Spring"),
    "yushui": Text("雨水", "Rain Water"),
    "jingzhe": Text("惊蛰", "Awakening of Insects"),
    "chunfen": Text("春分", "Spring Equinox"),
    "qingming": Text("清明", "Clear and Bright"),
    "guyu": Text("谷雨", "Grain Rain"),
    "lixia": Text("立夏", "Start of Summer"),
    "xiaoman": Text("小满", "Grain Buds"),
    "mangzhong": Text("芒种", "Grain in Ear"),
    "xiazhi": Text("夏至", "Summer Solstice"),
    "xiaoshu": Text("小暑", "Minor Heat"),
    "dashu": Text("大暑", "Major Heat"),
    "liqiu": Text("立秋", "Start of Autumn"),
    "chushu": Text("处暑", "End of Heat"),
    "bailu": Text("白露", "White Dew"),
    "qiufen": Text("秋分", "Autumn Equinox"),
    "hanlu": Text("寒露", "Cold Dew"),
    "shuangjiang": Text("霜降", "Frost's Descent"),
    "lidong": Text("立冬", "Start of Winter"),
    "xiaoxue": Text("小雪", "Minor Snow"),
    "daxue": Text("大雪", "Major Snow"),
    "dongzhi": Text("冬至", "Winter Solstice"),
}
"""The 24 terms of a year, in its order."""

_BY_NAME = {name.zh: term for term, name in TERMS.items()}
FIRST, LAST = date(1901, 1, 1), date(2099, 12, 31)
"""The days for which the library's tables were checked by their makers."""


class LunarDay(Struct, frozen=True):
    """A day of the Chinese calendar; `leap`: of the month that repeats `month`."""

    year: int
    month: int
    day: int
    leap: bool
    zh: str

    @property
    def text(self) -> Text:
        """ "八月十五", "lunar 8-15"."""
        return Text(self.zh, f"lunar {'leap ' if self.leap else ''}{self.month}-{self.day}")


class _Month(Struct, frozen=True):
    """A month of a lunar year: its first day, its number (below 0: the leap month), how many days it has."""

    first: date
    number: int
    days: int


@lru_cache(maxsize=256)
def _months(year: int) -> tuple[_Month, ...]:
    """The twelve or thirteen months of a lunar year: asked once, because the library takes milliseconds for a day."""
    found = []
    for month in LunarYear.fromYear(year).getMonthsInYear():
        solar = Solar.fromJulianDay(month.getFirstJulianDay())
        first = date(solar.getYear(), solar.getMonth(), solar.getDay())
        found.append(_Month(first, month.getMonth(), month.getDayCount()))
    return tuple(found)


def lunar_day(on: date) -> LunarDay:
    """The day of the Chinese calendar that `on` is."""
    year = on.year if on >= _months(on.year)[0].first else on.year - 1
    month = next(one for one in reversed(_months(year)) if one.first <= on)
    day, leap = (on - month.first).days + 1, month.number < 0
    zh = f"{'闰' if leap else ''}{_MONTHS[abs(month.number) - 1]}月{_day_zh(day)}"
    return LunarDay(year, abs(month.number), day, leap, zh)


_MONTHS = "正二三四五六七八九十冬腊"
_DIGITS = "一二三四五六七八九十"


def _day_zh(day: int) -> str:
    """初一 to 三十."""
    if day in (20, 30):
        return "二十" if day == 20 else "三十"
    tens = "初" if day <= 10 else "十" if day < 20 else "廿"
    return f"{tens}{_DIGITS[(day - 1) % 10]}"


def solar_day(year: int, month: int, day: int) -> date:
    """The date of a day of the lunar `year`; of a month that has no such day, its last."""
    found = next(one for one in _months(year) if one.number == month)
    return found.first + timedelta(min(day, found.days) - 1)


@lru_cache(maxsize=256)
def terms(year: int) -> dict[str, date]:
    """The dates of the 24 terms of `year`."""
    found = {}
    for middle in (year, year + 1):  # a table runs from one winter solstice to the next Major Snow
        for name, solar in Solar.fromYmd(middle, 6, 1).getLunar().getJieQiTable().items():
            if name in _BY_NAME and solar.getYear() == year:
                found[_BY_NAME[name]] = date(solar.getYear(), solar.getMonth(), solar.getDay())
    return {term: found[term] for term in TERMS}


def term_of(on: date) -> Text | None:
    """The solar term that begins on `on`."""
    return next((TERMS[term] for term, day in terms(on.year).items() if day == on), None)


def lunar_years(first: date, last: date) -> Iterator[int]:
    """The lunar years that have days from `first` to `last`."""
    yield from range(lunar_day(first).year, lunar_day(last).year + 1)
