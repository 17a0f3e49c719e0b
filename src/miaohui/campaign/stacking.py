"""How the promotions of a campaign go together on one cart: lane by lane, in this order.

    activity    a product's price in the campaign           coupon     what is taken off with a code
    item        off each unit or line                       points     points that pay
    units       N-th item, N for X, bundles, buy and get    shipping   delivery
    order       off the order, full reduction, gifts

In a lane all that fit apply (`stack`), the first by priority (`first`), or the set that saves the customer most (`best`); with
`best by line`, for activity and item, every line chooses for itself. Without this section `strategy.offers_stack` says it: `all`
stacks, `best` takes the best of each lane, `none` lets one promotion alone apply.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from miaohui.campaign.offer import Strategy
from miaohui.campaign.terms import told
from miaohui.pricing.promotion import LANES, Lane, LaneName, Options

Share = Annotated[int, Meta(ge=0, lt=1_000_000)]
Mode = Literal["stack", "first", "best"]
ByLine = Literal["stack", "first", "best", "best by line"]


Before = tuple[Literal["activity", "item", "units", "order", "coupon", "points"], ...]


class After(Struct, frozen=True, kw_only=True):
    """Lane -> the lanes after which it gives nothing: `coupon = ["activity"]`, no code on a cart with an activity price."""

    item: Annotated[Before, told("Off units and lines", "单品优惠")] = ()
    units: Annotated[Before, told("N-th item, bundles, buy and get", "组合优惠")] = ()
    order: Annotated[Before, told("Off the order, gifts", "订单优惠")] = ()
    coupon: Annotated[Before, told("Codes", "优惠码")] = ()
    points: Annotated[Before, told("Points", "积分抵扣")] = ()
    shipping: Annotated[Before, told("Delivery", "运费")] = ()


class Stacking(Struct, frozen=True, kw_only=True):
    """How promotions go together, lane by lane: in a lane all that fit apply (`stack`), the first by priority (`first`), or the
    set that saves most (`best`; `best by line`: every line for itself). Without this section `strategy.offers_stack` says it, and
    without that they stack; `none` lets one promotion alone apply."""

    activity: Annotated[ByLine, told("Prices of products", "活动价")] = "stack"
    item: Annotated[ByLine, told("Off units and lines", "单品优惠")] = "stack"
    units: Annotated[Mode, told("N-th item, bundles, buy and get", "组合优惠")] = "stack"
    order: Annotated[Mode, told("Off the order, gifts", "订单优惠")] = "stack"
    coupon: Annotated[Mode, told("Codes", "优惠码")] = "stack"
    points: Annotated[Mode, told("Points", "积分抵扣")] = "stack"
    shipping: Annotated[Mode, told("Delivery", "运费")] = "stack"
    after: Annotated[After, told("Lanes that give nothing once another has given something", "哪些层互斥")] = After()
    by: Annotated[Literal["lanes", "priority"], told("Lane by lane, or by priority alone", "按层，或只按优先级")] = (
        "lanes"
    )
    base: Annotated[
        Literal["lane", "running"],
        told("Thresholds look at the cart when the lane begins, or as it is then", "门槛按本层开始时，还是按当时金额"),
    ] = "lane"
    margin_floor_ppm: Annotated[
        Share | None, told("Percent of its price that a product keeps above its cost", "最低毛利率（%）")
    ] = None


def options(stacking: Stacking | None, strategy: Strategy | None) -> Options:
    """What the engine is told."""
    if stacking is None:
        return _by_strategy(strategy)
    lanes: dict[LaneName, Lane] = {}
    for name in LANES[:-1]:
        mode = getattr(stacking, name)
        keeps_out = tuple(later for later in LANES[1:-1] if name in getattr(stacking.after, later))
        lane = Lane(
            mode="best" if mode == "best by line" else mode,
            each="line" if mode == "best by line" else "cart",
            exclusive_with=keeps_out,
        )
        if lane != Lane():
            lanes[name] = lane
    return Options(order=stacking.by, base=stacking.base, lanes=lanes, margin_floor_ppm=stacking.margin_floor_ppm)


def _by_strategy(strategy: Strategy | None) -> Options:
    how = strategy.offers_stack if strategy else "all"
    if how == "all":
        return Options()
    if how == "best":
        return Options(lanes={name: Lane(mode="best") for name in LANES[:-1]})
    return Options(
        lanes={
            name: Lane(mode="best", at_most=1, exclusive_with=LANES[n + 1 : -1]) for n, name in enumerate(LANES[:-1])
        }
    )
