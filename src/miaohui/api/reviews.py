"""Reviews over HTTP, for programs with a key and for operators who are logged in.

    GET /campaigns/{id}/review      figures, days, plays, goals, ledger beside events, findings in both languages

A figure that is not known is null, and `missing` says why by its name. Amounts are in the smallest unit of `currency`.
"""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from miaohui.api.callers import SECURITY, needs, program_or_operator
from miaohui.api.refusals import ApiRefusal, refused
from miaohui.campaign.refused import CampaignRefused
from miaohui.review.figures import Review
from miaohui.review.reviews import review_of
from miaohui.workspace import Workspace


def _unknown(request: Request[Any, Any, Any], refusal: CampaignRefused) -> Response[Any]:
    return refused(request, ApiRefusal(404, refusal.code, refusal.sentence, refusal.data))


@get(
    "/campaigns/{id:str}/review",
    guards=[program_or_operator],
    security=SECURITY,
    exception_handlers={CampaignRefused: _unknown},
    summary="What a campaign brought",
    tags=["campaigns"],
)
async def get_review(
    request: Request[Any, Any, Any], workspace: NamedDependency[Workspace], id: FromPath[str]
) -> Review:
    """Of the imported history from events; of a campaign that ran here from ledger and events, with their difference."""
    needs(request, "campaign.view")
    return await review_of(workspace.db, workspace.events, id, workspace.zone, workspace.currency)


HANDLERS = [get_review]
