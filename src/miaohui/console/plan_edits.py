"""The editor's other half: changes made by the form, fixes by one click, and drafts that keep themselves.

`/edit-document` takes the text and one change, and answers the text, the form and the check: the page replaces all three. The text
in the page is the only truth; nothing is kept here but the draft of each operator, until he saves or throws it away.
"""

import json
from collections.abc import Mapping
from typing import Any

from litestar import Response, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from miaohui.campaign import changes, comments, review, store
from miaohui.campaign.changes import Change
from miaohui.campaign.comments import open_counts
from miaohui.campaign.edits import CannotEdit, Edit, edit
from miaohui.campaign.places import Path, places
from miaohui.campaign.problem import Problem, written
from miaohui.campaign.reader import Read
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.renaming import left, renamed
from miaohui.campaign.store import Connection
from miaohui.console import plan_form
from miaohui.console.campaigns import campaign_of
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.preflight import counts_of, rulings_of
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import rendered, see_other
from miaohui.planning import kept
from miaohui.team.operators import Operator
from miaohui.text import Text
from miaohui.workspace import Workspace

TEXT_MAX = 200_000


class Draft(Struct, frozen=True):
    """What an operator has written and not saved; `base`: the version it was begun from."""

    base: int
    text: str
    at: Any


class Named(Struct, frozen=True):
    """A change with its field's name as pages show it."""

    name: str
    change: Change


class Left(Struct, frozen=True):
    """An audience whose condition, in `line`, speaks of a play that is called otherwise now: perhaps of one of the past."""

    audience: str
    play: str
    line: int


async def checked(workspace: Workspace, text: str) -> Read:
    """What the check says of a text, whatever it is."""
    try:
        return await workspace.office.check(text)
    except CampaignRefused as refused:
        whole = Text("分成几个活动", "Make several campaigns of it")
        what = refused.sentence
        problem = Problem(level="stop", code=refused.code, line=1, column=1, path="", what=what, remedy=whole)
        return Read(None, [problem])


def form_of(text: str, wanted: str, found: Read, talk: Mapping[str, int] = {}, begun: str = "") -> dict[str, Any]:
    """What the form's template needs: all sections, the one that is open, problems by field, open comments by field, and what is
    not saved of a text that began as `begun`."""
    unsaved, names = changed(begun, text) if begun else [], comments.renames(begun, text) if begun else {}
    try:
        sections = plan_form.sections(text)
    except CannotEdit:
        sections = ()
    here = next((section for section in sections if section.key == wanted), sections[0] if sections else None)
    by_path: dict[str, list[Problem]] = {}
    for problem in found.problems:
        by_path.setdefault(problem.path, []).append(problem)
    counts = {
        section.key: {
            level: sum(p.level == level and not p.overridden and section.holds(p.path) for p in found.problems)
            for level in ("stop", "warn")
        }
        for section in sections
    }
    moved = {section.key: sum(section.holds(one.name) for one in unsaved) for section in sections}
    return {
        "sections": sections,
        "section": here,
        "by_path": by_path,
        "section_counts": counts,
        "section_changes": moved,
        "talk": {comments.moved(path, names): count for path, count in talk.items()},
        "unsaved": unsaved,
        "left": left_of(text, names),
    }


def left_of(text: str, names: Mapping[Path, Path]) -> list[Left]:
    """Conditions that still speak of a play by the name it had."""
    plays = [was[1] for was in names if was[0] == "plays"]
    there = places(text) if plays else {}
    return [
        Left(audience, str(play), there["audiences", audience].line)
        for play in plays
        for audience in left(text, str(play))
    ]


def changed(old: str, new: str) -> list[Named]:
    """The fields that differ; none if one of the texts is no TOML."""
    try:
        return [Named(written(change.path), change) for change in changes.changes(old, new)]
    except CannotEdit:
        return []


async def draft_of(c: Connection, id: str, operator: Operator) -> Draft | None:
    """The operator's draft of a campaign."""
    row = await c.fetchrow(
        "select base, text, at from campaign_draft where campaign = $1 and operator = $2", id, operator.id
    )
    return Draft(row["base"], row["text"], row["at"]) if row else None


async def drop_draft(c: Connection, id: str, operator: Operator) -> None:
    """The operator's draft is saved, or not wanted."""
    await c.execute("delete from campaign_draft where campaign = $1 and operator = $2", id, operator.id)


# -- one change ------------------------------------------------------------------------------------------------------------------


