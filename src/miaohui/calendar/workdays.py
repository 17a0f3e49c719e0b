"""Who works when. Plans count backwards in workdays, so a week off or a Sunday at work moves their beginning.

China announces its days off and its make-up workdays each November for the year to come. They come from `chinesecalendar` as far
as it knows them, and from what operators enter (`store`), which wins. A year that nobody has announced is not guessed: its
weekdays count as workdays and every page says that its holidays are not announced. Other countries' holidays follow from their
laws (`holidays`); that library also computes China's, which is a guess for years to come, so that it is not asked for them.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Literal

import holidays
from babel.core import get_global
from chinese_calendar import constants as china
from msgspec import Struct

from miaohui.text import Text

Kind = Literal["workday", "weekend", "holiday", "make_up"]
CHINA = "CN"
CHINA_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}


AMERICA_NAMES = {
    "New Year's Day": "元旦",
    "Martin Luther King Jr. Day": "马丁·路德·金日",
    "Washington's Birthday": "总统日",
    "Memorial Day": "阵亡将士纪念日",
    "Juneteenth National Independence Day": "六月节",
    "Independence Day": "独立日",
    "Labor Day": "劳工节",
    "Columbus Day": "哥伦布日",
    "Veterans Day": "退伍军人节",
    "Thanksgiving Day": "感恩节",
    "Christmas Day": "圣诞节",
}


class Stated(Struct, frozen=True):
    """What is said of one day: off, or at work although it is a weekend; and why."""

    works: bool
    title: Text


class Workdays(Struct, frozen=True):
    """The workdays of one `country` (ISO 3166; "" has weekends only); `entered`: what operators say, which wins."""

    country: str
    entered: Mapping[date, Stated] = {}

    def announced(self, year: int) -> bool:
        """Whether the days off of `year` are known."""
        if self.country != CHINA:
            return True
        return year in _china_years() or any(day.year == year for day in self.entered)

    def stated(self, on: date) -> Stated | None:
        """What is said of `on`, if anything is."""
        if on in self.entered:
            return self.entered[on]
        return _of_china(on) if self.country == CHINA else _of_law(self.country, on.year).get(on)

    def kind(self, on: date) -> Kind:
        """What `on` is for those who work."""
        stated, weekend = self.stated(on), on.weekday() >= 5
        if stated is None:
            return "weekend" if weekend else "workday"
        if stated.works:
            return "make_up" if weekend else "workday"
        return "holiday"

    def works(self, on: date) -> bool:
        """Whether people work on `on`."""
        return self.kind(on) in ("workday", "make_up")

    def before(self, day: date, count: int) -> date:
        """The `count`-th workday before `day`; `day` itself for 0."""
        return self._step(day, count, -1)

    def after(self, day: date, count: int) -> date:
        """The `count`-th workday after `day`; `day` itself for 0."""
        return self._step(day, count, 1)

    def _step(self, day: date, count: int, direction: int) -> date:
        assert count >= 0, count
        while count:
            day += timedelta(direction)
            count -= self.works(day)
        return day

    def count(self, first: date, end: date) -> int:
        """The workdays of [first, end)."""
        return sum(self.works(first + timedelta(n)) for n in range((end - first).days))

    def unannounced(self, first: date, last: date) -> tuple[int, ...]:
        """The years from `first` to `last` whose days off are not known yet."""
        return tuple(year for year in range(first.year, last.year + 1) if not self.announced(year))


def _of_china(on: date) -> Stated | None:
    if on in china.holidays:
        return Stated(False, _china_name(china.holidays[on]))
    if on in china.workdays:
        return Stated(True, _china_name(china.workdays[on]))
    return None


def _china_name(name: str) -> Text:
    return Text(CHINA_NAMES.get(name, name), name)


@cache
def _china_years() -> frozenset[int]:
    return frozenset(day.year for day in china.holidays)


@lru_cache(maxsize=64)
def _of_law(country: str, year: int) -> Mapping[date, Stated]:
    """Days off of a country, and its make-up workdays, with their English names (Chinese ones where there are any)."""
    supported = holidays.list_supported_countries()
    if country not in supported or country == CHINA:
        return {}
    known = holidays.list_localized_countries().get(country, [])
    en = next((one for one in ("en_US", "en_GB", "en") if one in known), None)
    named = holidays.country_holidays(country, years=year, language=en)
    in_zh = holidays.country_holidays(country, years=year, language="zh_CN") if "zh_CN" in known else {}
    found = {day: Stated(False, Text(in_zh.get(day) or _in_chinese(name), name)) for day, name in named.items()}
    made_up = Text("补班", "Make-up workday")
    found |= {day: Stated(True, made_up) for day in named.weekend_workdays if day.year == year}
    return found


def _in_chinese(name: str) -> str:
    """A holiday's Chinese name, where we have one."""
    plain = name.removesuffix(" (observed)")
    zh = AMERICA_NAMES.get(plain, plain)
    return f"{zh}（补休）" if plain != name and zh != plain else zh if plain == name else name


def country_of(zone: str) -> str:
    """The country in which `zone` lies: "Asia/Shanghai" is CN; "" for zones of no country."""
    found = get_global("zone_territories").get(zone, "")
    return "" if found in ("", "001", "ZZ") else str(found)


def countries() -> list[str]:
    """The countries whose days off are known by law."""
    return sorted(code for code in holidays.list_supported_countries(include_aliases=False) if code != CHINA)


@lru_cache(maxsize=64)
def days_off(country: str, year: int) -> Mapping[date, Text]:
    """The public holidays of another country."""
    return {day: stated.title for day, stated in _of_law(country, year).items() if not stated.works}
