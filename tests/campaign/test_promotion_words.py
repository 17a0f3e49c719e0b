"""What promotions say in a document: every form read, written back the same, and what cannot be read with its reason."""

from zoneinfo import ZoneInfo

import pytest

from miaohui.campaign import promotion_gives, promotion_when
from miaohui.campaign.promotion_words import Words
from miaohui.campaign.times import Days, Unreadable
from miaohui.plays._fields import Product, Text
from miaohui.pricing.conditions import (
    AnyOf,
    CartIs,
    Code,
    CustomerIs,
    InAudience,
    Kinds,
    Not,
    Orders,
    Pieces,
    Scope,
    Spend,
    Weekly,
    Where,
    Within,
)
from miaohui.pricing.effects import (
    Amount,
    Bundle,
    BuyGet,
    Deposit,
    Gift,
    GiftItem,
    Nth,
    Part,
    PayPoints,
    Percent,
    Price,
    Reduction,
    Reward,
    Tier,
)

LIVE = 1_790_000_000_000
TEA, CUP = (Product(name, f"{name}-1", Text(name, name), 2000) for name in ("tea", "cup"))
WORDS = Words(
    "USD", {"tea": TEA, "cup": CUP}, ("vip", "silent"), Days(ZoneInfo("Asia/Shanghai"), {"live": LIVE}), "Asia/Shanghai"
)
T, C = Scope(skus=("tea-1",)), Scope(skus=("cup-1",))

GIVES = {
    "20.00 off": Amount(off_minor=2000),
    "10 % off, up to 50.00": Percent(off_ppm=100_000, cap_minor=5000),
    "10 % off, of the activity price": Percent(off_ppm=100_000, of="activity"),
    "12.5 % off each line": Percent(off_ppm=125_000, each="line"),
    "2.00 off each unit, up to 2 units of a line": Amount(off_minor=200, each="unit", units_max=2),
    "5.00 off shipping": Amount(off_minor=500, target="shipping"),
    "free shipping, up to 12.00": Percent(off_ppm=1_000_000, target="shipping", cap_minor=1200),
    "20.00 off 100.00": Reduction(tiers=(Tier(at_least=10000, off_minor=2000),)),
    "20.00 off 100.00 or 50.00 off 200.00": Reduction(
        tiers=(Tier(at_least=10000, off_minor=2000), Tier(at_least=20000, off_minor=5000))
    ),
    "20.00 off every 100.00, up to 3 times": Reduction(
        tiers=(Tier(at_least=10000, off_minor=2000),), every=True, times_max=3
    ),
    "10 % off 3 pieces or 20 % off 5 pieces": Reduction(
        tiers=(Tier(at_least=3, off_ppm=100_000), Tier(at_least=5, off_ppm=200_000)), measure="pieces"
    ),
    "9.90 each, up to 1 unit of a line": Price(price_minor=990, units_max=1),
    "2nd at 50 %": Nth(nth=2, off_ppm=500_000),
    "3rd free, same product": Nth(nth=3, off_ppm=1_000_000, same_sku=True),
    "3 for 99.00": Bundle(parts=(Part(quantity=3),), price_minor=9900),
    "3 for 20 % off, up to 2 times": Bundle(parts=(Part(quantity=3),), off_ppm=200_000, times_max=2),
    "1 tea + 2 cup for 59.00": Bundle(parts=(Part(quantity=1, scope=T), Part(quantity=2, scope=C)), price_minor=5900),
    "1 tea + 1 category pots for 5.00 off": Bundle(
        parts=(Part(quantity=1, scope=T), Part(quantity=1, scope=Scope(categories=("pots",)))), off_minor=500
    ),
    "buy 2 get 1": BuyGet(buy=2, get=1),
    "buy 2 get 1 at 50 % of tea or cup, dearest, got units carry the saving": BuyGet(
        buy=2, get=1, off_ppm=500_000, get_scope=Scope(skus=("tea-1", "cup-1")), take="dearest", spread="got"
    ),
    "gift cup": Gift(items=(GiftItem(sku="cup-1", value_minor=2000),)),
    "gift 2 of cup or 3 tea for every 100.00, up to 2 times": Gift(
        items=(GiftItem(sku="cup-1", value_minor=2000), GiftItem(sku="tea-1", quantity=3, value_minor=2000)),
        choose=2, every_minor=10000, times_max=2,
    ),
    "100 points pay 1.00, up to 50 %": PayPoints(points=100, off_minor=100, share_max_ppm=500_000),
    "deposit 10.00 counts 20.00": Deposit(deposit_minor=1000, worth_minor=2000),
    "5 % back, up to 20.00": Reward(off_ppm=50_000, cap=2000),
    "5 % back in points, up to 500 points": Reward(to="points", off_ppm=50_000, cap=500),
    "10 points back for every 1.00": Reward(to="points", amount=10, every_minor=100),
    "2.00 back": Reward(amount=200),
    "10 % off on tea, category snacks": Percent(off_ppm=100_000, scope=Scope(skus=("tea-1",), categories=("snacks",))),
}  # fmt: skip

