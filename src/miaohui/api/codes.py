"""Codes that work once, over HTTP: for programs with a key and for operators who are logged in.

    POST /codes  {"campaign", "play", "count": 500, "prefix": "TEA", "length": 10}     a batch, ready when it is answered
    GET  /codes?campaign=spring&play=welcome                                           its batches, newest first, at most 200
    GET  /codes/{batch}/file                                                           its codes as CSV: code, state
    POST /codes/{batch}/withdraw                                                       none of its codes works any more

The promotion says `single_use = true`. States: free, held (by an order that waits for its payment), used, withdrawn.
"""

from typing import Annotated, Any, TypeAlias

from litestar import Request, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from msgspec import Meta, Struct

from miaohui.api.callers import SECURITY, actor_of, needs, program_or_operator
from miaohui.api.campaigns import of_campaign
from miaohui.campaign.code_batches import LISTED_MAX, Batch
from miaohui.campaign.refused import CampaignRefused
from miaohui.pages.sheets import sheet
from miaohui.workspace import Workspace

AnyRequest: TypeAlias = Request[Any, Any, Any]
TheWorkspace: TypeAlias = NamedDependency[Workspace]


class NewBatch(Struct, forbid_unknown_fields=True, kw_only=True):
    """So many codes for a promotion: `prefix`, then `length` letters and digits that are read without mistakes."""

    campaign: str
    play: str
    count: Annotated[int, Meta(ge=1)]
    prefix: str = ""
    length: int = 10


class BatchPage(Struct):
    """Batches, newest first; `next` is the `before` of the following page, empty at the end."""

    batches: list[Batch]
    next: str


@post("/", status_code=200, summary="Make a batch of codes that work once")
async def make_codes(request: AnyRequest, workspace: TheWorkspace, data: JSONBody[NewBatch]) -> Batch:
    """Every code can be used when this is answered."""
    return await workspace.codes.make(actor_of(request), data.campaign, data.play, data.count, data.prefix, data.length)


@get("/", summary="Batches of codes that work once")
async def list_codes(
    request: AnyRequest,
    workspace: TheWorkspace,
    campaign: FromQuery[str],
    play: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> BatchPage:
    """How they were made, never their codes."""
    needs(request, "campaign.view")
    found = await workspace.codes.of(campaign, play, before)
    return BatchPage(found, found[-1].id if len(found) == LISTED_MAX else "")


@get("/{batch:str}/file", summary="The codes of a batch as a CSV file", media_type="text/csv")
async def export_codes(request: AnyRequest, workspace: TheWorkspace, batch: FromPath[str]) -> Stream:
    """Two columns: code, state. The audit log says who took it."""
    rows = await workspace.codes.export(actor_of(request), await workspace.codes.batch(batch))
    return sheet(f"codes-{batch}.csv", ("code", "state"), rows)


@post("/{batch:str}/withdraw", status_code=200, summary="Withdraw a batch of codes")
async def withdraw_codes(request: AnyRequest, workspace: TheWorkspace, batch: FromPath[str]) -> Batch:
    """What is used stays used, and an order that holds a code may be paid; all others are refused: code_withdrawn. Once is enough,
    and there is no way back."""
    return await workspace.codes.withdraw(actor_of(request), await workspace.codes.batch(batch))


HANDLERS = [
    Router(
        path="/codes",
        guards=[program_or_operator],
        security=SECURITY,
        exception_handlers={CampaignRefused: of_campaign},
        route_handlers=[make_codes, list_codes, export_codes, withdraw_codes],
        tags=["codes"],
    )
]
