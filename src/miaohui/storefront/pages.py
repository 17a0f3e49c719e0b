"""The addresses of customers' pages.

/c/{campaign}                     the campaign, its plays in the order of its document
/c/{campaign}/{play}              one play;  /c/{campaign}/{play}/{party}   a party, the address that is shared
/wallet                           what the visitor has
/enter?c=..&t=..&s=..&next=..     the shop's signed link becomes a cookie;  /come: how to get such a link
"""

from typing import Any, TypeAlias

import segno
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from miaohui.customers.identities import labels
from miaohui.pages.errors import missing
from miaohui.pages.language import AnyRequest, local_path
from miaohui.pages.render import page, see_other
from miaohui.storefront import campaigns, views
from miaohui.storefront.views import Instance, PlayView
from miaohui.storefront.visitor import known, visitor_of
from miaohui.text import Text
from miaohui.workspace import Workspace

TheWorkspace: TypeAlias = NamedDependency[Workspace]
SHOP = {"shop_url": "/counter", "checkout_url": "/counter/checkout", "orders_url": "/counter/orders"}
"""The shop's addresses that pages lead to: the counter's."""


@get("/c/{campaign:str}")
async def campaign_page(request: AnyRequest, workspace: TheWorkspace, campaign: FromPath[str]) -> Response[str]:
    """The campaign and a card for each of its plays."""
    visitor = visitor_of(request)
    shown = await campaigns.campaign(workspace.db, campaign)
    if shown is None:
        raise missing(Text(f"没有活动 {campaign}", f"There is no campaign {campaign}"))
    plays = await views.plays(workspace.db, campaign, visitor)
    return page(
        request,
        "storefront/campaign.html",
        campaign=shown,
        plays=[plays[name] for name in shown.plays if name in plays],
        share_url=f"{workspace.url}/c/{campaign}",
        **await _shared(workspace, visitor),
    )


@get("/c/{campaign:str}/{play:str}")
async def play_page(
    request: AnyRequest, workspace: TheWorkspace, campaign: FromPath[str], play: FromPath[str]
) -> Response[str]:
    """One play, by its own template."""
    visitor = visitor_of(request)
    view = await _play(workspace, campaign, play, visitor)
    near = await views.open_parties(workspace.db, campaign, play, view.now_ms)
    return page(
        request,
        "storefront/play.html",
        play=view,
        others=near,
        **await _shared(workspace, visitor, *(one.state.owner for one in near)),
    )


@get("/c/{campaign:str}/{play:str}/{party:str}")
async def party_page(
    request: AnyRequest, workspace: TheWorkspace, campaign: FromPath[str], play: FromPath[str], party: FromPath[str]
) -> Response[str]:
    """A party: who is in it, how long it waits, the link and the picture of it to share."""
    visitor = visitor_of(request)
    view = await _play(workspace, campaign, play, visitor)
    one = await views.party(workspace.db, view.setup.id, party)
    if one is None:
        raise missing(Text("没有这个团", "There is no such group"))
    url = f"{workspace.url}/c/{campaign}/{play}/{party}"
    link = f"{url}?from={visitor}" if visitor else url
    members = (one.state.owner, *(member.customer for member in one.state.members))
    return page(
        request,
        "storefront/instance.html",
        play=view,
        one=one,
        share_url=link,
        qr=qr(link),
        **await _shared(workspace, visitor, *members),
    )


@get("/wallet")
async def wallet(request: AnyRequest, workspace: TheWorkspace, tab: FromQuery[str] = "usable") -> Response[Any]:
    """Coupons by their state, parties, and orders that used an offer."""
    visitor = visitor_of(request)
    if visitor is None:
        return see_other(request, "/come?next=/wallet")
    held, orders = await views.wallet(workspace.db, visitor)
    shared = await _shared(workspace, visitor)
    tabs: dict[str, list[Instance]] = {"usable": [], "used": [], "expired": []}
    coupons = [one for one in held if hasattr(one.state, "valid_until_ms")]
    for one in sorted(coupons, key=lambda one: one.state.valid_until_ms):
        tabs[_tab(one, shared["now_ms"])].append(one)
    return page(
        request,
        "storefront/wallet.html",
        tabs=tabs,
        tab=tab if tab in tabs else "usable",
        parties=await views.my_parties(workspace.db, visitor, orders),
        orders=orders,
        name=shared["names"].get(visitor, ""),
        home=f"/c/{at}" if (at := await campaigns.running(workspace.db)) else "",
        **shared,
    )


@get("/come")
async def come(request: AnyRequest, workspace: TheWorkspace, next: FromQuery[str] = "") -> Response[str]:
    """Who we do not know: how to come from the shop."""
    return page(request, "storefront/come.html", next=local_path(next, "/wallet"), now_ms=workspace.clock())


@get("/enter")
async def enter(request: AnyRequest) -> Response[Any]:
    """The shop's signed link: its customer gets our cookie and goes on to the page he was sent to."""
    query = request.query_params
    cookie = await known(request, query.get("c", ""), query.get("t", ""), query.get("s", ""))
    if cookie is None:
        return see_other(
            request, "/come", Text("这个链接已失效，请从商店重新进入", "This link is no longer good"), "bad"
        )
    return see_other(request, local_path(query.get("next"), "/wallet"), cookies=[cookie])


def qr(url: str) -> Markup:
    """The picture of an address, for a phone's camera."""
    svg = segno.make(url, error="m").svg_inline(scale=4, border=2, svgclass="qr", lineclass=None, omitsize=True)
    return Markup(svg.replace("<svg ", '<svg role="img" aria-label="QR" ', 1))


async def _play(workspace: Workspace, campaign: str, play: str, visitor: str | None) -> PlayView:
    plays = await views.plays(workspace.db, campaign, visitor)
    if play not in plays:
        raise missing(Text(f"活动 {campaign} 没有玩法 {play}", f"Campaign {campaign} has no play {play}"))
    return plays[play]


async def _shared(workspace: Workspace, visitor: str | None, *others: str) -> dict[str, Any]:
    """What every page of ours has: the time, the shop's addresses, names (short ones for strangers)."""
    people = {*others, *((visitor,) if visitor else ())}
    names = await labels(workspace.db, workspace.vault, list(people))
    shown = {id: name if id == visitor else views.shortened(name) for id, name in names.items()}
    return {"now_ms": await views.now_ms(workspace.db), "names": shown, "known": visitor is not None, **SHOP}


def _tab(one: Instance, now_ms: int) -> str:
    """Where in the wallet a coupon lies; one on hold is still his to use."""
    if one.state.status == "usable" and one.state.valid_until_ms <= now_ms:
        return "expired"
    return {"held": "usable"}.get(one.state.status, str(one.state.status))


HANDLERS = [
    Router(
        "/",
        route_handlers=[campaign_page, play_page, party_page, wallet, come, enter],
        include_in_schema=False,
    )
]
