"""Today: the figures of the moment, what needs somebody, the campaigns that are prepared or run, and what the calendar brings."""

from datetime import timedelta

from litestar import Response, get
from msgspec import Struct

from miaohui.calendar.lunar import lunar_day
from miaohui.campaign import overrides, store
from miaohui.campaign.document import Document
from miaohui.campaign.lifecycle import OPEN
from miaohui.campaign.store import Campaign, Connection
from miaohui.console.calendar import WEEKDAYS
from miaohui.console.calendar_views import PHASE_NAMES
from miaohui.console.coming import coming
from miaohui.console.frame import show
from miaohui.console.funds import Fair, fairs
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.needs import LateTimers
from miaohui.console.needs import needs as what_needs_you
from miaohui.console.plans import document_of, standing
from miaohui.console.progress import Progress, progress
from miaohui.console.stages import AT_WORK, STATE_NAMES, Tag, tags
from miaohui.console.worksheets import sheets
from miaohui.events import outbox
from miaohui.pages.format import day_of
from miaohui.pages.language import AnyRequest
from miaohui.workspace import Workspace

MOST = 50

_LATE = """
select campaign, play, count(*) as count, min(due_ms) as due_ms from state where due_ms < (select now_ms())
group by campaign, play order by min(due_ms) limit 20
"""


class Row(Struct, frozen=True):
    """A campaign of the table; `document` is None when it cannot be read any more."""

    campaign: Campaign
    tags: tuple[Tag, ...]
    document: Document | None
    fair: Fair
    goal: Progress | None


async def rows_of(c: Connection, workspace: Workspace, campaigns: list[Campaign]) -> list[Row]:
    """What tables show of `campaigns`: the document's owner, the ledger's money, the main goal."""
    found = await fairs(c, [campaign.id for campaign in campaigns], workspace.currency)
    documents = {campaign.id: await document_of(c, workspace, campaign) for campaign in campaigns}
    return [await _row(workspace, campaign, documents[campaign.id], found[campaign.id]) for campaign in campaigns]


async def _row(workspace: Workspace, campaign: Campaign, document: Document | None, fair: Fair) -> Row:
    goals = await progress(workspace, document, opened=bool(fair.plays)) if document else []
    return Row(campaign, tags(campaign.status), document, fair, goals[0] if goals else None)


@get("/", guards=[needs("campaign.view")])
async def home(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Response[str]:
    """The first page after the log-in."""
    async with workspace.db.acquire() as c:
        campaigns = await store.campaigns(c, AT_WORK, limit=MOST)
        now_ms = await c.fetchval("select now_ms()")
        late = [LateTimers(**row) for row in await c.fetch(_LATE)]
        rows = await rows_of(c, workspace, campaigns)
        today = day_of(now_ms, workspace.zone)
        ahead = await coming(c, workspace, today)
        work = await sheets(c, workspace, campaigns)
        found = {one.id: await standing(c, workspace, one) for one in campaigns if one.status.submitted}
        asked = await overrides.undecided(c) if operator.may("campaign.approve") else []
    lag_ms = await outbox.lag_ms(workspace.db)
    by_id = {row.campaign.id: row.fair for row in rows}
    alarms = {row.campaign.id: row.document.budget.alarms for row in rows if row.document and row.document.budget}
    reviews = {id: review for id, review in found.items() if review}
    todo = what_needs_you(campaigns, by_id, late, lag_ms, now_ms, work, alarms, reviews, asked, operator.name)
    running = [row for row in rows if row.campaign.status.state in OPEN]
    return show(
        request,
        "console/home.html",
        rows=rows,
        todo=todo,
        running=running,
        waiting=sum(1 for campaign in campaigns if campaign.status.submitted),
        money=[row.fair.funds for row in running],
        lag_ms=lag_ms,
        now_ms=now_ms,
        today=today,
        ahead=ahead,
        clashing=ahead.clashing,
        weekdays=WEEKDAYS,
        phase_names=PHASE_NAMES,
        agenda_path="/calendar?view=agenda",
        one_day=timedelta(1),
        states=STATE_NAMES,
        lunar=lunar_day(today).text,
    )


HANDLERS = [home]
