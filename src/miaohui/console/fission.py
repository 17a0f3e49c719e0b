"""How a campaign spreads: channels, modes compared, the share chain, baits; tried with sliders, kept in the document.

Nothing that is tried here is kept before it is saved: a version of the document, as everywhere. The mode that is chosen becomes a
play when this version of Miaohui runs it; the others stand in the document as a plan.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from miaohui.campaign import store
from miaohui.campaign.document import Document
from miaohui.campaign.edits import Edit
from miaohui.campaign.fission import Chances, Fission
from miaohui.campaign.store import Campaign
from miaohui.console.campaigns import campaign_of
from miaohui.console.document_edits import keep
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.plans import read_text
from miaohui.console.spreading import SLIDERS, Tried, answer, seeds_of, ticks, tried
from miaohui.console.stages import pages_of, tags
from miaohui.money import Money, to_minor
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import rendered, see_other
from miaohui.planning.actuals import actuals
from miaohui.planning.fission import CRITERIA, MODES
from miaohui.planning.sharing import Carried, carried
from miaohui.text import Text
from miaohui.workspace import Workspace


async def _found(workspace: Workspace, id: str) -> tuple[Campaign, Document | None]:
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        text = (await store.version(c, id)).text
    return campaign, read_text(text, workspace.zone, workspace.currency)


async def _came(workspace: Workspace, campaign: Campaign, document: Document | None) -> Carried:
    """What the shares of a campaign have carried since it opened."""
    if document is None or campaign.status.state in ("draft", "in_review", "approved"):
        return Carried()
    came = await actuals(workspace.db, workspace.events, campaign.id, document.zone, document.currency)
    looked = came.channels["visitors"].get("share", 0)
    return await carried(workspace.db, workspace.events, campaign.id, looked)


NOTE = Text("裂变方案已改", "Spreading changed")


@get("/campaigns/{id:str}/fission", guards=[needs("campaign.view")])
async def page(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Response[str]:
    """The page; values in its address are tried at once."""
    campaign, document = await _found(workspace, id)
    written = (document.fission if document else None) or Fission()
    currency = document.currency if document else workspace.currency
    cases = await workspace.cases.spreading()
    grouped = [name for name, play in document.plays.items() if play.head.play == "group_buy"] if document else []
    return show(
        request,
        "console/fission.html",
        within=pages_of(id, campaign.name),
        campaign=campaign,
        tags=tags(campaign.status),
        document=document,
        written=written,
        sliders=SLIDERS,
        cases=cases,
        ticks=ticks(cases),
        grouped=grouped,
        edits=operator.may("campaign.edit") and document is not None,
        **answer(tried(written, request.query_params), written, currency, await _came(workspace, campaign, document)),
    )


@post("/campaigns/{id:str}/fission/try", guards=[needs("campaign.view")], status_code=200)
async def attempt(request: AnyRequest, workspace: TheWorkspace, id: FromPath[str]) -> Response[str]:
    """What follows from the form; nothing is kept."""
    campaign, document = await _found(workspace, id)
    written = (document.fission if document else None) or Fission()
    currency = document.currency if document else workspace.currency
    came = await _came(workspace, campaign, document)
    now = tried(written, await request.form())
    return Response(
        rendered(request, "console/fission_answer.html", **answer(now, written, currency, came)), media_type="text/html"
    )


# -- kept in the document ----------------------------------------------------------------------------------------------------------


@post("/campaigns/{id:str}/fission", guards=[needs("campaign.edit")])
async def save(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Redirect:
    """Keep what the form says as a version; a mode that runs here becomes a play if a product for it is named."""
    form = await request.form()
    campaign, document = await _found(workspace, id)
    written = (document.fission if document else None) or Fission()
    now = tried(written, form)
    edits = _edits(now, written)
    try:
        edits += _play(form, document, now)
    except ValueError as wrong:
        return see_other(request, f"/campaigns/{id}/fission", Text(f"没有保存：{wrong}", f"Not saved: {wrong}"), "bad")
    return await keep(
        request, workspace, operator, campaign, edits, str(form.get("base", "")), f"/campaigns/{id}/fission", NOTE
    )


@post("/campaigns/{id:str}/fission/{what:str}", guards=[needs("campaign.edit")])
async def add(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], what: FromPath[str]
) -> Redirect:
    """Add or change a channel of the inventory, or a bait."""
    form = {key: str(value).strip() for key, value in (await request.form()).items() if isinstance(value, str)}
    campaign, _ = await _found(workspace, id)
    name = form.get("name", "")
    fields = {"channel": ("people", "seeds", "cost"), "bait": ("joiner", "sharer", "share", "join")}.get(what, ())
    try:
        values = {key: str(Decimal(form[key])) for key in fields if form.get(key)}
    except InvalidOperation:
        said = Text("没有保存：应为数字。", "Not saved: write numbers.")
        return see_other(request, f"/campaigns/{id}/fission", said, "bad")
    inline = "{ " + ", ".join(f"{key} = {value}" for key, value in values.items()) + " }"
    edits = [Edit(("fission", f"{what}s", name), inline)] if name and values else []
    return await keep(
        request, workspace, operator, campaign, edits, form.get("base", ""), f"/campaigns/{id}/fission", NOTE
    )


def _edits(now: Tried, written: Fission) -> list[Edit]:
    """The section as it is to be; scores that are the example's are not written."""
    edits = []
    if now.mode != (written.mode or ""):
        edits.append(Edit(("fission", "mode"), f'"{now.mode}"' if now.mode else ""))
    weights = dict(zip(CRITERIA, now.weights, strict=True))
    if weights != {name: getattr(written.weights, name) for name in CRITERIA}:
        edits.append(Edit(("fission", "weights"), _inline(weights)))
    for mode, scores in now.scores.items():
        kept = written.scores.get(mode)
        own = tuple(getattr(kept, name) for name in CRITERIA) if kept else MODES[mode].scores
        if scores != own:
            edits.append(Edit(("fission", "scores", mode), _inline(dict(zip(CRITERIA, scores, strict=True)))))
    chances = {"seeds": now.seeds} | now.chances | {"ceiling": now.ceiling}
    before = _chances(written.chances)
    if chances != before and not (chances | {"seeds": 0} == before | {"seeds": 0} and now.seeds == seeds_of(written)):
        edits.append(Edit(("fission", "chances"), _inline(chances)))
    return edits


