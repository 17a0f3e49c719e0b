"""When a day comes round, in words that people write:

2026-05-20                                   once
2026-07-17 to 2026-07-26                     once, for some days
every week on friday
every month on 22                            in a month without it, on its last day
every year on 11-11
every year on 4th thursday of november       1st to 4th, or last;  + 1 day moves it
every year on lunar 8-15                     a day of the Chinese calendar, see `lunar`
every year on term qingming                  a solar term
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from miaohui.calendar.lunar import FIRST, LAST, TERMS, lunar_years, solar_day, terms
from miaohui.text import Text

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
LONGEST = 366
_ONCE = re.compile(r"(\d{4}-\d\d-\d\d)(?: to (\d{4}-\d\d-\d\d))?")
_WEEKLY = re.compile(rf"every week on ({'|'.join(WEEKDAYS)})")
_MONTHLY = re.compile(r"every month on (\d{1,2})")
_YEARLY = re.compile(r"every year on (\d{1,2})-(\d{1,2})")
_NTH = re.compile(
    rf"every year on (1st|2nd|3rd|4th|last) ({'|'.join(WEEKDAYS)}) of ({'|'.join(MONTHS)})(?: \+ (\d{{1,2}}) days?)?"
)
_LUNAR = re.compile(r"every year on lunar (\d{1,2})-(\d{1,2})")
_TERM = re.compile(rf"every year on term ({'|'.join(TERMS)})")
_NTHS = ("1st", "2nd", "3rd", "4th")


class BadRule(ValueError):
    """Words that name no day; `sentence` says what can be written."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence


class Rule(Struct, frozen=True):
    """A kind of repetition and its numbers, as `read` found them."""

    kind: str
    numbers: tuple[int, ...] = ()
    first: date = FIRST
    last: date = FIRST
    name: str = ""


def read(words: str) -> Rule:
    """The rule that `words` mean. BadRule."""
    words = " ".join(words.lower().split())
    try:
        found = _read(words)
    except ValueError as error:
        if isinstance(error, BadRule):
            raise
        raise _bad(words) from error
    if found is None:
        raise _bad(words)
    return found


def _read(words: str) -> Rule | None:
    if m := _ONCE.fullmatch(words):
        first = date.fromisoformat(m[1])
        last = date.fromisoformat(m[2]) if m[2] else first
        if not 0 <= (last - first).days < LONGEST or not FIRST <= first <= last <= LAST:
            raise _bad(words)
        return Rule("once", first=first, last=last)
    if m := _WEEKLY.fullmatch(words):
        return Rule("weekly", (WEEKDAYS.index(m[1]),))
    if m := _MONTHLY.fullmatch(words):
        return Rule("monthly", (_within(words, m[1], 31),))
    if m := _YEARLY.fullmatch(words):
        month, day = _within(words, m[1], 12), _within(words, m[2], 31)
        date(2024, month, day)
        return Rule("yearly", (month, day))
    if m := _NTH.fullmatch(words):
        nth = _NTHS.index(m[1]) if m[1] in _NTHS else -1
        return Rule("nth", (nth, WEEKDAYS.index(m[2]), MONTHS.index(m[3]) + 1, int(m[4] or 0)))
    if m := _LUNAR.fullmatch(words):
        return Rule("lunar", (_within(words, m[1], 12), _within(words, m[2], 30)))
    if m := _TERM.fullmatch(words):
        return Rule("term", name=m[1])
    return None


def _within(words: str, written: str, most: int) -> int:
    number = int(written)
    if not 1 <= number <= most:
        raise _bad(words)
    return number


def _bad(words: str) -> BadRule:
    shown = words[:60] or "-"
    return BadRule(
        Text(
            f"“{shown}”不是日期规则：可写 2026-05-20、2026-07-17 to 2026-07-26、every month on 22、every week on friday、"
            "every year on 11-11、every year on lunar 8-15",
            f'"{shown}" names no day: write 2026-05-20, 2026-07-17 to 2026-07-26, every month on 22, every week on friday, '
            "every year on 11-11, every year on lunar 8-15",
        )
    )


def occurrences(rule: Rule, first: date, last: date) -> Iterator[tuple[date, date]]:
    """First and last day of each time that touches [first, last], in their order."""
    if rule.kind == "once":
        if rule.first <= last and rule.last >= first:
            yield rule.first, rule.last
        return
    for day in _days(rule, max(first, FIRST), min(last, LAST)):
        if first <= day <= last:
            yield day, day


def _days(rule: Rule, first: date, last: date) -> Iterator[date]:
    """The days of the rule, a few more than from `first` to `last`."""
    match rule.kind:
        case "weekly":
            day = first + timedelta((rule.numbers[0] - first.weekday()) % 7)
            while day <= last:
                yield day
                day += timedelta(7)
        case "monthly":
            for year in range(first.year, last.year + 1):
                for month in range(1, 13):
                    yield date(year, month, min(rule.numbers[0], monthrange(year, month)[1]))
        case "yearly":
            for year in range(first.year, last.year + 1):
                month, day_of_month = rule.numbers
                yield date(year, month, min(day_of_month, monthrange(year, month)[1]))
        case "nth":
            for year in range(first.year - 1, last.year + 1):
                yield _nth(year, *rule.numbers)
        case "lunar":
            for year in lunar_years(first, last):
                yield solar_day(year, *rule.numbers)
        case "term":
            for year in range(first.year, last.year + 1):
                yield terms(year)[rule.name]


def _nth(year: int, nth: int, weekday: int, month: int, moved: int) -> date:
    first, days = date(year, month, 1), monthrange(year, month)[1]
    if nth < 0:
        end = date(year, month, days)
        return end - timedelta((end.weekday() - weekday) % 7) + timedelta(moved)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * nth + moved)


def told(rule: Rule) -> Text:
    """The rule as pages say it."""
    n = rule.numbers
    match rule.kind:
        case "weekly":
            return Text(f"每{WEEKDAYS_ZH[n[0]]}", f"every {WEEKDAYS[n[0]].capitalize()}")
        case "monthly":
            return Text(f"每月 {n[0]} 日", f"the {n[0]}{_ending(n[0])} of each month")
        case "yearly":
            return Text(f"每年 {n[0]} 月 {n[1]} 日", f"every {n[1]} {MONTHS[n[0] - 1].capitalize()[:3]}")
        case "nth":
            zh_nth = "最后一个" if n[0] < 0 else f"第 {n[0] + 1} 个"
            en_nth = "last" if n[0] < 0 else _NTHS[n[0]]
            zh, en = (f"后 {n[3]} 天", f" + {n[3]} day{'s' if n[3] > 1 else ''}") if n[3] else ("", "")
            month = MONTHS[n[2] - 1].capitalize()
            return Text(
                f"每年 {n[2]} 月{zh_nth}{WEEKDAYS_ZH[n[1]]}{zh}",
                f"{en_nth} {WEEKDAYS[n[1]].capitalize()} of {month}{en}",
            )
        case "lunar":
            return Text(f"农历 {n[0]} 月 {n[1]} 日", f"lunar {n[0]}-{n[1]}")
        case "term":
            return Text(f"节气{TERMS[rule.name].zh}", f"solar term {TERMS[rule.name].en}")
    return Text("一次", "once")


def _ending(number: int) -> str:
    return "th" if 10 <= number <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
