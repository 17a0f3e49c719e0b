"""A goal beyond what comparable campaigns reached.

Asks for the chance to reach the target by archived cases; below one in five it warns with the figure. As long as there are no
archived cases of a goal's measure it says so.
"""
# ruff: noqa: E501 - sentences are read across

from decimal import Decimal

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._look import plain
from miaohui.preflight._rule import Finding, Findings, Limit, NotKnown, warn
from miaohui.text import Text

LEAST_CHANCE = Limit(
    "prior.least_chance", Decimal(20), Text("%", "percent"), Text("达成概率低于此值提醒", "A chance below this is warned of")
)  # fmt: skip
LEAST_CASES = Limit(
    "prior.least_cases", Decimal(3), Text("个", "cases"), Text("至少几个案例才判断", "Cases that are needed for a judgement")
)  # fmt: skip
TITLE = Text("目标与案例", "Goals and cases")
SAYS = {
    "goal_beyond_cases": warn(
        Text("目标 {value} = {target}：{count} 个案例里只有 {reached} 个达到", "The goal {value} = {target}: {reached} of {count} cases reached it"),
        Text("降低目标，或写明这次有什么不同", "Lower it, or say what is different this time"),
        Text("案例中位数 {median}；达成比例低于 {threshold} % 提醒", "The cases' median is {median}; below {threshold} percent it is warned of"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Goals that few cases reached."""
    unknown = []
    for name, goal in document.goals.items():
        measure = goal.measure or name
        cases = sorted(facts.past.cases.get(measure, ()))
        if len(cases) < LEAST_CASES.of(facts):
            unknown.append(name)
            continue
        reached = sum(case >= goal.target for case in cases)
        if reached * 100 < LEAST_CHANCE.of(facts) * len(cases):
            said = {"value": name, "target": plain(goal.target), "count": str(len(cases)), "reached": str(reached)}
            said |= {"median": plain(cases[len(cases) // 2]), "threshold": plain(LEAST_CHANCE.of(facts))}
            yield Finding(("goals", name, "target"), "goal_beyond_cases", said)
    if unknown:
        names = "、".join(unknown), ", ".join(unknown)
        yield NotKnown(
            Text(f"没有足够的案例可比：{names[0]}", f"There are not enough archived cases to compare with: {names[1]}")
        )
