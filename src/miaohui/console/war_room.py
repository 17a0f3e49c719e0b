"""The war room: the figures of one campaign at this moment, on a dark wall screen, by server-sent events.

The page is drawn once; every half second the shared answer of all watchers comes as an event `moment`, and the script of the page
puts its figures into their places. The stream ends after `STREAM_S`, so that a browser whose session has ended comes back to the
log-in page; until then it reconnects by itself.
"""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from miaohui.campaign.document import Document
from miaohui.campaign.store import Campaign
from miaohui.clock import moment_of
from miaohui.console.campaigns import campaign_of
from miaohui.console.frame import show
from miaohui.console.guard import TheWorkspace, needs
from miaohui.console.plans import document_of
from miaohui.console.progress import progress
from miaohui.console.stages import rail, tags
from miaohui.money import exponent
from miaohui.pages.format import day_of
from miaohui.pages.language import AnyRequest
from miaohui.review.moment import MINUTES, Moment
from miaohui.text import Text
from miaohui.workspace import Workspace

STREAM_S = 300
RECONNECT_MS = 1000


async def _campaign(workspace: Workspace, id: str) -> tuple[Campaign, Document | None]:
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        return campaign, await document_of(c, workspace, campaign)


@get("/campaigns/{id:str}/war-room", guards=[needs("campaign.view")])
async def war_room(request: AnyRequest, workspace: TheWorkspace, id: FromPath[str]) -> Response[str]:
    """The page with its empty places; the stream fills them."""
    campaign, document = await _campaign(workspace, id)
    currency = document.currency if document else workspace.currency
    return show(
        request,
        "console/war_room.html",
        theme="dark",
        campaign=campaign,
        tags=tags(campaign.status),
        day=_day(campaign),
        document=document,
        currency=currency,
        digits=exponent(currency),
        target=_target(document, "gmv"),
        goals=await progress(workspace, document, opened=True) if document else [],
        minutes=MINUTES,
        funnel=FUNNEL,
    )


FUNNEL = (
    ("reached", Text("触达", "Reached")),
    ("took_part", Text("参与", "Took part")),
    ("ordered", Text("下单", "Ordered")),
    ("paid", Text("付款", "Paid")),
)


def _target(document: Document | None, measure: str) -> str:
    """The target of the goal of that measure as a decimal; empty without one."""
    goals = document.goals.items() if document else ()
    return next((str(goal.target) for name, goal in goals if (goal.measure or name) == measure), "")


def _day(campaign: Campaign) -> int:
    """Which day of its present stage it is, from 1 on; 0 before and after."""
    now = next((stage for stage in rail(campaign.status.state, campaign.phases) if stage.css == "now"), None)
    if now is None or now.start_ms is None or campaign.now_ms < now.start_ms:
        return 0
    first = day_of(now.start_ms, campaign.zone)
    return (day_of(campaign.now_ms, campaign.zone) - first + timedelta(1)).days


@get("/campaigns/{id:str}/war-room/goals", guards=[needs("campaign.view")])
async def goals(request: AnyRequest, workspace: TheWorkspace, id: FromPath[str]) -> Response[str]:
    """The panel of the goals; the page asks for it anew every ten seconds."""
    _, document = await _campaign(workspace, id)
    found = await progress(workspace, document, opened=True) if document else []
    return show(request, "console/war_room_goals.html", goals=found)


@get("/campaigns/{id:str}/war-room/stream", guards=[needs("campaign.view")])
async def stream(workspace: TheWorkspace, id: FromPath[str]) -> Stream:
    """Every answer from now on as an event."""
    async with workspace.db.acquire() as c:
        await campaign_of(c, id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(_events(workspace, id), media_type="text/event-stream", headers=headers)


async def _events(workspace: Workspace, campaign: str) -> AsyncIterator[str]:
    until = time.monotonic() + STREAM_S
    yield f"retry: {RECONNECT_MS}\n\n"
    async with aclosing(workspace.war_room.watch(campaign)) as moments:  # type: ignore[type-var]
        async for moment in moments:
            yield f"event: moment\ndata: {_wire(moment)}\n\n"
            if time.monotonic() > until:
                return


def _wire(moment: Moment) -> str:
    first = moment_of(moment.now_ms) - timedelta(minutes=MINUTES - 1)
    shown: dict[str, Any] = msgspec.to_builtins(moment)
    shown["first_minute_ms"] = int(first.timestamp()) // 60 * 60_000
    return msgspec.json.encode(shown).decode()


HANDLERS = [war_room, goals, stream]
