"""The shop's log-in of the demo: pick a household, and be sent on by the shop's signed link, as a real shop would do it.

With nothing to search for, the page shows who ordered here last, then the first households.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import asyncpg
from litestar import Response, get, post
from litestar.params import FromQuery
from msgspec import Struct

from miaohui.counter.shopper import TheWorkspace, signed_in
from miaohui.customers import signin
from miaohui.customers.identities import SHOP, identity_hash
from miaohui.pages.errors import missing
from miaohui.pages.forms import from_this_site
from miaohui.pages.language import AnyRequest, local_path
from miaohui.pages.render import page, see_other
from miaohui.text import Text
from miaohui.workspace import Workspace

RECENT, SHOWN = 5, 20

_KNOWN = """
select i.value, c.label from identity i join customer c on c.id = i.customer
where i.kind = $1 and i.valid_until is null and i.value is not null and c.label is not null
"""
_BY_HASH = f"{_KNOWN} and i.hash = any($2) order by array_position($2, i.hash)"
_FIRST = f"{_KNOWN} order by i.customer limit $2"
_RECENT = "select shopper from counter_order group by shopper order by max(placed_at) desc limit $1"


class Household(Struct, frozen=True):
    """A customer as the shop knows him."""

    shop_id: str
    label: str


@get("/households")
async def households(
    request: AnyRequest, workspace: TheWorkspace, q: FromQuery[str] = "", next: FromQuery[str] = ""
) -> Response[str]:
    """Whom one may be: found by number, else some."""
    number = q.strip()[:40]
    if number:
        found = await _named(workspace, [number])
    else:
        recent = [row["shopper"] for row in await workspace.db.fetch(_RECENT, RECENT)]
        rows = await workspace.db.fetch(_FIRST, SHOP, SHOWN)
        found = list(dict.fromkeys([*await _named(workspace, recent), *_read(workspace, rows)]))
    return page(
        request,
        "counter/households.html",
        found=found,
        q=number,
        next=local_path(next, "/wallet"),
        now_ms=workspace.clock(),
    )


@post("/households", guards=[from_this_site])
async def enter_as(request: AnyRequest, workspace: TheWorkspace) -> Response[Any]:
    """Be that household: at the counter by its cookie, at Miaohui by the shop's signed link."""
    form = await request.form()
    shop_id = str(form.get("household", ""))
    if not await _named(workspace, [shop_id]):
        raise missing(Text(f"没有家庭 {shop_id}", f"There is no household {shop_id}"))
    link = signin.make_link(workspace.vault, "/enter", shop_id, workspace.clock())
    wanted = quote(local_path(str(form.get("next", "")), "/wallet"), safe="")
    return see_other(request, f"{link}&next={wanted}", cookies=[signed_in(request, shop_id)])


async def _named(workspace: Workspace, shop_ids: Sequence[str]) -> list[Household]:
    hashes = [identity_hash(workspace.vault, SHOP, shop_id) for shop_id in shop_ids]
    return _read(workspace, await workspace.db.fetch(_BY_HASH, SHOP, hashes))


def _read(workspace: Workspace, rows: "list[asyncpg.Record]") -> list[Household]:
    unseal = workspace.vault.decrypt
    return [Household(unseal(row["value"]), unseal(row["label"])) for row in rows]
