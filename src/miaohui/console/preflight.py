"""The preflight in the console: one-click fixes, stops set aside by two people, and the page of rules with their thresholds."""

from decimal import Decimal, InvalidOperation

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from miaohui import preflight
from miaohui.campaign import around, review
from miaohui.campaign.problem import Problem
from miaohui.campaign.reader import Ruling
from miaohui.campaign.refused import CampaignRefused
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, forbidden, needs
from miaohui.pages.errors import missing
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.preflight._look import plain
from miaohui.preflight._rule import Limit
from miaohui.team import audit
from miaohui.team.operators import Operator
from miaohui.text import Text


class Rulings(Struct, frozen=True):
    """How the rules came out: those that passed, those that cannot know yet."""

    passed: tuple[Ruling, ...]
    not_known: tuple[Ruling, ...]


def rulings_of(rulings: tuple[Ruling, ...]) -> Rulings:
    """The rules that found nothing, sorted into passed and not known."""
    return Rulings(
        tuple(one for one in rulings if one.passed), tuple(one for one in rulings if one.not_known and not one.findings)
    )


@post("/campaigns/{id:str}/fix", guards=[needs("campaign.edit")])
async def fix(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Redirect:
    """Save a version with one finding put right."""
    form = await request.form()
    base = str(form.get("base", ""))
    try:
        code, path = str(form.get("code", "")), str(form.get("path", ""))
        saved = await review.fix(workspace.office, operator, id, int(base) if base.isdigit() else 0, code, path)
    except CampaignRefused as refused:
        return _back(request, operator, id, refused)
    number = saved.status.version
    said = Text(f"已改正，存为 v{number}。", f"Put right and saved as v{number}.")
    return see_other(request, f"/campaigns/{id}#check", said)


@post("/campaigns/{id:str}/override", guards=[needs("campaign.edit")])
async def ask(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Redirect:
    """Ask to set a stop aside."""
    form = await request.form()
    code, path, reason = (str(form.get(name, "")) for name in ("code", "path", "reason"))
    try:
        await review.ask_override(workspace.office, operator, id, code, path, reason)
    except CampaignRefused as refused:
        return _back(request, operator, id, refused)
    said = Text("已请求放行，等第二个人同意。", "Asked: it is set aside when a second person agrees.")
    return see_other(request, f"/campaigns/{id}#check", said)


@post("/campaigns/{id:str}/override/{override:int}", guards=[needs("campaign.approve")])
async def decide(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], override: FromPath[int]
) -> Redirect:
    """Agree to set a stop aside, or do not."""
    agreed = (await request.form()).get("agreed") == "yes"
    try:
        await review.decide_override(workspace.office, operator, id, override, agreed)
    except CampaignRefused as refused:
        return _back(request, operator, id, refused)
    done, declined = (
        Text("已放行，记在操作记录里。", "Set aside; the audit log has it."),
        Text("没有放行。", "Not set aside."),
    )
    said = done if agreed else declined
    return see_other(request, f"/campaigns/{id}#check", said)


def _back(request: AnyRequest, operator: Operator, id: str, refused: CampaignRefused) -> Redirect:
    if refused.code == "forbidden":
        raise forbidden(operator, refused.data["permission"]) from refused
    if refused.code == "unknown_campaign":
        raise missing(refused.sentence) from refused
    return see_other(request, f"/campaigns/{id}#check", refused.sentence, "bad")


def counts_of(problems: list[Problem]) -> dict[str, int]:
    """How many there are of each level; what was set aside stops nothing and counts as a note."""
    levels = ["hint" if problem.overridden else problem.level for problem in problems]
    return {level: levels.count(level) for level in ("stop", "warn", "hint")}


# -- the page of rules -----------------------------------------------------------------------------------------------------------


class Row(Struct, frozen=True):
    """One threshold: what it is here, and whether that is the default."""

    limit: Limit
    value: str
    changed: bool


class Shown(Struct, frozen=True):
    """One rule of the page."""

    name: str
    title: Text
    manual: str
    levels: tuple[str, ...]
    rows: tuple[Row, ...]


@get("/preflight", guards=[needs("campaign.view")])
async def rules(request: AnyRequest, workspace: TheWorkspace) -> Response[str]:
    """Every rule with its manual, and every threshold."""
    async with workspace.db.acquire() as c:
        changed = await around.limits(c)
    every = preflight.limits().values()
    shown = []
    for name in preflight.names():
        rule = preflight.find(name)
        rows = tuple(
            Row(limit, plain(changed.get(limit.name, limit.value)), limit.name in changed)
            for limit in every
            if limit.name.split(".")[0] == name
        )
        levels = tuple(level for level in ("stop", "warn", "hint") if any(s.level == level for s in rule.SAYS.values()))
        shown.append(Shown(name, rule.TITLE, (rule.__doc__ or "").strip(), levels, rows))
    return show(request, "console/preflight.html", rules=shown, laws=preflight.laws())


@post("/preflight", guards=[needs("preflight.edit")])
async def change_limit(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Redirect:
    """Another threshold; an empty value is the default again."""
    form = await request.form()
    name, written = str(form.get("name", "")), str(form.get("value", "")).strip()
    limit = preflight.limits().get(name)
    if limit is None:
        raise missing(Text(f"没有阈值 {name}", f"There is no threshold {name}"))
    try:
        value = Decimal(written) if written else None
    except InvalidOperation:
        value = Decimal("NaN")
    if value is not None and not (value.is_finite() and 0 <= value <= 10**9):
        said = Text(f"{written} 不是 0 到 10 亿之间的数", f"{written} is not a number from 0 to a thousand million")
        return see_other(request, f"/preflight#{name}", said, "bad")
    async with workspace.db.acquire() as c, c.transaction():
        before = (await around.limits(c)).get(name, limit.value)
        if value is None or value == limit.value:
            await c.execute("delete from preflight_limit where name = $1", name)
        else:
            await c.execute(
                """insert into preflight_limit (name, value, by) values ($1, $2, $3)
                   on conflict (name) do update set value = $2, by = $3, at = now()""",
                name, value, operator.name,
            )  # fmt: skip
        detail = {"from": plain(before), "to": plain(limit.value if value is None else value)}
        await audit.record(c, operator.name, "preflight.limit_changed", name, detail)
    said = Text(f"{limit.says.zh}：{detail['to']}", f"{limit.says.en}: {detail['to']}")
    return see_other(request, f"/preflight#{name}", said)


HANDLERS = [fix, ask, decide, rules, change_limit]
