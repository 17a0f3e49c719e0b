"""What carts cost, and why: for a shop at every change of a cart, for its product pages, and for a campaign that is still a draft.

    POST /prices            one cart, or an array of carts: lines after all offers, the claims to place the order with, and what
                            became of every promotion: applied, skipped by which other, not eligible and what is missing
    POST /prices/listing    products -> the price of one, and the lowest price "from", with the code or the pieces it takes
    POST /prices/draft      carts under a document that does not run: its text, or a version of a campaign

Nothing is reserved and nothing is written: limits and budgets are as they were a moment ago. What is promised is promised by
`POST /orders/{order}/placed` with the claims and the total of the answer.
"""

import asyncio
from typing import Annotated, Any, TypeAlias

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from miaohui.api.callers import SECURITY, needs, program_or_operator
from miaohui.api.campaigns import of_campaign
from miaohui.api.refusals import of_the_host, shop_only
from miaohui.campaign import store
from miaohui.campaign.problem import Problem
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.tryout import tryout
from miaohui.customers.identities import SHOP, identity_hash
from miaohui.host.listing import Listed, ListingInput, listing
from miaohui.host.quote import CartInput, Quote
from miaohui.host.quotes import Quotes
from miaohui.host.submission import Customer
from miaohui.pages.language import language_of
from miaohui.plays._contract import Refusal
from miaohui.workspace import Workspace

AnyRequest: TypeAlias = Request[Any, Any, Any]
TheWorkspace: TypeAlias = NamedDependency[Workspace]
CARTS_MAX = 100


class _Refused(Exception):
    """A cart that cannot be read."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class DraftInput(Struct, forbid_unknown_fields=True, kw_only=True):
    """Carts under a document: `text`, or `campaign` and its `version` (0: the newest). `audiences`: those the customer is in;
    `at_ms`: when he buys (0: at the opening). Windows are not judged: it is asked what would be."""

    carts: Annotated[list[CartInput], Meta(min_length=1, max_length=CARTS_MAX)]
    text: str = ""
    campaign: str = ""
    version: Annotated[int, Meta(ge=0)] = 0
    audiences: list[str] = []
    at_ms: int = 0


class DraftPrices(Struct):
    """The carts priced; `problems` of the document (with one that stops nothing is priced)."""

    prices: list[Quote]
    problems: list[Problem]


@post("/", status_code=200, guards=[shop_only], summary="What carts cost", security=[{"key": []}])
async def price_carts(
    request: AnyRequest, workspace: TheWorkspace, data: JSONBody[CartInput | list[CartInput]]
) -> Quote | list[Quote]:
    """One cart, or an array of at most 100; the answer has the same form."""
    quotes = await _quotes(request, workspace)
    if isinstance(data, CartInput):
        return await _quote(workspace, quotes, data)
    if not 0 < len(data) <= CARTS_MAX:
        raise _Refused(Refusal("bad_request", {"field": "carts", "value": len(data), "wanted": f"1 to {CARTS_MAX}"}))
    priced = []
    for cart in data:
        priced.append(await _quote(workspace, quotes, cart))
        await asyncio.sleep(0)  # others are served between two carts
    return priced


@post("/listing", status_code=200, guards=[shop_only], summary="Prices for product pages", security=[{"key": []}])
async def list_prices(request: AnyRequest, workspace: TheWorkspace, data: JSONBody[ListingInput]) -> list[Listed]:
    """For each product what one costs today, and the lowest price a customer can come to; at most 50 products."""
    quotes = await _quotes(request, workspace)
    found = await listing(quotes, data, _customer(workspace, data.customer))
    if isinstance(found, Refusal):
        raise _Refused(found)
    return found


@post("/draft", status_code=200, guards=[program_or_operator], summary="What carts would cost", security=SECURITY)
async def price_draft(request: AnyRequest, workspace: TheWorkspace, data: JSONBody[DraftInput]) -> DraftPrices:
    """A document that does not run, on carts: every limit is unused, the customer is who he is said to be."""
    needs(request, "campaign.view")
    text = data.text
    if data.campaign:
        async with workspace.db.acquire() as c:
            text = (await store.version(c, data.campaign, data.version)).text
    found = await workspace.office.check(text)
    if found.document is None or not found.sound:
        return DraftPrices([], found.problems)
    prices = await tryout(found.document, data.carts, language_of(request), data.audiences, data.at_ms)
    if isinstance(prices, Refusal):
        raise _Refused(prices)
    return DraftPrices(prices, found.problems)


async def _quotes(request: AnyRequest, workspace: Workspace) -> Quotes:
    """The promotions that run; another process may have opened some, so it is looked at once a second."""
    if await workspace.glance.epoch() != workspace.host.register.epoch:
        await workspace.host.refresh()
    return Quotes(workspace.host.register, workspace.glance, language_of(request), workspace.typed)


async def _quote(workspace: Workspace, quotes: Quotes, cart: CartInput) -> Quote:
    quote = await quotes.quote(cart, _customer(workspace, cart.customer))
    if isinstance(quote, Refusal):
        raise _Refused(quote)
    return quote


def _customer(workspace: Workspace, shop_id: str) -> Customer:
    return Customer(shop_hash=identity_hash(workspace.vault, SHOP, shop_id)) if shop_id else Customer()


def _no(request: AnyRequest, refused: _Refused) -> Response[Any]:
    return of_the_host(request, refused.refusal)


HANDLERS = [
    Router(
        path="/prices",
        exception_handlers={_Refused: _no, CampaignRefused: of_campaign},
        route_handlers=[price_carts, list_prices, price_draft],
        tags=["prices"],
    )
]
