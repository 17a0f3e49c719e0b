"""The counter's pages: goods, checkout, my orders, and the buttons pay, cancel and refund."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException, ServiceUnavailableException
from litestar.params import FromPath, FromQuery

from miaohui.counter import connect, goods, orders
from miaohui.counter.households import enter_as, households
from miaohui.counter.miaohui import Listed, Miaohui, Refused, Unreachable
from miaohui.counter.shopper import TheWorkspace, demo_only, shopper_of, the_shopper
from miaohui.counter.till import Till
from miaohui.counter.webhook import decode, hear
from miaohui.events.signature import HEADER, is_ours
from miaohui.pages.errors import missing
from miaohui.pages.forms import from_this_site
from miaohui.pages.language import AnyRequest, language_of
from miaohui.pages.render import page, see_other
from miaohui.text import Text
from miaohui.workspace import Workspace

SAID = {
    "pay": Text("已付款（演示，没有真钱）", "Paid (a demo: no real money)"),
    "cancel": Text("订单已取消，优惠已放回", "Order cancelled; what it had claimed went back"),
    "refund": Text("已退款（演示，没有真钱）", "Refunded (a demo: no real money)"),
}
LOST = Text("没有收到回答。再点一次即可，不会重复计算。", "No answer came back. Tap again: it will not count twice.")
LATE = Text(
    "付款晚了，名额已放回：钱会自动退还", "The payment came too late and the goods were gone: the money goes back"
)


async def till(workspace: TheWorkspace) -> AsyncIterator[Till]:
    """The till, with its line to Miaohui, for one request."""
    api_key = (await connect.ties(workspace)).api_key
    async with httpx.AsyncClient(base_url=workspace.url, timeout=10, trust_env=False) as http:
        yield Till(workspace.db, Miaohui(http, api_key))


@get("/")
async def goods_page(
    request: AnyRequest, workspace: TheWorkspace, till: NamedDependency[Till], q: FromQuery[str] = ""
) -> Response[str]:
    """The shelf, at what things cost today; an offer in the address goes along to the checkout."""
    shown = await goods.shelf(workspace.db, q.strip()[:60])
    listed: dict[str, Listed] = {}
    with contextlib.suppress(Refused, Unreachable):  # then the shop's own prices stand alone
        if shown:
            found = await till.listing(shown[0].currency, shown, shopper_of(request) or "", language_of(request))
            listed = {one.sku: one for one in found}
    offer = {
        name: request.query_params[name] for name in ("campaign", "play", "coupon") if name in request.query_params
    }
    return page(
        request,
        "counter/goods.html",
        goods=shown,
        listed=listed,
        q=q,
        offer=offer,
        shopper=shopper_of(request),
        now_ms=workspace.clock(),
    )


@get("/checkout")
async def checkout(request: AnyRequest, workspace: TheWorkspace, till: NamedDependency[Till]) -> Response[str]:
    """What would be ordered, at what price; nothing is reserved before it is placed."""
    return await _checkout(request, workspace, till, request.query_params, request.query_params.items())


async def _checkout(
    request: AnyRequest, workspace: Workspace, till: Till, fields: Any, pairs: Any, *, order: str = "", no: str = ""
) -> Response[str]:
    shopper, code = the_shopper(request), str(fields.get("code", "")).strip()[:40]
    currency, items = await goods.chosen(workspace.db, goods.basket(pairs))
    quote = None
    if items:
        with contextlib.suppress(Refused, Unreachable):  # then the sum is said when the order is placed
            quote = await till.price(
                shopper, currency, items, goods.offers(fields), [code] if code else [], language_of(request)
            )
    return page(
        request,
        "counter/checkout.html",
        status=409 if no else 200,
        items=items,
        offers=goods.offers(fields),
        quote=quote,
        code=code,
        currency=currency,
        order=order or f"K{secrets.token_hex(6).upper()}",
        no=no,
        now_ms=workspace.clock(),
    )


@post("/orders", guards=[from_this_site])
async def place(request: AnyRequest, workspace: TheWorkspace, till: NamedDependency[Till]) -> Response[Any]:
    """Place the order that the checkout showed; its id was made there, so that a second press is the same order."""
    form = await request.form()
    shopper, order, language = the_shopper(request), str(form.get("order", "")), language_of(request)
    currency, items = await goods.chosen(workspace.db, goods.basket(form.items()))
    code, shown = str(form.get("code", "")).strip(), str(form.get("total", ""))
    try:
        quote = await till.price(shopper, currency, items, goods.offers(form), [code] if code else [], language)
        claims = [*goods.offers(form), *(claim for claim in quote.claims if not claim.coupon and not claim.instance)]
        total = int(shown) if shown.isdigit() else None
        await till.place(order, shopper, currency, items, claims, language, total)
    except (Refused, Unreachable) as no:
        sentence = no.sentence if isinstance(no, Refused) else LOST(language)
        return await _checkout(request, workspace, till, form, form.items(), order=order, no=sentence)
    return see_other(request, f"/counter/orders/{order}")


@get("/orders")
async def my_orders(request: AnyRequest, workspace: TheWorkspace) -> Response[str]:
    """The shopper's orders, newest first."""
    mine = await orders.mine(workspace.db, the_shopper(request))
    return page(request, "counter/orders.html", orders=mine, now_ms=workspace.clock())


