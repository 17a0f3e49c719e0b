"""A new campaign in a few minutes: an occasion, a template, its questions one by one, the document. Nothing is kept until the last
page: the answers stand in the address, so that "back" and a second window do what they should."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from miaohui.calendar import lead
from miaohui.calendar.almanac import Occasion
from miaohui.calendar.store import Calendar
from miaohui.campaign import store
from miaohui.campaign.facts import Facts
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.store import Connection
from miaohui.console.calendar import occasion_of, today_of
from miaohui.console.calendar_views import QUIET, plan_of
from miaohui.console.campaigns import campaign_of
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.plans import document_of
from miaohui.console.preflight import counts_of, rulings_of
from miaohui.pages.errors import missing
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.planning import begin, library
from miaohui.planning.asks import BadAnswer, Field, Good, World
from miaohui.planning.begin import Step
from miaohui.planning.lead_times import calendar_with_cases
from miaohui.planning.template import Template
from miaohui.planning.templated import templated
from miaohui.text import Text
from miaohui.workspace import Workspace

GOODS_MOST = 100
AHEAD = 90
_GOODS = """
select p.sku, p.title_zh, p.title_en, p.list_price_minor, p.cost_minor,
  (coalesce(a.credits - a.debits - a.debits_pending, 0))::bigint as free
