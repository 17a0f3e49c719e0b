"""Promotions that together sell below cost, and those that nothing ends.

Worst stack: for each product whose cost is known, a cart of this product alone is priced by the engine itself, under all promotions of
the campaign at once: every code is typed, the customer is in every audience, every hour is the right one. The numbers of pieces that
are tried are those at which something happens: 1, each threshold, each bundle, up to 50. The best coupon of the campaign comes
on top. Of all these the one that loses most per piece is shown; gifts count at their cost. With a margin floor in `[stacking]`
the promotions stop at the floor, and only the coupon can go below.

Worked: cost 30.00, price 50.00, "10.00 off 60.00" and a code for 30 %: two pieces are 100.00, 90.00, then 63.00: 31.50 each. With "20.00
off 60.00" it is 56.00: 28.00 each, 2.00 lost on each.
"""
# ruff: noqa: E501 - sentences are read across

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.host.order_price import Buyer, cart_price
from miaohui.host.setup import Offered
from miaohui.plays import promotion
from miaohui.plays._contract import Line, Who
from miaohui.preflight._look import gifts, money, played
from miaohui.preflight._rule import Finding, Findings, warn
from miaohui.pricing.conditions import Code, Kinds, Pieces, Spend
from miaohui.pricing.effects import Bundle, BuyGet, Gift, Nth, Reduction
from miaohui.pricing.promotion import Promotion
from miaohui.text import Text

PIECES_MAX = 50
TITLE = Text("促销叠加", "Stacked promotions")
SAYS = {
    "promotions_below_cost": warn(
        Text("{value} 叠加 {promotions} 最低 {worst} 一件，成本 {cost}", "{value} under {promotions} comes down to {worst} a piece; it costs {cost}"),
        Text("在 [stacking] 写 margin_floor，或让它们互斥", "Write margin_floor in [stacking], or let them exclude each other"),
        Text("一次买 {pieces} 件时每件亏 {loss}", "Who buys {pieces} at once makes you lose {loss} on each"),
    ),
    "loop_without_end": warn(
        Text("{value}：每满减没有上限", "{value} comes again and again without an end"),
        Text("写上限，如 up to 3 times", "Say how often: up to 3 times"),
        Text("一张大单可以拿走无限的优惠", "One large order takes as much as it likes"),
    ),
}  # fmt: skip


class Worst(Struct, frozen=True):
    """A product at its worst: `pieces` bought at once cost `each_minor` apiece under `promotions`, gifts and coupon included."""

    product: str
    pieces: int
    each_minor: int
    cost_minor: int
    promotions: tuple[str, ...]


def find(document: Document, facts: Facts) -> Findings:
    """Products below cost, and loops without an end."""
    for one in worst_stack(document, facts):
        if one.each_minor < one.cost_minor:
            said = {
                "value": one.product,
                "promotions": ", ".join(one.promotions),
                "worst": money(document, one.each_minor),
                "cost": money(document, one.cost_minor),
                "loss": money(document, one.cost_minor - one.each_minor),
                "pieces": str(one.pieces),
            }
            yield Finding(("plays", one.promotions[0], "gives"), "promotions_below_cost", said)
    for name, rules in _promotions(document):
        for effect in rules.gives:
            if isinstance(effect, Reduction) and effect.every and not effect.times_max and effect.cap_minor is None:
                yield Finding(("plays", name, "gives"), "loop_without_end", {"value": name})


def worst_stack(document: Document, facts: Facts = Facts()) -> list[Worst]:
    """The worst case of each product whose cost and price are known, if some promotion lowers it."""
    offered = [(name, Offered(_always(rules), rules)) for name, rules in _promotions(document)]
    found = []
    for name, entry in document.products.items() if offered else ():
        shop = (facts.products or {}).get(entry.sku or name)
        price = entry.price_minor if entry.price_minor is not None else shop.list_price_minor if shop else None
        cost = entry.cost_minor if entry.cost_minor is not None else shop.cost_minor if shop else None
        if not price or cost is None:
            continue
        tried = [_tried(document, offered, name, entry.sku or name, price, cost, n) for n in _numbers(document, price)]
        worst = min(
            (one for one in tried if one is not None), key=lambda one: (one.each_minor, one.pieces), default=None
        )
        if worst is not None:
            found.append(worst)
    return found


def _tried(
    document: Document, offered: list[tuple[str, Offered]], name: str, sku: str, price: int, cost: int, pieces: int
) -> Worst | None:
    due = pieces * price
    line = Line(line="1", sku=sku, quantity=pieces, unit_price_minor=price, due_minor=due, cost_minor=cost)
    offers = [offer for _, offer in offered]
    codes = [code for offer in offers for code in (*offer.rules.codes[:1], offer.promotion.id)]
    priced = cart_price(document.currency, (line,), Buyer(Who("")), offers, {}, codes, 0)
    applied = [
        play for (play, _), share in zip(offered, priced.shares, strict=True) if share.outcome.status == "applied"
    ]
    due = priced.priced.goods_minor
    costs = {gift: rules.costs.get(gift, 0) for _, rules in _promotions(document) for gift in rules.gifts()}
    due -= sum(costs[gift] * n for share in priced.shares for gift, n in share.gifts().items())
    coupon = max((gift.offer.amount_minor for gift in gifts(document) if gift.offer.threshold_minor <= due), default=0)
    return Worst(name, pieces, max(0, due - coupon) // pieces, cost, tuple(applied)) if applied else None


def _promotions(document: Document) -> Iterator[tuple[str, promotion.Rules]]:
    for name, _, rules in played(document):
        if isinstance(rules, promotion.Rules):
            yield name, rules


def _always(rules: promotion.Rules) -> Promotion:
    """The promotion without the conditions that the right customer at the right hour meets."""
    made = promotion.promotion(rules)
    return replace(made, when=tuple(one for one in made.when if isinstance(one, Spend | Pieces | Kinds | Code)))


def _numbers(document: Document, price: int) -> list[int]:
    """Numbers of pieces at which something happens."""
    numbers = {1, 2}
    for _, rules in _promotions(document):
        numbers |= {-(-(rules.from_minor or 0) // price), rules.pieces or 1}
        for effect in rules.gives:
            match effect:
                case Reduction(tiers=tiers, measure=measure):
                    numbers |= {t.at_least if measure == "pieces" else -(-t.at_least // price) for t in tiers}
                case Nth(nth=n):
                    numbers.add(n)
                case Bundle(parts=parts):
                    numbers |= {part.quantity for part in parts}
                case BuyGet(buy=buy, get=get):
                    numbers.add(buy + get)
                case Gift(every_minor=every) if every:
                    numbers.add(-(-every // price))
        for condition in rules.when:
            if isinstance(condition, Spend):
                numbers.add(-(-condition.at_least_minor // price))
            elif isinstance(condition, Pieces):
                numbers.add(condition.at_least)
    for gift in gifts(document):
        numbers.add(-(-gift.offer.threshold_minor // price))
    return sorted(n for n in numbers if 1 <= n <= PIECES_MAX)
