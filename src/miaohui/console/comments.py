"""Comments on the fields of a plan: begun, answered and resolved beside the form."""

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect

from miaohui.campaign import comments as talk
from miaohui.campaign.refused import CampaignRefused
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.pages.errors import missing
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.text import Text


@post("/campaigns/{id:str}/comments", guards=[needs("campaign.view")])
async def comment(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Redirect:
    """Begin a thread on a field, or answer one."""
    form = await request.form()
    text, path, thread = (str(form.get(name, "")) for name in ("text", "path", "thread"))
    try:
        async with workspace.db.acquire() as c, c.transaction():
            number = min(int(thread), 2**62) if thread.isdigit() else 0
            await talk.comment(c, operator.name, id, text, path.strip(), number)
    except CampaignRefused as refused:
        return _back(request, id, refused)
    return see_other(request, f"/campaigns/{id}/plan#comments", Text("已评论。", "The comment is kept."))


@post("/campaigns/{id:str}/comments/{thread:int}/resolve", guards=[needs("campaign.view")])
async def resolve(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], thread: FromPath[int]
) -> Redirect:
    """The thread is settled."""
    try:
        async with workspace.db.acquire() as c, c.transaction():
            await talk.resolve(c, operator.name, id, thread)
    except CampaignRefused as refused:
        return _back(request, id, refused)
    return see_other(request, f"/campaigns/{id}/plan#comments", Text("已解决。", "Resolved."))


def _back(request: AnyRequest, id: str, refused: CampaignRefused) -> Redirect:
    if refused.code == "unknown_campaign":
        raise missing(refused.sentence) from refused
    return see_other(request, f"/campaigns/{id}/plan", refused.sentence, "bad")


HANDLERS = [comment, resolve]
