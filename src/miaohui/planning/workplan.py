"""The tasks of a document on the calendar: when each begins, its last day, by when it must be done at the latest, how far it is.

Work begins on the day of `prepare`; without one, as many workdays before the opening as the longest path takes. A task belongs to a
phase: it may begin when the phase does (and not before `begins`, if it has one) and must be done when the phase ends; those of the
preparation before the opening. Days are workdays of the calendar; a task of 0 workdays is a moment.

A task is *behind* when its planned last day has passed, and *late* when the last day that its slack allows has. Both count from the
plan: progress moves no dates, people do.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from miaohui.calendar.schedule import Circle, Piece, Place, Ruler, Works, critical, schedule
from miaohui.campaign.document import Document
from miaohui.campaign.work import Task

__all__ = ["Circle", "Job", "Plan", "plan"]


class Job(Struct, frozen=True, kw_only=True):
    """A task with its days: from `begins` to `last`, at the latest done on `due`; `percent` done."""

    task: Task
    begins: date
    last: date
    due: date
    slack: int
    critical: bool
    percent: int = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.percent >= 100

    def state(self, today: date) -> str:
        """done, late, behind, running or ahead (of its beginning)."""
        if self.done:
            return "done"
        if today > self.due:
            return "late"
        if today > self.last:
            return "behind"
        return "running" if today >= self.begins else "ahead"


class Plan(Struct, frozen=True, kw_only=True):
    """All tasks in the order in which they begin; `length`: workdays from the first to the last; `unannounced`: years whose days
    off nobody knows yet."""

    jobs: tuple[Job, ...]
    length: int
    path: tuple[str, ...]
    first: date
    unannounced: tuple[int, ...]

    def job(self, id: str) -> Job | None:
        """The task of that id."""
        return next((job for job in self.jobs if job.task.id == id), None)


def plan(document: Document, works: Works, percents: Mapping[str, int] = {}) -> Plan | None:
    """The tasks on the calendar; None without tasks. Circle."""
    if not document.tasks:
        return None
    opens = _day(document, document.phases.opens_ms())
    free = schedule(
        [Piece(id=t.id, workdays=t.workdays, after=t.after) for t in document.tasks if t.phase == "prepare"]
    )
    length = max((place.ends for place in free.values()), default=0)
    prepare_ms = document.phases.prepare_ms
    first = _before(works, opens, length) if prepare_ms is None else _day(document, prepare_ms)
    ruler = Ruler(works, first)
    places = schedule([_piece(document, ruler, task) for task in document.tasks])
    path = critical(places)
    jobs = [_job(task, places[task.id], ruler, path, percents.get(task.id, 0)) for task in document.tasks]
    jobs.sort(key=lambda job: (job.begins, job.last))
    return Plan(
        jobs=tuple(jobs),
        length=max(place.ends for place in places.values()) - min(place.earliest for place in places.values()),
        path=path,
        first=min(job.begins for job in jobs),
        unannounced=works.unannounced(first, max(job.due for job in jobs)),
    )


def workdays(works: Works, first: date, last: date) -> int:
    """How many workdays [first, last] has."""
    return sum(works.works(first + timedelta(n)) for n in range((last - first).days + 1))


def _piece(document: Document, ruler: Ruler, task: Task) -> Piece:
    phases = document.phases
    live = _day(document, phases.live_ms)
    starts = {
        "prepare": None,
        "warm_up": None if phases.warm_up_ms is None else _day(document, phases.warm_up_ms),
        "live": live,
        "wrap_up": _day(document, phases.wrap_up_ms),
    }
    ends = {
        "prepare": _day(document, phases.opens_ms()),
        "warm_up": live,
        "live": _day(document, phases.wrap_up_ms),
        "wrap_up": None if phases.review_ms is None else _day(document, phases.review_ms),
    }
    own = None if task.begins_ms is None else _day(document, task.begins_ms)
    ready = max([0, *(ruler.number(day) for day in (starts[task.phase], own) if day is not None)])
    end = ends[task.phase]
    deadline = None if end is None else ruler.number(end)
    return Piece(id=task.id, workdays=task.workdays, after=task.after, ready=ready, deadline=deadline)


def _job(task: Task, place: Place, ruler: Ruler, path: tuple[str, ...], percent: int) -> Job:
    length = max(place.workdays, 1)
    return Job(
        task=task,
        begins=ruler.day(place.earliest),
        last=ruler.day(place.earliest + length - 1),
        due=ruler.day(max(place.latest + length - 1, 0)),
        slack=place.slack,
        critical=task.id in path,
        percent=percent,
    )


def _before(works: Works, day: date, count: int) -> date:
    """The `count`-th workday before `day`."""
    while count:
        day -= timedelta(1)
        count -= works.works(day)
    return day


def _day(document: Document, at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(document.zone)).date()
