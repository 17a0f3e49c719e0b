"""Too many steps: what a customer must do from the entrance to his first reward.

The steps are those that the play itself names (`flow(rules)`), and one more where he must first agree to something (`consent`).
More than `warn_above` is a warning, more than `stop_above` is stopped unless two people say why.
"""
# ruff: noqa: E501 - sentences are read across

from decimal import Decimal

from miaohui import plays
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._look import plain, played
from miaohui.preflight._rule import Finding, Findings, Limit, stop, warn
from miaohui.text import Text

_STEPS = Text("步", "steps")
_SEEN = Text(
    "业内复盘：一次达人秀要扫码、点菜单、跳转、上传、投票、先关注，共六步，失败；动作要极简",
    "Reviews of the field: a talent show with scan, menu, jump, upload, vote and follow-first, six steps, failed; keep it minimal",
)
WARN_ABOVE = Limit("steps.warn_above", Decimal(3), _STEPS, Text("多于此步数提醒", "More are warned of"), _SEEN)
STOP_ABOVE = Limit("steps.stop_above", Decimal(5), _STEPS, Text("多于此步数阻断", "More are stopped"), _SEEN)

TITLE = Text("顾客步数", "Steps for the customer")
SAYS = {
    "too_many_steps": stop(
        Text("{play} 从进入到首个奖励要 {steps} 步", "{play} takes {steps} steps from the entrance to the first reward"),
        Text("去掉几步：{flow}", "Take some out: {flow}"),
        Text("多于 {threshold} 步阻断。业内复盘：六步的活动失败了", "More than {threshold} are stopped. Reviews of the field: six steps failed"),
        overridable=True,
    ),
    "many_steps": warn(
        Text("{play} 从进入到首个奖励要 {steps} 步", "{play} takes {steps} steps from the entrance to the first reward"),
        Text("能省就省：{flow}", "Save what can be saved: {flow}"),
        Text("多于 {threshold} 步提醒。业内经验：动作越少，来的人越多", "More than {threshold} are warned of. The field: the fewer the actions, the more come"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Plays with too many steps."""
    for name, play, rules in played(document):
        steps = list(plays.find(play.head.play).flow(rules))
        if play.head.consent:
            steps.insert(0, Text("先同意条款", "Agree first"))
        flow = Text("、".join(step.zh for step in steps), ", ".join(step.en for step in steps))
        for limit, code in ((STOP_ABOVE, "too_many_steps"), (WARN_ABOVE, "many_steps")):
            if len(steps) > limit.of(facts):
                said: dict[str, str | Text] = {"play": name, "steps": str(len(steps)), "flow": flow}
                yield Finding(("plays", name), code, said | {"threshold": plain(limit.of(facts))})
                break
