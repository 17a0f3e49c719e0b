"""The audiences of a campaign: the condition as text and as a tree, counted while it is written, and who is in and why.

Nothing is saved here: an audience is a line of the campaign's document. What is tried out here is taken over into the plan.
"""

from datetime import date
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from miaohui.audiences.count import Counted, PartCount, count, count_each, everybody_in
from miaohui.audiences.explain import Member, Reason, members
from miaohui.audiences.known import Known, learn, vocabulary
from miaohui.audiences.language import Reading, read
from miaohui.audiences.membership import Frozen, frozen
from miaohui.audiences.mistakes import BadCondition, Hint
from miaohui.audiences.tree import AllOf, AnyOf, Condition, Not
from miaohui.audiences.writing import write
from miaohui.campaign.document import Document
from miaohui.campaign.store import Campaign
from miaohui.console.campaigns import campaign_of
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.plans import document_of
from miaohui.console.stages import pages_of, tags
from miaohui.customers import consent, identities
from miaohui.money import Money
from miaohui.pages import format
from miaohui.pages.language import AnyRequest
from miaohui.team.operators import Operator
from miaohui.text import Text
from miaohui.workspace import Workspace

SAMPLES = 20
TEXT_MAX = 4000


class Node(Struct, frozen=True):
    """A condition of the tree with its count; `kind` is all, any, not or leaf."""

    kind: str
    text: str
    customers: int
    inside: tuple["Node", ...] = ()


class Narrowing(Struct, frozen=True):
    """A step of how an audience gets smaller: after this condition so many are left."""

    text: str
    customers: int


class Shown(Struct, frozen=True):
    """A member as the page lists him; `label` is empty for those who may not see customers."""

    id: str
    label: str
    reasons: tuple[tuple[str, Text], ...]


class Answer(Struct, frozen=True, kw_only=True):
    """All that is known of a condition."""

    text: str
    tree: Node
    counted: Counted
    hints: tuple[Hint, ...]
    narrowing: tuple[Narrowing, ...]
    consents: dict[str, int]
    members: tuple[Shown, ...]
    following: str


class _Asked(Struct, frozen=True):
    campaign: Campaign
    document: Document | None
    known: Known
    frozen: Frozen


async def _asked(workspace: Workspace, id: str) -> _Asked:
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        document = await document_of(c, workspace, campaign)
        fixed = await frozen(c, id)
    currency, zone = (document.currency, document.zone) if document else (workspace.currency, workspace.zone)
    return _Asked(campaign, document, await learn(workspace.events, Known(currency, zone, vocabulary())), fixed)


@get("/campaigns/{id:str}/audiences", guards=[needs("audience.count")])
async def audiences(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], name: FromQuery[str] = ""
) -> Response[str]:
    """One audience of the campaign, the first if none is named."""
    asked = await _asked(workspace, id)
    written = dict(asked.document.audiences) if asked.document else {}
    name = name if name in written else next(iter(written), "")
    text = written.get(name, "everybody")
    context = await _context(workspace, operator, asked, text, name)
    return show(
        request,
        "console/audiences.html",
        within=pages_of(id, asked.campaign.name),
        tags=tags(asked.campaign.status),
        written=written,
        name=name,
        **context,
    )


