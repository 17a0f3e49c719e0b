"""The next occasions, for the first page: how far away, and whether somebody works on them."""

from datetime import date, timedelta

from miaohui.campaign.store import Connection
from miaohui.console.calendar import planned_between
from miaohui.console.calendar_views import QUIET, Line, agenda
from miaohui.planning.lead_times import calendar_with_cases
from miaohui.workspace import Workspace

AHEAD_DAYS = 120
MOST = 6


async def coming(c: Connection, workspace: Workspace, today: date) -> list[Line]:
    """The next occasions from today on, with their plans backwards."""
    kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
    last = today + timedelta(AHEAD_DAYS)
    found = [one for one in kept.almanac.occasions(today, last) if one.day.kind not in QUIET and one.first >= today]
    return agenda(found[:MOST], kept, await planned_between(c, workspace, today, last), today)
