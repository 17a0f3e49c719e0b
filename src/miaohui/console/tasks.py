"""The tasks of a campaign: Gantt and table, progress, material with its files; and everybody's own tasks.

What a task is and how long it takes stands in the document, so that a change of it is a new version. How far it is, and its files,
are kept beside the document. The Gantt only draws and drags: every change that it makes can be made in the table too.
"""

from datetime import date

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from miaohui.calendar.store import calendar_of
from miaohui.campaign import store
from miaohui.campaign.document import Document
from miaohui.campaign.edits import Edit
from miaohui.console.campaigns import campaign_of
from miaohui.console.document_edits import keep
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, forbidden, needs
from miaohui.console.stages import AT_WORK, pages_of, tags
from miaohui.console.worksheets import PHASES, STATES, job_of, may_progress, sheet, sheets
from miaohui.pages.format import day_of
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.planning import work
from miaohui.planning.workplan import Plan, workdays
from miaohui.text import Text

PERCENTS = (0, 25, 50, 75, 100)


@get("/campaigns/{id:str}/tasks", guards=[needs("campaign.view")])
async def tasks(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Response[str]:
    """The Gantt, the table, the material."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        found = await sheet(c, workspace, campaign)
        files = await work.files(c, id)
        people = await c.fetch("select name from operator where archived_at is null order by lower(name)")
    by_task: dict[str, list[work.File]] = {}
    for one in files:
        by_task.setdefault(one.task, []).append(one)
    return show(
        request,
        "console/tasks.html",
        within=pages_of(id, campaign.name),
        campaign=campaign,
        tags=tags(campaign.status),
        sheet=found,
        plan=found.plan,
        files=by_task,
        people=[row["name"] for row in people],
        chart=_chart(found.plan, found.document, found.today) if found.plan and found.document else "",
        phases=PHASES,
        states=STATES,
        percents=PERCENTS,
        edits=operator.may("campaign.edit"),
        iso=lambda at_ms: day_of(at_ms, campaign.zone).isoformat(),
        may_progress=lambda job: may_progress(operator, job),
        file_max=work.FILE_MAX // 1024 // 1024,
    )


def _chart(drawn: Plan, document: Document, today: date) -> str:
    """What the Gantt draws: phases with the tasks in them, and who waits for whom."""
    jobs = [
        {
            "id": job.task.id,
            "title": {"zh": job.task.title.zh, "en": job.task.title.en},
            "owner": job.task.owner or job.task.department,
            "phase": job.task.phase,
            "begins": job.begins.isoformat(),
            "last": job.last.isoformat(),
            "percent": job.percent,
            "critical": job.critical,
            "state": job.state(today),
            "after": [id for id in job.task.after if drawn.job(id)],
        }
        for job in drawn.jobs
    ]
    phases = [{"id": name, "title": {"zh": said.zh, "en": said.en}} for name, said in PHASES.items()]
    return msgspec.json.encode({"jobs": jobs, "phases": phases, "today": today.isoformat()}).decode()


# -- how far it is -------------------------------------------------------------------------------------------------------------


@post("/campaigns/{id:str}/tasks/{task:str}/progress", guards=[needs("campaign.view")])
async def progress(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], task: FromPath[str]
) -> Redirect:
    """So much of it is done: its owner says so, or who may edit the campaign."""
    form = await request.form()
    back = "/my-tasks" if form.get("back") == "mine" else f"/campaigns/{id}/tasks#task-{task}"
    try:
        percent = int(str(form.get("percent", "")))
    except ValueError:
        percent = -1
    if not 0 <= percent <= 100:
        return see_other(
            request, back, Text("进度是 0 到 100 的整数。", "Progress is a whole number from 0 to 100."), "bad"
        )
    async with workspace.db.acquire() as c:
        found, job = await job_of(c, workspace, await campaign_of(c, id), task)
        if not may_progress(operator, job):
            raise forbidden(operator, "campaign.edit")
        await work.set_percent(c, operator.name, id, task, percent, found.today)
    title = job.task.title
    return see_other(request, back, Text(f"{title.zh}：{percent}%。", f"{title.en}: {percent}%."))


# -- changes of the document ---------------------------------------------------------------------------------------------------


@post("/campaigns/{id:str}/tasks/{task:str}/plan", guards=[needs("campaign.edit")])
async def change(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], task: FromPath[str]
) -> Redirect:
    """Other days, another length, another owner: a new version of the document."""
    form = {key: str(value) for key, value in (await request.form()).items() if isinstance(value, str)}
    back = f"/campaigns/{id}/tasks#task-{task}"
    async with workspace.db.acquire() as c:
        found, job = await job_of(c, workspace, await campaign_of(c, id), task)
        works = (await calendar_of(c, found.document.zone)).almanac.workdays if found.document else None
    assert found.document is not None
    assert works is not None
    at = next(n for n, one in enumerate(found.document.tasks) if one.id == task)
    edits: list[Edit] = []
    try:
        begins = date.fromisoformat(form["begins"]) if form.get("begins") else None
        if "last" in form:  # dragged: its last day says how long it takes
            last = date.fromisoformat(form["last"])
            days = workdays(works, begins or job.begins, last)
        else:
            days = int(form.get("workdays", str(job.task.workdays)))
    except ValueError:
        said = Text(
            "日期写成 2026-09-20，工期是整数。什么也没有改变。",
            "Write dates as 2026-09-20 and whole workdays. Nothing was changed.",
        )
        return see_other(request, back, said, "bad")
    if days != job.task.workdays:
        edits.append(Edit(("tasks", at, "workdays"), str(days)))
    if "begins" in form:
        was = None if job.task.begins_ms is None else day_of(job.task.begins_ms, found.document.zone)
        dragged = "last" in form
        if (begins != was and not dragged) or (dragged and begins != job.begins):
            edits.append(Edit(("tasks", at, "begins"), begins.isoformat() if begins else ""))
    if "owner" in form and form["owner"] != job.task.owner:
        edits.append(Edit(("tasks", at, "owner"), _written(form["owner"]) if form["owner"] else ""))
    title = job.task.title
    return await keep(
        request,
        workspace,
        operator,
        found.campaign,
        edits,
        form.get("base", ""),
        back,
        Text(f"{title.zh}已改", f"{title.en} changed"),
    )


@post("/campaigns/{id:str}/tasks", guards=[needs("campaign.edit")])
async def add(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Redirect:
    """One more task at the end of the document."""
    form = await request.form()
    given = {key: str(value).strip() for key, value in form.multi_items() if isinstance(value, str) and key != "after"}
    after = [str(name) for name in form.getall("after", [])]
    back = f"/campaigns/{id}/tasks"
    async with workspace.db.acquire() as c:
        found = await sheet(c, workspace, await campaign_of(c, id))
    taken = [one.id for one in found.document.tasks] if found.document else []
    name = given.get("id", "")
    if name in taken:
        said = Text(f"已有任务 {name}：换一个名字。", f"There is a task {name} already: choose another name.")
        return see_other(request, back, said, "bad")
    title = f"{{ zh = {_written(given.get('zh', ''))}, en = {_written(given.get('en', ''))} }}"
    fields = {
        "id": _written(name),
        "title": title,
        "phase": _written(given.get("phase", "prepare")),
        "department": _written(given["department"]) if given.get("department") else "",
        "owner": _written(given["owner"]) if given.get("owner") else "",
        "workdays": given.get("workdays") or "1",
        "after": f"[{', '.join(map(_written, after))}]" if after else "",
    }
    edits = [Edit(("tasks", len(taken), key), value) for key, value in fields.items() if value]
    return await keep(
        request,
        workspace,
        operator,
        found.campaign,
        edits,
        given.get("base", ""),
        back,
        Text(f"加了任务 {name}", f"Task {name} added"),
    )


def _written(text: str) -> str:
    """Text as a value of TOML: JSON's escapes are TOML's."""
    return msgspec.json.encode(text).decode()


# -- one's own -----------------------------------------------------------------------------------------------------------------


@get("/my-tasks", guards=[needs("campaign.view")])
async def my_tasks(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Response[str]:
    """What the operator has to do in all campaigns, what is due first on top."""
    async with workspace.db.acquire() as c:
        found = await sheets(c, workspace, await store.campaigns(c, AT_WORK, limit=200))
    mine = [(one, job) for one in found if one.plan for job in one.plan.jobs if job.task.owner == operator.name]
    mine.sort(key=lambda pair: (pair[1].done, pair[1].last))
    today = day_of(workspace.clock(), workspace.zone)
    return show(request, "console/my_tasks.html", mine=mine, today=today, states=STATES, percents=PERCENTS)


HANDLERS = [tasks, progress, change, add, my_tasks]
