"""Two campaigns at once: the same people are asked twice, the same product is sold at two prices, the same channel is used in the
same hour.

Compares with the other campaigns of this workspace that are approved or run on the same days. An audience is the same if its
condition is; plays that are open to everybody tire nobody, and are no clash.
"""
# ruff: noqa: E501 - sentences are read across

from miaohui.campaign.clashes import Clash, meetings
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.places import Path
from miaohui.preflight._look import at
from miaohui.preflight._rule import Finding, Findings, NotKnown, warn
from miaohui.text import Text

TITLE = Text("撞期", "Clashes")
SAYS = {
    "same_audience": warn(
        Text("与“{other}”同时面向同一人群：{thing}", 'At the same time as "{other}" for the same audience: {thing}'),
        Text("错开时间，或分开人群", "Move one of them, or part the audiences"),
        Text("“{other}” 从 {opens} 到 {ends}。同一个人收到两个活动，哪个都记不住", '"{other}" runs from {opens} to {ends}. Who is asked twice remembers neither'),
    ),
    "same_product": warn(
        Text("{thing} 同时在“{other}”里卖", '{thing} is sold by "{other}" at the same time'),
        Text("换商品，或错开时间", "Choose another product, or move one of them"),
        Text("“{other}” 从 {opens} 到 {ends}。同一商品两个价，顾客会比", '"{other}" runs from {opens} to {ends}. Two prices of one product are compared'),
    ),
    "same_hour": warn(
        Text("{day} 与“{other}”在同一渠道、同一时段发：{thing}", 'On {day} "{other}" uses the same channel in the same hours: {thing}'),
        Text("换个时段，或错开一天", "Choose other hours, or another day"),
        Text("同一时段的两条消息，后一条常被划掉", "Of two messages in the same hours the second is mostly swiped away"),
    ),
}  # fmt: skip
_CODES = {"audience": "same_audience", "product": "same_product", "channel": "same_hour"}


def find(document: Document, facts: Facts) -> Findings:
    """Campaigns that want the same people, the same product or the same hour."""
    if facts.others is None:
        yield NotKnown(Text("没有与其他活动核对", "It was not compared with other campaigns"))
        return
    for other in facts.others:
        said: dict[str, str | Text] = {
            "other": other.name,
            "opens": at(document, other.phases.opens_ms()),
            "ends": at(document, other.phases.wrap_up_ms),
        }
        for clash in meetings(document, other):
            path, thing = _where(document, clash)
            yield Finding(path, _CODES[clash.what], said | {"thing": thing, "day": str(clash.first)})


def _where(document: Document, clash: Clash) -> tuple[Path, str]:
    if clash.what == "product":
        name = next(name for name, entry in document.products.items() if (entry.sku or name) == clash.thing)
        return ("products", name), name
    return ("plays",) if clash.what == "audience" else ("journeys",), clash.thing
