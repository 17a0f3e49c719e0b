"""What the calendar's pages show, worked out: weeks with their days and bars, months of a year, the agenda's lines."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from miaohui.calendar.almanac import Almanac, Occasion
from miaohui.calendar.backwards import Backwards, backwards
from miaohui.calendar.lunar import FIRST, LAST, lunar_day
from miaohui.calendar.store import Calendar
from miaohui.campaign.document import Document
from miaohui.campaign.lifecycle import State
from miaohui.campaign.store import Campaign
from miaohui.pages.format import day_of
from miaohui.text import Text

LANES = 6
QUIET = ("term", "abroad")
"""Kinds that nobody plans a campaign for unless he asks."""
PHASE_NAMES = {
    "prepare": Text("筹备", "prepare"),
    "warm_up": Text("预热", "warm-up"),
    "live": Text("正式", "live"),
    "wrap_up": Text("收尾", "wrap-up"),
}
MOVABLE: tuple[State, ...] = ("draft", "in_review", "approved")


class Phase(Struct, frozen=True, kw_only=True):
    """One phase of a campaign as whole days."""

    campaign: str
    name: Text
    state: State
    phase: str
    first: date
    last: date

    @property
    def movable(self) -> bool:
        """Whether the campaign can still be moved."""
        return self.state in MOVABLE


class Planned(Struct, frozen=True):
    """A campaign and the document that runs, or will."""

    campaign: Campaign
    document: Document


def phases_of(planned: Planned) -> list[Phase]:
    """The phases of one campaign; what begins in the middle of a day belongs to it."""
    campaign, document = planned.campaign, planned.document
    written = [(name, day_of(at_ms, document.zone)) for name, at_ms in document.phases.each()]
    found = []
    for n, (name, first) in enumerate(written):
        if name in PHASE_NAMES:
            last = written[n + 1][1] - timedelta(1) if n + 1 < len(written) else first
            found.append(
                Phase(
                    campaign=campaign.id, name=campaign.name, state=campaign.status.state, phase=name, first=first,
                    last=max(first, last),
                )
            )  # fmt: skip
    return found


# -- a month -----------------------------------------------------------------------------------------------------------------


class Cell(Struct, frozen=True, kw_only=True):
    """One day: `mark` is off, work or nothing; `lunar` its day in the Chinese calendar."""

    on: date
    inside: bool
    today: bool
    weekend: bool
    mark: Literal["", "off", "work"]
    why: Text
    lunar: str
    occasions: list[Occasion]


class Bar(Struct, frozen=True, kw_only=True):
    """A phase in one week: from column 1-7 over `span` days, in a lane; whether it goes on before or after."""

    phase: Phase
    column: int
    span: int
    lane: int
    begins: bool
    ends: bool


class Week(Struct, frozen=True):
    """Seven days, the bars over them, how many lanes those take and how many found no room."""

    cells: list[Cell]
    bars: list[Bar]
    lanes: int
    hidden: int


def month_weeks(
    first: date, today: date, almanac: Almanac, occasions: Iterable[Occasion], phases: Iterable[Phase]
) -> list[Week]:
    """The weeks, Monday to Sunday, that hold the month of `first`."""
    start = first - timedelta(first.weekday())
    following = (first.replace(day=28) + timedelta(4)).replace(day=1)
    occasions, phases = list(occasions), sorted(phases, key=lambda p: (p.first, p.campaign))
    weeks = []
    while start < following:
        days = [start + timedelta(n) for n in range(7)]
        cells = [_cell(day, first, today, almanac, occasions) for day in days]
        bars = _bars(days, phases)
        lanes = min(LANES, 1 + max((bar.lane for bar in bars), default=-1))
        kept = [bar for bar in bars if bar.lane < LANES]
        weeks.append(Week(cells, kept, lanes, len(bars) - len(kept)))
        start += timedelta(7)
    return weeks


def _cell(day: date, first: date, today: date, almanac: Almanac, occasions: list[Occasion]) -> Cell:
    stated, kind = almanac.workdays.stated(day), almanac.workdays.kind(day)
    return Cell(
        on=day,
        inside=(day.year, day.month) == (first.year, first.month),
        today=day == today,
        weekend=day.weekday() >= 5,
        mark="off" if kind == "holiday" else "work" if kind == "make_up" else "",
        why=stated.title if stated else Text("", ""),
        lunar=lunar_text(day),
        occasions=[one for one in occasions if one.first <= day <= one.last],
    )


def lunar_text(day: date) -> str:
    """ "八月" on the first of a lunar month, "十五" on others; what the tables do not reach has none."""
    if not FIRST <= day <= LAST:
        return ""
    found = lunar_day(day)
    month, _, of_month = found.zh.partition("月")
    return f"{month}月" if found.day == 1 else of_month


def _bars(days: list[date], phases: Iterable[Phase]) -> list[Bar]:
    taken: list[date] = []
    lane_of: dict[str, int] = {}
    bars = []
    for phase in phases:
        if phase.last < days[0] or phase.first > days[6]:
            continue
        first, last = max(phase.first, days[0]), min(phase.last, days[6])
        lane = lane_of.get(phase.campaign, len(taken))
        if lane == len(taken) or taken[lane] >= first:
            lane = next((n for n, until in enumerate(taken) if until < first), len(taken))
        taken[lane : lane + 1] = [last]
        lane_of[phase.campaign] = lane
        bars.append(
            Bar(
                phase=phase, column=first.weekday() + 1, span=(last - first).days + 1, lane=lane,
                begins=phase.first >= days[0], ends=phase.last <= days[6],
            )
        )  # fmt: skip
    return bars


# -- the agenda --------------------------------------------------------------------------------------------------------------


class Line(Struct, frozen=True):
    """An occasion to come: the plan backwards from it, and the campaigns that are made for it."""

    occasion: Occasion
    plan: Backwards
    planned: tuple[Campaign, ...]
    late: bool


def plan_of(occasion: Occasion, calendar: Calendar) -> Backwards:
    """When work on `occasion` must start."""
    lasts = (occasion.last - occasion.first).days + 1
    lead = calendar.lead(occasion.day.campaign_class)
    return backwards(occasion.first, lead, calendar.almanac.workdays, lasts=lasts if lasts > 1 else 0)


def agenda(occasions: Iterable[Occasion], calendar: Calendar, planned: list[Planned], today: date) -> list[Line]:
    """A line for each occasion."""
    lines = []
    for one in occasions:
        plan = plan_of(one, calendar)
        lines.append(Line(one, plan, tuple(_for(one, planned)), plan.late(today)))
    return lines


def _for(occasion: Occasion, planned: list[Planned]) -> Iterable[Campaign]:
    """Campaigns whose document names the occasion and that are live about that day."""
    for each in planned:
        live = day_of(each.document.phases.live_ms, each.document.zone)
        if each.document.occasion == occasion.day.id and abs((live - occasion.first).days) <= 45:
            yield each.campaign
