"""The cart that promotions are tried on: products of the document, who buys, what he types, when; priced while it is typed."""

from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Response, post
from litestar.params import FromPath
from msgspec import Struct

from miaohui.campaign import store
from miaohui.campaign.document import Document
from miaohui.campaign.shop import shop
from miaohui.campaign.times import Days, Unreadable
from miaohui.campaign.tryout import tryout
from miaohui.console.campaigns import campaign_of
from miaohui.console.frame import show
from miaohui.console.guard import TheWorkspace, needs
from miaohui.console.promotion_form import as_written, sent
from miaohui.host.orders import SHIPPING, Facts, LineInput
from miaohui.host.quote import CartInput, Quote
from miaohui.money import to_minor
from miaohui.pages.language import AnyRequest, language_of
from miaohui.plays._contract import Refusal
from miaohui.plays.promotion import Rules
from miaohui.pricing.effects import Deposit
from miaohui.text import Text
from miaohui.workspace import Workspace

QUANTITY_MAX = 99


class Ware(Struct, frozen=True):
    """A product of the document as the cart sells it."""

    name: str
    sku: str
    title: Text
    price_minor: int
    cost_minor: int | None


@post("/campaigns/{id:str}/try-cart", guards=[needs("campaign.view")], status_code=200)
async def try_cart(request: AnyRequest, workspace: TheWorkspace, id: FromPath[str]) -> Response[str]:
    """The cart of the form priced, with the promotion as the form has it; nothing is kept."""
    async with workspace.db.acquire() as c:
        await campaign_of(c, id)
        text = (await store.version(c, id)).text
    form = await sent(request)
    return show(request, "console/try_cart.html", **await tried(request, workspace, as_written(text, form), form))


async def tried(request: AnyRequest, workspace: Workspace, text: str, form: dict[str, str]) -> dict[str, Any]:
    """What the panel shows: the quote, or what stops it."""
    found = await workspace.office.check(text)
    stops = [problem for problem in found.problems if problem.level == "stop"]
    if found.document is None or stops:
        return {"quote": None, "stops": stops, "no": None}
    document = found.document
    wares = await wares_of(workspace, document)
    cart = _cart(document, wares, form)
    if not cart.lines:
        return {"quote": None, "stops": [], "no": Text("在上面选几件商品", "Choose some products above")}
    at_ms, no = _time(document, form)
    audiences = [form["audience"]] if form.get("audience") in document.audiences else []
    quotes = await tryout(document, [cart], language_of(request), audiences, at_ms)
    if isinstance(quotes, Refusal):
        return {"quote": None, "stops": [], "no": Text("购物车写得不对", "The cart cannot be read")}
    return {
        "quote": quotes[0],
        "stops": [],
        "no": no,
        "names": _names(wares, quotes[0]),
        "margin": _margin(wares, quotes[0]),
        "money_of": document.currency,
    }


def _cart(document: Document, wares: list[Ware], form: dict[str, str]) -> CartInput:
    lines = []
    for ware in wares:
        quantity = form.get(f"q.{ware.name}", "")
        if quantity.isdecimal() and 0 < int(quantity) <= QUANTITY_MAX:
            lines.append(
                LineInput(
                    line=ware.name,
                    sku=ware.sku,
                    quantity=int(quantity),
                    unit_price_minor=ware.price_minor,
                    deposits=int(quantity) if form.get("deposit") else 0,
                )
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


async def wares_of(workspace: Workspace, document: Document | None) -> list[Ware]:
    """The products of the document that have a price, here or at the shop."""
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
        cost = entry.cost_minor if entry.cost_minor is not None else listed.cost_minor if listed else None
        if price is not None:
            found.append(Ware(name, sku, title, price, cost))
    return found


def takes_deposits(document: Document | None) -> bool:
    """Whether a promotion of the document counts deposits."""
    rules = [play.rules for play in document.plays.values()] if document else []
    return any(isinstance(one, Rules) and any(isinstance(effect, Deposit) for effect in one.gives) for one in rules)


def _margin(wares: list[Ware], quote: Quote) -> int | None:
    """What the goods of the cart leave above their cost, gifts included; None if a cost is not known."""
    costs = {ware.sku: ware.cost_minor for ware in wares}
    left = 0
    for line in quote.lines:
        cost = costs.get(line.sku)
        if line.line == SHIPPING:
            continue
        if cost is None:
            return None
        left += line.due_minor - line.quantity * cost
    return left


def _names(wares: list[Ware], quote: Quote) -> dict[str, Text]:
    """line -> what it is called."""
    by_sku = {ware.sku: ware.title for ware in wares}
    names = {line.line: by_sku.get(line.sku, Text(line.sku, line.sku)) for line in quote.lines}
    return names | {"shipping": Text("运费", "Delivery")}


HANDLERS = [try_cart]
