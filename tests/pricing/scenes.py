"""The worked examples of docs/reference/pricing.md: a cart, promotions and options each, and how the page shows the outcome."""

from msgspec import Struct

from miaohui.money import Money, to_minor
from miaohui.pricing.cart import Cart, CartLine, Customer, ShippingMethod
from miaohui.pricing.conditions import Code, InAudience, Pieces, Scope, Spend
from miaohui.pricing.effects import (
    Amount,
    AnyEffect,
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
from miaohui.pricing.engine import price
from miaohui.pricing.explain import sentence
from miaohui.pricing.priced import Priced
from miaohui.pricing.promotion import Lane, Limits, Options, Promotion


class Scene(Struct, frozen=True):
    """One example."""

    cart: Cart
    promotions: tuple[Promotion, ...]
    options: Options = Options()


def cart(*lines: str, currency: str = "CNY", shipping: str = "", **facts: object) -> Cart:
    """Lines as "tea 3 x 33.33", "cup 1 x 20.00 not under 19.00"."""
    priced = []
    for text in lines:
        words = text.split()
        floor = to_minor(words[6], currency) if len(words) > 4 else 0
        priced.append(
            CartLine(
                line=words[0],
                sku=words[0],
                quantity=int(words[1]),
                unit_price_minor=to_minor(words[3], currency),
                min_price_minor=floor,
            )
        )
    methods = (ShippingMethod(id="shipping", fee_minor=to_minor(shipping, currency)),) if shipping else ()
    return Cart(currency=currency, lines=tuple(priced), shipping=methods, **facts)  # type: ignore[arg-type]


def offer(name: str, *effects: AnyEffect, **rest: object) -> Promotion:
    return Promotion(id=name, effects=effects, **rest)  # type: ignore[arg-type]


VIP = Customer(audiences=("vip",), points=5000)
TIERS = (Tier(at_least=10_000, off_minor=1000), Tier(at_least=20_000, off_minor=3000))
SCENES = {
    "A percentage over the order": Scene(
        cart("tea 3 x 33.33", "cup 2 x 50.00"), (offer("ten-percent", Percent(off_ppm=100_000)),)
    ),
    "A percentage for each unit": Scene(
        cart("tea 3 x 33.33", "cup 2 x 50.00"), (offer("ten-percent", Percent(off_ppm=100_000, each="unit")),)
    ),
    "Floors": Scene(
        cart(
            "cup 1 x 10.00",
            "keyboard 1 x 20.00 not under 19.00",
            "mouse 1 x 50.00 not under 50.00",
            "lamp 1 x 30.00 not under 29.00",
        ),
        (offer("twelve", Amount(off_minor=1200)),),
    ),
    "Limited-time price": Scene(
        cart("lamp 3 x 80.00", "rug 1 x 95.00 not under 90.00"),
        (
            offer("lamp-week", Price(price_minor=5900, units_max=2, scope=Scope(skus=("lamp",)))),
            offer("rug-week", Price(price_minor=7000, scope=Scope(skus=("rug",)))),
        ),
    ),
    "Member price": Scene(
        cart("tea 1 x 100.00", "cup 1 x 40.00", customer=VIP),
        (
            offer("members", Percent(off_ppm=100_000, each="unit"), when=(InAudience(any_of=("vip",)),)),
            offer("tea-week", Amount(off_minor=1500, each="unit", scope=Scope(skus=("tea",)))),
        ),
        Options(lanes={"item": Lane(mode="best", each="line")}),
    ),
    "Second half price": Scene(cart("shirt 2 x 100.00", "cap 1 x 60.00"), (offer("second-half", Nth(off_ppm=500_000)),)),
    "N for X": Scene(
        cart("book 2 x 45.00", "pen 2 x 30.00", "pad 1 x 20.00"),
        (offer("three-for-99", Bundle(parts=(Part(quantity=3),), price_minor=9900)),),
    ),
    "Buy two, get one": Scene(
        cart("soap 3 x 12.00", "oil 1 x 30.00"),
        (offer("two-plus-one", BuyGet(buy=2, get=1)),),
    ),
    "Full reduction": Scene(
        cart("rice 2 x 49.00", "oil 1 x 68.00"), (offer("reduction", Reduction(tiers=TIERS)),)
    ),
    "Full reduction, not yet reached": Scene(
        cart("rice 1 x 49.00", "tea 1 x 39.00"), (offer("reduction", Reduction(tiers=TIERS)),)
    ),
    "Each full amount": Scene(
        cart("rice 7 x 49.00"),
        (offer("every-100", Reduction(tiers=(Tier(at_least=10_000, off_minor=1500),), every=True, times_max=2)),),
    ),
    "Two pieces, 10 percent; three, 20": Scene(
        cart("shirt 2 x 89.00", "cap 1 x 59.00"),
        (
            offer(
                "pieces",
                Reduction(tiers=(Tier(at_least=2, off_ppm=100_000), Tier(at_least=3, off_ppm=200_000)), measure="pieces"),
            ),
        ),
    ),
    "Full gift": Scene(
        cart("tea 1 x 120.00", sold_out=("red-bag",)),
        (
            offer(
                "gift",
                Gift(items=(GiftItem(sku="red-bag", value_minor=2000), GiftItem(sku="blue-bag", value_minor=2000))),
                when=(Spend(at_least_minor=10_000),),
            ),
        ),
    ),
    "Free shipping from an amount on": Scene(
        cart("tea 1 x 87.00", shipping="12.00"),
        (offer("free-shipping", Percent(off_ppm=1_000_000, target="shipping"), when=(Spend(at_least_minor=9900),)),),
    ),
    "Discount code": Scene(
        cart("tea 2 x 150.00", codes=("lantern 8",)),
        (
            offer("code", Percent(off_ppm=200_000, cap_minor=5000), when=(Code(any_of=("LANTERN8",)),)),
            offer("other-code", Amount(off_minor=500), when=(Code(any_of=("MOON",)),)),
        ),
    ),
    "Coupon larger than the basket": Scene(
        cart("soap 1 x 12.00", "pen 1 x 3.00"), (offer("coupon", Amount(off_minor=2000), lane="coupon"),)
    ),
    "Budget nearly used up": Scene(
        cart("tea 1 x 100.00"),
        (offer("last", Amount(off_minor=2000), limits=Limits(spend_minor=1250, on_end="partial")),),
    ),
    "Points": Scene(
        cart("tea 1 x 99.90", customer=VIP, points=5000),
        (offer("points", PayPoints(points=100, off_minor=100, share_max_ppm=300_000)),),
    ),
    "Deposit inflation": Scene(
        Cart(currency="CNY", lines=(CartLine(line="coat", sku="coat", quantity=1, unit_price_minor=39900, deposits=1),)),
        (offer("deposit", Deposit(deposit_minor=5000, worth_minor=10_000)),),
    ),
    "Cash-back": Scene(
        cart("tea 1 x 80.00", "cup 1 x 25.00", shipping="8.00"),
        (
            offer("off", Amount(off_minor=500)),
            offer("cash-back", Reward(off_ppm=50_000, cap=1000)),
        ),
    ),
    "Lane after lane": Scene(
        cart("shirt 2 x 100.00", "cap 1 x 60.00", shipping="10.00", codes=("JOY",)),
        (
            offer("cap-week", Price(price_minor=5000, scope=Scope(skus=("cap",)))),
            offer("second-half", Nth(off_ppm=500_000, scope=Scope(skus=("shirt",)))),
            offer("reduction", Reduction(tiers=TIERS)),
            offer("joy", Percent(off_ppm=100_000), when=(Code(any_of=("JOY",)),)),
            offer("free-shipping", Percent(off_ppm=1_000_000, target="shipping"), when=(Spend(at_least_minor=18_000),)),
        ),
    ),
    "Best of what does not go together": Scene(
        cart("tea 1 x 200.00", "cup 2 x 40.00"),
        (
            offer("a-thirty", Amount(off_minor=3000), exclusive_with=("b-ten-percent",)),
            offer("b-ten-percent", Percent(off_ppm=100_000)),
            offer("c-cups", Percent(off_ppm=500_000, scope=Scope(skus=("cup",))), exclusive_with=("a-thirty",)),
            offer("d-three", Amount(off_minor=300), when=(Pieces(at_least=3),)),
        ),
        Options(lanes={"order": Lane(mode="best")}),
    ),
    "Yen have no cents": Scene(
        cart("tea 3 x 333", "cup 1 x 500", currency="JPY"), (offer("ten-percent", Percent(off_ppm=100_000)),)
    ),
    "Dinars have three digits": Scene(
        cart("tea 3 x 1.333", currency="KWD"), (offer("one", Amount(off_minor=1000)),)
    ),
}  # fmt: skip


def shown(scene: Scene) -> str:
    """What the page shows under an example."""
    priced = price(scene.cart, scene.promotions, scene.options)
    rows = [
        (
            line.line,
            f"{line.quantity} x {_money(priced, line.list_minor // line.quantity)}",
            _units(priced, line.dues()),
        )
        for line in (*priced.lines, *priced.shipping)
    ]
    rows += [(gift.sku, f"{gift.quantity} x gift", _money(priced, 0)) for gift in priced.gifts]
    rows += [("total", "", _money(priced, priced.total_minor))]
    if priced.prepaid_minor:
        rows += [("paid before", "", _money(priced, priced.prepaid_minor))]
    if priced.points:
        rows += [("points spent", "", str(priced.points))]
    rows += [(f"{earned.to} later", "", _money(priced, earned.amount)) for earned in priced.rewards]
    wide = max(len(name) for name, _, _ in rows)
    middle = max(len(text) for _, text, _ in rows)
    table = [f"{name:{wide}}  {text:{middle}}  {units}".rstrip() for name, text, units in rows]
    by_id = {promotion.id: promotion for promotion in scene.promotions}
    said = [f"{x.promotion}: {sentence(x, by_id[x.promotion], priced.currency).en}" for x in priced.outcomes]
    return "\n".join([*table, "", *said])


def _money(priced: Priced, minor: int) -> str:
    return f"{Money(minor, priced.currency).decimal():f}"


def _units(priced: Priced, dues: list[int]) -> str:
    return "  ".join(_money(priced, due) for due in dues)