def _chances(chances: Chances) -> dict[str, Any]:
    percents = {name: Decimal(getattr(chances, f"{name}_ppm")) / 10_000 for name in ("share", "open", "join", "decay")}
    return {"seeds": chances.seeds, "reach": chances.reach} | percents | {"ceiling": chances.ceiling}


def _inline(values: Mapping[str, Any]) -> str:
    return (
        "{ "
        + ", ".join(
            f"{key} = {value:f}" if isinstance(value, Decimal) else f"{key} = {value}" for key, value in values.items()
        )
        + " }"
    )


def _play(form: Mapping[str, Any], document: Document | None, now: Tried) -> list[Edit]:
    """The play of a chosen mode that runs here, if the form names a product for it. ValueError."""
    product = str(form.get("product", ""))
    if now.mode != "group_buy" or document is None or product not in document.products:
        return []
    name = "group-of-friends"
    if name in document.plays:
        return []
    price = to_minor(str(form.get("price", "")).strip(), document.currency)
    stock, size = int(str(form.get("stock") or 0)), int(str(form.get("size") or 3))
    fields = {
        "play": '"group_buy"',
        "title": '{ zh = "好友拼团", en = "A group of friends" }',
        "product": f'"{product}"',
        "price": str(Money(price, document.currency).decimal()),
        "size": str(size),
        "hours": "24",
        "stock": str(stock),
    }
    return [Edit(("plays", name, key), value) for key, value in fields.items()]


HANDLERS = [page, attempt, save, add]