@get("/orders/{order:str}")
async def my_order(request: AnyRequest, workspace: TheWorkspace, order: FromPath[str]) -> Response[str]:
    """One order: what it costs, how long it is kept, what can be done with it."""
    found = await _mine(request, workspace, order)
    return page(request, "counter/order.html", order=found, now_ms=await _now_ms(workspace))


@post("/orders/{order:str}/{verb:str}", guards=[from_this_site])
async def settle(
    request: AnyRequest, workspace: TheWorkspace, till: NamedDependency[Till], order: FromPath[str], verb: FromPath[str]
) -> Response[Any]:
    """Pay, cancel or refund the order."""
    await _mine(request, workspace, order)
    language, here = language_of(request), f"/counter/orders/{order}"
    if verb not in SAID:
        raise missing(Text(f"柜台不会 {verb}", f"The counter cannot {verb}"))
    try:
        if verb == "pay":
            answer = await till.pay(order, language)
            if answer.refund:
                return see_other(request, here, LATE, "warn")
        elif verb == "cancel":
            await till.cancel(order, language)
        else:
            await till.refund(order, f"{order}-refund", language)
    except Refused as no:
        return see_other(request, here, Text(no.sentence, no.sentence), "bad")
    except Unreachable:
        return see_other(request, here, LOST, "bad")
    return see_other(request, here, SAID[verb])


@post("/webhook", status_code=204)
async def webhook(request: AnyRequest, workspace: TheWorkspace, till: NamedDependency[Till]) -> None:
    """What Miaohui tells; 401 without its signature, 503 when it should be told again."""
    body = await request.body()
    secret = (await connect.ties(workspace)).webhook_secret
    if not is_ours(secret, request.headers.get(HEADER, ""), body, workspace.clock() // 1000):
        raise NotAuthorizedException(f"the header {HEADER} does not sign this body")
    try:
        await hear(till, decode(body))
    except Unreachable as lost:
        raise ServiceUnavailableException(str(lost)) from lost


async def _mine(request: AnyRequest, workspace: Workspace, order: str) -> orders.Order:
    found = await orders.one(workspace.db, order)
    if found is None or found.shopper != the_shopper(request):
        raise missing(Text(f"你没有订单 {order}", f"You have no order {order}"))
    return found


async def _now_ms(workspace: Workspace) -> int:
    return int(await workspace.db.fetchval("select now_ms()"))


HANDLERS = [
    Router(
        "/counter",
        route_handlers=[goods_page, checkout, place, my_orders, my_order, settle, webhook],
        guards=[demo_only],
        dependencies={"till": Provide(till)},
        include_in_schema=False,
    ),
    Router("/demo", route_handlers=[households, enter_as], guards=[demo_only], include_in_schema=False),
]
