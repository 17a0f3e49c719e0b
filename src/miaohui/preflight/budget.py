"""Money that is not there: what the plays are given at the opening comes from the budget, what they may cost at worst should stand
in it too, and so should what is spent outside the plays."""
# ruff: noqa: E501 - sentences are read across

from miaohui import plays
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.places import Path
from miaohui.ledger.accounts import budget_key
from miaohui.money import Money
from miaohui.preflight._look import money, played, pools
from miaohui.preflight._rule import Edit, Finding, Findings, Fix, stop, warn
from miaohui.text import Text

TITLE = Text("预算", "Budget")
SAYS = {
    "no_budget": stop(
        Text("玩法会发放优惠，却没有 [budget]", "The plays promise money, and there is no [budget]"),
        Text("写 [budget] total，最坏要 {worst}", "Write [budget] total; at worst they cost {worst}"),
        Text("没有预算，第一位领取的顾客就会被拒绝", "Without a budget the first customer who takes something is refused"),
    ),
    "over_budget": stop(
        Text("各玩法要从预算拿 {wanted}，预算只有 {there}", "The plays take {wanted} from the budget; it is {there}"),
        Text("提高 budget.total，或降低玩法的预算和数量", "Raise budget.total, or lower the plays' budgets and counts"),
    ),
    "worst_cost_over_budget": warn(
        Text("最坏情况要花 {wanted}，预算 {there}", "At worst the plays cost {wanted}; the budget is {there}"),
        Text("预算用完就不再发放；不想提前结束就提高预算", "Promises end when the budget does: raise it if they should not end early"),
        Text("最坏：每件都按活动价卖出，每张券都用掉", "At worst every piece is sold at its price and every coupon is used"),
    ),
    "lines_over_budget": warn(
        Text("预算明细合计 {wanted}，总额 {there}", "The budget lines add up to {wanted}; the total is {there}"),
        Text("提高 budget.total，或减少明细", "Raise budget.total, or lower the lines"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """What the budget does not cover."""
    total = document.budget.total_minor if document.budget else 0
    path: Path = ("budget", "total") if document.budget else ()
    ours = budget_key(document.campaign)
    posted = sum(pool.amount for _, pool in pools(document) if pool.source == ours)
    worst = sum(plays.find(play.head.play).worst_cost(rules) for _, play, rules in played(document))
    if posted > total:
        said = {"wanted": money(document, posted), "there": money(document, total)}
        yield Finding(path, "over_budget", said, _raised(document, posted))
    elif document.budget is None and any(_pays(play.head.play, rules) for _, play, rules in played(document)):
        yield Finding((), "no_budget", {"worst": money(document, worst)}, _raised(document, worst))
    elif document.budget and worst > total:
        said = {"wanted": money(document, worst), "there": money(document, total)}
        yield Finding(path, "worst_cost_over_budget", said)
    if document.budget:
        lines = sum(line.amount_minor for line in document.budget.lines)
        if lines > total:
            said = {"wanted": money(document, lines), "there": money(document, total)}
            yield Finding(("budget", "lines"), "lines_over_budget", said)


def _raised(document: Document, minor: int) -> Fix:
    amount = Money(minor, document.currency).decimal()
    label = Text(f"预算写 {amount}", f"Set the budget to {amount}")
    return Fix(label, (Edit(("budget", "total"), f"{amount:f}"),))


def _pays(module: str, rules: object) -> bool:
    """Whether the play gives money of the campaign's own budget while it runs: it keeps promises in a pool."""
    return "promised" in plays.find(module).pools(rules) and getattr(rules, "budget_minor", None) is None
