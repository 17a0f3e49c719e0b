"""Campaigns: the list with its search, the page of one campaign, and the verbs that operators carry out on it."""

from datetime import datetime
from typing import Any, get_args
from urllib.parse import urlencode

import asyncpg
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec import Struct

from miaohui.campaign import overrides, store
from miaohui.campaign.document import Document
from miaohui.campaign.lifecycle import How, Verb
from miaohui.campaign.people import reached
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.store import Campaign, Connection
from miaohui.console.frame import show
from miaohui.console.funds import fairs
from miaohui.console.guard import TheOperator, TheWorkspace, forbidden, needs
from miaohui.console.home import rows_of
from miaohui.console.ledger import statement_path
from miaohui.console.pacing import marks
from miaohui.console.plans import document_of
from miaohui.console.plans import standing as standing_of
from miaohui.console.preflight import counts_of, rulings_of
from miaohui.console.progress import progress
from miaohui.console.stages import STATE_NAMES, pages_of, play_icon, play_title, rail, tags
from miaohui.console.verbs import Touched, buttons
from miaohui.console.worksheets import sheet
from miaohui.ledger.accounts import budget_key
from miaohui.money import Money
from miaohui.pages.errors import missing
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.team import audit
from miaohui.text import Text
from miaohui.workspace import Workspace

PAGE = 25
CHANGES = 8
VERSIONS = 6


class Past(Struct, frozen=True):
    """An imported campaign of the list."""

    id: str
    name: Text
    starts_on: Any
    ends_on: Any


_FOUND = """
select id, created_at from campaign
where ($1 = '' or state = $1) and ($2 = '' or strpos(lower(id || ' ' || name_zh || ' ' || name_en), lower($2)) > 0)
  and ($3::timestamptz is null or (created_at, id) < ($3, $4))
  and not exists (select from past_campaign p where p.id = campaign.id)
order by created_at desc, id desc limit $5
"""
_PAST = """
select id, type, starts_on, ends_on from past_campaign where $1 = '' or strpos(lower(id || ' ' || type), lower($1)) > 0
order by starts_on desc, id limit 200
"""
_HOLDERS = "select count(distinct customer) from state where campaign = $1 and customer is not null"


