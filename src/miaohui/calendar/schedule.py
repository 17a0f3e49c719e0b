"""Tasks on workdays: when each can begin and must end, critical path and slack (critical path method, Kelley and Walker 1959).

Time is counted in workdays from the first: a task of 3 that begins at 2 fills workdays 2, 3 and 4 and ends at 5, the next one's
earliest beginning. Forward pass: earliest = the latest end of what it waits for. Backward pass: latest end = the earliest of the
latest beginnings of what waits for it, and of its deadline. Slack = latest beginning - earliest; without deadlines the critical
path is where it is 0.

Worked (`docs/reference/planning.md` has the table): twelve tasks, 22 days; critical are goal 2, play rules 2, copy 3, visuals 4,
pages 3, rehearsal 2, approval 1, warm-up 5; slack of supplier stock 2, products 2, channels 4, customer service 16.

`dated` lays it on the calendar: work begins on `begins`, a task may be kept from beginning before a day of its own, and must be
done before its phase ends. A negative slack says how many workdays it comes too late. What counts as a workday is asked of the
calendar, so that National Day week is skipped and a make-up Sunday is not. A circle is refused with its names.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Protocol

from msgspec import Struct

FAR_DAYS = 1500


class Works(Protocol):
    """Who knows the workdays."""

    def works(self, on: date) -> bool:
        """Whether people work on that day."""
        ...

    def unannounced(self, first: date, last: date) -> tuple[int, ...]:
        """The years between whose days off are not known yet."""
        ...


class Piece(Struct, frozen=True, kw_only=True):
    """A task as the schedule sees it; `ready` and `deadline` are workdays from the first, None: no limit of its own."""

    id: str
    workdays: int
    after: tuple[str, ...] = ()
    ready: int = 0
    deadline: int | None = None


class Place(Struct, frozen=True, kw_only=True):
    """Where a task lies, in workdays from the first: [earliest, ends), at the latest [latest, latest_end)."""

    id: str
    workdays: int
    earliest: int
    latest: int

    @property
    def ends(self) -> int:
        """The workday after its last."""
        return self.earliest + self.workdays

    @property
    def slack(self) -> int:
        """How many workdays it may be late; negative: how many it is already."""
        return self.latest - self.earliest


class Circle(ValueError):
    """Tasks wait for each other: `names` in their order, the first one again at the end."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(" > ".join(names))
        self.names = names


def order(pieces: Iterable[Piece]) -> list[Piece]:
    """The tasks so that each stands after what it waits for. Circle. Names of tasks that are not there are left out."""
    by_id = {piece.id: piece for piece in pieces}
    try:
        found = TopologicalSorter({p.id: [a for a in p.after if a in by_id] for p in by_id.values()}).static_order()
        return [by_id[id] for id in found]
    except CycleError as circle:
        raise Circle(tuple(circle.args[1])) from None


def schedule(pieces: Iterable[Piece]) -> dict[str, Place]:
    """Every task with its earliest and latest place. Circle."""
    ordered = order(pieces)
    starts: dict[str, int] = {}
    ends: dict[str, int] = {}
    for piece in ordered:
        starts[piece.id] = max([piece.ready, *(ends[id] for id in piece.after if id in ends)])
        ends[piece.id] = starts[piece.id] + piece.workdays
    whole = max(ends.values(), default=0)
    last: dict[str, int] = {}
    for piece in reversed(ordered):
        waiting = [last[other.id] - other.workdays for other in ordered if piece.id in other.after]
        own = [piece.deadline] if piece.deadline is not None else []
        last[piece.id] = min([*waiting, *own], default=whole)
    return {
        p.id: Place(id=p.id, workdays=p.workdays, earliest=starts[p.id], latest=last[p.id] - p.workdays)
        for p in ordered
    }


def critical(places: Mapping[str, Place]) -> tuple[str, ...]:
    """The tasks without slack (or with the least, when all are late or have time), in the order in which they begin."""
    least = min((place.slack for place in places.values()), default=0)
    path = [place for place in places.values() if place.slack == least]
    return tuple(place.id for place in sorted(path, key=lambda place: (place.earliest, place.ends)))


def longest(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """The chain of tasks that takes longest, in order; what takes no time is left out. Circle."""
    by_id = {piece.id: piece for piece in pieces}
    places = schedule(by_id.values())
    at = max(places.values(), key=lambda place: place.ends, default=None)
    chain: list[str] = []
    while at is not None:
        chain += [at.id] if at.workdays else []
        before = (places[id] for id in by_id[at.id].after if id in places)
        at = next((place for place in before if place.ends == at.earliest), None)
    return tuple(reversed(chain))


class Ruler:
    """Workdays counted from `first`: number <-> day."""

    def __init__(self, works: Works, first: date) -> None:
        self.works, self.first = works, first
        self._days: list[date] = []

    def day(self, number: int) -> date:
        """The workday of that number; 0 is the first one from `first` on."""
        while len(self._days) <= number:
            self._grow()
        return self._days[number]

    def number(self, on: date) -> int:
        """How many workdays lie in [first, on): the number of the first workday from `on` on."""
        while not self._days or self._days[-1] < on:
            self._grow()
        return sum(day < on for day in self._days)

    def _grow(self) -> None:
        day = self._days[-1] + timedelta(1) if self._days else self.first
        for _ in range(FAR_DAYS):
            if self.works.works(day):
                self._days.append(day)
                return
            day += timedelta(1)
        raise AssertionError(f"no workday within {FAR_DAYS} days of {self.first}")
