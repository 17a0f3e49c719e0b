"""The web application: the hot path in front, then the handlers of all rooms around one workspace."""

from typing import Any

from litestar import Litestar, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import ServiceUnavailableException

from miaohui.api import docs
from miaohui.api.hot import Hot
from miaohui.api.site import API
from miaohui.console import site as console
from miaohui.counter import shop as counter
from miaohui.demo import page as demo
from miaohui.host.postgres import GONE
from miaohui.pages import site
from miaohui.pages.error_page import error_page
from miaohui.pages.language import AnyRequest
from miaohui.server import health, inside
from miaohui.storefront import pages as storefront
from miaohui.workspace import Workspace

HANDLERS = [
    *health.HANDLERS,
    *inside.HANDLERS,
    *site.HANDLERS,
    API,
    *docs.HANDLERS,
    *console.HANDLERS,
    *storefront.HANDLERS,
    *counter.HANDLERS,
    *demo.HANDLERS,
]


class App:
    """The ASGI application: actions and orders go straight to the host, everything else to Litestar."""

    def __init__(self, workspace: Workspace) -> None:
        self.hot, self.rooms = Hot(workspace), rooms(workspace)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "http" and Hot.takes(scope):
            await self.hot(scope, receive, send)
        else:
            await self.rooms(scope, receive, send)


def build(workspace: Workspace) -> App:
    """The ASGI application of a workspace."""
    return App(workspace)


def rooms(workspace: Workspace) -> Litestar:
    """Everything but the hot path. Handlers get the workspace by the name `workspace`."""
    return Litestar(
        route_handlers=HANDLERS,
        dependencies={"workspace": Provide(lambda: workspace, sync_to_thread=False)},
        state=State({"workspace": workspace}),
        before_send=[site.secure],
        exception_handlers=site.EXCEPTION_HANDLERS | dict.fromkeys(GONE, _database_away),
        openapi_config=None,
        logging_config=None,
    )


def _database_away(request: AnyRequest, error: Exception) -> Response[Any]:
    return error_page(request, ServiceUnavailableException(headers={"retry-after": "1"}))
