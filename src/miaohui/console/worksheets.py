"""The tasks of a campaign as they stand, for every page that shows some of them."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from miaohui.calendar.schedule import Works
from miaohui.calendar.store import calendar_of
from miaohui.campaign import store
from miaohui.campaign.document import Document
from miaohui.campaign.store import Campaign, Connection
from miaohui.console.plans import read_text
from miaohui.pages.errors import missing
from miaohui.pages.format import day_of
from miaohui.planning import work
from miaohui.planning.workplan import Circle, Job, Plan, plan
from miaohui.team.operators import Operator
from miaohui.text import Text
from miaohui.workspace import Workspace

PHASES = {
    "prepare": Text("筹备", "Prepare"),
    "warm_up": Text("预热", "Warm-up"),
    "live": Text("正式", "Live"),
    "wrap_up": Text("收尾", "Wrap-up"),
}
STATES: dict[str, tuple[Text, str]] = {
    "done": (Text("已完成", "Done"), "ok"),
    "late": (Text("已误期", "Late"), "bad"),
    "behind": (Text("晚于计划", "Behind plan"), "warn"),
    "running": (Text("进行中", "Under way"), "info"),
    "ahead": (Text("未开始", "Not begun"), ""),
}


class Sheet(Struct, frozen=True, kw_only=True):
    """A campaign's tasks as they stand; `circle`: the names of tasks that wait for each other."""

    campaign: Campaign
    document: Document | None
    plan: Plan | None
    circle: tuple[str, ...]
    today: date

    @property
    def late(self) -> tuple[Job, ...]:
        """Tasks whose planned last day has passed."""
        return tuple(job for job in self.plan.jobs if job.state(self.today) in ("late", "behind")) if self.plan else ()

    @property
    def departments(self) -> tuple[tuple[str, tuple[Job, ...]], ...]:
        """The tasks of each department ("" none), in the order in which they begin to work."""
        found: dict[str, tuple[Job, ...]] = {}
        for job in self.plan.jobs if self.plan else ():
            found[job.task.department] = (*found.get(job.task.department, ()), job)
        return tuple(found.items())

    @property
    def open(self) -> tuple[Job, ...]:
        """Tasks that are not done."""
        return tuple(job for job in self.plan.jobs if not job.done) if self.plan else ()


async def sheets(c: Connection, workspace: Workspace, campaigns: Iterable[Campaign]) -> list[Sheet]:
    """The tasks of several campaigns; the calendar of a zone is read once."""
    known: dict[str, Works] = {}
    return [await sheet(c, workspace, campaign, known) for campaign in campaigns]


async def sheet(
    c: Connection, workspace: Workspace, campaign: Campaign, known: dict[str, Works] | None = None
) -> Sheet:
    """The tasks of the newest version that can be read, on the calendar of its zone; `known`: calendars read before."""
    text = (await store.version(c, campaign.id)).text
    document = read_text(text, workspace.zone, workspace.currency)
    circle: tuple[str, ...] = ()
    found = None
    if document is not None and document.tasks:
        known = {} if known is None else known
        if document.zone not in known:
            known[document.zone] = (await calendar_of(c, document.zone)).almanac.workdays
        works = known[document.zone]
        try:
            found = plan(document, works, await work.percents(c, campaign.id))
        except Circle as names:
            circle = names.names
    today = day_of(campaign.now_ms, campaign.zone)
    return Sheet(campaign=campaign, document=document, plan=found, circle=circle, today=today)


async def job_of(c: Connection, workspace: Workspace, campaign: Campaign, task: str) -> tuple[Sheet, Job]:
    """One task with the sheet it stands on; the page that says there is none."""
    found = await sheet(c, workspace, campaign)
    job = found.plan.job(task) if found.plan else None
    if job is None:
        raise missing(Text(f"这个活动没有任务 {task}", f"This campaign has no task {task}"))
    return found, job


def may_progress(operator: Operator, job: Job) -> bool:
    """Whether the operator may say how far a task is: its owner, and who may edit campaigns."""
    return operator.may("campaign.edit") or (job.task.owner != "" and job.task.owner == operator.name)
