"""Why a goal was missed: what each factor of a product gave and cost.

The gap is actual less plan. The contribution of a factor is its exact Shapley value: the change it makes, averaged over all orders
in which the factors may turn from plan to actual. For factors v, c, b

    d_v = (v1 - v0) [ (c0 b0 + c1 b1) / 3 + (c0 b1 + c1 b0) / 6 ]

in general the sum over all subsets S of the other factors of |S|! (n - |S| - 1)! / n! (v1 - v0) times the factors of S as they
are and the others as planned: 2^n products. Contributions add up to the gap, no order is preferred, and a factor of 0 is no
trouble (logarithmic methods cannot say anything then). Worked: 200,000 x 4 % x 150 planned, 230,000 x 3.1 % x 158 actual:
visitors +163,830, conversion -298,170, basket +60,880, together -73,460.

*Mix*: over channels a product is visitors x share x conversion x basket of each channel. Shapley per channel, added up, tells
worse conversion inside the channels from more visitors of a channel that converts less (Simpson's paradox).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from math import factorial, prod

from msgspec import Struct

Number = int | Decimal | Fraction
MIX = ("visitors", "mix", "conversion", "basket")


def contributions(plan: Sequence[Number], actual: Sequence[Number]) -> list[Fraction]:
    """What each factor adds to (or takes from) the product of `plan` on its way to that of `actual`."""
    before, after = [Fraction(x) for x in plan], [Fraction(x) for x in actual]
    n = len(before)
    assert n == len(after), (plan, actual)
    found = []
    for i in range(n):
        others = [j for j in range(n) if j != i]
        total = Fraction(0)
        for size in range(n):
            weight = Fraction(factorial(size) * factorial(n - size - 1), factorial(n))
            for chosen in combinations(others, size):
                total += weight * prod((after[j] if j in chosen else before[j] for j in others), start=Fraction(1))
        found.append((after[i] - before[i]) * total)
    return found


class Channel(Struct, frozen=True):
    """One channel of a plan or of what came: visitors, conversion as a share of 1, basket."""

    visitors: Number
    conversion: Number
    basket: Number


def mix(plan: Mapping[str, Channel], actual: Mapping[str, Channel]) -> dict[str, Fraction]:
    """The gap of the sum over channels by visitors, mix, conversion and basket; both have the same channels, and visitors."""
    assert plan.keys() == actual.keys(), (plan, actual)
    before, after = (Fraction(sum(Fraction(c.visitors) for c in side.values())) for side in (plan, actual))
    found = dict.fromkeys(MIX, Fraction(0))
    for name in plan:
        sides = [
            (whole, Fraction(c.visitors) / whole, Fraction(c.conversion), Fraction(c.basket))
            for whole, c in ((before, plan[name]), (after, actual[name]))
        ]
        for factor, part in zip(MIX, contributions(*sides), strict=True):
            found[factor] += part
    return found
