"""The marketing calendar: a month, a year or the agenda, what clashes in it, and one occasion with its plan backwards."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from miaohui.calendar import lead, rule
from miaohui.calendar.almanac import KINDS, Occasion
from miaohui.calendar.lunar import FIRST, LAST, lunar_day
from miaohui.calendar.store import Calendar
from miaohui.campaign import store
from miaohui.campaign.clashes import clashes, fatigue
from miaohui.campaign.store import Connection
from miaohui.console.calendar_views import (
    PHASE_NAMES,
    QUIET,
    Planned,
    agenda,
    month_weeks,
    phases_of,
    plan_of,
)
from miaohui.console.frame import show
from miaohui.console.guard import TheWorkspace, needs
from miaohui.console.plans import document_of
from miaohui.console.stages import STATE_NAMES
from miaohui.pages.errors import missing
from miaohui.pages.format import day_of
from miaohui.pages.language import AnyRequest
from miaohui.planning.lead_times import calendar_with_cases
from miaohui.text import Text
from miaohui.workspace import Workspace

AGENDA_DAYS = 120
CAMPAIGNS_MOST = 100
VIEWS = {"month": Text("月", "Month"), "year": Text("年", "Year"), "agenda": Text("日程", "Agenda")}
WEEKDAYS = [
    Text("周一", "Mon"), Text("周二", "Tue"), Text("周三", "Wed"), Text("周四", "Thu"), Text("周五", "Fri"),
    Text("周六", "Sat"), Text("周日", "Sun"),
]  # fmt: skip

_TOUCHING = """
select id from campaign
where state <> 'archived' and opens_ms < $2 and wrap_up_ms > $1
  and not exists (select from past_campaign p where p.id = campaign.id)
