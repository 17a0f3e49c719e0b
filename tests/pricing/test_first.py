"""The thin path: a percentage and a fixed amount over a cart, split to the cent."""

from miaohui.pricing.cart import Cart, CartLine
from miaohui.pricing.conditions import Spend
from miaohui.pricing.effects import Amount, Percent
from miaohui.pricing.engine import price
from miaohui.pricing.promotion import Promotion

CART = Cart(
    currency="CNY",
    lines=(
        CartLine(line="1", sku="tea", quantity=3, unit_price_minor=3333),
        CartLine(line="2", sku="cup", quantity=2, unit_price_minor=5000),
    ),
)


def test_ten_percent_is_rounded_once_and_split_over_units() -> None:
    priced = price(CART, [Promotion(id="ten", effects=(Percent(off_ppm=100_000),))])
    assert (priced.list_minor, priced.discount_minor, priced.total_minor) == (19999, 2000, 17999)
    assert [line.dues() for line in priced.lines] == [[2999, 3000, 3000], [4500, 4500]]
    assert priced.outcomes[0].lines == {"1": 1000, "2": 1000}


def test_a_threshold_not_reached_says_what_is_missing() -> None:
    over = Promotion(id="over", effects=(Amount(off_minor=2000),), when=(Spend(at_least_minor=21199),))
    priced = price(CART, [over])
    assert priced.total_minor == 19999
    assert (priced.outcomes[0].status, priced.outcomes[0].code) == ("not_eligible", "spend_more")
    assert priced.outcomes[0].data == {"missing_minor": 1200, "at_least_minor": 21199}
