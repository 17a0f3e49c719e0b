"""The calendar on the first page: this month with the phases of campaigns, and the next occasions with how far away they are and
whether somebody works on them."""

from datetime import date, timedelta

from msgspec import Struct

from miaohui.campaign.clashes import clashes
from miaohui.campaign.store import Connection
from miaohui.console.calendar import planned_between
from miaohui.console.calendar_views import QUIET, Line, Week, agenda, month_weeks, phases_of
from miaohui.planning.lead_times import calendar_with_cases
from miaohui.workspace import Workspace

AHEAD_DAYS = 120
MOST = 6


class Coming(Struct, frozen=True):
    """`weeks` of the month of `first`, `lines` of the next occasions, and the ids of campaigns that clash with another."""

    first: date
    weeks: list[Week]
    lines: list[Line]
    clashing: frozenset[str]


async def coming(c: Connection, workspace: Workspace, today: date) -> Coming:
    """This month, and the next occasions from today on with their plans backwards."""
    kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
    first, last = today.replace(day=1), today + timedelta(AHEAD_DAYS)
    planned = await planned_between(c, workspace, first, last)
    occasions = kept.almanac.occasions(first - timedelta(6), last)
    phases = [phase for one in planned for phase in phases_of(one)]
    found = [one for one in occasions if one.day.kind not in QUIET and one.first >= today]
    meets = [clash for clash in clashes(one.document for one in planned) if clash.last >= today]
    return Coming(
        first=first,
        weeks=month_weeks(first, today, kept.almanac, occasions, phases),
        lines=agenda(found[:MOST], kept, planned, today),
        clashing=frozenset(id for clash in meets for id in (clash.one, clash.other)),
    )
