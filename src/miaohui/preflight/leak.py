"""Ways in which money leaks: a gain that anybody may repeat, or that one person may take too much of.

An offer that takes the whole basket it asks for; an offer without a threshold that pays for a whole product; and either of them, or
a price below cost, where a limit counts accounts only: a new account is free, so the limit is none. And a limit so high that one
customer may take more than `most_of_one` percent of the budget.
"""
# ruff: noqa: E501 - sentences are read across

from decimal import Decimal

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.places import Path
from miaohui.plays._fields import Product
from miaohui.preflight._look import Gift, fields, gifts, money, plain, played, sales
from miaohui.preflight._rule import Edit, Finding, Findings, Fix, Limit, warn
from miaohui.text import Text

TITLE = Text("薅羊毛", "Leaks")
SAYS = {
    "offer_takes_all": warn(
        Text("满 {threshold} 减 {amount}：白送", "{amount} off {threshold}: the whole basket is given away"),
        Text("提高门槛，或降低面额", "Raise the threshold, or lower the amount"),
        Text("刚够门槛的顾客一分钱不付", "A customer who just reaches the threshold pays nothing"),
    ),
    "offer_pays_a_product": warn(
        Text("无门槛减 {amount}，而 {product} 只卖 {price}", "{amount} off any basket, and {product} costs {price}"),
        Text("写上门槛，如 \"{amount} off …\"", "Write a threshold"),
        Text("只买 {product} 的顾客一分钱不付", "A customer who buys only {product} pays nothing"),
    ),
    "free_accounts": warn(
        Text("{play} 的限购只按账号计", "The limit of {play} counts accounts only"),
        Text('写 [risk] identities = ["account", "phone"]', 'Write [risk] identities = ["account", "phone"]'),
        Text("它有白送或亏本的部分，新账号不要钱：限购等于没有", "It gives something for nothing or below cost, and a new account is free: the limit is none"),
    ),
    "one_takes_much": warn(
        Text("{play}：一位顾客可拿 {amount}，占预算 {share} %", "{play}: one customer may take {amount}, {share} percent of the budget"),
        Text("降低 per_customer", "Lower per_customer"),
        Text("超过 {threshold} % 提醒（经验值，可改）", "Above {threshold} percent it is warned of (a judgement of ours, editable)"),
    ),
}  # fmt: skip
MOST_OF_ONE = Limit(
    "leak.most_of_one", Decimal(5), Text("%", "percent"), Text("一位顾客至多拿走预算的多少", "What one customer may take of the budget")
)  # fmt: skip
BY_PHONE = Fix(Text("按账号和手机限购", "Count phones too"), (Edit(("risk", "identities"), '["account", "phone"]'),))


def find(document: Document, facts: Facts) -> Findings:
    """What may be taken again and again."""
    leaking: list[str] = []
    cheapest = min(_products(document), key=lambda product: product.list_price_minor, default=None)
    for gift in gifts(document):
        amount, threshold = gift.offer.amount_minor, gift.offer.threshold_minor
        if 0 < threshold <= amount:
            said = {"amount": money(document, amount), "threshold": money(document, threshold)}
            yield Finding(_path(gift), "offer_takes_all", said)
            leaking.append(gift.play)
        elif not threshold and cheapest is not None and amount >= cheapest.list_price_minor:
            said = {"amount": money(document, amount), "product": cheapest.name}
            yield Finding(
                _path(gift), "offer_pays_a_product", said | {"price": money(document, cheapest.list_price_minor)}
            )
            leaking.append(gift.play)
        yield from _one(document, facts, gift)
    leaking += [
        s.play for s in sales(document) if s.product.cost_minor is not None and s.price_minor < s.product.cost_minor
    ]
    if set(document.risk.identities) == {"account"}:
        for play in sorted(set(leaking)):
            yield Finding(("plays", play), "free_accounts", {"play": play}, BY_PHONE)


def _one(document: Document, facts: Facts, gift: Gift) -> Findings:
    most = MOST_OF_ONE.of(facts)
    per_customer = getattr(document.plays[gift.play].rules, "per_customer", 1)
    takes = per_customer * gift.offer.amount_minor
    if per_customer > 1 and document.budget and takes * 100 > most * document.budget.total_minor > 0:
        share = round(Decimal(takes * 100) / document.budget.total_minor, 1)
        said = {"play": gift.play, "amount": money(document, takes), "share": plain(share), "threshold": plain(most)}
        yield Finding(("plays", gift.play, "per_customer"), "one_takes_much", said)


def _products(document: Document) -> list[Product]:
    return [product for _, _, rules in played(document) for _, some in fields(rules, Product) for product in some]


def _path(gift: Gift) -> Path:
    return ("plays", gift.play, gift.key, gift.audience) if gift.audience else ("plays", gift.play, gift.key)
