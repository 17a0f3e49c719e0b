"""The promotions of a campaign: what each gives, lane by lane; one in a form; and a cart to try them on.

The form is the promotion's table of the document, key by key, as sentences; saving makes a version of the document, with the
operator's own text around it as it was. The cart is priced while it is typed, on what stands in the form, saved or not.
"""

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec import Struct

from miaohui.campaign import lifecycle, store
from miaohui.campaign.document import Document
from miaohui.campaign.edits import CannotEdit
from miaohui.campaign.lifecycle import Forbidden
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.store import Campaign
from miaohui.console.campaigns import campaign_of
from miaohui.console.codes import LENGTHS
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.promotion_form import NEW, as_written, edited, form_of, sent
from miaohui.console.stages import pages_of, tags
from miaohui.console.try_cart import takes_deposits, tried, wares_of
from miaohui.pages.language import AnyRequest, language_of
from miaohui.pages.render import see_other
from miaohui.plays import promotion
from miaohui.pricing.promotion import LANES, LaneName
from miaohui.text import Text
from miaohui.workspace import Workspace

LANE_NAMES: dict[LaneName, Text] = {
    "activity": Text("活动价", "Product prices"),
    "item": Text("单品", "Units and lines"),
    "units": Text("组合", "Units together"),
    "order": Text("订单", "The order"),
    "coupon": Text("优惠码", "Codes"),
    "points": Text("积分", "Points"),
    "shipping": Text("运费", "Delivery"),
    "rewards": Text("返利", "Given back"),
}


class Row(Struct, frozen=True):
    """One promotion in the list."""

    name: str
    title: Text
    lane: LaneName
    said: tuple[Text, ...]
    codes: tuple[str, ...]
    single_use: bool
    audience: str


@get("/campaigns/{id:str}/promotions", guards=[needs("campaign.view")])
async def promotions(
    request: AnyRequest,
    workspace: TheWorkspace,
    operator: TheOperator,
    id: FromPath[str],
    edit: FromQuery[str] = "",
) -> Response[str]:
    """The list, one of them in its form, and the cart."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        text = (await store.version(c, id)).text
    may = operator.may("campaign.edit") and _open(campaign)
    chosen = edit if may else ""
    return await _page(request, workspace, campaign, text, chosen=chosen, form=form_of(text, chosen), may=may)


@post("/campaigns/{id:str}/promotions", guards=[needs("campaign.edit")])
async def save_promotion(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Response[str] | Redirect:
    """A version of the document with the promotion as the form has it."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        base = await store.version(c, id)
    form = await sent(request)
    refusal: Text | None = None
    try:
        text, name = edited(base.text, form)
        found = await workspace.office.check(text)
        stops = [p for p in found.problems if p.level == "stop" and p.path.startswith(f"plays.{name}")]
        if stops:
            refusal = Text(f"{stops[0].what.zh}。{stops[0].remedy.zh}", f"{stops[0].what.en}. {stops[0].remedy.en}")
        else:
            said = Text(f"改促销 {name}", f"Promotion {name}")
            number = int(form.get("base", "") or 0)
            saved = await workspace.office.save(operator, id, number, text, said(language_of(request)))
            done = Text(f"已存为 v{saved.status.version}。", f"Saved as v{saved.status.version}.")
            return see_other(request, f"/campaigns/{id}/promotions?edit={name}", done)
    except CannotEdit as no:
        refusal = Text(f"写不进文件：{no}", f"It cannot be written: {no}")
    except CampaignRefused as no:
        refusal = no.sentence
    chosen = form.get("was", "") or NEW
    return await _page(
        request, workspace, campaign, base.text, chosen=chosen, form=form, may=True, refusal=refusal, status=422
    )


async def _page(
    request: AnyRequest,
    workspace: Workspace,
    campaign: Campaign,
    text: str,
    *,
    chosen: str,
    form: dict[str, str],
    may: bool,
    refusal: Text | None = None,
    status: int = 200,
) -> Response[str]:
    found = await workspace.office.check(text)
    document = found.document
    wares = await wares_of(workspace, document)
    cart = form | {f"q.{ware.name}": "1" for ware in wares[:2] if not any(k.startswith("q.") for k in form)}
    return show(
        request,
        "console/promotions.html",
        status=status,
        within=pages_of(campaign.id, campaign.name),
        campaign=campaign,
        tags=tags(campaign.status),
        rows=_rows(document),
        lane_names=LANE_NAMES,
        wares=wares,
        deposits=takes_deposits(document) or "deposit" in form.get("gives", ""),
        audiences=[(name, name) for name in document.audiences] if document else [],
        currency=document.currency if document else workspace.currency,
        chosen=chosen,
        form=cart,
        may=may,
        batches=await workspace.codes.of(campaign.id, chosen) if form_of(text, chosen).get("single_use") else None,
        lengths=LENGTHS,
        refusal=refusal,
        NEW=NEW,
        **await tried(request, workspace, as_written(text, form), cart),
    )


def _rows(document: Document | None) -> list[Row]:
    """The promotions in the order of their lanes."""
    found = []
    for name, play in document.plays.items() if document else ():
        if play.head.play != "promotion" or not isinstance(play.rules, promotion.Rules):
            continue
        made = promotion.promotion(play.rules)
        lane = min((made.lane_of(effect) for effect in made.effects), key=LANES.index)
        title = play.head.title or promotion.TITLE
        rules = play.rules
        found.append(Row(name, title, lane, promotion.said(rules), rules.codes, rules.single_use, play.head.for_))
    return sorted(found, key=lambda row: LANES.index(row.lane))


def _open(campaign: Campaign) -> bool:
    """Whether its document may still be changed."""
    try:
        lifecycle.edited(campaign.status)
    except Forbidden:
        return False
    return True


HANDLERS = [promotions, save_promotion]
