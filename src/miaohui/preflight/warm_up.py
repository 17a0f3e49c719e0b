"""No warm-up, or too short a one: a campaign that nobody heard of opens to nobody.

Days from `warm_up` to `live` against the lead times of the campaign's class, which operators keep with the calendar. A hot spot has
no time to warm up.
"""
# ruff: noqa: E501 - sentences are read across

from decimal import Decimal

from miaohui.calendar import lead
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._look import days, lasting, plain
from miaohui.preflight._rule import Finding, Findings, Limit, warn
from miaohui.text import Text

PLAIN_DAYS = Limit(
    "warm_up.plain_days",
    Decimal(1),
    Text("天", "days"),
    Text("没有写类别的活动至少预热几天", "Campaigns without a class: least days of warm-up"),
)

TITLE = Text("预热", "Warm-up")
SAYS = {
    "no_warm_up": warn(
        Text("没有预热", "There is no warm-up"),
        Text("在 [phases] 写 warm_up，至少提前几天", "Write warm_up in [phases], some days before live"),
        Text("业内复盘：要先铺开、预热，社交渠道尤其如此", "Reviews of the field: it must spread and preheat first, on social channels above all"),
    ),
    "short_warm_up": warn(
        Text("预热 {days}，偏短", "The warm-up is {days}, which is short"),
        Text("把 warm_up 提前到 live 之前至少 {threshold} 天", "Move warm_up to {threshold} days before live at least"),
        Text("这类活动少于 {threshold} 天提醒（经验值，可改）", "Below {threshold} days this class is warned of (a judgement of ours, editable)"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """A warm-up that is missing or too short for its class."""
    phases = document.phases
    least = Decimal(lead.of(document.class_, facts.leads).warm_up_days) if document.class_ else PLAIN_DAYS.of(facts)
    if not least:
        return
    if phases.warm_up_ms is None:
        yield Finding(("phases",), "no_warm_up")
        return
    warm = days(document, phases.warm_up_ms, phases.live_ms)
    if 0 < warm < least:
        said: dict[str, str | Text] = {"days": lasting(warm), "threshold": plain(least)}
        yield Finding(("phases", "warm_up"), "short_warm_up", said)
