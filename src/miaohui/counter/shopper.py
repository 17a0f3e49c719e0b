"""Who stands at the counter: the shop's own id of its customer, kept in a signed cookie of the shop.

The counter has no passwords: whoever picks a household in the demo is that household. That is why it exists in the demo only.
"""

from typing import Any, TypeAlias

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from miaohui.pages.errors import PageError, missing
from miaohui.pages.forms import cookie_of
from miaohui.pages.language import AnyRequest
from miaohui.text import Text
from miaohui.workspace import Workspace

TheWorkspace: TypeAlias = NamedDependency[Workspace]
COOKIE = "shopper"
DAY_S = 86_400


def signed_in(request: AnyRequest, shopper: str) -> Cookie:
    """The cookie that makes this browser `shopper`'s for a day."""
    signature = request.app.state.workspace.vault.sign("shopper", shopper)
    return cookie_of(request, COOKIE, f"{shopper}.{signature}", DAY_S)


def shopper_of(request: AnyRequest) -> str | None:
    """The shop's id of the customer whose browser it is; None before the log-in."""
    shopper, _, signature = request.cookies.get(COOKIE, "").rpartition(".")
    return shopper if shopper and request.app.state.workspace.vault.signed("shopper", shopper, signature) else None


def the_shopper(request: AnyRequest) -> str:
    """The same, for pages that need one; 401 with the way to the log-in."""
    if shopper := shopper_of(request):
        return shopper
    raise PageError(
        401,
        Text("请先选择一户家庭", "Pick a household first"),
        Text(
            "演示柜台需要知道你是谁：打开 /demo/households 选择一户。",
            "The counter has to know who you are: open /demo/households.",
        ),
    )


async def demo_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard: outside the demo the counter does not exist."""
    if not connection.app.state.workspace.demo:
        raise missing(Text("这里没有演示柜台", "There is no counter here"))
