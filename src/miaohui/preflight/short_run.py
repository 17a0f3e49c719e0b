"""Too short a run: customers need days to hear of a campaign, to tell each other and to come.

Days are counted on the campaign's own calendar from `live` to `wrap_up`. Below `least_days` it is a warning; a campaign of
fewer than `never_days` is stopped, unless two people say why. A hot spot is short by nature. An own recurring day is known to customers after `own_day_editions` editions and then as short as it likes; before that it is warned of,
never stopped.
"""
# ruff: noqa: E501 - sentences are read across

from decimal import Decimal

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._look import lasting, live_days, plain
from miaohui.preflight._rule import Finding, Findings, Limit, NotKnown, stop, warn
from miaohui.text import Text

_DAYS = Text("天", "days")
_SEEN = Text("业内复盘：一两天的活动效果很差", "Reviews of the field: a day or two did very poorly")
LEAST_DAYS = Limit(
    "short_run.least_days", Decimal(3), _DAYS, Text("正式期少于此天数提醒", "Shorter than this is warned of"), _SEEN
)
NEVER_DAYS = Limit(
    "short_run.never_days", Decimal(2), _DAYS, Text("正式期少于此天数阻断", "Shorter than this is stopped"), _SEEN
)
EDITIONS = Limit(
    "short_run.own_day_editions", Decimal(3), Text("期", "editions"),
    Text("自有日办过几期后不再限时长", "An own day may be short after so many editions"),
    Text("业内复盘：每月一天的固定日有效", "Reviews of the field: a fixed day each month works"),
)  # fmt: skip

TITLE = Text("活动时长", "Length of the run")
SAYS = {
    "very_short_run": stop(
        Text("正式期只有 {days}", "The campaign is live for {days} only"),
        Text("把 wrap_up 推后到至少 {least} 天，或两人写明理由放行", "Move wrap_up so that it runs {least} days at least, or let two people say why not"),
        Text("少于 {threshold} 天阻断。业内复盘：一两天的活动效果很差，顾客来不及知道", "Below {threshold} it is stopped. Reviews of the field: a day or two did very poorly, customers had no time to hear of it"),
        overridable=True,
    ),
    "short_run": warn(
        Text("正式期 {days}，偏短", "The campaign is live for {days}, which is short"),
        Text("把 wrap_up 推后到至少 {threshold} 天", "Move wrap_up so that it runs {threshold} days at least"),
        Text("少于 {threshold} 天提醒。业内复盘：一两天的活动效果很差", "Below {threshold} it is warned of. Reviews of the field: a day or two did very poorly"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """A run that is too short for its class."""
    run = live_days(document)
    if document.class_ == "hot_spot" or run <= 0:
        return
    least = LEAST_DAYS.of(facts)
    if run >= least:
        return
    if document.class_ == "own_day":
        if facts.editions is None:
            yield NotKnown(
                Text("不知道这个自有日办过几期", "It is not known how many editions of this own day there were")
            )
            return
        if facts.editions >= EDITIONS.of(facts):
            return
    never = NEVER_DAYS.of(facts)
    said: dict[str, str | Text] = {"days": lasting(run), "least": plain(least)}
    if run < never and document.class_ != "own_day":
        yield Finding(("phases", "wrap_up"), "very_short_run", said | {"threshold": plain(never)})
    else:
        yield Finding(("phases", "wrap_up"), "short_run", said | {"threshold": plain(least)})
