"""The calendar for other programs: GET /calendar.ics with a secret link's key, or with an API key; nobody is logged in."""

from datetime import timedelta

from litestar import Response, get
from litestar.params import FromQuery

from miaohui.calendar import store
from miaohui.calendar.almanac import KINDS
from miaohui.calendar.feed import Entry, written
from miaohui.console.calendar import planned_between, today_of
from miaohui.console.calendar_views import PHASE_NAMES, QUIET, phases_of, plan_of
from miaohui.console.guard import TheWorkspace
from miaohui.pages.language import AnyRequest
from miaohui.planning.lead_times import calendar_with_cases
from miaohui.text import Text
from miaohui.workspace import Workspace

BACK_DAYS, AHEAD_DAYS = 60, 400
WORK = Text("必须开工：", "Work must start: ")


@get("/calendar.ics", include_in_schema=False)
async def feed(
    request: AnyRequest, workspace: TheWorkspace, key: FromQuery[str] = "", lang: FromQuery[str] = ""
) -> Response[bytes]:
    """Occasions, campaigns, and the days on which work must start; 404 without a key that opens it."""
    if not await _may(workspace, request.headers.get("authorization", ""), key):
        return Response(b"", status_code=404, media_type="text/plain")
    language = lang if lang in ("zh", "en") else workspace.language
    async with workspace.db.acquire() as c:
        now_ms = await c.fetchval("select now_ms()")
        entries = await _entries(c, workspace, now_ms, language)
    body = written(
        entries, name=f"{workspace.title} · {Text('营销日历', 'Marketing calendar')(language)}", at_ms=now_ms
    )
    return Response(body, media_type="text/calendar", headers={"Cache-Control": "no-store"})


async def _may(workspace: Workspace, authorization: str, key: str) -> bool:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and await workspace.keys.caller(token.strip()) is not None:
        return True
    async with workspace.db.acquire() as c:
        return bool(key) and await store.opens(c, key)


async def _entries(c: store.Connection, workspace: Workspace, now_ms: int, language: str) -> list[Entry]:
    today = today_of(workspace, now_ms)
    first, last = today - timedelta(BACK_DAYS), today + timedelta(AHEAD_DAYS)
    kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
    found = []
    for one in kept.almanac.occasions(first, last):
        title, kind = one.day.title(language), KINDS[one.day.kind](language)
        at = f"{workspace.url}/calendar/{one.key}"
        found.append(Entry(f"occasion/{one.key}", one.first, one.last, title, one.day.source, kind, at))
        plan = plan_of(one, kept)
        if one.day.kind not in QUIET and plan.start >= today:
            found.append(Entry(f"work/{one.key}", plan.start, plan.start, WORK(language) + title, "", kind, at))
    for planned in await planned_between(c, workspace, first, last):
        for phase in phases_of(planned):
            title = f"{phase.name(language)} · {PHASE_NAMES[phase.phase](language)}"
            at = f"{workspace.url}/campaigns/{phase.campaign}"
            found.append(Entry(f"campaign/{phase.campaign}/{phase.phase}", phase.first, phase.last, title, "", "", at))
    return found


OPEN = [feed]
