"""The budget of a campaign: its lines with what is planned, promised, spent and free, the prizes, the expected return, and money
spent outside the plays, which people enter here."""

from datetime import date
from decimal import Decimal

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from miaohui import plays
from miaohui.campaign import store
from miaohui.campaign.document import Document
from miaohui.console.campaigns import campaign_of
from miaohui.console.frame import show
from miaohui.console.funds import Fair, fairs
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.console.ledger import statement_path
from miaohui.console.plans import document_of
from miaohui.console.stages import pages_of, play_icon, tags
from miaohui.ledger.accounts import budget_key
from miaohui.money import Money, to_minor
from miaohui.pages.errors import missing
from miaohui.pages.format import day_of
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.planning import expenses, money, prizes
from miaohui.planning.money import Line, Return
from miaohui.text import Text

KINDS = {
    "play": Text("玩法", "Play"),
    "channel": Text("渠道", "Channel"),
    "material": Text("物料", "Material"),
    "people": Text("人员", "People"),
    "other": Text("其他", "Other"),
}


class Shown(Struct, frozen=True, kw_only=True):
    """A line with what the page says of it: its title, its icon, where its account is."""

    line: Line
    title: Text
    icon: str
    account: str


@get("/campaigns/{id:str}/budget", guards=[needs("campaign.view")])
async def budget(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Response[str]:
    """Lines, prizes, return, expenses."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        text = (await store.version(c, id, campaign.status.approved or campaign.status.version)).text
    document = (await workspace.office.check(text)).document
    currency = document.currency if document else workspace.currency
    async with workspace.db.acquire() as c:
        [fair] = (await fairs(c, [id], currency)).values()
        spent = await expenses.by_line(c, id, currency)
        entered = await expenses.expenses(c, id)
        account = await c.fetchval("select exists (select from account where key = $1)", budget_key(id))
    rows = _lines(document, fair, spent) if document else []
    planned = document.budget if document else None
    found = money.sheet(
        planned.total_minor if planned else 0, [row.line for row in rows], planned.alarms if planned else ()
    )
    table = prizes.prizes(document) if document else []
    return show(
        request,
        "console/budget.html",
        within=pages_of(id, campaign.name),
        campaign=campaign,
        tags=tags(campaign.status),
        document=document,
        currency=currency,
        sheet=found,
        rows=rows,
        kinds=KINDS,
        prizes=table,
        opened=bool(fair.plays),
        account=statement_path(budget_key(id)) if account else "",
        back=_return(document) if document else None,
        entered=entered,
        lines=list(dict.fromkeys(line.for_ for line in planned.lines)) if planned else [],
        today=day_of(campaign.now_ms, campaign.zone),
        note_max=expenses.NOTE_MAX,
    )


def _lines(document: Document, fair: Fair, spent: dict[str, int]) -> list[Shown]:
    """Plays first, then what the document sets aside, then what was spent for something that it does not name."""
    found = []
    running = {play.setup.play: play for play in fair.plays}
    costs = prizes.costs(document)
    for name, play in document.plays.items():
        worst, budgeted = costs.get(name, (0, True))
        pools = {
            pool.key.rsplit("/", 1)[1]: pool.balance
            for pool in (running[name].pools if name in running else ())
            if pool.unit == fair.funds.currency
        }
        line = Line(
            name=name,
            kind="play",
            planned_minor=worst if budgeted else 0,
            promised_minor=pools.get("promised", 0),
            spent_minor=pools.get("spent", 0),
        )
        title = play.head.title or plays.find(play.head.play).TITLE
        found.append(Shown(line=line, title=title, icon=play_icon(play.head.play), account=""))
    lines = document.budget.lines if document.budget else ()
    for one in lines:
        line = Line(name=one.for_, kind=one.kind, planned_minor=one.amount_minor, spent_minor=spent.pop(one.for_, 0))
        found.append(Shown(line=line, title=Text(one.for_, one.for_), icon=_ICONS[one.kind], account=""))
    for name, minor in spent.items():
        line = Line(name=name, kind="other", planned_minor=0, spent_minor=minor)
        found.append(Shown(line=line, title=Text(name, name), icon="dots", account=""))
    return found


_ICONS = {"channel": "message", "material": "file-text", "people": "users", "other": "receipt"}


def _return(document: Document) -> Return | None:
    """What the goals bring back at the document's margin; None without a goal of sales or a margin."""
    goal = next((goal for name, goal in document.goals.items() if (goal.measure or name) == "gmv"), None)
    if goal is None or document.budget is None or document.budget.margin_ppm is None:
        return None
    sales = Decimal(round(goal.target * to_minor(1, document.currency)))
    discount = sum(worst for worst, _ in prizes.costs(document).values())
    lines = sum(line.amount_minor for line in document.budget.lines)
    return money.expected(int(sales), document.budget.margin_ppm, discount, lines)


@post("/campaigns/{id:str}/budget/expenses", guards=[needs("campaign.edit")])
async def spend(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Redirect:
    """Enter what was spent for a line."""
    form = await request.form()
    back = f"/campaigns/{id}/budget#expenses"
    line = str(form.get("line", "")).strip()[:60]
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        document = await document_of(c, workspace, campaign)
        if document is None:
            raise missing(Text("文件读不出来", "The document cannot be read"))
        try:
            minor = to_minor(str(form.get("amount", "")).replace(",", "").strip(), document.currency)
            on = date.fromisoformat(str(form.get("on", "")))
        except ValueError as wrong:
            said = Text(f"没有记下：{wrong}", f"Not entered: {wrong}")
            return see_other(request, back, said, "bad")
        if not minor or not line:
            said = Text(
                "没有记下：写明用途和不为 0 的金额。", "Not entered: say what for, and an amount that is not 0."
            )
            return see_other(request, back, said, "bad")
        note = str(form.get("note", "")).strip()
        await expenses.spend(c, operator.name, id, line, document.currency, minor, on, note)
    shown = Money(minor, document.currency)
    said = Text(f"记下 {line} {shown.text('zh')}。", f"{shown.text('en')} entered for {line}.")
    return see_other(request, back, said)


HANDLERS = [budget, spend]
