"""Too many messages to one person: every journey has a cap, and no week of the people of one condition goes beyond it, with the
other campaigns that are approved or run.

Counts what documents send to an audience (`campaign.contacts`). What a person has really got is judged once messages are sent from
here.
"""
# ruff: noqa: E501 - sentences are read across

from miaohui.campaign.clashes import fatigue
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._rule import Edit, Finding, Findings, Fix, NotKnown, warn
from miaohui.text import Text

TITLE = Text("打扰", "Fatigue")
SAYS = {
    "no_cap": warn(
        Text("旅程 {journey} 没有频次上限", "The journey {journey} has no cap"),
        Text("写 caps = {{ per_day = 1, per_week = 3 }}", "Write caps = {{ per_day = 1, per_week = 3 }}"),
        Text("没有上限，一个人可能一天收到几条", "Without a cap one person may get several messages a day"),
    ),
    "week_too_full": warn(
        Text("{monday} 那一周，{audience} 会收到 {count} 条，上限 {limit} 条", "In the week of {monday} {audience} would get {count} messages, {limit} is the cap"),
        Text("少发一条，或错开一周", "Send one less, or move one into another week"),
        Text("合计这些活动：{campaigns}", "Counted over these campaigns: {campaigns}"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Journeys that may say anything as often as they like, and weeks in which they would."""
    for name, journey in document.journeys.items():
        if any(step.send for step in journey.steps) and journey.caps.per_day is None and journey.caps.per_week is None:
            path = ("journeys", name, "caps")
            fix = Fix(Text("每天 1 条，每周 3 条", "1 a day, 3 a week"), (Edit((*path, "per_day"), "1"), Edit((*path, "per_week"), "3")))  # fmt: skip
            yield Finding(path, "no_cap", {"journey": name}, fix)
    for week in fatigue([document, *(facts.others or ())]):
        if document.campaign in week.campaigns:
            said: dict[str, str | Text] = {
                "monday": str(week.monday),
                "audience": week.audience,
                "count": str(week.count),
            }
            said |= {"limit": str(week.limit), "campaigns": ", ".join(week.campaigns)}
            yield Finding(("journeys",), "week_too_full", said)
    if document.journeys:
        yield NotKnown(Text("这里还没有发过消息：不知道谁已收到几条", "No messages are sent from here yet: nobody knows how many each person got"))  # fmt: skip
