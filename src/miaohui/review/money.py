"""What a campaign cost and returned.

    sales        paid orders, net of discount, less what was refunded
    goods        what the goods kept by customers cost the shop; if the cost of one of them is not known: sales x (1 - margin)
    profit       sales + discount - goods: what the goods would have earned without the discount
    cost         the discount, and the money of the budget's lines (planned, outside the plays)
    return       profit / cost, in millionths: 1,500,000 is 1.50 back for each 1.00

Worked: sales 900, discount 100, goods 600, no budget lines: profit 400, cost 100, return 4.00. It is no effect of the campaign:
the same goods might have been bought anyway.
"""

from collections.abc import Mapping

from msgspec import Struct

from miaohui.campaign.goals import Budget
from miaohui.review.figures import NO_MARGIN, NOTHING_SPENT, Evidence, Missing


class Outcome(Struct, frozen=True, kw_only=True):
    """The money of a campaign; what is not known is None, and `missing` says why."""

    goods_cost_minor: int | None
    profit_minor: int | None
    cost_minor: int
    return_ppm: int | None
    evidence: Evidence | None
    missing: dict[str, Missing]


def outcome(
    sales_minor: int, discount_minor: int, units: Mapping[str, int], costs: Mapping[str, int], budget: Budget | None
) -> Outcome:
    """`units`: sku -> how many customers kept; `costs`: sku -> what one costs, as far as it is known."""
    outside = sum(line.amount_minor for line in budget.lines) if budget else 0
    cost_minor = discount_minor + outside
    goods, evidence = _goods(sales_minor, units, costs, budget)
    missing: dict[str, Missing] = {}
    if goods is None:
        missing = dict.fromkeys(("goods_cost_minor", "profit_minor", "return_ppm"), NO_MARGIN)
    profit = None if goods is None else sales_minor + discount_minor - goods
    if profit is not None and not cost_minor:
        missing = {"return_ppm": NOTHING_SPENT}
    known = profit is not None and cost_minor > 0
    return Outcome(
        goods_cost_minor=goods,
        profit_minor=profit,
        cost_minor=cost_minor,
        return_ppm=round(profit * 1_000_000 / cost_minor) if known and profit is not None else None,
        evidence=evidence if known else None,
        missing=missing,
    )


def _goods(
    sales_minor: int, units: Mapping[str, int], costs: Mapping[str, int], budget: Budget | None
) -> tuple[int | None, Evidence]:
    if all(sku in costs for sku in units):
        return sum(quantity * costs[sku] for sku, quantity in units.items()), "observed"
    if budget and budget.margin_ppm is not None:
        return sales_minor - sales_minor * budget.margin_ppm // 1_000_000, "estimated"
    return None, "observed"
