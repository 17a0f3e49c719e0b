"""The worst stack of promotions against cost, worked by hand; and loops without an end."""

import pytest

from miaohui.campaign.facts import Facts
from miaohui.campaign.reader import read
from miaohui.preflight.promotion_stack import Worst, worst_stack

HEAD = """
campaign = "page"
name = { zh = "页", en = "Page" }
kind = "promotional"
currency = "USD"
zone = "UTC"
[phases]
live = 2027-01-01
wrap_up = 2027-02-01
[budget]
total = 1000.00
[audiences]
vip = "tier >= gold"
[products.tea]
price = 50.00
cost = 30.00
[products.cup]
price = 20.00
cost = 9.00
"""
CODE = '[plays.code]\nplay = "promotion"\ngives = "30 % off"\non = "tea"\ncodes = ["X10"]\nfor = "vip"\nwhen = "fri 20:00-21:00"\n'


def off(sentence, name="full", **more):
    """A promotion of the document."""
    return f'[plays.{name}]\nplay = "promotion"\ngives = "{sentence}"\non = "tea"\n' + "".join(
        f"{k} = {v}\n" for k, v in more.items()
    )


def worst(plays, head=HEAD):
    found = read(head + plays, Facts())
    assert found.document is not None
    assert [p.what.en for p in found.problems if p.level == "stop"] == []
    said = [(p.code, p.line) for p in found.problems if p.code in ("promotions_below_cost", "loop_without_end")]
    return worst_stack(found.document), said


def test_the_hour_the_code_and_the_audience_are_taken_for_right():
    # order lane first: 100.00 - 10.00 = 90.00, then 30 %: 63.00; 31.50 a piece
    [tea], said = worst(off("10.00 off 60.00") + CODE)
    assert (tea, said) == (Worst("tea", 2, 3150, 3000, ("full", "code")), [])
    [tea], said = worst(off("20.00 off 60.00") + CODE)
    assert (tea.each_minor, tea.pieces, [code for code, _ in said]) == (2800, 2, ["promotions_below_cost"])


def test_a_margin_floor_and_best_of_a_lane_are_believed():
    floor = HEAD + "[stacking]\nmargin_floor = 25\n"
    [tea], said = worst(off("20.00 off 60.00") + CODE, floor)
    assert (tea.each_minor, said) == (4000, [])
    best = HEAD + '[strategy]\npromise = { zh = "一", en = "One" }\noffers_stack = "none"\n'
    [tea], said = worst(off("20.00 off 60.00") + CODE, best)
    assert (tea.each_minor, tea.promotions, said) == (3500, ("code",), [])  # one piece, where the other does not reach


def test_a_coupon_comes_on_top_and_a_gift_at_its_cost():
    coupon = '[plays.coupon]\nplay = "coupon"\ngive = { everybody = "15.00 off 80.00" }\ncount = 9\n'
    [tea], said = worst(off("20.00 off 60.00") + coupon)
    assert (tea.each_minor, tea.pieces, said) == (3250, 2, [])
    [tea, _], said = worst(
        '[plays.gift]\nplay = "promotion"\ngives = "gift cup"\nfrom = 40.00\ngift_stock = 5\n' + coupon
    )
    assert (tea.each_minor, tea.pieces) == (3800, 2)  # 100.00, a cup of 9.00, 15.00 off


def test_without_costs_or_promotions_there_is_nothing_to_say():
    assert worst(off("20.00 off 60.00"), HEAD.replace("cost = 30.00\n", ""))[0] == []
    assert worst('[plays.c]\nplay = "coupon"\ngive = { everybody = "1.00 off" }\ncount = 9\n')[0] == []


@pytest.mark.parametrize(
    ("sentence", "ends"),
    [
        ("5.00 off every 50.00", False),
        ("5.00 off every 50.00, up to 3 times", True),
        ("5.00 off every 50.00, up to 20.00", True),
    ],
)
def test_a_loop_says_how_often(sentence, ends):
    assert ("loop_without_end" not in [code for code, _ in worst(off(sentence))[1]]) is ends
