"""What the processes of one workspace ask of each other: a web process asks the owner of the event store. See `events/remote`.

`POST /inside/events` answers only whoever signs with the workspace's secret. A worker serves this and /healthz, nothing else.
"""

from typing import Any

from litestar import Litestar, Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from miaohui.events import remote
from miaohui.server import health
from miaohui.workspace import Workspace

BODY_MAX = 16 << 20
MSGPACK = "application/msgpack"


@post(remote.PATH, include_in_schema=False, request_max_body_size=BODY_MAX, status_code=200)
async def events(request: Request[Any, Any, Any], workspace: NamedDependency[Workspace]) -> Response[bytes]:
    """One query of another process."""
    body = await request.body()
    if not remote.signed(workspace.vault, body, request.headers.get(remote.SIGNATURE, "")):
        return Response(b"", status_code=403, media_type=MSGPACK)
    status, answer = await remote.answer(workspace.events, body)
    return Response(answer, status_code=status, media_type=MSGPACK)


HANDLERS: list[Any] = [events]


def build(workspace: Workspace) -> Litestar:
    """The application of a worker."""
    return Litestar(
        route_handlers=[*HANDLERS, *health.HANDLERS],
        dependencies={"workspace": Provide(lambda: workspace, sync_to_thread=False)},
        state=State({"workspace": workspace}),
        openapi_config=None,
        logging_config=None,
    )
