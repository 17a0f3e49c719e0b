"""Promotions that take codes that work once, and have none: nobody can use them. A batch that was withdrawn does not count."""

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.problem import Way
from miaohui.plays import promotion
from miaohui.preflight._look import played
from miaohui.preflight._rule import Finding, Findings, NotKnown, warn
from miaohui.text import Text

TITLE = Text("一次性优惠码", "Codes that work once")
SAYS = {
    "no_codes": warn(
        Text("促销 {value} 要一次性优惠码，还没有生成", "{value} takes codes that work once, and none are made yet"),
        Text("存好后在这个促销的页面成批生成", "Save it, and make a batch on the promotion's page"),
        Text("没有码，谁也享受不到", "Without a code nobody gets it"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Promotions without codes."""
    asking = [name for name, _, rules in played(document) if isinstance(rules, promotion.Rules) and rules.single_use]
    if asking and facts.coded is None:
        yield NotKnown(Text("没有核对是否已生成优惠码", "It was not looked up whether codes are made"))
        return
    for name in asking:
        if name not in (facts.coded or ()):
            way = Way(f"promotions?edit={name}#h-batches", Text("生成优惠码", "Make codes"))
            yield Finding(("plays", name, "single_use"), "no_codes", {"value": name}, way=way)
