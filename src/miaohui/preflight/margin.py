"""A price below cost, alone or when offers stack.

A play that sells a product below its cost is warned of: it may be meant. A price that falls below cost because a coupon comes on
top of it is stopped, unless two people say why: nobody meant that.

Worst stack, per piece: a coupon of A off a basket of T or more is best used on the smallest number n of pieces with n x price >= T,
so that a piece costs (n x price - A) / n. Worked: price 30.00, cost 26.00, "20.00 off 99.00": n = 4, 120.00 - 20.00 = 100.00, a
piece costs 25.00, 1.00 below cost. Prices that nothing may be taken off (`stacks = "none"`) stand alone.
"""
# ruff: noqa: E501 - sentences are read across

from msgspec import Struct

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.plays._fields import Product
from miaohui.preflight._look import Gift, fields, gifts, money, played, sales
from miaohui.preflight._rule import Edit, Finding, Findings, Fix, stop, warn
from miaohui.text import Text

TITLE = Text("毛利", "Margin")
SAYS = {
    "below_cost": warn(
        Text("{value} 卖 {price}，成本 {cost}：每件亏 {loss}", "{value} sells at {price} and costs {cost}: {loss} lost on each"),
        Text("确认是引流款，或提高价格", "Be sure that is meant, or raise the price"),
    ),
    "stack_below_cost": stop(
        Text("{value} {price} 叠加 {coupon}：最低 {worst}，成本 {cost}", "{value} at {price} stacks with {coupon}: {worst} at worst, it costs {cost}"),
        Text("不叠加，提高门槛，或两人写明理由放行", "Let them not stack, raise the threshold, or let two people say why"),
        Text("买 {pieces} 件用一张券，每件亏 {loss}。除非有人签字，没有商品低于成本卖", "{pieces} pieces with one coupon lose {loss} each. Nothing is sold below cost unless somebody signs for it"),
        overridable=True,
    ),
}  # fmt: skip


class Stack(Struct, frozen=True):
    """A product at a price with a coupon on top: what one piece costs then, when `pieces` are bought."""

    product: Product
    price_minor: int
    play: str
    gift: Gift
    pieces: int
    worst_minor: int


def find(document: Document, facts: Facts) -> Findings:
    """Prices below cost."""
    for sale in sales(document):
        cost = sale.product.cost_minor
        if cost is not None and sale.price_minor < cost:
            said = {"value": sale.product.name, "price": money(document, sale.price_minor)}
            said |= {"cost": money(document, cost), "loss": money(document, cost - sale.price_minor)}
            yield Finding(("plays", sale.play, "price"), "below_cost", said)
    for stack in worst(document):
        cost = stack.product.cost_minor
        if cost is not None and stack.worst_minor < cost <= stack.price_minor:
            yield _finding(document, stack, cost)


def worst(document: Document) -> list[Stack]:
    """The worst stack of each price that a coupon may come on top of: the plays' own prices, and list prices."""
    coupons = list(gifts(document))
    prices = [(sale.product, sale.price_minor, sale.play) for sale in sales(document) if not sale.alone]
    listed = {
        product.name: product
        for _, _, rules in played(document)
        for _, some in fields(rules, Product)
        for product in some
    }
    prices += [(product, product.list_price_minor, "") for product in listed.values()]
    stacks = [_stack(*price, gift) for price in prices for gift in coupons if price[1] > 0]
    found: dict[tuple[str, str], Stack] = {}
    for stack in stacks:
        key = (stack.product.name, stack.play)
        if key not in found or stack.worst_minor < found[key].worst_minor:
            found[key] = stack
    return list(found.values())


def _stack(product: Product, price_minor: int, play: str, gift: Gift) -> Stack:
    pieces = max(1, -(-gift.offer.threshold_minor // price_minor))
    left = max(0, pieces * price_minor - gift.offer.amount_minor)
    return Stack(product, price_minor, play, gift, pieces, left // pieces)


def _finding(document: Document, stack: Stack, cost: int) -> Finding:
    off = money(document, stack.gift.offer.amount_minor)
    least = money(document, stack.gift.offer.threshold_minor)
    said: dict[str, str | Text] = {
        "value": stack.product.name,
        "price": money(document, stack.price_minor),
        "coupon": Text(f"{stack.gift.play}（{least} 减 {off}）", f"{stack.gift.play} ({off} off {least})"),
        "worst": money(document, stack.worst_minor),
        "cost": money(document, cost),
        "loss": money(document, cost - stack.worst_minor),
        "pieces": str(stack.pieces),
    }
    if stack.play:
        alone = Fix(Text("改为不叠加", "Make it exclusive"), (Edit(("plays", stack.play, "stacks"), '"none"'),))
        return Finding(("plays", stack.play, "price"), "stack_below_cost", said, alone)
    gift = stack.gift
    place = ("plays", gift.play, gift.key, gift.audience) if gift.audience else ("plays", gift.play, gift.key)
    return Finding(place, "stack_below_cost", said)
