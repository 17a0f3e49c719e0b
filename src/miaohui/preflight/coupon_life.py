"""A validity that does not fit the campaign: what customers take runs out before they can use it, or while the play still gives it."""
# ruff: noqa: E501 - sentences are read across

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.plays._fields import Validity
from miaohui.preflight._look import at, fields, played
from miaohui.preflight._rule import Finding, Findings, warn
from miaohui.text import Text

TITLE = Text("有效期", "Validity")
SAYS = {
    "runs_out_before_the_end": warn(
        Text("{play} 发的到 {until} 过期，玩法到 {ends} 还在发", "What {play} gives runs out at {until}, and it gives until {ends}"),
        Text("增加 valid.days，或让玩法提前关闭", "Raise valid.days, or let the play close earlier"),
        Text("过期后没有人能领：顾客会看到“已过期”", "After that nobody can take one: customers read that it has expired"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Fixed validities that end before their play does."""
    for name, play, rules in played(document):
        for key, validities in fields(rules, Validity):
            for validity in validities:
                until_ms = None if validity.from_ms is None else validity.span(0).end_ms
                if until_ms is not None and until_ms < play.span.end_ms:
                    said = {"play": name, "until": at(document, until_ms), "ends": at(document, play.span.end_ms)}
                    yield Finding(("plays", name, key, "days"), "runs_out_before_the_end", said)
