"""Who sees a page: an operator who is logged in and whose role holds the permission that the page names.

All pages of the console stand in one router with two guards: `signed_in` (else the log-in page, and back
afterwards) and `from_this_site` (no form of another site). A page adds `needs("ledger.view")`; a page without it is
for everybody of the team.
"""

from typing import Any, TypeAlias
from urllib.parse import quote

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect
from litestar.types import Guard

from miaohui.pages.errors import PageError
from miaohui.pages.forms import SESSION_COOKIE
from miaohui.pages.language import AnyRequest
from miaohui.team import sessions
from miaohui.team.operators import Operator
from miaohui.team.roles import PERMISSIONS, ROLE_NAMES, roles_with
from miaohui.text import Text
from miaohui.workspace import Workspace

Connection = ASGIConnection[Any, Any, Any, Any]
TheWorkspace: TypeAlias = NamedDependency[Workspace]
TheOperator: TypeAlias = NamedDependency[Operator]
"""What a handler asks for by the names `workspace` and `operator` (who is logged in)."""


class LogInFirst(HTTPException):
    """Nobody is logged in."""

    status_code = 401


async def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard: puts the operator into `request.user`, or raises LogInFirst."""
    workspace = connection.app.state.workspace
    token = connection.cookies.get(SESSION_COOKIE)
    if not token:
        raise LogInFirst
    async with workspace.db.acquire() as db:
        operator = await sessions.operator_of(db, token, workspace.clock())
    if operator is None:
        raise LogInFirst
    connection.scope["user"] = operator


def needs(permission: str) -> Guard:
    """A guard: the operator's role must hold `permission`; the page that refuses names it."""
    assert permission in PERMISSIONS, f"{permission!r} is no permission: add it to team/roles.py"

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        if not connection.user.may(permission):
            raise forbidden(connection.user, permission)

    return guard


def forbidden(operator: Operator, permission: str) -> PageError:
    """403: which permission is missing, and whose role has it."""
    holders = roles_with(permission)
    zh, en = (" / ".join(ROLE_NAMES[role](language) for role in holders) for language in ("zh", "en"))
    what, role = PERMISSIONS[permission], operator.role_name
    return PageError(
        403,
        Text(f"需要权限 {permission}", f"This needs the permission {permission}"),
        Text(
            f"{permission}（{what.zh}）属于角色：{zh}。{operator.name} 的角色是{role.zh}。请管理员改角色。",
            f"{permission} ({what.en}) belongs to: {en}. {operator.name} is: {role.en}. Ask an administrator.",
        ),
    )


def operator_of(request: AnyRequest) -> Operator:
    """The dependency `operator`: who is logged in."""
    assert isinstance(request.user, Operator), request.user
    return request.user


def to_log_in(request: AnyRequest, error: Exception) -> Redirect:
    """The answer to LogInFirst: the log-in page, and back to the page that was wanted."""
    wanted = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.url.query:
        wanted = f"{wanted}?{request.url.query}"
    return Redirect(f"/login?next={quote(wanted)}", status_code=303)


def address_of(request: Request[Any, Any, Any]) -> str:
    """Where the request comes from, as the server saw it."""
    return request.client.host if request.client else "unknown"
