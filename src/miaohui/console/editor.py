"""The plan of a campaign: its document as text, checked while it is written, saved as a version, compared with another.

A document is saved as it stands, problems and all, as long as it can be read; nothing is lost when somebody else saved first:
what both wrote is brought together field by field, and where both changed one field the page shows both.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec import Struct

from miaohui import plays
from miaohui.campaign import comments, grammar, lifecycle, store
from miaohui.campaign.changes import Conflict, Merged, merge
from miaohui.campaign.edits import CannotEdit
from miaohui.campaign.lifecycle import Forbidden
from miaohui.campaign.offer import Head
from miaohui.campaign.problem import written
from miaohui.campaign.reader import Read
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.store import Campaign
from miaohui.console import drafts
from miaohui.console.campaigns import campaign_of
from miaohui.console.compare import compare
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.plan_edits import Draft, changed, checked, draft_of, drop_draft, form_of
from miaohui.console.preflight import counts_of, rulings_of
from miaohui.console.stages import pages_of, play_icon, tags
from miaohui.pages.errors import missing
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.team.operators import Operator
from miaohui.text import Text
from miaohui.workspace import Workspace

NOTE_MAX = 500


class Explained(Struct, frozen=True):
    """A play as its module describes itself: what may be written under `play = "<name>"`."""

    name: str
    title: Text
    about: str
    fields: tuple[tuple[grammar.Field, Text], ...]


def explained() -> list[Explained]:
    """All plays there are, from their `Rules`; a new one is here without an edit."""
    found = []
    for name in plays.names():
        module = plays.find(name)
        about = (module.__doc__ or "").split("\n", 1)[0]
        fields = grammar.rules(module).fields
        found.append(Explained(name, module.TITLE, about, tuple((f, grammar.expected(f.kind)) for f in fields)))
    return found


def shared_fields() -> list[tuple[grammar.Field, Text]]:
    """What may be written under every play."""
    return [(field, grammar.expected(field.kind)) for field in grammar.table(Head).fields]


def _context(found: Read, text: str, talk: Mapping[str, int] = {}, begun: str = "") -> dict[str, Any]:
    return form_of(text, "", found, talk, begun) | {
        "text": text,
        "problems": found.problems,
        "counts": counts_of(found.problems),
        "rulings": rulings_of(found.rulings),
        "explained": explained(),
        "shared": shared_fields(),
        "play_icon": play_icon,
        "note_max": NOTE_MAX,
    }


# -- a new campaign ------------------------------------------------------------------------------------------------------------


@get("/new-campaign", guards=[needs("campaign.edit")])
async def new_campaign(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, example: FromQuery[str] = ""
) -> Response[str]:
    """A document to begin with."""
    async with workspace.db.acquire() as c:
        text = drafts.example(example) or await drafts.starter(c, workspace, operator.name)
    return await _new(request, workspace, text, example)


async def _new(
    request: AnyRequest, workspace: Workspace, text: str, example: str = "", refusal: Text | None = None
) -> Response[str]:
    return show(
        request,
        "console/new_campaign.html",
        status=422 if refusal else 200,
        refusal=refusal,
        example=example,
        examples=drafts.examples(),
        **_context(await checked(workspace, text), text),
    )


@post("/new-campaign", guards=[needs("campaign.edit")])
async def create_campaign(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator
) -> Response[str] | Redirect:
    """Keep it as a draft and go to its page."""
    text, note = await _written(request)
    try:
        made = await workspace.office.create(operator, text, note)
    except CampaignRefused as refused:
        return await _new(request, workspace, text, refusal=refused.sentence)
    said = Text(
        "已存为草稿。检查通过后即可提交审批。", "Kept as a draft. Submit it once the check has nothing to stop."
    )
    return see_other(request, f"/campaigns/{made.id}", said)


async def _written(request: AnyRequest) -> tuple[str, str]:
    """The text and the note of a form; browsers end lines with CR LF."""
    form = await request.form()
    text = str(form.get("text", "")).replace("\r\n", "\n")
    return text, str(form.get("note", "")).strip()[:NOTE_MAX]


# -- the plan of a campaign ----------------------------------------------------------------------------------------------------


@get("/campaigns/{id:str}/plan", guards=[needs("campaign.view")])
async def plan(
    request: AnyRequest,
    workspace: TheWorkspace,
    operator: TheOperator,
    id: FromPath[str],
    version: FromQuery[int] = 0,
) -> Response[str]:
    """The document; an older version is read only."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        text = (await _version(c, id, version)).text
        draft = None if version else await draft_of(c, id, operator)
        started = (await _version(c, id, draft.base)).text if draft else text
    if draft and draft.text == started:
        draft = None
    shown = version or campaign.status.version
    if draft is None:
        return await _plan(request, workspace, operator, campaign, text, shown=shown)
    return await _plan(
        request, workspace, operator, campaign, draft.text, shown=shown, base=draft.base, draft=draft, started=started
    )


async def _version(c: store.Connection, id: str, number: int) -> store.Version:
    try:
        return await store.version(c, id, number)
    except CampaignRefused as refused:
        raise missing(refused.sentence) from refused


