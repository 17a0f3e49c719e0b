"""A prize that nobody believes, or one that is shabby.

A prize is what a play gives away: an offer of a coupon, or a prize of a play whose module offers `prizes(rules)`. The largest is
not believed when it is more than `top_of_budget` percent of the budget or `top_of_basket` times a usual basket; the smallest is
shabby below `least_of_basket` percent of a basket. A basket is the goal of that measure, else the median order of the shop. Odds
that are published must add up.
"""
# ruff: noqa: E501 - sentences are read across

from decimal import Decimal

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.places import Path
from miaohui.preflight._look import basket_minor, gifts, money, plain, prizes
from miaohui.preflight._rule import Finding, Findings, Limit, NotKnown, stop, warn
from miaohui.text import Text

_PERCENT = Text("%", "percent")
TOP_OF_BUDGET = Limit(
    "prizes.top_of_budget", Decimal(50), _PERCENT, Text("最大奖品占预算多少以上不可信", "Above this share of the budget the largest prize is not believed")
)  # fmt: skip
TOP_OF_BASKET = Limit(
    "prizes.top_of_basket", Decimal(20), Text("倍", "times"), Text("最大奖品超过客单价几倍不可信", "Above so many baskets the largest prize is not believed")
)  # fmt: skip
LEAST_OF_BASKET = Limit(
    "prizes.least_of_basket", Decimal(1), _PERCENT, Text("价值低于客单价多少算寒酸", "Below this share of a basket a prize is shabby")
)  # fmt: skip

TITLE = Text("奖品", "Prizes")
SAYS = {
    "prize_not_believed": warn(
        Text("奖品 {value} 大得不可信：{share}", "A prize of {value} is not believed: {share}"),
        Text("换成几个小一些的，或写清数量与概率", "Make several smaller ones of it, or publish number and odds"),
        Text("超过预算 {of_budget} % 或客单价 {of_basket} 倍提醒（经验值，可改）。业内复盘：送手机被当成骗子", "Above {of_budget} percent of the budget or {of_basket} baskets it is warned of (a judgement of ours, editable). Reviews of the field: a phone was taken for a fraud"),
    ),
    "prize_shabby": warn(
        Text("奖品 {value} 太寒酸：{share}", "A prize of {value} is shabby: {share}"),
        Text("少发几份、每份大些", "Give fewer and larger ones"),
        Text("低于客单价 {threshold} % 提醒（经验值，可改）。业内复盘：送纸扇被嫌小气", "Below {threshold} percent of a basket it is warned of (a judgement of ours, editable). Reviews of the field: paper fans were called mean"),
    ),
    "odds_do_not_add_up": stop(
        Text("{play} 的概率合计 {sum} %", "The odds of {play} add up to {sum} percent"),
        Text("让概率合计正好 100 %", "Make them add up to 100"),
        Text("概率要公布，合计必须 100 %", "Odds are published, and must add up to 100 percent"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Prizes that are too large or too small, odds that do not add up."""
    budget = document.budget.total_minor if document.budget else 0
    basket = basket_minor(document) or facts.past.median_order_minor or 0
    worths: list[tuple[Path, int]] = [
        (_place(gift.play, gift.key, gift.audience), gift.offer.amount_minor) for gift in gifts(document)
    ]
    odds: dict[str, int] = {}
    for play, prize in prizes(document):
        worths.append((("plays", play, prize.key), prize.value_minor))
        if prize.odds_ppm is not None:
            odds[play] = odds.get(play, 0) + prize.odds_ppm
    for path, worth in worths:
        yield from _worth(document, facts, path, worth, budget, basket)
    if worths and not basket:
        yield NotKnown(Text("不知道客单价：写目标 basket，或先有订单", "The usual basket is not known: write a goal basket, or have orders first"))  # fmt: skip
    for play, ppm in odds.items():
        if ppm != 1_000_000:
            said = {"play": play, "sum": plain(Decimal(ppm) / 10_000)}
            yield Finding(("plays", play), "odds_do_not_add_up", said)


def _place(play: str, key: str, audience: str) -> Path:
    return ("plays", play, key, audience) if audience else ("plays", play, key)


def _worth(document: Document, facts: Facts, path: Path, worth: int, budget: int, basket: int) -> Findings:
    of_budget, of_basket, least = (limit.of(facts) for limit in (TOP_OF_BUDGET, TOP_OF_BASKET, LEAST_OF_BASKET))
    limits = {"of_budget": plain(of_budget), "of_basket": plain(of_basket), "threshold": plain(least)}
    said: dict[str, str | Text] = {"value": money(document, worth), **limits}
    if budget and worth * 100 > of_budget * budget:
        share = plain(round(Decimal(worth * 100) / budget, 1))
        told = Text(f"占预算 {share} %", f"{share} percent of the budget")
        yield Finding(path, "prize_not_believed", said | {"share": told})
    elif basket and worth > of_basket * basket:
        times = plain(round(Decimal(worth) / basket, 1))
        yield Finding(path, "prize_not_believed", said | {"share": Text(f"客单价的 {times} 倍", f"{times} baskets")})
    elif basket and worth * 100 < least * basket:
        share = plain(round(Decimal(worth * 100) / basket, 2))
        told = Text(f"客单价的 {share} %", f"{share} percent of a basket")
        yield Finding(path, "prize_shabby", said | {"share": told})
