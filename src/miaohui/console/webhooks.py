"""Webhooks: the shop's addresses that are told of events, what is under way to them, and what was given up."""

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from miaohui.audiences.known import vocabulary
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.events import webhooks
from miaohui.events.webhooks import LISTED_MAX
from miaohui.pages.errors import missing
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.team import audit
from miaohui.text import Text
from miaohui.workspace import Workspace

LETTERS = 50


async def _list(
    request: AnyRequest,
    workspace: Workspace,
    *,
    after: str = "",
    told: str = "",
    url: str = "",
    names: str = "",
    refusal: Text | None = None,
) -> Response[str]:
    async with workspace.db.acquire() as c:
        found = await webhooks.listed(c)
        letters = await webhooks.dead_letters(c, after, LETTERS + 1)
    following = f"/webhooks?after={letters[LETTERS - 1].id}#letters" if len(letters) > LETTERS else ""
    return show(
        request,
        "console/webhooks.html",
        status=422 if refusal else 200,
        hooks=found,
        full=len(found) == LISTED_MAX,
        letters=letters[:LETTERS],
        following=following,
        told=told,
        url=url,
        names=names,
        refusal=refusal,
        known=sorted(vocabulary()),
    )


@get("/webhooks", guards=[needs("webhook.edit")])
async def list_webhooks(request: AnyRequest, workspace: TheWorkspace, after: FromQuery[str] = "") -> Response[str]:
    """Addresses in use, and the dead letters, oldest first."""
    return await _list(request, workspace, after=after)


@post("/webhooks", guards=[needs("webhook.edit")])
async def create_webhook(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Response[str]:
    """A new address; its secret is shown on this answer only."""
    form = await request.form()
    url, names = str(form.get("url", "")).strip(), str(form.get("names", ""))
    async with workspace.db.acquire() as c, c.transaction():
        try:
            wanted = names.replace(",", " ").split()
            id, secret = await webhooks.create(c, workspace.vault, url, wanted)
        except ValueError as refusal:
            return await _list(
                request, workspace, url=url, names=names, refusal=Text(f"地址或事件名不对：{refusal}", str(refusal))
            )
        await audit.record(c, operator.name, "webhook.created", id, {"url": url, "names": wanted})
    return await _list(request, workspace, told=secret, url=url)


@post("/webhooks/{id:str}/archive", guards=[needs("webhook.edit")])
async def archive_webhook(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Redirect:
    """Nothing more is sent there."""
    async with workspace.db.acquire() as c, c.transaction():
        if not await webhooks.archive(c, id):
            raise missing(Text(f"没有在用的回调 {id}", f"There is no webhook {id} in use"))
        await audit.record(c, operator.name, "webhook.archived", id)
    return see_other(request, "/webhooks", Text("已停用，不再往那里发送。", "Archived: nothing more is sent there."))


@post("/dead-letters/{id:str}/{what:str}", guards=[needs("webhook.edit")])
async def settle_letter(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], what: FromPath[str]
) -> Redirect:
    """Send a dead letter once more, or drop it for good."""
    doing = {"retry": (webhooks.retry, "retried"), "drop": (webhooks.drop, "dropped")}.get(what)
    if doing is None:
        raise missing(Text(f"没有 {what} 这个动作", f"There is nothing called {what} to do"))
    do, done = doing
    async with workspace.db.acquire() as c, c.transaction():
        if not await do(c, id):
            raise missing(Text(f"没有死信 {id}", f"There is no dead letter {id}"))
        await audit.record(c, operator.name, f"dead_letter.{done}", id)
    said = (
        Text("已重新排队，几秒内发送。", "It is sent again within seconds.")
        if what == "retry"
        else Text("已放弃这封死信。", "The dead letter is dropped.")
    )
    return see_other(request, "/webhooks#letters", said)


HANDLERS = [list_webhooks, create_webhook, archive_webhook, settle_letter]
