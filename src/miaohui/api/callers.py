"""Calls that both a program with a key and an operator who is logged in may make; either is the actor of what it changes.

A program may do what the role *operator* may: it never approves, that is for people. A browser's call that changes something
must come from a page of this site.
"""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from miaohui.api.refusals import ApiRefusal, shop_only
from miaohui.campaign.office import Actor
from miaohui.pages.forms import SESSION_COOKIE, is_own_origin
from miaohui.team import sessions
from miaohui.team.roles import ROLES
from miaohui.text import Text

SECURITY: list[dict[str, list[str]]] = [{"key": []}, {"operator": []}]
"""The same for the OpenAPI document."""
_UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


class Program(Struct, frozen=True):
    """A program with a key, as the audit log names it."""

    label: str

    @property
    def name(self) -> str:
        """`key:` and the key's label."""
        return f"key:{self.label}"

    def may(self, permission: str) -> bool:
        """What an operator may, an operator's program may."""
        return permission in ROLES["operator"]


async def program_or_operator(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard: puts the actor into `request.state.actor`; 401 without one, 403 for a page of another site."""
    token = connection.cookies.get(SESSION_COOKIE)
    if "authorization" in connection.headers or not token:
        await shop_only(connection, handler)
        connection.state.actor = Program(connection.state.caller.label)
        return
    workspace = connection.app.state.workspace
    async with workspace.db.acquire() as c:
        operator = await sessions.operator_of(c, token, workspace.clock())
    if operator is None:
        raise ApiRefusal(401, "unauthorised", Text("请先登录", "Log in first"))
    assert isinstance(connection, Request), connection
    if connection.method in _UNSAFE and not is_own_origin(connection):
        said = Text(
            "请求来自别的网站，什么也没有改变", "The call came from a page of another site. Nothing was changed"
        )
        raise ApiRefusal(403, "forbidden", said, {"origin": connection.headers.get("origin", "")})
    connection.state.actor = operator


def actor_of(request: Request[Any, Any, Any]) -> Actor:
    """Who calls."""
    actor: Actor = request.state.actor
    return actor


def needs(request: Request[Any, Any, Any], permission: str) -> None:
    """403 `forbidden` unless the caller has the permission."""
    if not actor_of(request).may(permission):
        said = Text(f"需要权限 {permission}", f"This needs the permission {permission}")
        raise ApiRefusal(403, "forbidden", said, {"permission": permission})
