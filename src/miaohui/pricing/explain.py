"""What became of each promotion as people read it, in Chinese and English: `sentence(outcome, promotion, currency)`.

The codes are the vocabulary: a shop may show our sentences, or make its own from code and data.
"""

from collections.abc import Mapping
from decimal import Decimal

from miaohui.money import Money
from miaohui.pricing.effects import (
    Amount,
    AnyEffect,
    Bundle,
    BuyGet,
    Deposit,
    Gift,
    Nth,
    PayPoints,
    Percent,
    Price,
    Reduction,
    Reward,
    Tier,
)
from miaohui.pricing.priced import Outcome
from miaohui.pricing.promotion import Promotion
from miaohui.text import LANGUAGES, Text

SENTENCES = {
    # applied
    "applied": Text(zh="省 {saved}（{benefit}）", en="Saves {saved} ({benefit})"),
    "applied_free": Text(zh="已享{benefit}", en="You get {benefit}"),
    "applied_in_part": Text(zh="省 {saved}（{benefit}，预算只够这些）", en="Saves {saved} ({benefit}, as far as its budget goes)"),
    "next": Text(zh="，再买 {missing} {benefit}", en="; {missing} more for {benefit}"),
    "next_pieces": Text(zh="，再加 {missing} 件{benefit}", en="; {missing} more pieces for {benefit}"),
    # not eligible: the customer, the sale or the cart is not as the promotion wants it
    "code_missing": Text(zh="输入优惠码可享{benefit}", en="Enter the code for {benefit}"),
    "not_yet": Text(zh="还没开始", en="It has not begun yet"),
    "ended": Text(zh="已结束", en="It has ended"),
    "not_now": Text(zh="不在活动时段", en="It is not on at this hour"),
    "not_in_audience": Text(zh="只给人群：{audience}", en="Only for {audience}"),
    "in_audience": Text(zh="不适用于人群：{audience}", en="Not for {audience}"),
    "customer_differs": Text(zh="顾客的 {attribute} 须为 {wanted}", en="Only for customers whose {attribute} is {wanted}"),
    "cart_differs": Text(zh="订单的 {attribute} 须为 {wanted}", en="Only for orders whose {attribute} is {wanted}"),
    "orders_more": Text(zh="再下 {missing} 单可享", en="{missing} more orders first"),
    "orders_less": Text(zh="只限已下单不超过 {at_most} 次的顾客", en="Only for customers with at most {at_most} orders so far"),
    "spend_more": Text(zh="再买 {missing} 可享{benefit}", en="{missing} more for {benefit}"),
    "spend_less": Text(zh="只限金额不超过 {at_most}", en="Only up to {at_most}"),
    "pieces_more": Text(zh="再加 {missing} 件可享{benefit}", en="{missing} more pieces for {benefit}"),
    "pieces_less": Text(zh="只限不超过 {at_most} 件", en="Only up to {at_most} pieces"),
    "kinds_more": Text(zh="再加 {missing} 种商品可享{benefit}", en="{missing} more products for {benefit}"),
    "nothing_fits": Text(zh="没有满足任何一个条件", en="None of its conditions holds"),
    "must_not": Text(zh="这单有它排除的情形", en="Something it rules out is the case"),
    "used_up": Text(zh="名额已用完（共 {limit}）", en="All {limit} uses are taken"),
    "used_by_you": Text(zh="每人限用 {limit} 次，已用完", en="Limited to {limit} per customer, and used"),
    "used_up_today": Text(zh="今日名额已用完（每天 {limit}）", en="All {limit} uses of today are taken"),
    "used_by_you_today": Text(zh="每人每天限用 {limit} 次，今天已用完", en="Limited to {limit} per customer a day, and used today"),
    "nothing_in_scope": Text(zh="购物车里没有适用的商品", en="Nothing in the cart that it is for"),
    "no_shipping": Text(zh="没有它适用的运费", en="No shipping fee that it is for"),
    "no_points": Text(zh="至少用 {points} 积分", en="Pay with {points} points or more"),
    "no_deposit": Text(zh="没有付过定金", en="No deposit was paid"),
    "gives_nothing": Text(zh="这单没有可减的金额", en="There is nothing that it could take off"),
    # skipped: the customer did his part, something else is in the way
    "excluded": Text(zh="不能与 {by} 同享", en="Does not go with {by}"),
    "lane_closed": Text(zh="已享 {by}，不再叠加", en="Not on top of {by}"),
    "lane_full": Text(zh="最多享 {at_most} 项，已享 {by}", en="At most {at_most} of these, and {by} came first"),
    "not_best": Text(zh="{by} 更优惠", en="More is saved with {by}"),
    "at_floor": Text(zh="已是最低价", en="The price is at its floor already"),
    "units_taken": Text(zh="商品已用于其他组合优惠", en="The units are part of another offer already"),
    "gift_sold_out": Text(zh="赠品已送完：{sku}", en="The gift is out of stock: {sku}"),
    "budget_used_up": Text(zh="活动预算已用完", en="Its budget is used up"),
    # codes the customer entered
    "unknown_code": Text(zh="没有这个优惠码", en="There is no such code"),
    "code_used": Text(zh="这个优惠码已用过", en="This code has been used"),
    "code_withdrawn": Text(zh="这个优惠码已作废", en="This code has been withdrawn"),
}  # fmt: skip


def sentence(outcome: Outcome, promotion: Promotion, currency: str, titles: Mapping[str, Text] | None = None) -> Text:
    """`outcome` of `promotion` as a sentence; `titles` names the promotions that `by` refers to (else their ids)."""
    return Text(**{language: said(outcome, promotion, currency, language, titles or {}) for language in LANGUAGES})


