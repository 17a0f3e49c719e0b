"""The calendar's days and settings: add, change and hide days, take them from a file, enter what was announced, lead times, other
countries, and secret links for calendar programs."""

from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec.structs import replace

from miaohui.calendar import lead, rule, sheet, store
from miaohui.calendar.almanac import KEPT, KINDS, Day
from miaohui.calendar.sheet import Sheet
from miaohui.calendar.store import CalendarRefusal
from miaohui.calendar.workdays import CHINA, countries, country_of
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.pages.format import day_of
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.planning.lead_times import calendar_with_cases
from miaohui.text import Text
from miaohui.workspace import Workspace

HERE = "/calendar/days"
FILE_MOST = 1_000_000
EMPTY = Day(id="", title=Text("", ""), kind="own", rule="")


@get("/calendar/days", guards=[needs("calendar.edit")])
async def days(
    request: AnyRequest, workspace: TheWorkspace, id: FromQuery[str] = "", kind: FromQuery[str] = ""
) -> Response[str]:
    """All that can be changed, on one page; `kind`: what is to be added."""
    day = replace(EMPTY, kind=kind) if kind in KEPT else None
    return await _page(request, workspace, id=id, day=day)


async def _page(
    request: AnyRequest,
    workspace: Workspace,
    *,
    id: str = "",
    day: Day | None = None,
    refusal: Text | None = None,
    taken: Sheet | None = None,
    link: str = "",
) -> Response[str]:
    async with workspace.db.acquire() as c:
        kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
        feeds = await store.feeds(c)
        now_ms = await c.fetchval("select now_ms()")
    chosen = day or next((one for one in kept.almanac.days if one.id == id), EMPTY)
    return show(
        request,
        "console/calendar_days.html",
        status=422 if refusal else 200,
        kept=[one for one in kept.almanac.days if one.kept],
        known=[one for one in kept.almanac.days if not one.kept],
        hidden=kept.hidden,
        day=chosen,
        kinds={name: KINDS[name] for name in dict.fromkeys((*KEPT, chosen.kind))},
        all_kinds=KINDS,
        classes=lead.NAMES,
        told=lambda words: rule.told(rule.read(words)),
        leads=[(name, kept.lead(name), name in kept.leads and not kept.lead(name).cases) for name in lead.DEFAULTS],
        workdays=kept.almanac.workdays,
        china=CHINA,
        years=_years(kept.almanac.workdays, now_ms, workspace.zone),
        abroad=kept.almanac.abroad,
        countries=countries(),
        feeds=feeds,
        refusal=refusal,
        taken=taken,
        link=link,
        columns=",".join(sheet.COLUMNS),
    )


def _years(workdays: Any, now_ms: int, zone: str) -> list[tuple[int, bool]]:
    """This year and the two that follow, each with whether its days off are known."""
    year = day_of(now_ms, zone).year
    return [(n, workdays.announced(n)) for n in range(year, year + 3)]


@post("/calendar/days", guards=[needs("calendar.edit")])
async def keep_day(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Response[str] | Redirect:
    """A day, new or changed."""
    form = {name: str(value).strip() for name, value in (await request.form()).items()}
    day = Day(
        id=form.get("id", ""),
        title=Text(form.get("zh", ""), form.get("en", "")),
        kind=form.get("kind", ""),  # type: ignore[arg-type]
        rule=form.get("rule", ""),
        class_=form.get("class", ""),  # type: ignore[arg-type]
        source=form.get("source", ""),
        note=form.get("note", ""),
    )
    try:
        async with workspace.db.acquire() as c:
            await store.keep(c, operator.name, [day])
    except CalendarRefusal as refused:
        return await _page(request, workspace, day=day, refusal=refused.sentence)
    said = Text(f"“{day.title.zh}”已在日历上。", f"{day.title.en} stands in the calendar.")
    return see_other(request, HERE, said)


@post("/calendar/days/{id:str}/{what:str}", guards=[needs("calendar.edit")])
async def change_day(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], what: FromPath[str]
) -> Redirect:
    """Hide a day, or show a known one again."""
    try:
        async with workspace.db.acquire() as c:
            if what == "restore":
                title = await store.restore(c, operator.name, id)
                said = Text(f"“{title.zh}”又在日历上了。", f"{title.en} is back in the calendar.")
            else:
                title = await store.archive(c, operator.name, id)
                said = Text(f"“{title.zh}”已归档，不再显示。", f"{title.en} is archived and no longer shown.")
    except CalendarRefusal as refused:
        return see_other(request, HERE, refused.sentence, "bad")
    return see_other(request, HERE, said)


