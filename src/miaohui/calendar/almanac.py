"""All occasions of a window: the days everybody knows (`days.toml`), the operators' own, solar terms, days off abroad.

A day that operators keep under the id of a known one stands in its place; one that they hide is not there.
"""

import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from miaohui.calendar import lunar, rule, workdays
from miaohui.text import Text

Kind = Literal["statutory", "lunar", "term", "shopping", "date", "abroad", "own", "event", "hot_spot"]
Class = Literal["", "shopping_festival", "lunar_festival", "own_day", "fission", "brand", "hot_spot"]
KINDS: dict[Kind, Text] = {
    "statutory": Text("法定节日", "Statutory festival"),
    "lunar": Text("农历节日", "Lunar festival"),
    "term": Text("节气", "Solar term"),
    "shopping": Text("购物节", "Shopping day"),
    "date": Text("公历节日", "Day of the year"),
    "abroad": Text("国外假日", "Holiday abroad"),
    "own": Text("自有节日", "Own day"),
    "event": Text("影视与事件", "Film or event"),
    "hot_spot": Text("突发热点", "Hot spot"),
}
KEPT: tuple[Kind, ...] = ("own", "event", "hot_spot", "shopping")
"""What operators add."""
CLASS_OF: dict[Kind, Class] = {
    "statutory": "lunar_festival",
    "lunar": "lunar_festival",
    "shopping": "shopping_festival",
    "date": "lunar_festival",
    "abroad": "lunar_festival",
    "own": "own_day",
    "event": "brand",
    "hot_spot": "hot_spot",
    "term": "own_day",
}
CLASSES: tuple[Class, ...] = get_args(Class)
_FILE = Path(__file__).with_name("days.toml")


class Day(Struct, frozen=True, kw_only=True):
    """A day that comes round by its rule; `kept`: an operator wrote it."""

    id: str
    title: Text
    kind: Kind
    rule: str
    class_: Class = msgspec.field(name="class", default="")
    source: str = ""
    note: str = ""
    kept: bool = False

    @property
    def campaign_class(self) -> Class:
        """The class of a campaign for it."""
        return self.class_ or CLASS_OF[self.kind]


class Occasion(Struct, frozen=True, kw_only=True):
    """One time that a day comes round: `first` to `last`."""

    day: Day
    first: date
    last: date

    @property
    def key(self) -> str:
        """Its name in addresses: "mid-autumn/2026-09-25"."""
        return f"{self.day.id}/{self.first}"


class Almanac(Struct, frozen=True, kw_only=True):
    """What one workspace's calendar is made of."""

    days: tuple[Day, ...]
    workdays: workdays.Workdays
    abroad: tuple[str, ...] = ()

    def occasions(self, first: date, last: date) -> list[Occasion]:
        """All that touch [first, last], by their days; a day off that is a known day as well is there once."""
        kept = [*self._kept(first, last), *_terms(first, last)]
        named = {(one.first, one.day.title.zh) for one in kept}
        found = kept + [one for one in self._by_law(first, last) if (one.first, one.day.title.zh) not in named]
        return sorted(found, key=lambda one: (one.first, list(KINDS).index(one.day.kind), one.day.id))

    def _kept(self, first: date, last: date) -> Iterable[Occasion]:
        for day in self.days:
            for begins, ends in rule.occurrences(rule.read(day.rule), first, last):
                yield Occasion(day=self._at_home(day), first=begins, last=ends)

    def _at_home(self, day: Day) -> Day:
        """China's statutory festivals are lunar festivals, or holidays abroad, where people work by another country's law."""
        if day.kind != "statutory" or day.kept or self.workdays.country == workdays.CHINA:
            return day
        return replace(day, kind="lunar" if "lunar" in day.rule or "term" in day.rule else "abroad")

    def _by_law(self, first: date, last: date) -> Iterable[Occasion]:
        """Days off of one's own country, where it is not China, and of those that are shown besides."""
        home = self.workdays.country
        for country in dict.fromkeys((home, *self.abroad)):
            for year in range(first.year, last.year + 1):
                for on, title in workdays.days_off(country, year).items():
                    if first <= on <= last:
                        shown = (
                            title if country == home else Text(f"{title.zh}（{country}）", f"{title.en} ({country})")
                        )
                        kind: Kind = "statutory" if country == home else "abroad"
                        day = Day(id=f"{country.lower()}-{on}", title=shown, kind=kind, rule=f"{on}", source=LAW)
                        yield Occasion(day=day, first=on, last=on)

    def find(self, id: str, on: date) -> Occasion | None:
        """The occasion that an address names."""
        return next((one for one in self.occasions(on, on) if one.day.id == id and one.first == on), None)

    def next(self, id: str, after: date) -> Occasion | None:
        """When a day comes round next, from `after` on."""
        days = [day for day in self.days if day.id == id]
        for day in days:
            for begins, ends in rule.occurrences(rule.read(day.rule), after, after + timedelta(800)):
                if begins >= after:
                    return Occasion(day=day, first=begins, last=ends)
        return None


LAW = "holidays (PyPI), by each country's law"


def _terms(first: date, last: date) -> Iterable[Occasion]:
    if first < lunar.FIRST or last > lunar.LAST:
        return
    for year in range(first.year, last.year + 1):
        for term, on in lunar.terms(year).items():
            if first <= on <= last and term != "qingming":  # the festival of that day stands there already
                day = Day(id=f"term-{term}", title=lunar.TERMS[term], kind="term", rule=f"every year on term {term}")
                yield Occasion(day=day, first=on, last=on)


@cache
def known() -> tuple[Day, ...]:
    """The days of `days.toml`."""
    return tuple(msgspec.convert(each, Day) for each in tomllib.loads(_FILE.read_text())["day"])


def together(kept: Iterable[Day], hidden: Iterable[str] = ()) -> tuple[Day, ...]:
    """The known days with the operators': theirs win, hidden ones are left out."""
    kept = tuple(kept)
    replaced = {day.id for day in kept} | set(hidden)
    return (*(day for day in known() if day.id not in replaced), *kept)