@post("/edit-document", guards=[needs("campaign.view")], status_code=200)
async def edit_document(request: AnyRequest, workspace: TheWorkspace) -> Response[Any]:
    """The text with one change, its form and its check. `do`: set, rename, take, add, remove, fix, or nothing; 422 says why not."""
    form = await request.form()
    text = str(form.get("text", "")).replace("\r\n", "\n")
    fields = {
        name: str(form.get(name, ""))
        for name in ("do", "at", "value", "name", "code", "path", "section", "campaign", "base")
    }
    refusal: Text | None = None
    try:
        text = await _done(workspace, text, fields)
    except CannotEdit as error:
        refusal = Text(f"改不了：{error}", f"That cannot be changed: {error}")
    except CampaignRefused as refused:
        refusal = refused.sentence
    found = await checked(workspace, text)
    async with workspace.db.acquire() as c:
        talk = await open_counts(c, fields["campaign"]) if fields["campaign"] else {}
        begun = await _begun(c, fields["campaign"], fields["base"])
    context = {
        "problems": found.problems,
        "counts": counts_of(found.problems),
        "rulings": rulings_of(found.rulings),
        **form_of(text, fields["section"], found, talk, begun),
    }
    answer = {
        "text": text,
        "form": rendered(request, "console/plan_form.html", **context),
        "unsaved": rendered(request, "console/unsaved.html", **context),
        "check": rendered(request, "console/document_check.html", **context),
        "refusal": None if refusal is None else {"zh": refusal.zh, "en": refusal.en},
    }
    return Response(answer, status_code=422 if refusal else 200, headers={"Cache-Control": "no-store"})


async def _begun(c: Connection, id: str, base: str) -> str:
    """The version that is being changed; nothing for a new campaign."""
    try:
        return (await store.version(c, id, int(base))).text if id and base.isdigit() and len(base) < 7 else ""
    except CampaignRefused:
        return ""


async def _done(workspace: Workspace, text: str, fields: dict[str, str]) -> str:
    if len(text) > TEXT_MAX:
        raise CampaignRefused("too_large", limit=TEXT_MAX)
    match fields["do"]:
        case "set":
            path = _path(fields["at"])
            return edit(text, [Edit(path, plan_form.toml(text, path, fields["value"]))])
        case "rename":
            path = _path(fields["at"])
            async with workspace.db.acquire() as c:
                await kept.free(c, fields["campaign"], path, text)
            return renamed(text, path, fields["value"].strip())
        case "take":
            return edit(text, [Edit(_path(fields["at"]), fields["value"])])
        case "remove":
            return edit(text, [Edit(_path(fields["at"]), "")])
        case "add":
            return edit(text, [plan_form.added(text, _path(fields["at"]), fields["name"].strip(), fields["value"])])
        case "fix":
            problems = (await workspace.office.check(text)).problems
            return review.fixed(text, review.problem_at(problems, fields["code"], fields["path"]))
    return text


def _path(written_as: str) -> Path:
    try:
        found = json.loads(written_as)
    except ValueError:
        found = None
    if not isinstance(found, list) or not found or not all(isinstance(part, str | int) for part in found):
        raise CannotEdit(f"{written_as!r} is no path")
    return tuple(found)


# -- drafts ----------------------------------------------------------------------------------------------------------------------


@post("/campaigns/{id:str}/draft", guards=[needs("campaign.edit")], status_code=204)
async def keep_draft(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Response[None]:
    """Keep what is being written; the page sends it by itself."""
    form = await request.form()
    text, base = str(form.get("text", "")).replace("\r\n", "\n"), str(form.get("base", ""))
    async with workspace.db.acquire() as c:
        await campaign_of(c, id)
        if len(text) <= TEXT_MAX and base.isdigit():
            await c.execute(
                """insert into campaign_draft (campaign, operator, base, text) values ($1, $2, $3, $4)
                   on conflict (campaign, operator) do update set base = $3, text = $4, at = now()""",
                id, operator.id, min(int(base), store.VERSION_MAX), text,
            )  # fmt: skip
    return Response(None, status_code=204)


@post("/campaigns/{id:str}/draft/discard", guards=[needs("campaign.edit")])
async def discard_draft(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Redirect:
    """Throw the draft away."""
    async with workspace.db.acquire() as c:
        await campaign_of(c, id)
        await drop_draft(c, id, operator)
    return see_other(request, f"/campaigns/{id}/plan", Text("已放弃未保存的改动。", "The unsaved changes are gone."))


HANDLERS = [edit_document, keep_draft, discard_draft]
