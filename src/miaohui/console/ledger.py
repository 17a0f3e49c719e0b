"""The ledger: accounts by the beginning of their key, and the statement of any account as a page and as a file."""

from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Redirect, Stream

from miaohui.console.frame import show
from miaohui.console.guard import TheWorkspace, needs
from miaohui.ledger import statement as ledger
from miaohui.ledger.accounts import Kind
from miaohui.pages.errors import missing
from miaohui.pages.format import plain
from miaohui.pages.language import AnyRequest
from miaohui.pages.sheets import Cell, sheet
from miaohui.text import Text

KINDS: list[tuple[str, Text, Text]] = [
    ("sku/", Text("商品库存", "Stock"), Text("每个商品一户，按件", "one per product, in pieces")),
    ("budget/", Text("活动预算", "Budgets"), Text("每个活动一户", "one per campaign")),
    ("play/", Text("玩法的池子", "Pools of plays"), Text("玩法还能给出的", "what a play may still give")),
    ("wallet/", Text("顾客钱包", "Wallets"), Text("顾客手里的券、商品、积分", "what customers own")),
    ("limit/", Text("限次", "Limits"), Text("每个身份参加了几次", "how often an identity took part")),
    ("world/", Text("外部", "The outside"), Text("唯一可以为负的账户", "the only accounts below zero")),
]

TRANSFER_KINDS = {
    Kind.POSTED: (Text("转账", "moved"), "ok"),
    Kind.PENDING: (Text("冻结", "held"), "warn"),
    Kind.POST: (Text("从冻结转出", "taken from hold"), "ok"),
    Kind.VOID: (Text("解除冻结", "hold released"), "info"),
}


def statement_path(key: str) -> str:
    """Where the statement of an account is shown; pages of campaigns link to it."""
    return f"/ledger/account?{urlencode({'key': key})}"


@get("/ledger", guards=[needs("ledger.view")])
async def accounts(
    request: AnyRequest, workspace: TheWorkspace, prefix: FromQuery[str] = "", after: FromQuery[str] = ""
) -> Response[str] | Redirect:
    """Accounts whose key begins with `prefix`; the key itself leads to its statement."""
    prefix = prefix.strip()
    async with workspace.db.acquire() as db:
        found = await ledger.balances(db, prefix, after=after, limit=ledger.PAGE + 1)
    if [account.key for account in found] == [prefix]:
        return Redirect(statement_path(prefix), status_code=303)
    shown = found[: ledger.PAGE]
    following = f"/ledger?{urlencode({'prefix': prefix, 'after': shown[-1].key})}" if len(found) > ledger.PAGE else ""
    return show(
        request,
        "console/accounts.html",
        accounts=shown,
        prefix=prefix,
        following=following,
        kinds=KINDS,
        statement_path=statement_path,
    )


@get("/ledger/account", guards=[needs("ledger.view")])
async def account(
    request: AnyRequest,
    workspace: TheWorkspace,
    key: FromQuery[str],
    before: FromQuery[int | None] = None,
) -> Response[str]:
    """The statement of one account."""
    async with workspace.db.acquire() as db:
        found = await ledger.statement(db, key, before=before)
    if found is None:
        raise missing(Text(f"账本里没有账户 {key}", f"The ledger has no account {key}"))
    older = f"/ledger/account?{urlencode({'key': key, 'before': found.before})}" if found.before else ""
    return show(
        request,
        "console/statement.html",
        account=found.account,
        holds=found.holds,
        lines=found.lines,
        first_page=before is None,
        older=older,
        file=f"/ledger/account.csv?{urlencode({'key': key})}",
        transfer_kinds=TRANSFER_KINDS,
        statement_path=statement_path,
    )


@get("/ledger/account.csv", guards=[needs("ledger.view")])
async def account_file(workspace: TheWorkspace, key: FromQuery[str]) -> Stream:
    """All lines of the account; amounts are decimals of its unit."""
    async with workspace.db.acquire() as db:
        found = await ledger.statement(db, key, limit=1)
    if found is None:
        raise missing(Text(f"账本里没有账户 {key}", f"The ledger has no account {key}"))
    unit, zone = found.account.unit, ZoneInfo(workspace.zone)

    async def rows() -> AsyncIterator[Sequence[Cell]]:
        async for line in ledger.all_lines(workspace.db, key):
            at = line.at.astimezone(zone).isoformat(timespec="milliseconds")
            amount, balance = plain(line.amount, unit), plain(line.balance, unit)
            yield line.seq, at, line.kind.name.lower(), amount, balance, unit, line.other, line.action, line.id

    header = ("seq", "at", "kind", "amount", "balance", "unit", "other_account", "action", "transfer")
    return sheet("statement.csv", header, rows())


HANDLERS = [accounts, account, account_file]
