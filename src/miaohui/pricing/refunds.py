"""What a customer gets back for units he returns, by the campaign's policy. Pure: a sale and what is returned in, the refund out.

allocated     what those units cost: list less every discount that lies on them. Nothing is computed anew, so any order of returns
              comes to the same, and returning everything to what was paid. The default.
rerate_down   what is kept is priced again as a cart of its own, by the same promotions at the time of the order; the refund is what
              was paid (less earlier refunds) less that price, never less than nothing. Must be disclosed before the order.
forfeit_gift  as allocated, and a gift that what is kept no longer earns comes back too, or its declared value is kept.

Worked: tea 60.00, cup 40.00 and a bag at 0 from 100.00 on; 20.00 off 100.00 lies 12.00 and 8.00 on them; paid 80.00. The cup comes
back: allocated 32.00; rerate_down 80.00 - 60.00 = 20.00; forfeit_gift 32.00 less the bag's value unless it comes back too.

Units of a line come back in their order, like a queue. Shipping is given back with the last unit. Points spent on the units come
back as points.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from miaohui.pricing.cart import Cart
from miaohui.pricing.engine import price
from miaohui.pricing.priced import Given, Priced
from miaohui.pricing.rulebook import Rulebook

Policy = Literal["allocated", "rerate_down", "forfeit_gift"]


class Sold(Struct, frozen=True, kw_only=True):
    """A paid cart and what came back of it so far: units by line, money, points, gifts by sku (returned or charged for)."""

    cart: Cart
    priced: Priced
    back: dict[str, int] = {}
    refunded_minor: int = 0
    points_back: int = 0
    gifts_settled: dict[str, int] = {}


class Refund(Struct, frozen=True, kw_only=True):
    """`amount_minor` goes back, `points` as points; `charged` gifts were neither earned any more nor returned: their value is kept.

    `lines`: what the returned units of each line cost. `then`: the sale after this refund.
    """

    amount_minor: int
    points: int
    lines: dict[str, int]
    charged: tuple[Given, ...]
    then: Sold


def refund(
    policy: Policy, sold: Sold, back: dict[str, int], book: Rulebook, gifts: dict[str, int] | None = None
) -> Refund:
    """`back` units of each line come back, and `gifts` by sku. ValueError if there are not so many left."""
    for line in sold.priced.lines:
        left = line.quantity - sold.back.get(line.line, 0)
        if not 0 <= back.get(line.line, 0) <= left:
            raise ValueError(f"line {line.line}: {back[line.line]} units to give back, {left} are left")
    if unknown := back.keys() - {line.line for line in sold.priced.lines}:
        raise ValueError(f"there is no line {min(unknown)}")
    all_back = {line.line: sold.back.get(line.line, 0) + back.get(line.line, 0) for line in sold.priced.lines}
    whole = all(all_back[line.line] == line.quantity for line in sold.priced.lines)
    lines = {line: _cost(sold, line, sold.back.get(line, 0), units) for line, units in back.items() if units}
    amount = sum(lines.values()) + (_shipping(sold.priced) if whole and any(back.values()) else 0)
    charged: tuple[Given, ...] = ()
    settled = dict(sold.gifts_settled)
    kept = None if whole else price(_kept(sold.cart, all_back), book)
    if policy == "rerate_down":
        amount = max(0, sold.priced.total_minor - sold.refunded_minor - (kept.total_minor if kept else 0))
    elif policy == "forfeit_gift":
        for sku, units in (gifts or {}).items():
            settled[sku] = settled.get(sku, 0) + units
        charged = _unearned(sold.priced, kept, settled)
        for gift in charged:
            settled[gift.sku] = settled.get(gift.sku, 0) + gift.quantity
        amount = max(0, amount - sum(gift.quantity * gift.value_minor for gift in charged))
    points = _points(sold, all_back) - sold.points_back
    then = replace(
        sold,
        back=all_back,
        refunded_minor=sold.refunded_minor + amount,
        points_back=sold.points_back + points,
        gifts_settled=settled,
    )
    return Refund(amount_minor=amount, points=points, lines=lines, charged=charged, then=then)


def _cost(sold: Sold, name: str, begin: int, units: int) -> int:
    line = next(line for line in sold.priced.lines if line.line == name)
    cost = sum(line.dues()[begin : begin + units])
    return cost + (sum(line.taxes()[begin : begin + units]) if sold.priced.tax == "exclusive" else 0)


def _shipping(priced: Priced) -> int:
    tax = sum(method.tax_minor for method in priced.shipping) if priced.tax == "exclusive" else 0
    return priced.shipping_minor + tax


def _kept(cart: Cart, back: dict[str, int]) -> Cart:
    """The cart without what came back; deposits were paid for the units that are kept first."""
    lines = []
    for line in cart.lines:
        if left := line.quantity - back[line.line]:
            lines.append(replace(line, quantity=left, deposits=min(line.deposits, left)))
    return replace(cart, lines=tuple(lines))


def _unearned(priced: Priced, kept: Priced | None, settled: dict[str, int]) -> tuple[Given, ...]:
    """Gifts given that what is kept does not earn, less those settled already."""
    earned: dict[str, int] = {}
    for gift in kept.gifts if kept else ():
        earned[gift.sku] = earned.get(gift.sku, 0) + gift.quantity
    free = dict(settled)
    unearned = []
    for gift in priced.gifts:
        over = gift.quantity - min(gift.quantity, earned.get(gift.sku, 0))
        over -= (done := min(over, free.get(gift.sku, 0)))
        free[gift.sku] = free.get(gift.sku, 0) - done
        if over:
            unearned.append(replace(gift, quantity=over))
    return tuple(unearned)


def _points(sold: Sold, back: dict[str, int]) -> int:
    """Points that belong to all units that came back: in proportion to what points took off them, whole at the end."""
    paying = sold.priced.paying_points
    taken = returned = 0
    for line in sold.priced.lines:
        offs = [
            sum(minor for promotion, minor in units.parts if promotion in paying)
            for units in line.units
            for _ in range(units.count)
        ]
        taken += sum(offs)
        returned += sum(offs[: back[line.line]])
    return sold.priced.points * returned // taken if taken else 0
