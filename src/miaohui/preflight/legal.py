"""Points of law: reminders with their source and date, no legal advice.

A rule of a country is looked at in campaigns in its currency. What a play offers is read from its module: `prizes(rules)` (value and
odds of each prize), and the fields `deposit_minor` with `price_minor`, and `levels` of its rules.
"""
# ruff: noqa: E501 - sentences are read across

from decimal import Decimal

from miaohui import plays
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.money import to_minor
from miaohui.preflight._look import money, plain, played, prizes
from miaohui.preflight._rule import Finding, Findings, Law, Limit, stop, warn
from miaohui.text import Text

_PROMOTION = Text("《规范促销行为暂行规定》", "Interim Provisions on Regulating Promotional Behaviour (SAMR order 32)")
_CODE = Text("《民法典》第五百八十六条", "Civil Code of the PRC, article 586")
_PYRAMID = Text("《禁止传销条例》第七条", "Regulation on the Prohibition of Pyramid Selling, article 7")
LAWS = (
    Law("prize_cap", Text("抽奖式有奖销售最高奖金额不超过五万元", "The top prize of a draw that comes with a sale is worth 50,000 yuan at most"), _PROMOTION, "2020-12-01", "CNY"),
    Law("odds_published", Text("奖项、中奖概率等应当公示，记录保存两年", "Prizes and odds are published, and their records kept for two years"), _PROMOTION, "2020-12-01", "CNY"),
    Law("deposit_share", Text("定金不得超过主合同标的额的百分之二十", "An earnest deposit is at most 20 percent of the price"), _CODE, "2021-01-01", "CNY"),
    Law("two_levels", Text("以发展人员的层级计酬属于传销", "Being paid for levels of people one has recruited is pyramid selling"), _PYRAMID, "2005-11-01", "CNY"),
)  # fmt: skip
PRIZE_CAP = Limit("legal.prize_cap", Decimal(50_000), Text("元", "yuan"), LAWS[0].says, _PROMOTION)
DEPOSIT = Limit("legal.deposit_share", Decimal(20), Text("%", "percent"), LAWS[2].says, _CODE)
LEVELS = Limit("legal.levels", Decimal(2), Text("级", "levels"), Text("分销计酬至多两级", "Commission on two levels at most"), _PYRAMID)  # fmt: skip

TITLE = Text("法规提醒", "Points of law")
SAYS = {
    "prize_over_cap": stop(
        Text("{play} 的最高奖 {value} 超过 {limit}", "The top prize of {play}, {value}, is above {limit}"),
        Text("降到 {limit} 以内", "Bring it down to {limit}"),
        Text("《规范促销行为暂行规定》，2020-12-01 起：最高奖不超过五万元", "SAMR order 32, since 2020-12-01: 50,000 yuan at most"),
    ),
    "odds_not_published": stop(
        Text("{play} 有奖品没有写概率", "{play} has prizes without odds"),
        Text("每个奖品写 odds", "Write the odds of each prize"),
        Text("《规范促销行为暂行规定》，2020-12-01 起：概率要公示", "SAMR order 32, since 2020-12-01: odds are published"),
    ),
    "deposit_over_share": stop(
        Text("{play} 的定金是价格的 {share} %", "The deposit of {play} is {share} percent of the price"),
        Text("降到 {limit} % 以内，或写成订金", "Bring it down to {limit} percent, or make it a returnable advance"),
        Text("《民法典》第 586 条，2021-01-01 起：定金不超过 20 %", "Civil Code, article 586, since 2021-01-01: 20 percent at most"),
    ),
    "too_many_levels": stop(
        Text("{play} 的佣金有 {levels} 级", "{play} pays commission on {levels} levels"),
        Text("至多 {limit} 级", "{limit} levels at most"),
        Text("《禁止传销条例》，2005-11-01 起", "Regulation on pyramid selling, since 2005-11-01"),
    ),
    "records_to_keep": warn(
        Text("{event} 只保存 {days} 天", "{event} is kept for {days} days only"),
        Text("抽奖记录保存两年：keep_days = 730", "Records of draws are kept for two years: keep_days = 730"),
        Text("《规范促销行为暂行规定》，2020-12-01 起", "SAMR order 32, since 2020-12-01"),
    ),
}  # fmt: skip
RECORDS_DAYS = 730


def find(document: Document, facts: Facts) -> Findings:
    """What the law of the campaign's currency would object to."""
    if document.currency != "CNY":
        return
    drawn = {play for play, _ in prizes(document)}
    cap = int(to_minor(PRIZE_CAP.of(facts), "CNY"))
    for play, prize in prizes(document):
        if prize.value_minor > cap:
            said = {"play": play, "value": money(document, prize.value_minor), "limit": money(document, cap)}
            yield Finding(("plays", play, prize.key), "prize_over_cap", said)
        if prize.odds_ppm is None:
            yield Finding(("plays", play, prize.key), "odds_not_published", {"play": play})
    for name, _, rules in played(document):
        yield from _deposit(facts, name, rules)
        levels = getattr(rules, "levels", 0)
        if levels > LEVELS.of(facts):
            said = {"play": name, "levels": str(levels), "limit": plain(LEVELS.of(facts))}
            yield Finding(("plays", name, "levels"), "too_many_levels", said)
    for name, entry in document.collect.items():
        if any(_of_draw(document, entry.event, play) for play in drawn) and entry.keep_days < RECORDS_DAYS:
            said = {"event": entry.event, "days": str(entry.keep_days)}
            yield Finding(("collect", name, "keep_days"), "records_to_keep", said)


def _deposit(facts: Facts, name: str, rules: object) -> Findings:
    deposit, price = getattr(rules, "deposit_minor", 0), getattr(rules, "price_minor", 0)
    if price and deposit * 100 > DEPOSIT.of(facts) * price:
        share = round(Decimal(deposit * 100) / price, 1)
        said = {"play": name, "share": plain(share), "limit": plain(DEPOSIT.of(facts))}
        yield Finding(("plays", name, "deposit"), "deposit_over_share", said)


def _of_draw(document: Document, event: str, play: str) -> bool:
    module = document.plays[play].head.play
    return event.startswith(f"{module}.") and module in plays.names()