def said(outcome: Outcome, promotion: Promotion, currency: str, language: str, titles: Mapping[str, Text]) -> str:
    """The same in one language."""
    free = outcome.code == "applied" and not outcome.saved_minor
    pattern = SENTENCES["applied_free" if free else outcome.code](language)
    words: dict[str, str] = {}
    for key, value in outcome.data.items():
        name = key.removesuffix("_minor")
        if f"{{{name}}}" in pattern:
            words[name] = Money(int(value), currency).text(language) if key.endswith("_minor") else str(value)
    if "{by}" in pattern:
        names = [titles[x](language) if x in titles else x for x in outcome.by]
        words["by"] = ("、" if language == "zh" else ", ").join(names)
    if "{benefit}" in pattern:
        words["benefit"] = _worth(promotion, outcome, currency)(language)
    if "{saved}" in pattern:
        words["saved"] = Money(outcome.saved_minor, currency).text(language)
    return _capital(pattern.format_map(words) + _next_tier(promotion, outcome, currency)(language))


def benefit(effect: AnyEffect | Tier | None, currency: str) -> Text:
    """What an effect gives, in a few words: "20.00 off", "free shipping", "3 for 99.00"."""

    def money(minor: int) -> Text:
        return Text(zh=Money(minor, currency).text("zh"), en=Money(minor, currency).text("en"))

    match effect:
        case Percent(target="shipping", off_ppm=1_000_000):
            return Text(zh="包邮", en="free shipping")
        case Percent(off_ppm=ppm) | Tier(off_minor=0, off_ppm=ppm):
            return Text(zh=f"减 {_percent(ppm)}%", en=f"{_percent(ppm)}% off")
        case Amount(off_minor=off) | Tier(off_minor=off):
            return Text(zh=f"减 {money(off).zh}", en=f"{money(off).en} off")
        case Price(price_minor=minor):
            return Text(zh=f"{money(minor).zh} 特价", en=f"a price of {money(minor).en}")
        case Reduction(tiers=tiers) if tiers:
            return benefit(min(tiers, key=lambda tier: tier.at_least), currency)
        case Nth(nth=nth, off_ppm=ppm):
            return Text(zh=f"第 {nth} 件减 {_percent(ppm)}%", en=f"{_percent(ppm)}% off every {_ordinal(nth)} piece")
        case Bundle(parts=parts, price_minor=minor) if minor is not None:
            pieces = sum(part.quantity for part in parts)
            return Text(zh=f"{pieces} 件 {money(minor).zh}", en=f"{pieces} for {money(minor).en}")
        case Bundle():
            return Text(zh="组合优惠", en="a bundle price")
        case BuyGet(buy=buy, get=get, off_ppm=1_000_000):
            return Text(zh=f"买 {buy} 送 {get}", en=f"buy {buy}, get {get} free")
        case BuyGet(buy=buy, get=get, off_ppm=ppm):
            return Text(
                zh=f"买 {buy} 件，另 {get} 件减 {_percent(ppm)}%", en=f"buy {buy}, get {get} at {_percent(ppm)}% off"
            )
        case Gift(items=items):
            names = ", ".join(item.sku for item in items)
            return Text(zh=f"赠品 {names}", en=f"a gift ({names})")
        case PayPoints(points=points, off_minor=off):
            return Text(zh=f"{points} 积分抵 {money(off).zh}", en=f"{money(off).en} per {points} points")
        case Deposit(deposit_minor=deposit, worth_minor=worth):
            return Text(
                zh=f"定金 {money(deposit).zh} 抵 {money(worth).zh}",
                en=f"a deposit of {money(deposit).en} worth {money(worth).en}",
            )
        case Reward(to="points"):
            return Text(zh="赠积分", en="points")
        case Reward(to="coupon"):
            return Text(zh="赠券", en="a coupon")
        case Reward():
            return Text(zh="返现", en="cash-back")
        case _:
            return Text(zh="优惠", en="the offer")


def _worth(promotion: Promotion, outcome: Outcome, currency: str) -> Text:
    """What the outcome speaks of: of a full reduction the tier, of a gift what was given, else the first effect."""
    first = promotion.effects[0] if promotion.effects else None
    if isinstance(first, Gift) and outcome.status == "applied" and outcome.data.get("sku"):
        return Text(zh=f"赠品 {outcome.data['sku']}", en=f"a gift ({outcome.data['sku']})")
    if isinstance(first, Reduction):
        return benefit(
            _tier(first, outcome.data.get("at_least_minor", outcome.data.get("at_least"))) or first, currency
        )
    return benefit(first, currency)


def _next_tier(promotion: Promotion, outcome: Outcome, currency: str) -> Text:
    """What comes next of a full reduction that applies, and what is missing for it."""
    first = promotion.effects[0] if promotion.effects else None
    tier = (
        _tier(first, outcome.data.get("next_minor", outcome.data.get("next"))) if isinstance(first, Reduction) else None
    )
    if tier is None:
        return Text(zh="", en="")
    worth = benefit(tier, currency)
    if "next_missing_minor" in outcome.data:
        money = Money(int(outcome.data["next_missing_minor"]), currency)
        missing, pattern = Text(zh=money.text("zh"), en=money.text("en")), SENTENCES["next"]
    else:
        pieces = str(outcome.data["next_missing"])
        missing, pattern = Text(zh=pieces, en=pieces), SENTENCES["next_pieces"]
    return Text(
        zh=pattern.zh.format(missing=missing.zh, benefit=worth.zh),
        en=pattern.en.format(missing=missing.en, benefit=worth.en),
    )


def _tier(reduction: Reduction, at_least: object) -> Tier | None:
    return next((tier for tier in reduction.tiers if tier.at_least == at_least), None)


def _percent(ppm: int) -> str:
    return f"{(Decimal(ppm) / 10_000).normalize():f}"


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