order by opens_ms, id limit $3
"""
_DAY_MS = 86_400_000


async def planned_between(c: Connection, workspace: Workspace, first: date, last: date) -> list[Planned]:
    """The campaigns that are prepared, open or wrapped up between two days, with their documents."""
    from_ms, until_ms = ((day.toordinal() - date(1970, 1, 1).toordinal()) * _DAY_MS for day in (first, last))
    rows = await c.fetch(_TOUCHING, from_ms - 30 * _DAY_MS, until_ms + 120 * _DAY_MS, CAMPAIGNS_MOST)
    found = []
    for row in rows:
        campaign = await store.get(c, row["id"])
        document = await document_of(c, workspace, campaign)
        if document is not None:
            found.append(Planned(campaign, document))
    return found


def today_of(workspace: Workspace, now_ms: int) -> date:
    """The day it is where the workspace is."""
    return day_of(now_ms, workspace.zone)


def _month(written: str, today: date) -> date:
    try:
        first = date.fromisoformat(f"{written}-01")
        return first if FIRST <= first <= LAST else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def _moved(first: date, months: int) -> date:
    n = first.year * 12 + first.month - 1 + months
    return date(n // 12, n % 12 + 1, 1)


class _Wanted:
    """What the address asks for: a view, a month, words and a kind to look for."""

    def __init__(self, view: str, month: str, q: str, kind: str, today: date) -> None:
        self.view = view if view in VIEWS else "month"
        self.first, self.q = _month(month, today), q.strip()[:60]
        self.kind = kind if kind in KINDS else ""

    def shows(self, occasion: Occasion) -> bool:
        """Whether the words and the kind fit."""
        title, day = occasion.day.title, occasion.day
        fits = self.q.lower() in f"{title.zh} {title.en} {day.note}".lower()
        return fits and (day.kind == self.kind if self.kind else True)

    def link(self, **changed: str) -> str:
        """This page with something else."""
        query = {"view": self.view, "month": f"{self.first:%Y-%m}", "q": self.q, "kind": self.kind} | changed
        return f"/calendar?{urlencode({name: value for name, value in query.items() if value})}"


@get("/calendar", guards=[needs("campaign.view")])
async def calendar(
    request: AnyRequest,
    workspace: TheWorkspace,
    view: FromQuery[str] = "month",
    month: FromQuery[str] = "",
    q: FromQuery[str] = "",
    kind: FromQuery[str] = "",
) -> Response[str]:
    """Occasions and campaigns."""
    async with workspace.db.acquire() as c:
        today = today_of(workspace, await c.fetchval("select now_ms()"))
        wanted = _Wanted(view, month, q, kind, today)
        first, last = _window(wanted, today)
        kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
        planned = await planned_between(c, workspace, first, last)
    occasions = [one for one in kept.almanac.occasions(first, last) if wanted.shows(one)]
    sought = [one for one in planned if wanted.q.lower() in f"{one.campaign.name.zh} {one.campaign.name.en}".lower()]
    ours = [] if wanted.kind else sought
    documents = [one.document for one in planned]
    meets = [clash for clash in clashes(documents) if clash.last >= today]
    return show(
        request,
        "console/calendar.html",
        wanted=wanted,
        views=VIEWS,
        kinds=KINDS,
        weekdays=WEEKDAYS,
        today=today,
        step=12 if wanted.view == "year" else 1,
        moved=_moved,
        unannounced=kept.almanac.workdays.unannounced(first, last),
        clashes=meets,
        clashing={id for clash in meets for id in (clash.one, clash.other)},
        fatigue=[each for each in fatigue(documents) if each.monday + timedelta(6) >= today],
        names={one.campaign.id: one.campaign.name for one in planned},
        states=STATE_NAMES,
        phase_names=PHASE_NAMES,
        agenda_path=wanted.link(view="agenda"),
        one_day=timedelta(1),
        lead_names=lead.NAMES,
        **_view(wanted, kept, occasions, ours, today),
    )


def _window(wanted: _Wanted, today: date) -> tuple[date, date]:
    """First and last day that the view shows."""
    match wanted.view:
        case "year":
            return date(wanted.first.year, 1, 1), date(wanted.first.year, 12, 31)
        case "agenda":
            first = today if wanted.first == today.replace(day=1) else wanted.first
            return first, first + timedelta(AGENDA_DAYS)
    return wanted.first - timedelta(6), _moved(wanted.first, 1) + timedelta(6)


def _view(
    wanted: _Wanted, kept: Calendar, occasions: list[Occasion], planned: list[Planned], today: date
) -> dict[str, Any]:
    phases = [phase for one in planned for phase in phases_of(one)]
    match wanted.view:
        case "year":
            months = [date(wanted.first.year, n, 1) for n in range(1, 13)]
            return {
                "months": [
                    (
                        month,
                        month_weeks(month, today, kept.almanac, occasions, []),
                        [one for one in occasions if one.first.month == month.month and one.day.kind not in QUIET],
                        [one for one in planned if _touches(one, month)],
                    )
                    for month in months
                ]
            }
        case "agenda":
            calm = [one for one in occasions if wanted.kind or one.day.kind not in QUIET]
            return {"lines": agenda(calm, kept, planned, today), "planned": planned, "day_of": day_of}
    return {"weeks": month_weeks(wanted.first, today, kept.almanac, occasions, phases)}


def _touches(planned: Planned, month: date) -> bool:
    phases = phases_of(planned)
    return bool(phases) and phases[0].first < _moved(month, 1) and phases[-1].last >= month


@get("/calendar/{id:str}/{on:str}", guards=[needs("campaign.view")])
async def occasion(request: AnyRequest, workspace: TheWorkspace, id: FromPath[str], on: FromPath[str]) -> Response[str]:
    """One occasion: where it comes from, when work on it must start, what is planned for it."""
    async with workspace.db.acquire() as c:
        today = today_of(workspace, await c.fetchval("select now_ms()"))
        kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
        found = occasion_of(kept, id, on)
        if found is None:
            raise missing(Text(f"日历里没有 {id} {on}", f"The calendar has no {id} on {on}"))
        planned = await planned_between(c, workspace, found.first - timedelta(60), found.last + timedelta(60))
    plan = plan_of(found, kept)
    [line] = agenda([found], kept, planned, today)
    near = kept.almanac.occasions(found.first - timedelta(7), found.last + timedelta(7))
    return show(
        request,
        "console/occasion.html",
        occasion=found,
        kinds=KINDS,
        plan=plan,
        line=line,
        today=today,
        lead=kept.lead(found.day.campaign_class),
        lead_names=lead.NAMES,
        repeats=rule.told(rule.read(found.day.rule)),
        lunar=lunar_day(found.first).text if FIRST <= found.first <= LAST else None,
        following=kept.almanac.next(found.day.id, found.last + timedelta(1)),
        editable=any(day.id == found.day.id for day in kept.almanac.days),
        near=[one for one in near if one.key != found.key and one.day.kind not in QUIET],
        states=STATE_NAMES,
    )


def occasion_of(kept: Calendar, id: str, on: str) -> Occasion | None:
    """The occasion that an address names; what is no day is none."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        return None
    return kept.almanac.find(id, day) if FIRST <= day <= LAST else None


HANDLERS = [calendar, occasion]
