"""How often a customer may act."""

from miaohui.host.rate import Rate


def test_so_many_in_any_so_many_seconds():
    rate = Rate()
    asked = [(0, True), (400, True), (900, False), (1000, True), (1399, False), (1400, True), (9000, True)]
    assert [(t, rate.allows("f/c", "ann", t, 2, 1)) for t, _ in asked] == asked
    assert rate.full("f/c", "ann", 9500, 2, 1) is False
    assert rate.allows("f/c", "ann", 9500, 2, 1) is True
    assert rate.full("f/c", "ann", 9900, 2, 1) is True
    assert rate.full("f/other", "ann", 9900, 2, 1) is rate.full("f/c", "bob", 9900, 2, 1) is False


def test_only_so_many_customers_are_remembered():
    rate = Rate(people_max=2)
    for customer in ("ann", "bob"):
        assert rate.allows("f/c", customer, 0, 1, 60)
    assert not rate.allows("f/c", "ann", 1, 1, 60)
    assert rate.allows("f/other", "cy", 1, 1, 60)  # the third: all others are forgotten
    assert rate.allows("f/c", "ann", 2, 1, 60)
    assert not rate.allows("f/c", "ann", 3, 1, 60)
