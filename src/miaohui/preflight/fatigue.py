"""Too many messages to one person. Judged once messages are sent from here: how many each person got, against his caps. Until then
it can only see to it that every journey has a cap."""
# ruff: noqa: E501 - sentences are read across

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
}


def find(document: Document, facts: Facts) -> Findings:
    """Journeys that may say anything as often as they like."""
    for name, journey in document.journeys.items():
        if any(step.send for step in journey.steps) and journey.caps.per_day is None and journey.caps.per_week is None:
            path = ("journeys", name, "caps")
            fix = Fix(Text("每天 1 条，每周 3 条", "1 a day, 3 a week"), (Edit((*path, "per_day"), "1"), Edit((*path, "per_week"), "3")))  # fmt: skip
            yield Finding(path, "no_cap", {"journey": name}, fix)
    if document.journeys:
        yield NotKnown(Text("这里还没有发过消息：不知道谁已收到几条", "No messages are sent from here yet: nobody knows how many each person got"))  # fmt: skip
