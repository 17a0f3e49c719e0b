"""Campaigns over HTTP: documents and verbs, for programs with a key and for operators who are logged in.

    GET  /campaigns?state=live&after=CURSOR&limit=50    newest first       POST /campaigns  {"text": "...", "note": ""}
    POST /campaigns/check  {"text": "..."}              every problem, nothing is kept
    GET  /campaigns/{id}                                where it stands, and its newest document
    PUT  /campaigns/{id}   {"text", "base": 3, "note"}  a new version, made from version 3; 409 stale_base if there is a newer one
    GET  /campaigns/{id}/versions?before=3              GET /campaigns/{id}/versions/{number}
    POST /campaigns/{id}/{verb}  {"version": 3, "how": "let_run", "note": ""}
         submit, approve, reject, open, pause, resume, stop, close_review, archive

The codes of refusals stand in `campaign/refused.py`; `data.problems` are those of the check. Times are ms since 1970.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeAlias

from litestar import Request, Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from miaohui.api.callers import SECURITY, actor_of, needs, program_or_operator
from miaohui.api.refusals import ApiRefusal, refused
from miaohui.campaign import lifecycle, store
from miaohui.campaign.lifecycle import FROM, PERMISSION, How, State, Verb
from miaohui.campaign.office import Actor
from miaohui.campaign.problem import Problem
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.store import PAGE_MAX, VERSION_MAX, Campaign, Version
from miaohui.campaign.terms import NAME
from miaohui.text import Text
from miaohui.workspace import Workspace

AnyRequest: TypeAlias = Request[Any, Any, Any]
TheWorkspace: TypeAlias = NamedDependency[Workspace]
_STATUS = {"forbidden": 403, "unknown_campaign": 404, "unreadable": 422, "too_large": 422, "other_id": 422} | {
    "unknown_batch": 404,
    "bad_batch": 422,
    "guessable": 422,
}
Note = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*$")]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NewDocument(Struct, forbid_unknown_fields=True):
    """A document in TOML, and why it was written."""

    text: str
    note: Note = ""


class NewVersion(NewDocument, forbid_unknown_fields=True, kw_only=True):
    """A document made from version `base`."""

    base: Annotated[int, Meta(ge=1)]


class Checked(Struct, forbid_unknown_fields=True):
    """A document to be checked."""

    text: str


class Wanted(Struct, forbid_unknown_fields=True):
    """`version`: the one that was read (approve, reject); `how`: what a stop does to what is open; `note`: for the audit log."""

    version: Annotated[int, Meta(ge=0)] = 0
    how: How = "let_run"
    note: Note = ""


class CampaignShown(Struct, kw_only=True):
    """One campaign: `version` is the newest, `submitted` waits for approval, `approved` runs (0: none); `verbs` are what this
    caller may do now; `trouble`: why the clock could not move it on."""

    id: str
    name: Text
    state: State
    paused: bool
    stopped: bool
    version: int
    submitted: int
    approved: int
    zone: str
    opens_ms: int
    live_ms: int
    wrap_up_ms: int
    trouble: Text | None
    verbs: tuple[Verb, ...]


class CampaignPage(Struct):
    """Campaigns, newest first; `next` is the cursor of the following page, empty at the end."""

    campaigns: list[CampaignShown]
    next: str


class DocumentShown(Struct):
    """A campaign with its newest document."""

    campaign: CampaignShown
    document: Version


class VersionPage(Struct):
    """Versions, newest first, without their texts; `next` is the `before` of the following page, 0 at the end."""

    versions: list[Version]
    next: int


class Report(Struct):
    """`sound`: it may be submitted. Every problem with level, line, column, path, code, what is wrong and what helps."""

    sound: bool
    problems: list[Problem]


@get("/", summary="Campaigns, newest first")
async def list_campaigns(
    request: AnyRequest,
    workspace: TheWorkspace,
    wanted: Annotated[State | None, QueryParameter(name="state")] = None,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = 50,
) -> CampaignPage:
    """At most 200 at once; `after` is the `next` of the page before."""
    needs(request, "campaign.view")
    async with workspace.db.acquire() as c:
        found = await store.campaigns(c, [wanted] if wanted else None, _place(after), limit)
    return CampaignPage(
        [_shown(campaign, actor_of(request)) for campaign in found], _cursor(found[-1]) if len(found) == limit else ""
    )


@post("/", summary="A new campaign")
async def create_campaign(request: AnyRequest, workspace: TheWorkspace, data: JSONBody[NewDocument]) -> CampaignShown:
    """Kept as a draft; its id is the document's `campaign`. Problems are no hindrance as long as it can be read."""
    campaign = await workspace.office.create(actor_of(request), data.text, data.note)
    return _shown(campaign, actor_of(request))