WHEN = {
    "spend 100.00": Spend(at_least_minor=10000),
    "spend 100.00 to 500.00 at list price": Spend(at_least_minor=10000, at_most_minor=50000, of="list"),
    "spend at most 50.00 on tea": Spend(at_most_minor=5000, scope=T),
    "3 pieces": Pieces(at_least=3),
    "2 to 5 pieces on category snacks, not tea": Pieces(
        at_least=2, at_most=5, scope=Scope(categories=("snacks",), except_skus=("tea-1",))
    ),
    "at most 3 pieces": Pieces(at_least=0, at_most=3),
    "2 kinds": Kinds(at_least=2),
    "first order": Orders(at_most=0),
    "order 5": Orders(at_least=4, at_most=4),
    "order 2 to 4": Orders(at_least=1, at_most=3),
    "order 3 or later": Orders(at_least=2),
    "audience vip or silent": InAudience(any_of=("vip", "silent")),
    "not audience vip": InAudience(none_of=("vip",)),
    "customer tier = gold or black": CustomerIs(is_=Where("tier", ("gold", "black"))),
    "cart region != CN-31": CartIs(is_=Where("region", ("CN-31",), "not_in")),
    "fri sat 18:00-22:00": Weekly(days=(5, 6), from_minute=1080, until_minute=1320, zone="Asia/Shanghai"),
    "daily 22:00-02:00": Weekly(from_minute=1320, until_minute=120, zone="Asia/Shanghai"),
    "sun": Weekly(days=(7,), zone="Asia/Shanghai"),
    "code TEA20 or TEA30": Code(any_of=("TEA20", "TEA30")),
    "either spend 100.00 or else 3 pieces": AnyOf(conditions=(Spend(at_least_minor=10000), Pieces(at_least=3))),
    "not 3 pieces": Not(condition=Pieces(at_least=3)),
}

SCOPES = {
    ("tea", "category snacks", "not cup", "not category toys"): Scope(
        skus=("tea-1",), categories=("snacks",), except_skus=("cup-1",), except_categories=("toys",)
    ),
    ("price 5.00 to 50.00",): Scope(price_at_least_minor=500, price_at_most_minor=5000),
    ("price from 5.00",): Scope(price_at_least_minor=500),
    ("price up to 50.00", "not yet reduced"): Scope(price_at_most_minor=5000, untouched="any"),
    ("brand = acme or zen", "weight >= 2"): Scope(
        where=(Where("brand", ("acme", "zen")), Where("weight", ("2",), "at_least"))
    ),
}


@pytest.mark.parametrize(("text", "effect"), GIVES.items())
def test_what_it_gives(text, effect):
    assert promotion_gives.read(text, WORDS) == effect
    assert promotion_gives.write(effect, WORDS) == text


@pytest.mark.parametrize(("text", "condition"), WHEN.items())
def test_when_it_gives(text, condition):
    assert promotion_when.read(text, WORDS) == condition
    assert promotion_when.write(condition, WORDS) == text


@pytest.mark.parametrize(("lines", "scope"), SCOPES.items())
def test_which_products(lines, scope):
    assert WORDS.scope(lines) == scope
    assert tuple(WORDS.scope_written(scope)) == lines


def test_a_time_of_the_campaign_is_read_and_comes_back_exactly():
    condition = promotion_when.read("within live for 30 minutes", WORDS)
    assert condition == Within(starts_ms=LIVE, ends_ms=LIVE + 1_800_000)
    assert promotion_when.read(promotion_when.write(condition, WORDS), WORDS) == condition


def test_other_ways_of_saying_it():
    assert promotion_gives.read("2nd at half price", WORDS) == Nth(nth=2, off_ppm=500_000)
    assert promotion_gives.read("buy 2  get 1 free", WORDS) == BuyGet(buy=2, get=1)
    assert (
        promotion_gives.read("50.00 off 200.00 or 20.00 off 100.00", WORDS)
        == GIVES["20.00 off 100.00 or 50.00 off 200.00"]
    )
    assert promotion_when.read("1 piece", WORDS) == Pieces(at_least=1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("cheap", "bad_gives"),
        ("20.00 off 100.00 or 3 off 5 pieces", "bad_gives"),
        ("10 % off every 100.00", "bad_gives"),
        ("gift 3 of cup or tea", "bad_gives"),
        ("gift mug", "unknown_product"),
        ("10 % off on mug", "unknown_product"),
        ("120 % off", "too_large"),
        ("10.123456 % off", "percent_digits"),
        ("2.999 off", "too_many_digits"),
        ("0.00 off", "too_small"),
        ("10 % off, up to 3 times", "bad_option"),
        ("20.00 off, gladly", "bad_option"),
        ("10 % off on ???", "bad_scope"),
    ],
)
def test_what_cannot_be_given_says_why(text, code):
    with pytest.raises(Unreadable) as refused:
        promotion_gives.read(text, WORDS)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("often", "bad_when"),
        ("customer is rich", "bad_when"),
        ("audience nobody", "unknown_audience"),
        ("fri 25:00-26:00", "bad_when"),
        ("within nowhere until live", "unknown_phase"),
    ],
)
def test_what_cannot_be_a_condition_says_why(text, code):
    with pytest.raises(Unreadable) as refused:
        promotion_when.read(text, WORDS)
    assert refused.value.code == code
