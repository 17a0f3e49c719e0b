"""The promotions of a campaign: what each gives, lane by lane; one in a form; and a cart to try them on.

The form is the promotion's table of the document, key by key, as sentences; saving makes a version of the document, with the
operator's own text around it as it was. The cart is priced while it is typed, on what stands in the form, saved or not.
"""

import json
import re
import tomllib
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec import Struct

from miaohui.campaign import lifecycle, store
from miaohui.campaign.document import Document
from miaohui.campaign.edits import CannotEdit, Edit, edit
from miaohui.campaign.lifecycle import Forbidden
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.shop import shop
from miaohui.campaign.store import Campaign
from miaohui.campaign.terms import NAME
from miaohui.campaign.times import Days, Unreadable
from miaohui.campaign.tryout import tryout
from miaohui.console.campaigns import campaign_of
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.stages import pages_of, tags
from miaohui.host.orders import Facts, LineInput
from miaohui.host.quote import CartInput, Quote
from miaohui.money import to_minor
from miaohui.pages.language import AnyRequest, language_of
from miaohui.pages.render import see_other
from miaohui.plays import promotion
from miaohui.plays._contract import Refusal
from miaohui.pricing.promotion import LANES, LaneName
from miaohui.text import Text
from miaohui.workspace import Workspace

NEW = "new"
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
LISTS = ("gives", "when")
"""Keys of which every line is a sentence."""
ALONE = ("gives", "when", "on")
"""Keys whose one sentence needs no brackets."""
COMMAS = ("on", "codes", "groups", "exclusive_with")
NUMBERS = ("from", "pieces", "priority", "uses", "per_customer", "budget", "gift_stock")
WORDS = ("for", "exclusive", "on_budget_end")
QUANTITY_MAX = 99


class Row(Struct, frozen=True):
    """One promotion in the list."""

    name: str
    title: Text
    lane: LaneName
    said: tuple[Text, ...]
    codes: tuple[str, ...]
    audience: str


class Ware(Struct, frozen=True):
    """A product of the document as the cart sells it."""

    name: str
    sku: str
    title: Text
    price_minor: int


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
    return await _page(request, workspace, campaign, text, chosen=chosen, form=_form(text, chosen), may=may)


