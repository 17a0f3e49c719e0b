"""Goals without a measure or an owner, and goals that lead back to themselves.

A goal is measured by something known, or worked out from goals that are there, and never from itself. Somebody answers for every
leaf: its own owner, else the campaign's.
"""
# ruff: noqa: E501 - sentences are read across

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.goals import MEASURES
from miaohui.campaign.sentences import CODES
from miaohui.preflight._rule import Finding, Findings, stop, warn
from miaohui.text import Text

TITLE = Text("目标", "Goals")
SAYS = {
    "unknown_goal": CODES["unknown_goal"],
    "goal_circle": stop(
        Text("目标 {value} 绕回自己", "The goal {value} leads back to itself"),
        Text("目标是树：去掉这个引用", "Goals are a tree: take this reference out"),
    ),
    "goal_without_measure": stop(
        Text("目标 {value} 没有衡量方式", "The goal {value} has no measure"),
        Text("写 measure，从中选：{known}；或用 is 写成其他目标的乘积", "Write `measure`, one of {known}, or `is` as a product of other goals"),
        Text("没有衡量方式的目标，复盘时无从谈起", "A goal that nothing measures can be neither reached nor missed"),
    ),
    "goal_without_owner": warn(
        Text("目标 {value} 没有负责人", "Nobody answers for the goal {value}"),
        Text("写 owner，或给活动写 owner", "Write its `owner`, or the campaign's"),
        Text("活动也没有 owner", "The campaign has no owner either"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """What is wrong with the tree."""
    for name, goal in document.goals.items():
        if not goal.is_ and (goal.measure or name) not in MEASURES:
            yield Finding(("goals", name), "goal_without_measure", {"value": name, "known": ", ".join(MEASURES)})
        if not goal.is_ and not goal.owner and not document.owner:
            yield Finding(("goals", name), "goal_without_owner", {"value": name})
        for part in goal.parts():
            if part not in document.goals:
                known = Text(zh="可用的有：" + "、".join(document.goals), en="There are: " + ", ".join(document.goals))
                yield Finding(("goals", name, "is"), "unknown_goal", {"value": f'"{part}"', "known": known})
        if name in _below(document, name, frozenset()):
            yield Finding(("goals", name, "is"), "goal_circle", {"value": name})


def _below(document: Document, name: str, seen: frozenset[str]) -> frozenset[str]:
    """All goals that `name` is worked out from, however far down."""
    goal = document.goals.get(name)
    for part in goal.parts() if goal else ():
        if part not in seen:
            seen = _below(document, part, seen | {part})
    return seen
