"""The web application: the handlers of all rooms around one workspace."""

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from miaohui.pages import site
from miaohui.server import health
from miaohui.workspace import Workspace

HANDLERS = [*health.HANDLERS, *site.HANDLERS]


def build(workspace: Workspace) -> Litestar:
    """The ASGI application. Handlers get the workspace by the name `workspace`."""
    return Litestar(
        route_handlers=HANDLERS,
        dependencies={"workspace": Provide(lambda: workspace, sync_to_thread=False)},
        state=State({"workspace": workspace}),
        before_send=[site.secure],
        exception_handlers=site.EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
    )
