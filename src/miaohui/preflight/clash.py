"""Two campaigns at once: the same people are asked twice, or the same product is sold at two prices.

Compares with the other campaigns of this workspace that are approved or run while this one does. An audience is the same if its
condition is; plays that are open to everybody tire nobody, and are no clash.
"""
# ruff: noqa: E501 - sentences are read across

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts, OtherCampaign
from miaohui.preflight._look import at, gifts
from miaohui.preflight._rule import Finding, Findings, NotKnown, warn
from miaohui.text import Text

TITLE = Text("撞期", "Clashes")
SAYS = {
    "same_audience": warn(
        Text("与“{other}”同时面向同一人群：{audience}", 'At the same time as "{other}" for the same audience: {audience}'),
        Text("错开时间，或分开人群", "Move one of them, or part the audiences"),
        Text("“{other}” 从 {opens} 到 {ends}。同一个人收到两个活动，哪个都记不住", '"{other}" runs from {opens} to {ends}. Who is asked twice remembers neither'),
    ),
    "same_product": warn(
        Text("{product} 同时在“{other}”里卖", '{product} is sold by "{other}" at the same time'),
        Text("换商品，或错开时间", "Choose another product, or move one of them"),
        Text("“{other}” 从 {opens} 到 {ends}。同一商品两个价，顾客会比", '"{other}" runs from {opens} to {ends}. Two prices of one product are compared'),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Campaigns that want the same people or the same product at the same time."""
    if facts.others is None:
        yield NotKnown(Text("没有与其他活动核对", "It was not compared with other campaigns"))
        return
    ours = audiences(document)
    skus = {entry.sku or name: name for name, entry in document.products.items()}
    for other in facts.others:
        if other.wrap_up_ms <= document.phases.opens_ms() or document.phases.wrap_up_ms <= other.opens_ms:
            continue
        said = _said(document, other)
        for condition in sorted(ours.keys() & other.audiences):
            yield Finding(("plays",), "same_audience", said | {"audience": ours[condition]})
        for sku in sorted(skus.keys() & other.skus):
            yield Finding(("products", skus[sku]), "same_product", said | {"product": skus[sku]})


def audiences(document: Document) -> dict[str, str]:
    """The chosen people whom plays are for or give more than others: condition -> name."""
    names = {play.head.for_ for play in document.plays.values()} | {gift.audience for gift in gifts(document)}
    return {document.audiences[name]: name for name in names if name in document.audiences}


def _said(document: Document, other: OtherCampaign) -> dict[str, str | Text]:
    return {"other": other.name, "opens": at(document, other.opens_ms), "ends": at(document, other.wrap_up_ms)}
