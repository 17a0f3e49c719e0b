"""Days from a CSV file, and days off as they were announced. Rows that cannot be kept are set aside with their reason; the others
are taken. A row that is in the calendar already (same kind, English name and rule) is not taken twice.

    kind,title_zh,title_en,rule,class,source,note
    own,会员日,Members' day,every month on 22,own_day,,
    event,某片上映,A film opens,2027-02-06 to 2027-02-20,brand,distributor's list,
"""

import csv
import io
from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from miaohui.calendar.almanac import Day
from miaohui.calendar.store import CalendarRefusal, checked
from miaohui.calendar.workdays import Stated
from miaohui.text import Text

COLUMNS = ("kind", "title_zh", "title_en", "rule", "class", "source", "note")
NEEDED = ("kind", "title_zh", "title_en", "rule")
ROWS_MOST = 2000


class Aside(Struct, frozen=True):
    """A row that was not taken: its line in the file, what stood there, why."""

    line: int
    row: str
    why: Text


class Sheet(Struct, frozen=True):
    """What a file holds."""

    days: list[Day]
    aside: list[Aside]


def read(written: str, present: Iterable[Day] = ()) -> Sheet:
    """The days of a CSV file with a header row."""
    lines = csv.DictReader(io.StringIO(written.removeprefix("\ufeff"), newline=""))
    missing = [name for name in NEEDED if name not in (lines.fieldnames or [])]
    if missing:
        said = ", ".join(missing)
        return Sheet(
            [], [Aside(1, ",".join(lines.fieldnames or []), Text(f"表头缺少：{said}", f"The header lacks {said}"))]
        )
    there = {(day.kind, day.title.en, day.rule) for day in present}
    days: list[Day] = []
    aside: list[Aside] = []
    for row in lines:
        shown = ",".join(value for value in row.values() if isinstance(value, str))[:120]
        try:
            if len(days) + len(aside) >= ROWS_MOST:
                raise CalendarRefusal(Text(f"一次至多 {ROWS_MOST} 行", f"{ROWS_MOST} rows at a time"))
            day = checked(_day(row))
            if (day.kind, day.title.en, day.rule) in there:
                raise CalendarRefusal(Text("日历里已经有了", "The calendar has it already"))
        except CalendarRefusal as refused:
            aside.append(Aside(lines.line_num, shown, refused.sentence))
            continue
        there.add((day.kind, day.title.en, day.rule))
        days.append(day)
    return Sheet(days, aside)


def _day(row: dict[str, str | None]) -> Day:
    cell = {name: (row.get(name) or "").strip() for name in COLUMNS}
    return Day(
        id="", title=Text(cell["title_zh"], cell["title_en"]), kind=cell["kind"],  # type: ignore[arg-type]
        rule=cell["rule"], class_=cell["class"], source=cell["source"], note=cell["note"],  # type: ignore[arg-type]
    )  # fmt: skip


def announced(written: str) -> dict[date, Stated]:
    """Days off and make-up workdays, one a line: "2027-02-05 off 春节 Spring Festival", "2027-01-31 work 春节 Spring Festival".

    A span is "2027-02-05 to 2027-02-11 off ...". CalendarRefusal names the first line that cannot be read.
    """
    found: dict[date, Stated] = {}
    for n, line in enumerate(written.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        try:
            first = last = date.fromisoformat(words[0])
            rest = words[1:]
            if rest[:1] == ["to"]:
                last, rest = date.fromisoformat(rest[1]), rest[2:]
            what, zh, *en = rest
            if what not in ("off", "work") or not en or not 0 <= (last - first).days < 31:
                raise ValueError
        except ValueError:
            said = Text(
                f"第 {n} 行读不成：“{line[:60]}”。写成 2027-02-05 to 2027-02-11 off 春节 Spring Festival",
                f'Line {n} cannot be read: "{line[:60]}". Write 2027-02-05 to 2027-02-11 off 春节 Spring Festival',
            )
            raise CalendarRefusal(said) from None
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            found[date.fromordinal(ordinal)] = Stated(what == "work", Text(zh, " ".join(en)))
    return found
