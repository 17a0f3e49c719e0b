"""Merchants who pay of the discounts pay at most all of it."""

from decimal import Decimal

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._rule import Finding, Findings, stop
from miaohui.text import Text

TITLE = Text("商家分担", "Merchants' shares")
SAYS = {
    "over_100_percent": stop(
        Text("{key} 合计 {value} %，超过 100 %", "{key} adds up to {value} percent, more than 100"),
        Text("减到 100 % 以内", "Bring it down to 100"),
    ),
}


def find(document: Document, facts: Facts) -> Findings:
    """Shares that add up to more than all."""
    borne = sum(merchant.bears_ppm for merchant in document.merchants.values())
    if borne > 1_000_000:
        yield Finding(("merchants",), "over_100_percent", {"key": "bears", "value": str(Decimal(borne) / 10_000)})
