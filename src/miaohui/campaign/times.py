"""Times as a document writes them: "live + 1 day 20:00 for 30 minutes".

    a date                2026-09-20                    the beginning of that day in the campaign's zone
    a time                2026-09-20T20:00:00           in the campaign's zone; with an offset, exactly that instant
    a phase               warm_up                       when it begins
    ... moved             live + 1 day, wrap_up - 2 hours
    ... at a time of day  live 20:00, live + 1 day 20:00, 2026-09-20 20:00
    a window              <time> for 30 minutes         [start, end)

Hours and minutes are counted; days and weeks are turned over on the calendar, so that "live + 1 day 20:00" is eight in the
evening on a day of 23 or 25 hours too. A time that the clocks skip is refused; of one that comes twice the first is meant.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from miaohui.clock import ms_of
from miaohui.plays._fields import Span, Text

Written = str | date | datetime
_ANCHOR = r"(?P<phase>[a-z_]+)|(?P<date>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?)"
_LENGTH = r"(\d{1,4}) (minutes?|hours?|days?|weeks?)"
_TIME = re.compile(rf"(?:{_ANCHOR})(?: (?P<sign>[+-]) (?P<move>{_LENGTH}))?(?: (?P<clock>\d\d?:\d\d))?")
_WINDOW = re.compile(rf"(?P<start>.+) for (?P<length>{_LENGTH})")
_DAYS = {"day": 1, "week": 7}
_YEAR_3000_MS = 32_503_680_000_000
_MS = {"minute": 60_000, "hour": 3_600_000}


class Unreadable(Exception):
    """A value that cannot be meant: `code` and `data` of the problem."""

    def __init__(self, code: str, **data: str | Text) -> None:
        super().__init__(code, data)
        self.code, self.data = code, data


class Days(Struct, frozen=True):
    """What times are reckoned from: the campaign's zone and the beginnings of its phases (ms since 1970)."""

    zone: ZoneInfo
    phases: Mapping[str, int]

    def instant(self, written: Written) -> int:
        """`written` in ms since 1970; Unreadable with bad_time, unknown_phase or no_such_time."""
        try:
            at_ms = self._instant(written)
        except (ValueError, OverflowError):  # 2026-02-30, 25:00
            at_ms = -1
        if not 0 <= at_ms < _YEAR_3000_MS:
            raise Unreadable("bad_time", value=str(written))
        return at_ms

    def window(self, written: str) -> Span:
        """`written` as a window [start, end); Unreadable as `instant`, or bad_window."""
        found = _WINDOW.fullmatch(written.strip())
        if not found:
            raise Unreadable("bad_window", value=written)
        start = datetime.fromtimestamp(self.instant(found["start"]) / 1000, self.zone)
        try:
            end = self._add(start, _length(found["length"]))
        except (ValueError, OverflowError):
            raise Unreadable("bad_window", value=written) from None
        if end <= start:
            raise Unreadable("bad_window", value=written)
        return Span(ms_of(start), ms_of(end))

    def written(self, at_ms: int) -> str:
        """`at_ms` as a document writes it, with its offset: what `instant` reads as the same ms."""
        at = datetime.fromtimestamp(at_ms / 1000, self.zone)
        return at.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")

    def _instant(self, written: Written) -> int:
        if isinstance(written, datetime):
            return ms_of(written if written.tzinfo else self._exists(written))
        if isinstance(written, date):
            return self._midnight(written)
        found = _TIME.fullmatch(written.strip())
        return ms_of(self._moved(found)) if found else -1

    def _moved(self, found: re.Match[str]) -> datetime:
        start = self._anchor(found)
        clock = time.fromisoformat(found["clock"].zfill(5)) if found["clock"] else None
        if found["move"]:
            start = self._add(start, _length(found["move"], found["sign"]), exact=clock is None)
        return start if clock is None else self._exists(datetime.combine(start.date(), clock))

    def _anchor(self, found: re.Match[str]) -> datetime:
        if found["phase"]:
            if found["phase"] not in self.phases:
                raise Unreadable("unknown_phase", value=found["phase"], known=", ".join(self.phases) or "-")
            return datetime.fromtimestamp(self.phases[found["phase"]] / 1000, self.zone)
        at = datetime.fromisoformat(found["date"])
        if at.tzinfo:
            return at.astimezone(self.zone)
        return self._exists(at) if len(found["date"]) > 10 else self._local(self._midnight(at.date()))

    def _add(self, start: datetime, length: "_Length", *, exact: bool = True) -> datetime:
        """Days are turned over on the calendar (to a time that exists, unless it is replaced after), less is counted."""
        if not length.days:
            return self._local(ms_of(start) + length.ms)
        there = datetime.combine(start.date() + timedelta(length.days), start.timetz().replace(tzinfo=None))
        return self._exists(there) if exact else there.replace(tzinfo=self.zone)

    def _exists(self, local: datetime) -> datetime:
        at = local.replace(tzinfo=self.zone)
        back = self._local(ms_of(at))
        if back.replace(tzinfo=None) != local.replace(microsecond=local.microsecond // 1000 * 1000):
            raise Unreadable(
                "no_such_time", value=f"{local:%Y-%m-%d %H:%M}", zone=self.zone.key, instead=f"{back:%H:%M}"
            )
        return at

    def _midnight(self, day: date) -> int:
        return ms_of(datetime.combine(day, time(), self.zone))

    def _local(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp(at_ms / 1000, self.zone)


class _Length(Struct, frozen=True):
    days: int = 0
    ms: int = 0


def _length(written: str, sign: str = "+") -> _Length:
    number, unit = written.split()
    count, unit = int(sign + number), unit.rstrip("s")
    return _Length(days=count * _DAYS[unit]) if unit in _DAYS else _Length(ms=count * _MS[unit])