@post("/calendar/file", guards=[needs("calendar.edit")])
async def take_file(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Response[str]:
    """Days from a CSV file; the page says what was taken and what was set aside."""
    file = (await request.form()).get("file")
    body = await file.read() if isinstance(file, UploadFile) else b""
    try:
        if not body or len(body) > FILE_MOST:
            raise CalendarRefusal(Text("选一个不超过 1 MB 的 CSV 文件", "Choose a CSV file of at most 1 MB"))
        written = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return await _page(request, workspace, refusal=Text("文件要用 UTF-8 编码", "The file must be UTF-8"))
    except CalendarRefusal as refused:
        return await _page(request, workspace, refusal=refused.sentence)
    async with workspace.db.acquire() as c:
        kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
        found = sheet.read(written, kept.almanac.days)
        await store.keep(c, operator.name, found.days)
    return await _page(request, workspace, taken=found)


@post("/calendar/announced", guards=[needs("calendar.edit")])
async def enter(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Response[str] | Redirect:
    """Days off and make-up workdays of the country people work in: as China announced them, or beyond the law."""
    form = await request.form()
    try:
        found = sheet.announced(str(form.get("days", "")))
        async with workspace.db.acquire() as c:
            source = str(form.get("source", "")).strip()[:200]
            await store.announce(c, operator.name, found, source, country_of(workspace.zone))
    except CalendarRefusal as refused:
        return await _page(request, workspace, refusal=refused.sentence)
    years = "、".join(sorted({str(on.year) for on in found}))
    said = Text(
        f"已录入 {years} 年的 {len(found)} 天。", f"{len(found)} days of {years.replace('、', ', ')} are entered."
    )
    return see_other(request, HERE, said)


@post("/calendar/leads", guards=[needs("calendar.edit")])
async def change_lead(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Response[str] | Redirect:
    """Other lead times for a class."""
    form = await request.form()
    days = [str(form.get(name, "")) for name in ("prepare", "warm_up", "live")]
    numbers = [int(written) if written.isdecimal() else -1 for written in days]
    try:
        async with workspace.db.acquire() as c:
            await store.set_lead(c, operator.name, str(form.get("class", "")), *numbers)
    except CalendarRefusal as refused:
        return await _page(request, workspace, refusal=refused.sentence)
    return see_other(request, f"{HERE}#leads", Text("筹备时长已改。", "The lead times are changed."))


@post("/calendar/countries", guards=[needs("calendar.edit")])
async def change_countries(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator
) -> Response[str] | Redirect:
    """Whose holidays are shown."""
    wanted = str((await request.form()).get("countries", "")).upper().replace(",", " ").split()
    try:
        async with workspace.db.acquire() as c:
            await store.set_abroad(c, operator.name, wanted)
    except CalendarRefusal as refused:
        return await _page(request, workspace, refusal=refused.sentence)
    return see_other(request, f"{HERE}#abroad", Text("已更新。", "Updated."))


@post("/calendar/feeds", guards=[needs("calendar.edit")])
async def open_feed(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Response[str]:
    """A new secret link, shown once."""
    async with workspace.db.acquire() as c:
        token = await store.open_feed(c, operator.name)
    return await _page(request, workspace, link=f"{workspace.url}/calendar.ics?key={token}")


@post("/calendar/feeds/{id:str}/revoke", guards=[needs("calendar.edit")])
async def revoke_feed(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Redirect:
    """The link shows nothing any more."""
    try:
        async with workspace.db.acquire() as c:
            await store.revoke_feed(c, operator.name, id)
    except CalendarRefusal as refused:
        return see_other(request, f"{HERE}#feeds", refused.sentence, "bad")
    return see_other(request, f"{HERE}#feeds", Text("链接已停用。", "The link is revoked."))


HANDLERS = [days, keep_day, change_day, take_file, enter, change_lead, change_countries, open_feed, revoke_feed]
