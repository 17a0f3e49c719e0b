"""Webhooks over HTTP: which addresses are told of which events, and what to do with deliveries that did not get through."""

from typing import Any

from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from miaohui.api.refusals import ApiRefusal, shop_only
from miaohui.events import webhooks
from miaohui.events.webhooks import LISTED_MAX, DeadLetter, Webhook
from miaohui.team import audit
from miaohui.text import Text
from miaohui.workspace import Workspace


class NewWebhook(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to send to, and which events: names such as order.paid, families such as party.*; none: all."""

    url: str
    names: list[str] = []


class MadeWebhook(Struct, frozen=True):
    """The new webhook; `secret` signs its deliveries and is shown this once."""

    id: str
    url: str
    names: list[str]
    secret: str


class WebhookPage(Struct, frozen=True):
    """Webhooks in use, oldest first; `after` of the next page, empty at the end."""

    webhooks: list[Webhook]
    after: str


class DeadLetterPage(Struct, frozen=True):
    """Dead letters, oldest first; `after` of the next page, empty at the end."""

    dead_letters: list[DeadLetter]
    after: str


@get("/webhooks", guards=[shop_only], summary="Webhooks in use", tags=["webhooks"])
async def list_webhooks(workspace: NamedDependency[Workspace], after: FromQuery[str] = "") -> WebhookPage:
    """The webhooks in use, at most 200."""
    async with workspace.db.acquire() as connection:
        found = await webhooks.listed(connection, after)
    return WebhookPage(found, found[-1].id if len(found) == LISTED_MAX else "")


@post("/webhooks", guards=[shop_only], summary="A new webhook", tags=["webhooks"])
async def create_webhook(
    request: Request[Any, Any, Any], workspace: NamedDependency[Workspace], data: JSONBody[NewWebhook]
) -> MadeWebhook:
    """Make a webhook; it is told of what happens from now on."""
    async with workspace.db.acquire() as connection, connection.transaction():
        try:
            id, secret = await webhooks.create(connection, workspace.vault, data.url, data.names)
        except ValueError as problem:
            raise ApiRefusal(
                422, "bad_request", Text(f"参数不对：{problem}", str(problem)), {"url": data.url, "names": data.names}
            ) from None
        await _note(connection, request, "webhook.created", id, {"url": data.url, "names": data.names})
    return MadeWebhook(id, data.url, data.names, secret)


@delete("/webhooks/{id:str}", guards=[shop_only], summary="Archive a webhook", tags=["webhooks"])
async def archive_webhook(
    request: Request[Any, Any, Any], workspace: NamedDependency[Workspace], id: FromPath[str]
) -> None:
    """Send nothing more there; the webhook is archived."""
    async with workspace.db.acquire() as connection, connection.transaction():
        if not await webhooks.archive(connection, id):
            raise _unknown("unknown_webhook", Text("没有使用中的 webhook {id}", "There is no webhook {id} in use"), id)
        await _note(connection, request, "webhook.archived", id)


@get("/webhooks/dead-letters", guards=[shop_only], summary="Dead letters", tags=["webhooks"])
async def list_dead_letters(workspace: NamedDependency[Workspace], after: FromQuery[str] = "") -> DeadLetterPage:
    """Deliveries that were given up, at most 200."""
    async with workspace.db.acquire() as connection:
        found = await webhooks.dead_letters(connection, after)
    return DeadLetterPage(found, found[-1].id if len(found) == LISTED_MAX else "")


@post(
    "/webhooks/dead-letters/{id:str}/retry",
    status_code=202,
    guards=[shop_only],
    summary="Send a dead letter again",
    tags=["webhooks"],
)
async def retry_dead_letter(
    request: Request[Any, Any, Any], workspace: NamedDependency[Workspace], id: FromPath[str]
) -> None:
    """Send a dead letter once more, with the same body and delivery id."""
    async with workspace.db.acquire() as connection, connection.transaction():
        if not await webhooks.retry(connection, id):
            raise _unknown("unknown_dead_letter", _NO_LETTER, id)
        await _note(connection, request, "dead_letter.retried", id)


@post(
    "/webhooks/dead-letters/{id:str}/drop",
    status_code=204,
    guards=[shop_only],
    summary="Drop a dead letter",
    tags=["webhooks"],
)
async def drop_dead_letter(
    request: Request[Any, Any, Any], workspace: NamedDependency[Workspace], id: FromPath[str]
) -> None:
    """Give a dead letter up for good."""
    async with workspace.db.acquire() as connection, connection.transaction():
        if not await webhooks.drop(connection, id):
            raise _unknown("unknown_dead_letter", _NO_LETTER, id)
        await _note(connection, request, "dead_letter.dropped", id)


_NO_LETTER = Text("没有未送达的投递 {id}", "There is no dead letter {id}")


def _unknown(code: str, sentence: Text, id: str) -> ApiRefusal:
    return ApiRefusal(404, code, Text(sentence.zh.format(id=id), sentence.en.format(id=id)), {"id": id})


async def _note(
    connection: Any, request: Request[Any, Any, Any], action: str, subject: str, detail: dict[str, Any] | None = None
) -> None:
    await audit.record(connection, f"key {request.state.caller.label}", action, subject, detail)


HANDLERS = [
    list_webhooks,
    create_webhook,
    archive_webhook,
    list_dead_letters,
    retry_dead_letter,
    drop_dead_letter,
]
