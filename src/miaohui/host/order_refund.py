"""What a refund comes to when promotions are in the order. Pure.

    refund = paid - refunded before - what the goods that stay cost,  never less than 0

What stays costs its stored net, unit by unit (`allocated`: nothing is priced anew). Under `rerate_down` the cart is priced anew for
what is left, and that is what it costs, with never more off a line than promotions of another policy leave of its price; under
`forfeit_gift` a gift that is no longer earned and not sent back is charged at its declared value, until it comes. Each promotion
has the policy of its campaign. The refund of everything is what was paid, in any order, and no refund before it is more.
`pricing.refunds` says the same of a sale that has one policy and nothing but promotions; a test holds them together.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from miaohui.host.order_price import Share
from miaohui.host.orders import GIFT, Order, dues, less, refund_minor
from miaohui.plays._contract import Line, Placed
from miaohui.pricing.allocation import allocate, spread


class Still(Struct, frozen=True):
    """A promotion's policy, and what it would give to what is left (None: nothing)."""

    policy: str
    share: Share | None


class Settlement(Struct, frozen=True):
    """Line -> money that goes back; claim by claim what of its discount comes back with it."""

    money: dict[str, int]
    back_minor: list[int]


def settle(
    order: Order, quantities: Mapping[str, int], left: Mapping[str, int], still: Mapping[int, Still]
) -> Settlement:
    """The refund of `quantities` (line -> units), which leaves `left`."""
    anew = {n: one for n, one in still.items() if one.policy == "rerate_down"}
    lying = [_stays(order, n, left) for n, _ in enumerate(order.claims)]
    stays = [sum(given.values()) for given in lying]
    keeps = _keeps(order, left, lying, anew)
    back = [
        max(0, sum(claim.given_minor.values()) - keeps[n] - claim.back_minor) for n, claim in enumerate(order.claims)
    ]
    money = refund_minor(order, dict(quantities))
    if still:
        forfeit = sum(_unearned(order, n, left, one) for n, one in still.items() if one.policy == "forfeit_gift")
        cost = max(0, _cost(order, left, stays, keeps, anew))
        total = max(0, order.total_minor() - order.refunded_minor - cost - forfeit)
        lines = list(money)
        money = dict(zip(lines, allocate(total, [money[line] for line in lines]), strict=True))
    return Settlement(money, back)


def _cost(order: Order, left: Mapping[str, int], stays: list[int], keeps: list[int], anew: Mapping[int, Still]) -> int:
    """What the goods that stay cost when the claims give `keeps`: exactly so if all were priced anew, else from the stored net."""
    if all(n in anew for n, claim in enumerate(order.claims) if claim.given_minor):
        return sum(left[line.line] * line.unit_price_minor for line in order.lines) - sum(keeps)
    off = order.discounts()
    net = sum(sum(dues(order, line, off[line.line])[line.quantity - left[line.line] :]) for line in order.lines)
    return net + sum(stays) - sum(keeps)


def _stays(order: Order, n: int, left: Mapping[str, int]) -> dict[str, int]:
    """What of the claim's discount lies on the units that stay, line by line."""
    given = order.claims[n].given_minor
    return {
        line.line: sum(spread(given[line.line], line.quantity)[line.quantity - left[line.line] :])
        for line in order.lines
        if given.get(line.line)
    }


def _keeps(order: Order, left: Mapping[str, int], lying: list[dict[str, int]], anew: Mapping[int, Still]) -> list[int]:
    """What each claim gives to the goods that stay: what lies on them, or, where it is priced anew, what it would give now; but
    never more off a line than the others leave of its price."""
    room = {line.line: left[line.line] * line.unit_price_minor for line in order.lines}
    for n, given in enumerate(lying):
        if n not in anew:
            for line, minor in given.items():
                room[line] -= minor
    keeps = [sum(given.values()) for given in lying]
    for n, one in anew.items():
        keeps[n] = 0
        for line, minor in one.share.given_minor.items() if one.share else ():
            taken = max(0, min(minor, room[line]))
            room[line] -= taken
            keeps[n] += taken
    return keeps


def _unearned(order: Order, n: int, left: Mapping[str, int], one: Still) -> int:
    """The declared value of gifts that stay and are not earned by what is left."""
    claim, earned = order.claims[n], one.share.gifts() if one.share else {}
    total = 0
    for line in order.lines:
        if line.line == f"{GIFT}{claim.campaign}/{claim.play}/{line.sku}":
            extra = max(0, left[line.line] - earned.get(line.sku, 0))
            total += extra * claim.kept.get(f"value/{line.sku}", 0)
    return total


def before_promotions(order: Order, first: int) -> tuple[Line, ...]:
    """The lines that the promotions saw: what claims before them gave is off; gifts were not there."""
    lines = tuple(line for line in order.lines if not line.line.startswith(GIFT))
    for claim in order.claims[:first]:
        lines = less(lines, Placed(claim.given_minor, alone=bool(claim.kept.get("alone"))))
    return tuple(replace(line, unit_price_minor=line.due_minor // line.quantity) for line in lines)
