"""Forms that only our own pages can send, and one-line messages for the next page.

A form is ours when (1) its Origin, if the browser names one, is this site, and (2) it carries the token of this
browser: the keyed hash of the random cookie `csrf` and of the operator's session, so that a token never outlives a
log-in. Pages put it in `{{ csrf_field }}`; scripts send it as the header `X-CSRF-Token` (from `<meta
name="csrf-token">`).
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Literal
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from miaohui.pages.errors import PageError
from miaohui.pages.language import AnyRequest
from miaohui.text import Text

Tone = Literal["ok", "warn", "bad"]
SESSION_COOKIE = "operator"
_SAFE = {"GET", "HEAD", "OPTIONS"}


class Flash(Struct, frozen=True):
    """A message that the next page shows once."""

    tone: Tone
    text: Text


def cookie_of(request: AnyRequest, name: str, value: str, max_age: int | None = None) -> Cookie:
    """A cookie for this site that scripts cannot read; only over https where the site is https. `max_age` 0 removes
    it.
    """
    secure = request.app.state.workspace.url.startswith("https:")
    return Cookie(name, value=value, max_age=max_age, path="/", samesite="lax", httponly=True, secure=secure)


def csrf_seed(request: AnyRequest) -> str:
    """This browser's random value: from its cookie, else a new one (which `page` then sets)."""
    seed = request.cookies.get("csrf") or request.scope.setdefault("miaohui_csrf", secrets.token_urlsafe(16))  # type: ignore[typeddict-item]
    return str(seed)


def csrf_token(request: AnyRequest) -> str:
    """What a form of this browser must carry."""
    session = request.cookies.get(SESSION_COOKIE, "")
    token: str = request.app.state.workspace.vault.sign("csrf", f"{csrf_seed(request)}|{session}")
    return token


def is_own_origin(request: AnyRequest) -> bool:
    """Whether the browser says that the request comes from a page of this site (or says nothing)."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    ours = {request.headers.get("host", ""), urlsplit(request.app.state.workspace.url).netloc}
    return urlsplit(origin).netloc in ours - {""}


async def from_this_site(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard for every handler that changes something: refuses what is not sent by a form or script of this site."""
    assert isinstance(connection, Request), connection
    request: AnyRequest = connection
    if request.method in _SAFE:
        return
    if not is_own_origin(request):
        raise PageError(
            403,
            _STRANGE,
            Text("表单来自别的网站，什么也没有改变。", "The form came from another site. Nothing was changed."),
        )
    sent = request.headers.get("x-csrf-token") or (await request.form()).get("_csrf") or ""
    if "csrf" not in request.cookies or not secrets.compare_digest(str(sent).encode(), csrf_token(request).encode()):
        raise PageError(403, _STRANGE, _STALE)


_STRANGE = Text("这个表单不能用了", "This form is no longer good")
_STALE = Text(
    "页面打开后登录状态变了，或浏览器不收 cookie。什么也没有改变：返回上一页，刷新后再提交。",
    "The log-in changed since the page was opened, or the browser takes no cookies. "
    "Nothing was changed: go back, reload, send again.",
)


def flash_cookie(request: AnyRequest, flash: Flash) -> Cookie:
    """The cookie that carries `flash` to the next page, signed."""
    body = urlsafe_b64encode(json.dumps([flash.tone, flash.text.zh, flash.text.en]).encode()).decode()
    return cookie_of(request, "flash", f"{body}.{request.app.state.workspace.vault.sign('flash', body)}", 60)


def flash_of(request: AnyRequest) -> Flash | None:
    """The message the last answer left; None without one or when the signature is not ours."""
    body, _, signature = request.cookies.get("flash", "").partition(".")
    if not body or not request.app.state.workspace.vault.signed("flash", body, signature):
        return None
    tone, zh, en = json.loads(urlsafe_b64decode(body))
    return Flash(tone, Text(zh, en))
