"""The search of the top bar: a customer by the shop's number or his internal id, accounts by the beginning of their
key.

A customer's name is kept encrypted and cannot be searched; the shop's number is found by its keyed hash. Each
finder looks only into what the operator's role may see.
"""

from litestar import Response, get
from litestar.params import FromQuery
from msgspec import Struct

from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace
from miaohui.console.ledger import statement_path
from miaohui.customers.identities import SHOP, customers_of, identity_hash
from miaohui.ledger import statement as ledger
from miaohui.pages.language import AnyRequest
from miaohui.text import Text
from miaohui.workspace import Workspace

MOST = 20


class Hit(Struct, frozen=True):
    """A line of the result: what it is, where it leads."""

    icon: str
    kind: Text
    title: Text
    path: str


@get("/search")
async def search(
    request: AnyRequest,
    workspace: TheWorkspace,
    operator: TheOperator,
    q: FromQuery[str] = "",
) -> Response[str]:
    """What the words were found in."""
    q = q.strip()[:100]
    hits: list[Hit] = []
    if q and operator.may("campaign.view"):
        hits += await _campaigns(workspace, q)
    if q and operator.may("customer.view"):
        hits += await _customers(workspace, q)
    if q and operator.may("ledger.view"):
        hits += await _accounts(workspace, q)
    return show(request, "console/search.html", q=q, hits=hits)


async def _campaigns(workspace: Workspace, q: str) -> list[Hit]:
    """Campaigns whose id or whose name, in either language, holds the words; the newest first."""
    async with workspace.db.acquire() as db:
        rows = await db.fetch(
            """select id, name_zh, name_en from campaign
               where position(lower($1) in lower(concat_ws(E'\\n', id, name_zh, name_en))) > 0
               order by created_at desc, id limit $2""",
            q, MOST,
        )  # fmt: skip
    kind = Text("活动", "Campaign")
    return [Hit("speakerphone", kind, Text(r["name_zh"], r["name_en"]), f"/campaigns/{r['id']}") for r in rows]


async def _customers(workspace: Workspace, q: str) -> list[Hit]:
    """The customer with this shop's number ("1228", "Household 1228") or this internal id."""
    number = q.split()[-1]
    digest = identity_hash(workspace.vault, SHOP, number)
    async with workspace.db.acquire() as db:
        ids = {*(await customers_of(db, SHOP, [digest])).values(), q}
        rows = await db.fetch("select id, label from customer where id = any($1) and forgotten_at is null", list(ids))
    kind = Text("顾客", "Customer")
    hits = []
    for row in rows:
        label = workspace.vault.decrypt(row["label"]) if row["label"] else row["id"]
        hits.append(Hit("user", kind, Text(label, label), f"/ledger?prefix=wallet/{row['id']}/"))
    return hits


async def _accounts(workspace: Workspace, q: str) -> list[Hit]:
    async with workspace.db.acquire() as db:
        found = await ledger.balances(db, q, limit=MOST)
    kind = Text("账户", "Account")
    return [Hit("wallet", kind, Text(each.key, each.key), statement_path(each.key)) for each in found]


HANDLERS = [search]
