"""Logging in and out, and an operator's own password."""

from litestar import Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, address_of
from miaohui.pages.forms import SESSION_COOKIE, cookie_of, from_this_site
from miaohui.pages.language import AnyRequest, local_path
from miaohui.pages.render import page, see_other
from miaohui.team import TeamRefusal, login, operators, sessions
from miaohui.text import Text


@get("/login", include_in_schema=False)
async def login_page(request: AnyRequest, next: FromQuery[str] = "/") -> Response[str]:
    """The form."""
    return page(request, "console/login.html", next=local_path(next), name="", refusal=None)


@post("/login", guards=[from_this_site], include_in_schema=False)
async def log_in(request: AnyRequest, workspace: TheWorkspace) -> Response[str] | Redirect:
    """Begin a session under a new cookie and go to the page that was wanted."""
    form = await request.form()
    name, password = str(form.get("name", "")), str(form.get("password", ""))
    wanted, old = local_path(str(form.get("next", ""))), request.cookies.get(SESSION_COOKIE, "")
    try:
        _, token = await login.log_in(workspace.db, name, password, address_of(request), workspace.clock(), old)
    except TeamRefusal as refusal:
        status = 429 if refusal.text == login.TOO_MANY else 422
        return page(request, "console/login.html", status=status, next=wanted, name=name, refusal=refusal.text)
    kept = cookie_of(request, SESSION_COOKIE, token, sessions.LONGEST_MS // 1000)
    return see_other(request, wanted, cookies=[kept])


@post("/logout")
async def log_out(request: AnyRequest, workspace: TheWorkspace) -> Redirect:
    """End the session."""
    async with workspace.db.acquire() as db:
        await sessions.end(db, request.cookies[SESSION_COOKIE])
    return see_other(request, "/login", cookies=[cookie_of(request, SESSION_COOKIE, "", 0)])


@get("/me")
async def my_page(request: AnyRequest) -> Response[str]:
    """The operator's own page: what he may do, and his password."""
    return show(request, "console/me.html", refusal=None)


@post("/me/password")
async def change_password(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator
) -> Response[str] | Redirect:
    """A new password; every session of the operator ends, this one begins anew."""
    form = await request.form()
    async with workspace.db.acquire() as db:
        try:
            await operators.change_password(db, operator, str(form.get("old", "")), str(form.get("new", "")))
        except TeamRefusal as refusal:
            return show(request, "console/me.html", status=422, refusal=refusal.text)
        token = await sessions.begin(db, operator, workspace.clock())
    said = Text("密码已改，其他设备上的登录都已退出。", "The password is changed; you are logged out everywhere else.")
    kept = cookie_of(request, SESSION_COOKIE, token, sessions.LONGEST_MS // 1000)
    return see_other(request, "/me", said, cookies=[kept])


OPEN = [login_page, log_in]
"""Pages for those who are not logged in yet."""

HANDLERS = [log_out, my_page, change_password]