async def _plan(
    request: AnyRequest,
    workspace: Workspace,
    operator: Operator,
    campaign: Campaign,
    text: str,
    *,
    shown: int,
    base: int = 0,
    refusal: Text | None = None,
    theirs: store.Version | None = None,
    conflicts: tuple[Conflict, ...] = (),
    draft: Draft | None = None,
    started: str = "",
) -> Response[str]:
    async with workspace.db.acquire() as c:
        versions = await store.versions(c, campaign.id, limit=50)
        threads = await comments.threads(c, campaign.id)
        begun = started or (await _version(c, campaign.id, base or shown)).text
    talk = Counter(thread.path for thread in threads if thread.resolved_at is None)
    return show(
        request,
        "console/plan.html",
        status=409 if theirs else 422 if refusal else 200,
        within=pages_of(campaign.id, campaign.name),
        campaign=campaign,
        tags=tags(campaign.status),
        versions=versions,
        shown=shown,
        base=base or campaign.status.version,
        closed=_closed(operator, campaign, shown),
        refusal=refusal,
        theirs=theirs,
        rows=compare(theirs.text, text) if theirs else [],
        conflicts=[(written(one.path), json.dumps(one.path), one) for one in conflicts],
        threads=threads,
        draft=draft,
        **_context(await checked(workspace, text), text, talk, begun),
    )


def _closed(operator: Operator, campaign: Campaign, shown: int) -> Text | None:
    """Why the text cannot be changed here."""
    if not operator.may("campaign.edit"):
        return Text("改文件需要权限 campaign.edit。", "Changing the document needs the permission campaign.edit.")
    if shown != campaign.status.version:
        newest = campaign.status.version
        return Text(f"这是旧版本，最新是 v{newest}。", f"This is an old version; the newest is v{newest}.")
    try:
        lifecycle.edited(campaign.status)
    except Forbidden:
        return Text("活动已结束，文件不再改动。", "The campaign has ended; its document stays as it is.")
    return None


@post("/campaigns/{id:str}/plan", guards=[needs("campaign.edit")])
async def save_plan(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Response[str] | Redirect:
    """Save a version made from version `base`. If somebody saved since: different fields are brought together, of the same field
    both are shown, and nothing is lost."""
    text, note = await _written(request)
    base = int(str((await request.form()).get("base", "")) or 0)
    try:
        saved = await workspace.office.save(operator, id, base, text, note)
    except CampaignRefused as refused:
        if refused.code != "stale_base":
            return await _refused(request, workspace, operator, id, text, base, refused)
        return await _merged(request, workspace, operator, id, text, base, note)
    return await _saved(request, workspace, operator, id, saved.status.version)


async def _saved(
    request: AnyRequest, workspace: Workspace, operator: Operator, id: str, number: int, with_: Text | None = None
) -> Redirect:
    async with workspace.db.acquire() as c:
        await drop_draft(c, id, operator)
    said = with_ or Text(f"已存为 v{number}。", f"Saved as v{number}.")
    return see_other(request, f"/campaigns/{id}/plan", said)


async def _refused(
    request: AnyRequest,
    workspace: Workspace,
    operator: Operator,
    id: str,
    text: str,
    base: int,
    refused: CampaignRefused,
) -> Response[str]:
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
    number = campaign.status.version
    return await _plan(request, workspace, operator, campaign, text, shown=number, base=base, refusal=refused.sentence)


async def _merged(
    request: AnyRequest, workspace: Workspace, operator: Operator, id: str, text: str, base: int, note: str
) -> Response[str] | Redirect:
    """Somebody has saved since `base`: bring both together, or show where they meet."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        theirs, started = await store.version(c, id), await _version(c, id, base)
    number = campaign.status.version
    try:
        merged = merge(started.text, text, theirs.text)
    except CannotEdit:
        merged = Merged(text, (), (), ())
    if merged.theirs and not merged.conflicts:
        try:
            saved = await workspace.office.save(operator, id, number, merged.text, note)
        except CampaignRefused as refused:
            return await _refused(request, workspace, operator, id, merged.text, number, refused)
        fields = ", ".join(written(change.path) for change in merged.theirs[:5])
        version = saved.status.version
        said = Text(
            f"已存为 v{version}，合并了 {theirs.by} 在 v{theirs.version} 的改动：{fields}。",
            f"Saved as v{version}, together with what {theirs.by} changed in v{theirs.version}: {fields}.",
        )
        return await _saved(request, workspace, operator, id, version, said)
    return await _plan(
        request,
        workspace,
        operator,
        campaign,
        merged.text,
        shown=number,
        base=number,
        theirs=theirs,
        conflicts=merged.conflicts,
    )


@get("/campaigns/{id:str}/plan.toml", guards=[needs("campaign.view")])
async def download(workspace: TheWorkspace, id: FromPath[str], version: FromQuery[int] = 0) -> Response[bytes]:
    """The document as a file, as it was written."""
    async with workspace.db.acquire() as c:
        await campaign_of(c, id)
        found = await _version(c, id, version)
    headers = {"Content-Disposition": f'attachment; filename="{id}-v{found.version}.toml"', "Cache-Control": "no-store"}
    return Response(found.text.encode(), media_type="application/toml", headers=headers)


@get("/campaigns/{id:str}/compare", guards=[needs("campaign.view")])
async def compare_versions(
    request: AnyRequest, workspace: TheWorkspace, id: FromPath[str], a: FromQuery[int], b: FromQuery[int]
) -> Response[str]:
    """Two versions side by side."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        old, new = await _version(c, id, a), await _version(c, id, b)
        versions = await store.versions(c, id, limit=50)
    return show(
        request,
        "console/compare.html",
        within=pages_of(id, campaign.name),
        campaign=campaign,
        old=old,
        new=new,
        fields=changed(old.text, new.text),
        versions=versions,
        rows=compare(old.text, new.text),
    )


HANDLERS = [new_campaign, create_campaign, plan, save_plan, download, compare_versions]