from product p left join account a on a.key = 'sku/' || p.sku
where p.archived_at is null and p.list_price_minor >= 2 and p.currency = $1
order by p.sku = any($2) desc, free desc, p.sku limit $3
"""


class Place(Struct, frozen=True):
    """Where somebody stands in the questions."""

    template: Template
    world: World
    facts: Facts
    given: dict[str, str]
    kept: dict[str, str]


@get("/begin", guards=[needs("campaign.edit")])
async def choose(request: AnyRequest, workspace: TheWorkspace) -> Response[str]:
    """Which template, and for which occasion."""
    async with workspace.db.acquire() as c:
        today = today_of(workspace, await c.fetchval("select now_ms()"))
        kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
        made = await library.made(c)
    about = _about(kept, request.query_params)
    coming = kept.almanac.occasions(today, today + timedelta(AHEAD))
    wanted = about.day.campaign_class if about else ""
    return show(
        request,
        "console/begin.html",
        occasion=about,
        shipped=sorted(library.shipped(), key=lambda one: begin.class_of(one, about) != wanted),
        wanted=wanted,
        made=made,
        class_of=lambda one: begin.class_of(one, about),
        lead_names=lead.NAMES,
        coming=[(one, plan_of(one, kept).late(today)) for one in coming if one.day.kind not in QUIET][:12],
        about=_carried(about),
    )


def _about(kept: Calendar, query: Mapping[str, str]) -> Occasion | None:
    return occasion_of(kept, query.get("occasion", ""), query.get("on", ""))


def _carried(about: Occasion | None) -> dict[str, str]:
    return {"occasion": about.day.id, "on": str(about.first)} if about else {}


async def _place(c: Connection, workspace: Workspace, id: str, given: dict[str, str]) -> Place:
    """The template, the world around its questions, and what was answered."""
    template = await library.find(c, id)
    if template is None:
        raise missing(Text(f"没有模板 {id}", f"There is no template {id}"))
    now_ms = await c.fetchval("select now_ms()")
    kept = await calendar_with_cases(c, workspace.zone, workspace.currency)
    about = _about(kept, given)
    rows = await c.fetch(_GOODS, workspace.currency, list(given.values())[:40], GOODS_MOST)
    goods = tuple(
        Good(r["sku"], Text(r["title_zh"], r["title_en"]), r["list_price_minor"], r["cost_minor"], r["free"])
        for r in rows
    )
    times = template.lead(kept.lead(begin.class_of(template, about)))
    world = World(
        today=today_of(workspace, now_ms), currency=workspace.currency, workdays=kept.almanac.workdays, lead=times,
        goods=goods, occasion=about,
    )  # fmt: skip
    facts = Facts(products=begin.products_of(world), zone=workspace.zone, currency=workspace.currency, now_ms=now_ms)
    return Place(template, world, facts, given, _carried(about))


@get("/begin/{template:str}", guards=[needs("campaign.edit")])
async def ask(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, template: FromPath[str]
) -> Response[str]:
    """The next question, or the first whose answer cannot be taken; after the last, the document."""
    given = dict(request.query_params.items())
    async with workspace.db.acquire() as c:
        place = await _place(c, workspace, template, given)
    wanted, back = given.pop("n", "0"), given.pop("back", "")
    number = min(int(wanted[:4]) if wanted.isdecimal() else 0, len(place.template.head.ask))
    number = max(0, number - 2) if back else number
    refused, at = _first_bad(place, number)
    found = begin.step(place.template, given, place.world, at, place.facts)
    if found.ask is None:
        return await _summary(request, workspace, operator.name, place, found)
    names = {field.name for field in found.fields}
    return show(
        request,
        "console/ask.html",
        chosen=place.template,
        ask=found.ask,
        fields=found.fields,
        number=found.number,
        count=len(place.template.head.ask),
        goods=place.world.goods,
        currency=place.world.currency,
        occasion=place.world.occasion,
        carried={name: value for name, value in given.items() if name not in names},
        refused=refused,
    )


def _first_bad(place: Place, number: int) -> tuple[BadAnswer | None, int]:
    """The first of the answered questions that must be asked again."""
    for n in range(number):
        refused = begin.bad(place.template, place.given, place.world, n)
        if refused is not None:
            return refused, n
    return None, number


async def _summary(
    request: AnyRequest, workspace: Workspace, owner: str, place: Place, found: Step, refusal: Text | None = None
) -> Response[str]:
    text = await _text(workspace, owner, place, found)
    checked = await workspace.office.check(text)
    answers = [
        (n, one, [(field.label, _shown(place, field)) for field in _fields(place, n)])
        for n, one in enumerate(place.template.head.ask)
    ]
    return show(
        request,
        "console/begun.html",
        status=422 if refusal else 200,
        chosen=place.template,
        occasion=place.world.occasion,
        document=checked.document,
        answers=answers,
        given={name: value for name, value in place.given.items() if name not in ("n", "_csrf")},
        text=text,
        problems=checked.problems,
        counts=counts_of(checked.problems),
        rulings=rulings_of(checked.rulings),
        refusal=refusal,
    )


def _shown(place: Place, field: Field) -> Text:
    """An answer as people read it: a product by its name; nothing where the proposal is taken."""
    value = place.given.get(field.name, "")
    good = place.world.good(value) if field.type == "product" else None
    return good.title if good else Text(value, value)


def _fields(place: Place, number: int) -> list[Field]:
    return begin.step(place.template, place.given, place.world, number, place.facts).fields


async def _text(workspace: Workspace, owner: str, place: Place, found: Step) -> str:
    taken = frozenset(row["id"] for row in await workspace.db.fetch("select id from campaign"))
    shared = begin.common(place.template, place.world, taken, found.words, owner=owner, zone=workspace.zone)
    return begin.document_of(place.template, found.words, shared)


@post("/begin/{template:str}", guards=[needs("campaign.edit")])
async def create(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, template: FromPath[str]
) -> Response[str] | Redirect:
    """Keep the document as a draft and go to its page."""
    form = await request.form()
    given = {name: str(value) for name, value in form.items() if name != "_csrf"}
    async with workspace.db.acquire() as c:
        place = await _place(c, workspace, template, given)
    count = len(place.template.head.ask)
    refused, at = _first_bad(place, count)
    if refused is not None:
        return see_other(request, f"/begin/{template}", refused.why, "bad")
    found = begin.step(place.template, given, place.world, at, place.facts)
    text = await _text(workspace, operator.name, place, found)
    try:
        made = await workspace.office.create(operator, text, f"from the template {place.template.head.title.en}")
    except CampaignRefused as refusal:
        return await _summary(request, workspace, operator.name, place, found, refusal.sentence)
    said = Text("已存为草稿。看一遍，然后提交审批。", "Kept as a draft. Read it through, then submit it.")
    return see_other(request, f"/campaigns/{made.id}", said)


@post("/campaigns/{id:str}/as-template", guards=[needs("calendar.edit")])
async def make_template(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Redirect:
    """A template of the version that ran: days relative, stock cleared, secrets gone."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        document = await document_of(c, workspace, campaign)
        version = await _ran(c, campaign)
    if document is None:
        said = Text("文件读不成活动，先改好它", "The document cannot be read: put it right first")
        return see_other(request, f"/campaigns/{id}", said, "bad")
    about = Text(f"由“{document.name.zh}”做成", f"Made of {document.name.en}")
    async with workspace.db.acquire() as c, c.transaction():
        kept = await library.keep(c, operator.name, templated(version, document, about), id)
    said = Text(
        "已做成模板：日期相对、库存清空、人名去掉。从它开始一个新活动。",
        "Made into a template: days are relative, stock is cleared, names are gone. Begin a new campaign with it.",
    )
    return see_other(request, f"/begin#{kept.id}", said)


async def _ran(c: Connection, campaign: Any) -> str:
    """The text that ran, or would."""
    return (await store.version(c, campaign.id, campaign.status.approved or campaign.status.version)).text


@post("/templates/{id:str}/archive", guards=[needs("calendar.edit")])
async def archive_template(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Redirect:
    """Take a template off the list."""
    async with workspace.db.acquire() as c, c.transaction():
        title = await library.archive(c, operator.name, id)
    if title is None:
        return see_other(
            request, "/begin", Text("没有这个模板，或已归档。", "There is no such template any more."), "bad"
        )
    return see_other(request, "/begin", Text(f"模板“{title.zh}”已归档。", f"The template {title.en} is archived."))


HANDLERS = [choose, ask, create, make_template, archive_template]