@post("/check", status_code=200, summary="Check a document")
async def check_document(request: AnyRequest, workspace: TheWorkspace, data: JSONBody[Checked]) -> Report:
    """Compared with the shop, the team and the data of customers as they are now; nothing is kept."""
    needs(request, "campaign.view")
    found = await workspace.office.check(data.text)
    return Report(found.sound, found.problems)


@get("/{id:str}", summary="One campaign")
async def get_campaign(request: AnyRequest, workspace: TheWorkspace, id: FromPath[str]) -> DocumentShown:
    """Where it stands, and its newest document."""
    needs(request, "campaign.view")
    async with workspace.db.acquire() as c:
        campaign = await store.get(c, id)
        return DocumentShown(_shown(campaign, actor_of(request)), await store.version(c, id))


@put("/{id:str}", summary="A new version")
async def save_campaign(
    request: AnyRequest, workspace: TheWorkspace, id: FromPath[str], data: JSONBody[NewVersion]
) -> CampaignShown:
    """Before the opening the campaign is a draft again; while it is open, the new version runs from its approval on."""
    campaign = await workspace.office.save(actor_of(request), id, data.base, data.text, data.note)
    return _shown(campaign, actor_of(request))


@get("/{id:str}/versions", summary="The versions of a document")
async def list_versions(
    request: AnyRequest,
    workspace: TheWorkspace,
    id: FromPath[str],
    before: Annotated[int, QueryParameter(ge=0, le=VERSION_MAX)] = 0,
) -> VersionPage:
    """Newest first, at most 200, without their texts."""
    needs(request, "campaign.view")
    async with workspace.db.acquire() as c:
        await store.get(c, id)
        found = await store.versions(c, id, before)
    return VersionPage(found, found[-1].version if len(found) == PAGE_MAX else 0)


@get("/{id:str}/versions/{number:int}", summary="One version of a document")
async def get_version(
    request: AnyRequest, workspace: TheWorkspace, id: FromPath[str], number: FromPath[int]
) -> Version:
    """With its text."""
    needs(request, "campaign.view")
    async with workspace.db.acquire() as c:
        return await store.version(c, id, number)


@post("/{id:str}/{verb:str}", status_code=200, summary="Do something with a campaign")
async def act_on_campaign(
    request: AnyRequest,
    workspace: TheWorkspace,
    id: FromPath[str],
    verb: FromPath[str],
    data: JSONBody[Wanted | None] = None,
) -> CampaignShown:
    """submit, approve, reject, open, pause, resume, stop, close_review, archive; 404 `unknown_verb` for anything else."""
    known = next((v for v in FROM if v == verb), None)
    if known is None:
        names = ", ".join(FROM)
        said = Text(f"没有操作 {verb}；有：{names}", f"There is no verb {verb}; there are {names}")
        raise ApiRefusal(404, "unknown_verb", said, {"verb": verb})
    wanted = data or Wanted()
    campaign = await workspace.office.act(
        actor_of(request), id, known, version=wanted.version, how=wanted.how, note=wanted.note
    )
    return _shown(campaign, actor_of(request))


def _shown(campaign: Campaign, actor: Actor) -> CampaignShown:
    status = campaign.status
    possible = lifecycle.possible(status, campaign.phases, campaign.now_ms)
    return CampaignShown(
        id=campaign.id,
        name=campaign.name,
        state=status.state,
        paused=status.paused,
        stopped=status.stopped,
        version=status.version,
        submitted=status.submitted,
        approved=status.approved,
        zone=campaign.zone,
        opens_ms=campaign.opens_ms,
        live_ms=campaign.live_ms,
        wrap_up_ms=campaign.wrap_up_ms,
        trouble=campaign.trouble,
        verbs=tuple(verb for verb in possible if actor.may(PERMISSION[verb])),
    )


def _cursor(campaign: Campaign) -> str:
    return f"{(campaign.created_at - _EPOCH) // timedelta(microseconds=1)}.{campaign.id}"


def _place(cursor: str) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    at, point, id = cursor.partition(".")
    if not point or not at.isdecimal() or len(at) > 17 or not re.fullmatch(NAME, id):
        said = Text("after 应是上一页的 next", "`after` is the `next` of the page before")
        raise ApiRefusal(422, "bad_request", said, {"after": cursor})
    return _EPOCH + timedelta(microseconds=int(at)), id


def of_campaign(request: AnyRequest, refusal: CampaignRefused) -> Response[Any]:
    """A refusal of the office as the answer."""
    status = _STATUS.get(refusal.code, 409)
    return refused(request, ApiRefusal(status, refusal.code, refusal.sentence, refusal.data))


HANDLERS = [
    Router(
        path="/campaigns",
        guards=[program_or_operator],
        security=SECURITY,
        exception_handlers={CampaignRefused: of_campaign},
        route_handlers=[
            list_campaigns,
            create_campaign,
            check_document,
            get_campaign,
            save_campaign,
            list_versions,
            get_version,
            act_on_campaign,
        ],
        tags=["campaigns"],
    )
]
