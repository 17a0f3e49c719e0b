"""The page of the demo in the console: what is real and what is not, and the switch of the simulated customers.

It exists in the demo only. Everybody of the team may read it; who may open and pause campaigns may turn the switch.
"""

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.response import Redirect

from miaohui.console.frame import show
from miaohui.console.guard import (
    LogInFirst,
    TheOperator,
    TheWorkspace,
    needs,
    operator_of,
    signed_in,
    to_log_in,
)
from miaohui.demo import fair, simulated
from miaohui.pages.errors import missing
from miaohui.pages.forms import from_this_site
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.text import Text
from miaohui.workspace import Workspace


@get("/")
async def demo(request: AnyRequest, workspace: TheWorkspace) -> Response[str]:
    """What the demo is made of."""
    _only_here(workspace)
    return show(
        request,
        "demo/demo.html",
        live=await fair.live(workspace.db),
        on=await simulated.running(workspace.db),
    )


@post("/simulated", guards=[needs("campaign.open")])
async def switch(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Redirect:
    """Let the simulated customers act, or not: `on` is 1 or 0."""
    _only_here(workspace)
    on = (await request.form()).get("on") == "1"
    await simulated.set_running(workspace.db, on, operator.name)
    if on:
        return see_other(request, "/demo", Text("模拟顾客又来了", "The simulated customers are back"))
    return see_other(request, "/demo", Text("模拟顾客已停", "The simulated customers have stopped"))


def _only_here(workspace: Workspace) -> None:
    if not workspace.demo:
        raise missing(Text("这里没有演示", "There is no demo here"))


HANDLERS = [
    Router(
        "/demo",
        route_handlers=[demo, switch],
        guards=[signed_in, from_this_site],
        dependencies={"operator": Provide(operator_of, sync_to_thread=False)},
        exception_handlers={LogInFirst: to_log_in},
        include_in_schema=False,
    )
]
