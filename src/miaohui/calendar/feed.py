"""The calendar for other programs, as iCalendar (RFC 5545): occasions and campaigns as whole days, "work must start on" as well."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar as File
from icalendar import Event
from msgspec import Struct


class Entry(Struct, frozen=True):
    """One entry: `first` to `last`, whole days."""

    uid: str
    first: date
    last: date
    title: str
    text: str = ""
    category: str = ""
    url: str = ""


def written(entries: Iterable[Entry], *, name: str, at_ms: int) -> bytes:
    """The file; `at_ms`: when it was made."""
    file = File()
    file.add("prodid", "-//Miaohui//Marketing calendar//EN")
    file.add("version", "2.0")
    file.add("x-wr-calname", name)
    stamp = datetime.fromtimestamp(at_ms // 1000, UTC)
    for entry in entries:
        event = Event()
        event.add("uid", f"{entry.uid}@miaohui")
        event.add("dtstamp", stamp)
        event.add("dtstart", entry.first)
        event.add("dtend", entry.last + timedelta(1))
        event.add("summary", entry.title)
        event.add("transp", "TRANSPARENT")
        for key, value in (("description", entry.text), ("categories", entry.category), ("url", entry.url)):
            if value:
                event.add(key, value)
        file.add_component(event)
    return bytes(file.to_ical())
