"""The same offer for all: different people want different things.

A hint, where a campaign gives coupons, its plays are for everybody, and no audience gets more than another: it spends on loyal
customers what would have brought back the silent ones. A price is one price for all, and no offer in this sense.
"""
# ruff: noqa: E501 - sentences are read across

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.terms import EVERYBODY
from miaohui.preflight._look import gifts
from miaohui.preflight._rule import Finding, Findings, hint
from miaohui.text import Text

TITLE = Text("千人一面", "One offer for all")
SAYS = {
    "same_offer_for_all": hint(
        Text("{count} 个玩法对所有人一样", "{count} plays are the same for everybody"),
        Text("按人群给不同优惠：give = {{ 人群 = …, everybody = … }}，或写 for", "Give audiences different offers: give = {{ silent = ..., everybody = ... }}, or write `for`"),
        Text("新客、活跃、沉默顾客都在其中。业内经验：不同的人用不同的活动", "New, active and silent customers are all in it. The field: different people, different activities"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """A campaign in which nobody gets anything of his own."""
    offers = list(gifts(document))
    chosen = any(play.head.for_ not in ("", EVERYBODY) for play in document.plays.values())
    differs = any(gift.audience not in ("", EVERYBODY) for gift in offers)
    if offers and not chosen and not differs:
        yield Finding(("plays",), "same_offer_for_all", {"count": str(len(document.plays))})