@post("/campaigns/{id:str}/audiences", guards=[needs("audience.count")], status_code=200)
async def count_audience(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Response[str]:
    """Count a condition that is being written."""
    form = await request.form()
    asked = await _asked(workspace, id)
    text = str(form.get("text", ""))[:TEXT_MAX]
    context = await _context(workspace, operator, asked, text, str(form.get("name", "")))
    return show(request, "console/audience_answer.html", **context)


@post("/campaigns/{id:str}/members", guards=[needs("audience.count")], status_code=200)
async def more_members(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Response[str]:
    """The next members of a condition."""
    form = await request.form()
    text, after = str(form.get("text", ""))[:TEXT_MAX], str(form.get("after", ""))
    asked = await _asked(workspace, id)
    try:
        condition = read(text, asked.known).condition
    except BadCondition as mistake:
        return show(request, "console/audience_answer.html", campaign=asked.campaign, mistake=mistake, text=text)
    shown, following = await _members(workspace, operator, condition, asked.known, after)
    return show(request, "console/members.html", campaign=asked.campaign, text=text, members=shown, following=following)


async def _context(workspace: Workspace, operator: Operator, asked: _Asked, text: str, name: str) -> dict[str, Any]:
    shared = {
        "campaign": asked.campaign,
        "text": text,
        "control_ppm": asked.document.control.share_ppm if asked.document else 0,
        "fixed": asked.frozen,
        "fixed_here": asked.frozen.audiences.get(name),
    }
    try:
        reading = read(text, asked.known)
    except BadCondition as mistake:
        return shared | {"answer": None, "mistake": mistake}
    return shared | {"answer": await _answer(workspace, operator, asked.known, reading), "mistake": None}


async def _answer(workspace: Workspace, operator: Operator, known: Known, reading: Reading) -> Answer:
    store, now_ms, condition = workspace.events, workspace.clock(), reading.condition
    counted = await count(store, condition, known, now_ms)
    everybody = await everybody_in(store, condition, known, now_ms)
    async with workspace.db.acquire() as c:
        consents = await consent.agreeing(c, everybody)
    shown, following = await _members(workspace, operator, condition, known, "")
    return Answer(
        text=write(condition, known.currency),
        tree=_tree(condition, {part.path: part for part in counted.parts}, ""),
        counted=counted,
        hints=tuple(reading.hints),
        narrowing=await _narrowing(workspace, condition, known, now_ms),
        consents=consents,
        members=shown,
        following=following,
    )


def _tree(condition: Condition, counts: dict[str, PartCount], path: str) -> Node:
    here = counts[path]
    inner: tuple[Condition, ...] = ()
    kind = "leaf"
    match condition:
        case AllOf(of):
            kind, inner = "all", of
        case AnyOf(of):
            kind, inner = "any", of
        case Not(of):
            kind, inner = "not", (of,)
    below = tuple(_tree(one, counts, f"{path}.{n}" if path else str(n)) for n, one in enumerate(inner))
    return Node(kind, here.text, here.customers, below)


async def _narrowing(workspace: Workspace, condition: Condition, known: Known, now_ms: int) -> tuple[Narrowing, ...]:
    """After each condition of an outermost `and`, in its order, how many are left; nothing for other conditions."""
    if not isinstance(condition, AllOf):
        return ()
    steps: dict[str, Condition] = {"1": condition.of[0]}
    steps |= {str(n): AllOf(condition.of[:n]) for n in range(2, len(condition.of) + 1)}
    counts = await count_each(workspace.events, steps, known, now_ms)
    texts = [write(one, known.currency) for one in condition.of]
    return tuple(Narrowing(text, counts[str(n)]) for n, text in enumerate(texts, 1))


async def _members(
    workspace: Workspace, operator: Operator, condition: Condition, known: Known, after: str
) -> tuple[tuple[Shown, ...], str]:
    """The members after the cursor, and the cursor of the next page."""
    found = await members(workspace.events, condition, known, workspace.clock(), after=after, limit=SAMPLES + 1)
    page = found[:SAMPLES]
    labels: dict[str, str] = {}
    if operator.may("customer.view"):
        async with workspace.db.acquire() as c:
            labels = await identities.labels(c, workspace.vault, [member.customer for member in page])
    shown = tuple(_shown(member, labels.get(member.customer, ""), workspace, known) for member in page)
    return shown, page[-1].customer if len(found) > SAMPLES else ""


def _shown(member: Member, label: str, workspace: Workspace, known: Known) -> Shown:
    return Shown(member.customer, label, tuple((r.text, _figure(r, workspace, known)) for r in member.reasons))


def _figure(reason: Reason, workspace: Workspace, known: Known) -> Text:
    """What a condition looked at, in words."""
    figure = reason.figure
    match reason.unit:
        case "times":
            return Text(f"{int(figure):,} 次", f"{int(figure):,} times")
        case "amount_minor":
            money = Money(int(figure), known.currency)
            return Text(money.text("zh"), money.text("en"))
        case "number":
            said = format.number(int(figure))
            return Text(said, said)
        case "at_ms":
            return _time(int(figure), workspace, known)
        case "tags":
            shown = figure.replace("|", ", ")
            return Text(shown or "没有标签", shown or "no tags")
        case "trait":
            return Text(figure or "未知", figure or "unknown")
        case _:
            return Text("", "")


def _time(at_ms: int, workspace: Workspace, known: Known) -> Text:
    if not at_ms:
        return Text("从未", "never")
    today: date = format.day_of(workspace.clock(), known.zone)
    on = format.day_of(at_ms, known.zone)
    return Text(format.day(on, "zh", today), format.day(on, "en", today))


HANDLERS = [audiences, count_audience, more_members]
