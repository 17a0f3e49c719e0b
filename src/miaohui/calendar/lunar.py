"""The Chinese calendar: lunar days and the 24 solar terms, in Beijing time as the almanac has them (lunar-python).

A leap month repeats the month before it; festivals and birthdays are kept in the first of the two. The thirtieth of a month that
has 29 days is its last day: so "lunar 12-30" is always New Year's Eve.
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from lunar_python import Lunar, LunarMonth, Solar
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


@lru_cache(maxsize=4096)
def lunar_day(on: date) -> LunarDay:
    """The day of the Chinese calendar that `on` is."""
    found = Solar.fromYmd(on.year, on.month, on.day).getLunar()
    month = found.getMonth()
    zh = f"{found.getMonthInChinese()}月{found.getDayInChinese()}"
    return LunarDay(found.getYear(), abs(month), found.getDay(), month < 0, zh)


@lru_cache(maxsize=1024)
def solar_day(year: int, month: int, day: int) -> date:
    """The date of a day of the lunar `year`; of a month that has no such day, its last."""
    days = LunarMonth.fromYm(year, month).getDayCount()
    solar = Lunar.fromYmd(year, month, min(day, days)).getSolar()
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


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
