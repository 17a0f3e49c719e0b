"""Who is looking: the customer of the browser's cookie, which the shop's signed link became."""

from litestar.datastructures import Cookie

from miaohui.customers import signin
from miaohui.customers.identities import acquaint
from miaohui.pages.forms import cookie_of
from miaohui.pages.language import AnyRequest


def visitor_of(request: AnyRequest) -> str | None:
    """The internal id of the customer whose browser it is; None if we do not know him."""
    workspace = request.app.state.workspace
    return signin.customer_of(workspace.vault, request.cookies.get(signin.COOKIE, ""), workspace.clock())


async def known(request: AnyRequest, c: str, t: str, s: str) -> Cookie | None:
    """The cookie for the customer of a signed link; None if the link is not the shop's or too old.

    Whom the shop sends for the first time is a customer from now on.
    """
    workspace = request.app.state.workspace
    shop_id = signin.read_link(workspace.vault, c, t, s, workspace.clock())
    if shop_id is None:
        return None
    async with workspace.db.acquire() as connection:
        customers = await acquaint(connection, workspace.vault, [shop_id])
    value = signin.make_cookie(workspace.vault, customers[shop_id], workspace.clock())
    return cookie_of(request, signin.COOKIE, value, signin.COOKIE_VALID_S)