@post("/campaigns/{id:str}/promotions", guards=[needs("campaign.edit")])
async def save_promotion(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Response[str] | Redirect:
    """A version of the document with the promotion as the form has it."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        base = await store.version(c, id)
    form = await _fields(request)
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


@post("/campaigns/{id:str}/try-cart", guards=[needs("campaign.view")], status_code=200)
async def try_cart(request: AnyRequest, workspace: TheWorkspace, id: FromPath[str]) -> Response[str]:
    """The cart of the form priced, with the promotion as the form has it; nothing is kept."""
    async with workspace.db.acquire() as c:
        await campaign_of(c, id)
        text = (await store.version(c, id)).text
    form = await _fields(request)
    try:
        if "gives" in form:
            text, _ = edited(text, form)
    except CannotEdit:
        pass  # the check says what is wrong with what is there
    return show(request, "console/try_cart.html", **await _tried(request, workspace, text, form))


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
    wares = await _wares(workspace, document)
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
        audiences=[(name, name) for name in document.audiences] if document else [],
        currency=document.currency if document else workspace.currency,
        chosen=chosen,
        form=cart,
        may=may,
        refusal=refusal,
        NEW=NEW,
        **await _tried(request, workspace, text if not form.get("gives") else _try_edit(text, form), cart),
    )


def _try_edit(text: str, form: dict[str, str]) -> str:
    try:
        return edited(text, form)[0]
    except CannotEdit:
        return text


async def _tried(request: AnyRequest, workspace: Workspace, text: str, form: dict[str, str]) -> dict[str, Any]:
    """What the panel shows: the quote, or what stops it."""
    found = await workspace.office.check(text)
    stops = [problem for problem in found.problems if problem.level == "stop"]
    if found.document is None or stops:
        return {"quote": None, "stops": stops, "no": None}
    document = found.document
    wares = await _wares(workspace, document)
    cart = _cart(document, wares, form)
    if not cart.lines:
        return {"quote": None, "stops": [], "no": Text("在上面选几件商品", "Choose some products above")}
    at_ms, no = _time(document, form)
    audiences = [form["audience"]] if form.get("audience") in document.audiences else []
    quotes = await tryout(document, [cart], language_of(request), audiences, at_ms)
    if isinstance(quotes, Refusal):
        return {"quote": None, "stops": [], "no": Text("购物车写得不对", "The cart cannot be read")}
    return {"quote": quotes[0], "stops": [], "no": no, "names": _names(wares, quotes[0]), "money_of": document.currency}


def _cart(document: Document, wares: list[Ware], form: dict[str, str]) -> CartInput:
    lines = []
    for ware in wares:
        quantity = form.get(f"q.{ware.name}", "")
        if quantity.isdecimal() and 0 < int(quantity) <= QUANTITY_MAX:
            lines.append(
                LineInput(line=ware.name, sku=ware.sku, quantity=int(quantity), unit_price_minor=ware.price_minor)
            )
    code = form.get("code", "").strip()
    orders = form.get("orders", "")
    return CartInput(
        currency=document.currency,
        lines=lines,
        codes=[code] if code else [],
        shipping_minor=_money(form.get("delivery", ""), document.currency),
        facts=Facts(orders=int(orders) if orders.isdecimal() and len(orders) < 6 else 0),
    )


def _money(written: str, currency: str) -> int:
    try:
        minor = to_minor(Decimal(written or "0"), currency)
    except (InvalidOperation, ValueError):
        return 0
    return minor if 0 <= minor < 10**9 else 0


def _time(document: Document, form: dict[str, str]) -> tuple[int, Text | None]:
    """When the customer buys: "live 20:00"; the opening if nothing is written."""
    written = form.get("at", "").strip()
    if not written:
        return 0, None
    try:
        return Days(ZoneInfo(document.zone), dict(document.phases.each())).instant(written), None
    except Unreadable:
        said = Text(f"看不懂时间“{written}”，按开始时算；写 live 20:00", f'"{written}" is not a time; write live 20:00')
        return 0, said


async def _wares(workspace: Workspace, document: Document | None) -> list[Ware]:
    if document is None:
        return []
    async with workspace.db.acquire() as c:
        known = await shop(c, document)
    found = []
    for name, entry in document.products.items():
        sku = entry.sku or name
        listed = known.get(sku)
        price = entry.price_minor if entry.price_minor is not None else listed.list_price_minor if listed else None
        title = entry.title or (listed.title if listed else Text(name, name))
        if price is not None:
            found.append(Ware(name, sku, title, price))
    return found


def _names(wares: list[Ware], quote: Quote) -> dict[str, Text]:
    """line -> what it is called."""
    by_sku = {ware.sku: ware.title for ware in wares}
    names = {line.line: by_sku.get(line.sku, Text(line.sku, line.sku)) for line in quote.lines}
    return names | {"shipping": Text("运费", "Delivery")}


def _rows(document: Document | None) -> list[Row]:
    """The promotions in the order of their lanes."""
    found = []
    for name, play in document.plays.items() if document else ():
        if play.head.play != "promotion" or not isinstance(play.rules, promotion.Rules):
            continue
        made = promotion.promotion(play.rules)
        lane = min((made.lane_of(effect) for effect in made.effects), key=LANES.index)
        title = play.head.title or promotion.TITLE
        found.append(Row(name, title, lane, promotion.said(play.rules), play.rules.codes, play.head.for_))
    return sorted(found, key=lambda row: LANES.index(row.lane))


# -- the form and the document ---------------------------------------------------------------------------------------------


async def _fields(request: AnyRequest) -> dict[str, str]:
    form = await request.form()
    return {name: str(value).replace("\r\n", "\n") for name, value in form.items()}


def _form(text: str, name: str) -> dict[str, str]:
    """The form of a promotion as the document has it; a new one is empty."""
    if not name:
        return {}
    if name == NEW:
        return {"was": "", "name": "", "gives": "20.00 off 100.00"}
    try:
        table = tomllib.loads(text, parse_float=str).get("plays", {}).get(name, {})
    except tomllib.TOMLDecodeError:
        return {}
    if not isinstance(table, dict) or table.get("play") != "promotion":
        return {}
    form = {"was": name, "name": name}
    title = table.get("title", {})
    form |= {f"title_{language}": str(title.get(language, "")) for language in ("zh", "en") if isinstance(title, dict)}
    for key in (*LISTS, *COMMAS):
        value = table.get(key, [])
        parts = [str(part) for part in value] if isinstance(value, list) else [str(value)]
        form[key] = ("\n" if key in LISTS else ", ").join(parts)
    form |= {key: str(table[key]) for key in (*NUMBERS, *WORDS) if key in table}
    return form


def edited(text: str, form: dict[str, str]) -> tuple[str, str]:
    """The document with the promotion of the form, and the promotion's name. CannotEdit."""
    name = form.get("was", "") or form.get("name", "").strip()
    if not re.fullmatch(NAME, name):
        raise CannotEdit(f"{name!r}: a name has small letters, digits and hyphens, and begins with a letter")
    path = ("plays", name)
    edits = [Edit((*path, "play"), '"promotion"')]
    zh, en = (form.get(f"title_{language}", "").strip() for language in ("zh", "en"))
    if zh or en:
        edits.append(Edit((*path, "title"), f"{{ zh = {_quoted(zh or en)}, en = {_quoted(en or zh)} }}"))
    for key in (*LISTS, *COMMAS):
        parts = re.split(r"\n" if key in LISTS else r",\s*", form.get(key, ""))
        said = [part.strip() for part in parts if part.strip()]
        edits.append(Edit((*path, key), _listed(said, alone=key in ALONE)))
    for key in (*NUMBERS, *WORDS):
        written = form.get(key, "").strip()
        number = key in NUMBERS and re.fullmatch(r"-?[\d_]+(\.\d+)?", written)
        edits.append(Edit((*path, key), written if number else _quoted(written) if written else ""))
    return edit(text, edits), name


def _listed(parts: list[str], *, alone: bool) -> str:
    if not parts:
        return ""
    if len(parts) == 1 and alone:
        return _quoted(parts[0])
    return "[" + ", ".join(map(_quoted, parts)) + "]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _open(campaign: Campaign) -> bool:
    """Whether its document may still be changed."""
    try:
        lifecycle.edited(campaign.status)
    except Forbidden:
        return False
    return True


HANDLERS = [promotions, save_promotion, try_cart]
