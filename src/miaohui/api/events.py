"""Events in and out: `POST /api/v1/events` takes one or many, `GET /api/v1/events` pages through all that happened.

A shop sends with its key; a customer's page sends its own events (page.viewed) with the cookie and is told nothing but what
it sent. An answer means that the events are durable; when they reach audiences and figures is a matter of the relay.
"""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter, RawBody
from msgspec import Struct

from miaohui.api.refusals import ApiRefusal, shop_only
from miaohui.customers.signin import COOKIE, customer_of
from miaohui.events import feed
from miaohui.events.ingest import REASONS, ROWS_MAX, Busy, Refused, Sender
from miaohui.pages.language import language_of
from miaohui.text import Text
from miaohui.workspace import Workspace

BODY_MAX = 32_000_000
BROWSER_ROWS_MAX = 50
TOO_OLD = Text(
    "这个游标之后的事件，有一部分已经清理：至少保留 30 天。请不带 after 重新开始，并核对这段时间的订单",
    "Some events behind this cursor have been dropped: they are kept for 30 days at least. "
    "Begin again without after, and check the orders of the time you missed",
)
BUSY = Text("事件太多，请稍后再发一次", "Too many events are waiting, please send these again in a moment")

_rows = msgspec.json.Decoder(list[msgspec.Raw]).decode


class RefusedRow(Struct, frozen=True):
    """A row that was not kept: its index in the batch from 0, a code, what is wrong, what to do about it."""

    index: int
    code: str
    sentence: str
    remedy: str
    data: dict[str, Any]


class TakenEvents(Struct, frozen=True):
    """`accepted` rows are kept, `repeated` of them were known before by their id; `refused` were not kept."""

    accepted: int
    repeated: int
    refused: list[RefusedRow]


class EventPage(Struct, frozen=True):
    """Events in the order in which they were committed; send `cursor` as `after` to go on; `more`: at once."""

    events: list[dict[str, Any]]
    cursor: str
    more: bool


@post(
    "/events",
    status_code=200,
    request_max_body_size=BODY_MAX,
    security=[{"key": []}, {"customer": []}],
    summary="Send events",
    tags=["events"],
)
async def take_events(
    request: Request[Any, Any, Any], workspace: NamedDependency[Workspace], body: RawBody
) -> TakenEvents:
    """Take events: a JSON array of them, each answered by itself, or one JSON object."""
    sender = await _sender(request, workspace)
    many = body.lstrip()[:1] == b"["
    try:
        rows = _rows(body) if many else [body]
    except msgspec.DecodeError as problem:
        raise ApiRefusal(
            422,
            "bad_request",
            Text("请求体不是 JSON：{problem}", "The body is no JSON: {problem}"),
            {"problem": str(problem)},
        ) from None
    most = ROWS_MAX if sender.kind == "shop" else BROWSER_ROWS_MAX
    if len(rows) > most:
        raise ApiRefusal(
            422,
            "too_many_events",
            Text(f"一次最多 {most} 条：请分批发送", f"Send at most {most} events at once"),
            {"events": len(rows), "most": most},
        )
    try:
        taken = await workspace.ingest.take(rows, sender)
    except Busy:
        raise ApiRefusal(503, "busy", BUSY, retry=True) from None
    if not many and taken.refused:
        raise _one(taken.refused[0])
    language = language_of(request) if taken.refused else "en"
    return TakenEvents(taken.accepted, taken.repeated, [_row(refused, language) for refused in taken.refused])


@get("/events", guards=[shop_only], summary="Read events", tags=["events"])
async def read_events(
    workspace: NamedDependency[Workspace],
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=feed.LIMIT_MAX)] = feed.LIMIT_MAX,
    name: FromQuery[list[str] | None] = None,
) -> EventPage:
    """The events behind the cursor `after` (none: from the first that is kept); `name` may be given several times."""
    try:
        here, wanted = feed.cursor(after), feed.names(name or ())
    except ValueError as problem:
        raise ApiRefusal(
            422, "bad_request", Text(f"参数不对：{problem}", str(problem)), {"after": after, "name": name or []}
        ) from None
    async with workspace.db.acquire() as connection:
        page = await feed.read(connection, here, wanted, limit)
        if after and await feed.missed(connection, here):
            raise ApiRefusal(410, "cursor_too_old", TOO_OLD, {"after": after})
        events = await feed.written(connection, page.events, workspace.shop_ids)
    return EventPage(events, page.cursor.text(), page.more)


async def _sender(request: Request[Any, Any, Any], workspace: Workspace) -> Sender:
    if "authorization" in request.headers or COOKIE not in request.cookies:
        await shop_only(request, request.route_handler)
        return Sender("shop", source=request.state.caller.source)
    customer = customer_of(workspace.vault, request.cookies[COOKIE], workspace.clock())
    origin = request.headers.get("origin", "").partition("://")[2]
    if customer is None or origin != request.headers.get("host"):
        raise ApiRefusal(401, "unauthorised", Text("请从商店的链接重新进入", "Come in again by the shop's link"))
    return Sender("browser", customer=customer)


def _row(refused: Refused, language: str) -> RefusedRow:
    sentence, remedy = (text(language).format(**refused.data) for text in REASONS[refused.code])
    return RefusedRow(refused.index, refused.code, sentence, remedy, refused.data)


def _one(refused: Refused) -> ApiRefusal:
    zh, en = (_row(refused, language) for language in ("zh", "en"))
    sentence = Text(f"{zh.sentence}：{zh.remedy}", f"{en.sentence}: {en.remedy}")
    return ApiRefusal(422, refused.code, sentence, refused.data)


HANDLERS = [take_events, read_events]
