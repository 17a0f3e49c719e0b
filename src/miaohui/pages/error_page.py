"""When a page cannot be shown: one sentence of what happened, what is safe, and where to go, in the reader's language.

Handlers raise `PageError` (or Litestar's own exceptions); a program that asks for JSON gets `{code, sentence, data,
retry}`.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException

from miaohui.pages.errors import PageError
from miaohui.pages.language import AnyRequest, language_of
from miaohui.pages.render import page
from miaohui.text import Text

log = logging.getLogger("miaohui.pages")

_KNOWN = {
    400: (
        Text("请求写得不对", "The request is malformed"),
        Text("什么也没有改变：返回上一页，改好再试。", "Nothing was changed: go back, mend it, and try again."),
    ),
    401: (
        Text("请先登录", "Please log in"),
        Text("登录后可以看到这一页。", "You can see this page after log-in."),
    ),
    403: (
        Text("没有这个权限", "You are not allowed to do this"),
        Text(
            "请管理员给权限，或换一个账号登录。", "Ask an administrator for the permission, or log in as somebody else."
        ),
    ),
    404: (
        Text("没有这一页", "There is no such page"),
        Text("地址可能有误，或页面已移走。", "The address may have a slip, or the page has moved."),
    ),
    405: (
        Text("这个地址不接受这种请求", "This address does not take such a request"),
        Text("返回上一页再试。", "Go back and try again."),
    ),
    429: (Text("太快了", "Too fast"), Text("请稍等一会儿再试。", "Wait a little and try again.")),
    500: (
        Text("我们这边出错了", "Something broke on our side"),
        Text(
            "没有保存的内容不会生效，账本是完整的。请稍后再试；错误已记入日志。",
            "What was not saved did not happen, and the ledger is whole. Try again later; the error is in the log.",
        ),
    ),
    503: (
        Text("现在太忙", "Too busy right now"),
        Text("没有改变任何东西，请稍后再试。", "Nothing was changed. Try again in a moment."),
    ),
}


def error_page(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to a request that ended in `error`."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status >= 500 and not isinstance(error, PageError):
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    title, sentence = _KNOWN.get(status) or _KNOWN[400 if status < 500 else 500]
    if isinstance(error, PageError):
        title, sentence = error.title, error.sentence
    language = language_of(request)
    headers = getattr(error, "headers", None) or {}
    if not wants_page(request):
        code = HTTPStatus(status).phrase.lower().replace(" ", "_")
        answer = {
            "code": code,
            "sentence": f"{title(language)}: {sentence(language)}",
            "data": {},
            "retry": status in (429, 503),
        }
        return Response(answer, status_code=status, media_type="application/json", headers=headers)
    answer_page = page(request, "pages/error.html", status=status, title=title, sentence=sentence, code=status)
    answer_page.headers.update(headers)
    return answer_page


def wants_page(request: AnyRequest) -> bool:
    """Whether a person's browser asks, and not a program."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[[AnyRequest, Any], Response[Any]]] = {
    HTTPException: error_page,
    500: error_page,
}
