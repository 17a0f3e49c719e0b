"""Who may call, and how every answer that is no looks: {code, sentence, data, retry}, whatever part of the server said it.

A handler raises `ApiRefusal`; what Litestar itself refuses (a body that does not fit, an unknown address) takes the same form.
"""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import BaseRouteHandler

from miaohui.host.answers import Spoken, spoken, status
from miaohui.pages.errors import PageError
from miaohui.pages.language import language_of
from miaohui.plays._contract import Refusal
from miaohui.text import Text


class ApiRefusal(Exception):
    """Not granted: HTTP `status`, a stable `code`, a sentence in both languages, typed data, and whether to try again."""

    def __init__(
        self, status: int, code: str, sentence: Text, data: dict[str, Any] | None = None, *, retry: bool = False
    ) -> None:
        super().__init__(sentence.en)
        self.status, self.code, self.sentence, self.data, self.retry = status, code, sentence, data or {}, retry


async def shop_only(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard: the caller has a valid key; handlers find him as `request.state.caller`."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    known = await connection.app.state.workspace.keys.caller(key.strip()) if scheme.lower() == "bearer" else None
    if known is None:
        raise ApiRefusal(
            401,
            "unauthorised",
            Text("请带上有效的密钥：Authorization: Bearer …", "Send a valid key: Authorization: Bearer …"),
        )
    connection.state.caller = known


def refused(request: Request[Any, Any, Any], refusal: ApiRefusal) -> Response[Spoken]:
    """An `ApiRefusal` as the answer."""
    said = Spoken(refusal.code, refusal.sentence(language_of(request)), refusal.data, refusal.retry)
    return Response(said, status_code=refusal.status, headers={"Retry-After": "1"} if refusal.status == 503 else {})


def of_the_host(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Spoken]:
    """A refusal of the host as the answer."""
    return Response(spoken(refusal, language_of(request)), status_code=status(refusal))


def of_litestar(request: Request[Any, Any, Any], error: HTTPException) -> Response[Spoken]:
    """What Litestar refuses before a handler is reached."""
    if isinstance(error, ValidationException):
        problems = {"problems": error.extra} if error.extra else {"problem": error.detail}
        data = msgspec.to_builtins(problems, enc_hook=str)
        return refused(
            request,
            ApiRefusal(422, "bad_request", Text("请求不合要求，见 data", "The request does not fit, see data"), data),
        )
    code = _CODES.get(error.status_code, "refused")
    sentence = error.sentence if isinstance(error, PageError) else Text(error.detail, error.detail)
    refusal = ApiRefusal(error.status_code, code, sentence, {"path": request.url.path}, retry=code == "busy")
    return refused(request, refusal)


_CODES = {401: "unauthorised", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 503: "busy"}


EXCEPTION_HANDLERS: Any = {ApiRefusal: refused, HTTPException: of_litestar}
