"""Moving a campaign on the calendar: what would move, what would clash, whether there is time; and then a new version of its
document. The way of the mouse (drag a bar) and the way of the keyboard (a date) end on the same page."""

from datetime import date, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from miaohui.calendar.backwards import backwards
from miaohui.campaign import lifecycle, store
from miaohui.campaign.clashes import clashes, fatigue
from miaohui.campaign.facts import Facts
from miaohui.campaign.reader import read
from miaohui.campaign.refused import CampaignRefused
from miaohui.console.calendar import planned_between, today_of
from miaohui.console.campaigns import campaign_of
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.stages import pages_of
from miaohui.pages.errors import missing
from miaohui.pages.format import day_of
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.planning.lead_times import calendar_with_cases
from miaohui.planning.moving import Moved, moved
from miaohui.text import Text
from miaohui.workspace import Workspace

MOST = 3660


@get("/calendar-move/{id:str}", guards=[needs("campaign.edit")])
async def move(
    request: AnyRequest, workspace: TheWorkspace, id: FromPath[str], days: FromQuery[int] = 0, to: FromQuery[str] = ""
) -> Response[str]:
    """What moving campaign `id` by `days`, or to a first day live of `to`, would change. Nothing is changed."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        newest = await store.version(c, id)
        today = today_of(workspace, await c.fetchval("select now_ms()"))
        kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
        document = read(newest.text, Facts(zone=workspace.zone, currency=workspace.currency)).document
        if document is None:
            raise missing(Text("文件读不成活动，先改好它", "The document cannot be read: put it right first"))
        live = day_of(document.phases.live_ms, document.zone)
        days = max(-MOST, min(MOST, _days(to, live, days)))
        around = await planned_between(c, workspace, live + timedelta(days - 60), live + timedelta(days + 60))
    found = moved(newest.text, document, days, kept.almanac.workdays) if days else Moved(newest.text, [], [])
    after = await workspace.office.check(found.text)
    others = [one.document for one in around if one.campaign.id != id]
    meets = [one for one in clashes([*others, after.document or document]) if id in (one.one, one.other)]
    tired = [one for one in fatigue([*others, after.document or document]) if id in one.campaigns]
    return show(
        request,
        "console/calendar_move.html",
        within=pages_of(id, campaign.name),
        campaign=campaign,
        movable=_movable(campaign),
        days=days,
        live=live,
        to=live + timedelta(days),
        found=found,
        plan=backwards(live + timedelta(days), kept.lead(document.class_), kept.almanac.workdays),
        lead=kept.lead(document.class_),
        today=today,
        meets=meets,
        tired=tired,
        names={one.campaign.id: one.campaign.name for one in around} | {id: campaign.name},
        stops=[problem for problem in after.problems if problem.level == "stop"],
        one_day=timedelta(1),
    )


def _days(to: str, live: date, days: int) -> int:
    try:
        return (date.fromisoformat(to) - live).days if to else days
    except ValueError:
        return days


def _movable(campaign: store.Campaign) -> bool:
    try:
        lifecycle.edited(campaign.status)
    except lifecycle.Forbidden:
        return False
    return campaign.status.state not in lifecycle.OPEN


@post("/calendar-move/{id:str}", guards=[needs("campaign.edit")])
async def carry_out(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Redirect:
    """A new version of the document, `days` later, made from the version that was looked at."""
    form = await request.form()
    days, base = _whole(form.get("days")), _whole(form.get("base"))
    here = f"/calendar-move/{id}?days={days}"
    try:
        await _save(workspace, operator, id, days, base)
    except CampaignRefused as refused:
        return see_other(request, here, refused.sentence, "bad")
    said = Text(f"已移动 {days:+} 天，存为新版本。", f"Moved by {days:+} days and saved as a new version.")
    return see_other(request, f"/campaigns/{id}", said)


async def _save(workspace: Workspace, operator: Any, id: str, days: int, base: int) -> None:
    async with workspace.db.acquire() as c:
        newest = await store.version(c, id)
        kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
    document = read(newest.text, Facts(zone=workspace.zone, currency=workspace.currency)).document
    if document is None:
        raise CampaignRefused("unreadable", what=Text("先改好文件", "put the document right first"), problems=[])
    text = moved(newest.text, document, days, kept.almanac.workdays).text
    await workspace.office.save(operator, id, base, text, f"moved by {days:+} days on the calendar")


def _whole(written: Any) -> int:
    try:
        return max(-MOST, min(MOST, int(str(written))))
    except ValueError:
        return 0


HANDLERS = [move, carry_out]
