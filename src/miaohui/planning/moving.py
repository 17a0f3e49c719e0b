"""A campaign moved by some days: every day and time that the document writes out moves with it, and what is written from a phase
("live + 1 day 20:00") follows by itself. The preparation keeps its workdays, so that its first day is counted anew.

Times of day stay, also over a change of the clocks. Days that stand in texts for people are left, and named.
"""

import re
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import tomlkit
from msgspec import Struct

from miaohui.calendar.workdays import Workdays
from miaohui.campaign.document import Document
from miaohui.campaign.grammar import Instant, Window
from miaohui.campaign.leaves import Leaf, leaves
from miaohui.pages.format import day_of

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?")
_DAY_IN_TEXT = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}\s?月\s?\d{1,2}\s?[日号]")


class Change(Struct, frozen=True):
    """One value that moves."""

    path: str
    before: str
    after: str


class Moved(Struct, frozen=True):
    """The new text; `left`: where a day is written in words, which nobody but the author can move."""

    text: str
    changes: list[Change]
    left: list[str]


def moved(text: str, document: Document, days: int, workdays: Workdays) -> Moved:
    """`text`, which was read as `document`, some days later (or earlier: below 0)."""
    raw, zone = tomlkit.parse(text), ZoneInfo(document.zone)
    changes: list[Change] = []
    left: list[str] = []
    for leaf in list(leaves(raw)):
        path = ".".join(str(part) for part in leaf.path)
        if isinstance(leaf.kind, Instant | Window):
            after = _later(leaf, document, days, zone, workdays)
            if after is not None:
                changes.append(Change(path, _said(leaf.value), _said(after)))
                leaf.holder[leaf.key] = after
        elif any(_DAY_IN_TEXT.search(said) for said in _texts(leaf.value)):
            left.append(path)
    return Moved(tomlkit.dumps(raw), changes, left)


def _later(leaf: Leaf, document: Document, days: int, zone: ZoneInfo, workdays: Workdays) -> Any:
    """The value of `leaf` moved, or None where it follows by itself."""
    if leaf.path == ("phases", "prepare") and isinstance(leaf.value, date) and not isinstance(leaf.value, datetime):
        return _prepare(document, days, workdays)
    if isinstance(leaf.value, datetime):
        return _moment(leaf.value, days, zone)
    if isinstance(leaf.value, date):
        return leaf.value + timedelta(days)
    if isinstance(leaf.value, str) and _ISO.search(leaf.value):
        return _ISO.sub(lambda found: _words(found[0], days, zone), leaf.value)
    return None


def _prepare(document: Document, days: int, workdays: Workdays) -> date:
    phases = document.phases
    assert phases.prepare_ms is not None
    first, opens = day_of(phases.prepare_ms, document.zone), day_of(phases.opens_ms(), document.zone)
    return workdays.before(opens + timedelta(days), workdays.count(first, opens))


def _moment(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    at = datetime.fromisoformat(at.isoformat())  # of tomlkit, whose own arithmetic keeps the way it was written
    if at.tzinfo is None:
        return at + timedelta(days)
    local = at.astimezone(zone).replace(tzinfo=None) + timedelta(days)
    there = local.replace(tzinfo=zone)
    return there.replace(tzinfo=None).replace(tzinfo=_fixed(there))


def _fixed(at: datetime) -> Any:
    return datetime.fromisoformat(at.isoformat()).tzinfo


def _words(written: str, days: int, zone: ZoneInfo) -> str:
    if len(written) == 10:
        return str(date.fromisoformat(written) + timedelta(days))
    return _moment(datetime.fromisoformat(written), days, zone).isoformat(
        written[10], "auto" if written.count(":") > 1 else "minutes"
    )


def _said(value: Any) -> str:
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [said for said in value.values() if isinstance(said, str)]
    return [value] if isinstance(value, str) else []


def days_between(at_ms: int, wanted: date, zone: str) -> int:
    """From the day of `at_ms` to `wanted`."""
    return (wanted - day_of(at_ms, zone)).days


def midnight(on: date, zone: str) -> datetime:
    """The beginning of a day."""
    return datetime.combine(on, time(), ZoneInfo(zone))
