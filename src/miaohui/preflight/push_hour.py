"""A message at a bad hour.

Evening is better than morning, morning better than afternoon: so reviews of the field say, until a shop's own open rates are known
(at least 1,000 messages an hour). An afternoon is a hint; a journey whose messages may come at night is a warning.
"""
# ruff: noqa: E501 - sentences are read across

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._rule import Edit, Finding, Findings, Fix, NotKnown, hint, warn
from miaohui.text import Text

TITLE = Text("推送时段", "Hour of messages")
SAYS = {
    "afternoon": hint(
        Text("{journey} 的 {step} 在下午发", "{step} of {journey} is sent in the afternoon"),
        Text("改到晚上", "Send it in the evening"),
        Text("业内复盘：晚上好于上午，上午好于下午", "Reviews of the field: evening is better than morning, morning than afternoon"),
    ),
    "no_quiet_hours": warn(
        Text("旅程 {journey} 没有免打扰时段", "The journey {journey} has no hours of rest"),
        Text('写 caps.quiet = "21:30-09:00"', 'Write caps.quiet = "21:30-09:00"'),
        Text("半夜的消息只会招来退订", "A message at night brings nothing but farewells"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Messages in the afternoon or at night."""
    sends = False
    for name, journey in document.journeys.items():
        for n, step in enumerate(journey.steps):
            sends = sends or bool(step.send)
            if step.send and step.when == "afternoon":
                path = ("journeys", name, "steps", n, "when")
                fix = Fix(Text("改到晚上", "Send in the evening"), (Edit(path, '"evening"'),))
                yield Finding(path, "afternoon", {"journey": name, "step": step.id}, fix)
        if any(step.send for step in journey.steps) and not journey.caps.quiet:
            rest = ("journeys", name, "caps", "quiet")
            fix = Fix(Text("21:30 到 9:00 不发", "Rest from 21:30 to 9:00"), (Edit(rest, '"21:30-09:00"'),))
            yield Finding(rest, "no_quiet_hours", {"journey": name}, fix)
    if sends:
        yield NotKnown(
            Text("没有自己的打开率：按业内经验判断", "There are no open rates of your own yet: judged by the field's")
        )
