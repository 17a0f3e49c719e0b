"""The questions of a template. Each kind has its fields, what they stand at before anybody wrote, and the words that its answer
becomes in the document. A word `hero.price` replaces `@hero.price@`.

    texts     a name in both languages                     name.zh, name.en
    when      the first day live, and how many             live, days, prepare, warm_up_days, review_days
    deal      a product, its price, how many pieces        hero, hero.zh, hero.en, hero.list, hero.price, hero.stock
    coupon    an amount off a basket, how many coupons     coupon.amount, coupon.threshold, coupon.count; coupon.more: half as
                                                           much again, for those who need it more
    count     a whole number                               orders
    budget    money; proposed is what the plays may cost   budget
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from miaohui.calendar.almanac import Occasion
from miaohui.calendar.backwards import backwards
from miaohui.calendar.lead import Lead
from miaohui.calendar.workdays import Workdays
from miaohui.money import Money, exponent
from miaohui.text import Text

Kind = Literal["texts", "when", "deal", "coupon", "count", "budget"]
Words = dict[str, str]
COUNT_MOST = 10_000_000
DAYS_MOST = 60
REVIEW_AFTER = 7
COUPONS = 200


class Ask(Struct, frozen=True, kw_only=True):
    """One question. `default` may hold @occasion.zh@ or @occasion.en@, which is `without` where there is no occasion; `percent`:
    of the list price for a deal; for a coupon 100 is a tenth of the basket."""

    key: str
    kind: Kind
    question: Text
    default: Text = Text("", "")
    without: Text = Text("会员日", "Members' day")
    percent: int = 0
    stock: int = 0


class Good(Struct, frozen=True):
    """A product of the shop that a campaign can sell."""

    sku: str
    title: Text
    price_minor: int
    cost_minor: int | None
    free: int


class World(Struct, frozen=True, kw_only=True):
    """What the questions are asked in."""

    today: date
    currency: str
    workdays: Workdays
    lead: Lead
    goods: tuple[Good, ...] = ()
    occasion: Occasion | None = None

    def good(self, sku: str) -> Good | None:
        """The product called `sku`."""
        return next((good for good in self.goods if good.sku == sku), None)


class Field(Struct, frozen=True, kw_only=True):
    """One input of a question."""

    name: str
    label: Text
    type: Literal["text", "date", "number", "money", "product"]
    value: str
    hint: Text = Text("", "")
    needed: bool = True


class BadAnswer(Exception):
    """An answer that cannot be taken: which field, and why."""

    def __init__(self, field: str, why: Text) -> None:
        super().__init__(why.en)
        self.field, self.why = field, why


def fields(ask: Ask, given: Mapping[str, str], world: World, words: Words) -> list[Field]:
    """The inputs of `ask`: what was given, else the proposal. `words`: of the questions before."""
    proposed = _FIELDS[ask.kind](ask, world, words)
    return [replace(field, value=given.get(field.name, field.value)) for field in proposed]


def answer(ask: Ask, given: Mapping[str, str], world: World) -> Words:
    """The words that an answer becomes. BadAnswer."""
    return _WORDS[ask.kind](ask, {name: value.strip() for name, value in given.items()}, world)


# -- texts -------------------------------------------------------------------------------------------------------------------


def _texts(ask: Ask, world: World, words: Words) -> list[Field]:
    named = world.occasion.day.title if world.occasion else ask.without
    zh, en = ask.default.zh.replace("@occasion.zh@", named.zh), ask.default.en.replace("@occasion.en@", named.en)
    return [
        Field(name=f"{ask.key}.zh", label=Text("中文名称", "In Chinese"), type="text", value=zh),
        Field(name=f"{ask.key}.en", label=Text("英文名称", "In English"), type="text", value=en),
    ]


def _texts_words(ask: Ask, given: Mapping[str, str], world: World) -> Words:
    found = {name: given.get(name, "") for name in (f"{ask.key}.zh", f"{ask.key}.en")}
    for name, value in found.items():
        if not value or len(value) > 60:
            raise BadAnswer(name, Text("写 1 到 60 个字", "Write 1 to 60 characters"))
    return found


# -- when --------------------------------------------------------------------------------------------------------------------


def _when(ask: Ask, world: World, words: Words) -> list[Field]:
    ahead = world.lead.warm_up_days + 1 if world.lead.warm_up_days else 0  # a hot spot begins today
    first = world.occasion.first if world.occasion else world.today + timedelta(ahead)
    plan = backwards(first, world.lead, world.workdays)
    while world.occasion is None and plan.start < world.today:  # the first day that can be prepared
        first += timedelta(1)
        plan = backwards(first, world.lead, world.workdays)
    hint = Text(
        f"按 {world.lead.prepare_workdays} 个工作日筹备，该在 {plan.start} 开工",
        f"With {world.lead.prepare_workdays} workdays of preparation, work starts on {plan.start}",
    )
    if plan.late(world.today):
        hint = Text(f"{hint.zh}：已经过了，从今天做起", f"{hint.en}: that is past, it begins today")
    return [
        Field(name=f"{ask.key}.day", label=Text("开始", "First day"), type="date", value=str(first), hint=hint),
        Field(name=f"{ask.key}.days", label=Text("天数", "Days"), type="number", value=str(world.lead.live_days)),
    ]


def _when_words(ask: Ask, given: Mapping[str, str], world: World) -> Words:
    try:
        first = date.fromisoformat(given.get(f"{ask.key}.day", ""))
    except ValueError:
        raise BadAnswer(f"{ask.key}.day", Text("选一个日期", "Choose a day")) from None
    days = _whole(given, f"{ask.key}.days", 1, DAYS_MOST)
    if first + timedelta(days) <= world.today:
        said = Text(f"到 {world.today} 已经结束", f"That would be over by {world.today}: choose a later day")
        raise BadAnswer(f"{ask.key}.day", said)
    plan = backwards(first, world.lead, world.workdays)
    warm_up = max(1, min(world.lead.warm_up_days, (first - world.today).days))
    return {
        ask.key: str(first),
        "days": str(days),
        "prepare": str(min(max(plan.start, world.today), first - timedelta(warm_up + 1))),
        "warm_up_days": str(warm_up),
        "review_days": str(days + REVIEW_AFTER),
    }


# -- deal --------------------------------------------------------------------------------------------------------------------


def _deal(ask: Ask, world: World, words: Words) -> list[Field]:
    taken = {value for key, value in words.items() if "." not in key}
    good = next((good for good in world.goods if good.sku not in taken and good.free >= ask.stock), None)
    good = good or (world.goods[0] if world.goods else None)
    stock = min(ask.stock, good.free) if good else ask.stock
    percent = ask.percent or 80
    left = Text(f"留空即标价的 {percent}%，不低于成本", f"Empty: {percent}% of the list price, not below cost")
    return [
        Field(name=ask.key, label=Text("商品", "Product"), type="product", value=good.sku if good else ""),
        Field(name=f"{ask.key}.price", label=Text("活动价", "Price"), type="money", value="", hint=left, needed=False),
        Field(name=f"{ask.key}.stock", label=Text("数量", "Pieces"), type="number", value=str(stock)),
    ]


def _deal_words(ask: Ask, given: Mapping[str, str], world: World) -> Words:
    good = world.good(given.get(ask.key, ""))
    if good is None:
        raise BadAnswer(ask.key, Text("选一件有标价的商品", "Choose a product that has a list price"))
    list_price = Money(good.price_minor, world.currency)
    written = given.get(f"{ask.key}.price", "")
    price = _money(given, f"{ask.key}.price", world, least=1) if written else _proposed(good, ask.percent or 80)
    if price >= good.price_minor:
        said = Text(f"要低于标价 {list_price.decimal():f}", f"Must be below the list price of {list_price.decimal():f}")
        raise BadAnswer(f"{ask.key}.price", said)
    stock = _whole(given, f"{ask.key}.stock", 1, COUNT_MOST)
    if stock > good.free:
        raise BadAnswer(f"{ask.key}.stock", Text(f"店里只有 {good.free} 件", f"The shop has {good.free}"))
    return {
        ask.key: good.sku,
        f"{ask.key}.zh": good.title.zh,
        f"{ask.key}.en": good.title.en,
        f"{ask.key}.list": f"{list_price.decimal():f}",
        f"{ask.key}.price": f"{Money(price, world.currency).decimal():f}",
        f"{ask.key}.stock": str(stock),
    }


def _proposed(good: Good, percent: int) -> int:
    """The price that is proposed: a share of the list price, not below cost, and always below the list price."""
    return max(1, min(max(good.price_minor * percent // 100, good.cost_minor or 0), good.price_minor - 1))


# -- coupon ------------------------------------------------------------------------------------------------------------------


def _coupon(ask: Ask, world: World, words: Words) -> list[Field]:
    one = 10 ** exponent(world.currency)
    basket = max((good.price_minor for good in world.goods[:5]), default=20 * one)
    threshold = max(10 * one, basket * 2 // one * one)
    amount = max(one, threshold * (ask.percent or 100) // 1000 // one * one)
    return [
        Field(name=f"{ask.key}.amount", label=Text("减", "Amount off"), type="money", value=_shown(amount, world)),
        Field(
            name=f"{ask.key}.threshold",
            label=Text("满", "From a basket of"),
            type="money",
            value=_shown(threshold, world),
        ),
        Field(name=f"{ask.key}.count", label=Text("张数", "Coupons"), type="number", value=str(COUPONS)),
    ]


def _coupon_words(ask: Ask, given: Mapping[str, str], world: World) -> Words:
    amount = _money(given, f"{ask.key}.amount", world, least=1)
    threshold = _money(given, f"{ask.key}.threshold", world, least=1)
    if amount > threshold:
        said = Text("减的不能多于满的", "Cannot be more than the basket it is taken off")
        raise BadAnswer(f"{ask.key}.amount", said)
    count = _whole(given, f"{ask.key}.count", 1, COUNT_MOST)
    one = 10 ** exponent(world.currency)
    return {
        f"{ask.key}.amount": _shown(amount, world),
        f"{ask.key}.more": _shown(min(threshold, amount * 3 // 2 // one * one or amount), world),
        f"{ask.key}.threshold": _shown(threshold, world),
        f"{ask.key}.count": str(count),
    }


# -- numbers and money -------------------------------------------------------------------------------------------------------


def _count(ask: Ask, world: World, words: Words) -> list[Field]:
    return [Field(name=ask.key, label=Text("数量", "How many"), type="number", value=ask.default.en)]


def _count_words(ask: Ask, given: Mapping[str, str], world: World) -> Words:
    return {ask.key: str(_whole(given, ask.key, 1, COUNT_MOST))}


def _budget(ask: Ask, world: World, words: Words) -> list[Field]:
    hint = Text("建议值是全部用完时的最高花费", "Proposed: what the plays cost if everything is taken")
    return [Field(name=ask.key, label=Text("总预算", "Budget"), type="money", value=words.get("worst", ""), hint=hint)]


def _budget_words(ask: Ask, given: Mapping[str, str], world: World) -> Words:
    return {ask.key: _shown(_money(given, ask.key, world, least=0), world)}


def _whole(given: Mapping[str, str], name: str, least: int, most: int) -> int:
    written = given.get(name, "").replace(",", "")
    if not written.isdecimal() or not least <= int(written) <= most:
        raise BadAnswer(name, Text(f"写 {least} 到 {most:,} 的整数", f"Write a whole number from {least} to {most:,}"))
    return int(written)


def _money(given: Mapping[str, str], name: str, world: World, least: int) -> int:
    try:
        amount = Decimal(given.get(name, "").replace(",", ""))
        minor = amount.scaleb(exponent(world.currency))
        if minor != int(minor) or not least <= minor < 10**15:
            raise InvalidOperation
    except (InvalidOperation, ValueError, OverflowError):
        raise BadAnswer(name, Text("写一个金额，如 99.00", "Write an amount such as 99.00")) from None
    return int(minor)


def _shown(minor: int, world: World) -> str:
    return f"{Money(minor, world.currency).decimal():f}"


_FIELDS = {
    "texts": _texts, "when": _when, "deal": _deal, "coupon": _coupon, "count": _count, "budget": _budget,
}  # fmt: skip
_WORDS = {
    "texts": _texts_words, "when": _when_words, "deal": _deal_words, "coupon": _coupon_words, "count": _count_words,
    "budget": _budget_words,
}  # fmt: skip
