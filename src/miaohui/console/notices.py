"""What an operator is told: the list behind the bell. Opening it marks what it shows as read."""

from litestar import Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.team import notices as team
from miaohui.text import Text


@get("/notices")
async def notices(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, before: FromQuery[int] = 0
) -> Response[str]:
    """The notices, newest first; unread ones are marked, and read when the button is pressed."""
    async with workspace.db.acquire() as c:
        found = await team.notices(c, operator.id, before, team.PAGE + 1)
    shown = found[: team.PAGE]
    following = f"/notices?before={shown[-1].id}" if len(found) > team.PAGE else ""
    return show(request, "console/notices.html", notices=shown, following=following)


@post("/notices/read")
async def read(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Redirect:
    """All that was shown is read."""
    upto = str((await request.form()).get("upto", ""))
    async with workspace.db.acquire() as c:
        await team.read(c, operator.id, min(int(upto), 2**62) if upto.isdigit() else 0)
    return see_other(request, "/notices", Text("已全部标为已读。", "All are read."))


HANDLERS = [notices, read]
