"""The shop's API keys: made, shown once, revoked; and the key with which it signs its customers' links."""

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.customers.signin import link_key
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.team import TeamRefusal
from miaohui.team import keys as team
from miaohui.text import Text
from miaohui.workspace import Workspace


async def _list(
    request: AnyRequest, workspace: Workspace, *, refusal: Text | None = None, label: str = "", told: str = ""
) -> Response[str]:
    async with workspace.db.acquire() as db:
        found = await team.keys(db)
    status = 422 if refusal else 200
    link = link_key(workspace.vault)
    return show(
        request, "console/keys.html", status=status, keys=found, refusal=refusal, label=label, told=told, link=link
    )


@get("/keys", guards=[needs("key.edit")])
async def list_keys(request: AnyRequest, workspace: TheWorkspace) -> Response[str]:
    """All keys, those in use first."""
    return await _list(request, workspace)


@post("/keys", guards=[needs("key.edit")])
async def create_key(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Response[str]:
    """A new key, shown on this answer only."""
    label = str((await request.form()).get("label", ""))
    async with workspace.db.acquire() as db:
        try:
            _, key = await team.create(db, operator.name, label)
        except TeamRefusal as refusal:
            return await _list(request, workspace, refusal=refusal.text, label=label)
    return await _list(request, workspace, label=label, told=key)


@post("/keys/{id:str}/revoke", guards=[needs("key.edit")])
async def revoke_key(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Redirect:
    """The key opens nothing any more."""
    async with workspace.db.acquire() as db:
        try:
            await team.revoke(db, operator.name, id)
        except TeamRefusal as refusal:
            return see_other(request, "/keys", refusal.text, "bad")
    said = Text("密钥已吊销，5 秒内失效。", "The key is revoked: within 5 seconds it opens nothing.")
    return see_other(request, "/keys", said)


HANDLERS = [list_keys, create_key, revoke_key]