@get("/campaigns", guards=[needs("campaign.view")])
async def campaigns(
    request: AnyRequest,
    workspace: TheWorkspace,
    q: FromQuery[str] = "",
    stage: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[str]:
    """Campaigns of this workspace, newest first, and below them those of the imported history."""
    q, at, id = q.strip()[:100], *_cursor(after)
    async with workspace.db.acquire() as c:
        found = [] if stage == "past" else await c.fetch(_FOUND, stage, q, at, id, PAGE + 1)
        shown = [await store.get(c, row["id"]) for row in found[:PAGE]]
        rows = await rows_of(c, workspace, shown)
        past = await c.fetch(_PAST, q) if stage in ("", "past") and not after else []
    following = ""
    if len(found) > PAGE:
        last = found[PAGE - 1]
        query = {"q": q, "stage": stage, "after": f"{last['created_at'].isoformat()} {last['id']}"}
        following = f"/campaigns?{urlencode({name: value for name, value in query.items() if value})}"
    return show(
        request,
        "console/campaigns.html",
        rows=rows,
        past=[past_of(row) for row in past],
        search=q,
        stage=stage,
        stages=STATE_NAMES,
        following=following,
    )


def past_of(row: "asyncpg.Record") -> Past:
    """A row of `past_campaign` as pages show it."""
    number = row["id"].removeprefix("cj-")
    name = Text(f"历史活动 {number}（{row['type']} 类）", f"Past campaign {number} (type {row['type']})")
    return Past(row["id"], name, row["starts_on"], row["ends_on"])


def _cursor(after: str) -> tuple[datetime | None, str]:
    at, _, id = after.partition(" ")
    try:
        return (datetime.fromisoformat(at), id) if at else (None, "")
    except ValueError:
        return None, ""


async def campaign_of(c: Connection, id: str) -> Campaign:
    """The campaign, or the page that says there is none."""
    try:
        return await store.get(c, id)
    except CampaignRefused as refused:
        raise missing(refused.sentence) from refused


@get("/campaigns/{id:str}", guards=[needs("campaign.view")])
async def campaign(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Response[str] | Redirect:
    """One campaign: where it stands, how far it is, what needs to be done about it."""
    async with workspace.db.acquire() as c:
        if await c.fetchval("select exists (select from past_campaign where id = $1)", id):
            return Redirect(f"/campaigns/{id}/review", status_code=303)
        one = await campaign_of(c, id)
        newest = await store.version(c, id)
        document = await document_of(c, workspace, one)
        [fair] = (await fairs(c, [id], document.currency if document else workspace.currency)).values()
        versions = await store.versions(c, id, limit=VERSIONS)
        changes = await audit.entries(c, audit.Filter(what="campaign", subject=id), limit=CHANGES)
        work = await sheet(c, workspace, one)
        account = await c.fetchval("select exists (select from account where key = $1)", budget_key(id))
        asked = await overrides.of(c, id)
        standing = await standing_of(c, workspace, one)
    read = await workspace.office.check(newest.text)
    problems = read.problems
    goals = await progress(workspace, document, opened=bool(fair.plays)) if document else []
    touched = await _touched(workspace, one, document, fair.funds)
    return show(
        request,
        "console/campaign.html",
        within=pages_of(id, one.name),
        campaign=one,
        tags=tags(one.status),
        document=document,
        newest=newest,
        stages=rail(one.status.state, document.phases if document else one.phases),
        goals=goals,
        marks=await marks(workspace, document, one.now_ms, opened=bool(fair.plays)) if document else {},
        fair=fair,
        account=statement_path(budget_key(id)) if account else "",
        alarms=_alarms(document, fair.funds.used),
        problems=problems,
        counts=counts_of(problems),
        rulings=rulings_of(read.rulings),
        asked=asked,
        standing=standing,
        buttons=buttons(one, operator, touched, [p for p in problems if p.stops], standing),
        work=work,
        versions=versions,
        changes=changes,
        statement_path=statement_path,
        play_icon=play_icon,
        play_title=play_title,
    )


def _alarms(document: Document | None, used: float) -> list[tuple[int, bool]]:
    """The budget's alarms in percent, each with whether it has been reached."""
    marks = document.budget.alarms if document and document.budget else ()
    return [(mark, used * 100 >= mark) for mark in marks]


async def _touched(workspace: Workspace, one: Campaign, document: Document | None, funds: Any) -> Touched:
    """Whom the plays are for and what is at stake, for the questions that buttons ask."""
    async with workspace.db.acquire() as c:
        holders = await c.fetchval(_HOLDERS, one.id)
        people = await reached(c, workspace.events, document, workspace.clock()) if document else 0
    currency = funds.currency
    budget = document.budget.total_minor if document and document.budget else 0
    return Touched(
        reached=people,
        holders=holders,
        budget=Money(funds.total_minor or budget, currency),
        promised=Money(funds.promised_minor, currency),
        free=Money(funds.free_minor if funds.total_minor else budget, currency),
    )


@post("/campaigns/{id:str}/{verb:str}", guards=[needs("campaign.view")])
async def act(
    request: AnyRequest,
    workspace: TheWorkspace,
    operator: TheOperator,
    id: FromPath[str],
    verb: FromPath[str],
) -> Redirect:
    """Carry out a verb; the role must hold the permission of that verb."""
    if verb not in get_args(Verb):
        raise missing(Text(f"没有 {verb} 这个动作", f"There is nothing called {verb} to do"))
    form = await request.form()
    how: How = "fail_all" if form.get("how") == "fail_all" else "let_run"
    version = str(form.get("version", ""))
    try:
        done = await workspace.office.act(
            operator,
            id,
            verb,  # type: ignore[arg-type]
            version=int(version) if version.isdigit() else 0,
            how=how,
            note=str(form.get("note", ""))[:500],
        )
    except CampaignRefused as refused:
        if refused.code == "forbidden":
            raise forbidden(operator, refused.data["permission"]) from refused
        if refused.code == "unknown_campaign":
            raise missing(refused.sentence) from refused
        return see_other(request, f"/campaigns/{id}", refused.sentence, "bad")
    state = STATE_NAMES[done.status.state]
    said = Text(f"已执行。活动现在是：{state.zh}。", f"Done. The campaign is now: {state.en.lower()}.")
    return see_other(request, f"/campaigns/{id}", said)


HANDLERS = [campaigns, campaign, act]
