"""The shape of a campaign over its time: which share of a goal should be there when.

A curve is the mean of the cumulative shares of archived cases over relative time (0 the opening, 1 the end), straight between the
days of a case; without a case it is even. A day's share is the difference of the curve at its ends, so that a campaign may have
any number of days, and begin and end at any hour.

`noise` says how far days stray from such a curve: each case against the mean of the others, day by day, the standard deviation of
ln(share / expected share), measured over all days of all cases. It is never taken below .2: simulation of a curve that is off by
20 % a day shows why (with .15 an "80 %" band holds 55 % of the outcomes, with .25 it holds 79 %). With fewer than two cases there
is nothing to measure: .25.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import log
from statistics import fmean

from msgspec import Struct

NOISE_LEAST, NOISE_UNKNOWN = 0.2, 0.25
SHARE_LEAST = 0.05
"""A day that brought nothing, or next to nothing, counts as a twentieth of what was expected: ln 0 says nothing."""


class Curve(Struct, frozen=True):
    """The mean of cases, each the figures of its days in their order; no cases: even."""

    cases: tuple[tuple[float, ...], ...] = ()

    def at(self, x: float) -> float:
        """The share that is there at relative time `x`, 0 before the opening, 1 after the end."""
        x = min(max(x, 0.0), 1.0)
        return fmean(_cumulative(case, x) for case in self.cases) if self.cases else x

    def shares(self, ends: Sequence[float]) -> list[float]:
        """The share of each stretch between the relative times `ends`: one fewer than there are."""
        return [self.at(end) - self.at(start) for start, end in pairwise(ends)]

    def days(self, count: int) -> list[float]:
        """The shares of `count` whole days."""
        return self.shares([n / count for n in range(count + 1)])

    def noise(self) -> float:
        """Standard deviation of the logarithm of a day's figure around the curve; see above."""
        if len(self.cases) < 2:
            return NOISE_UNKNOWN
        errors = []
        for n, case in enumerate(self.cases):
            others = Curve(self.cases[:n] + self.cases[n + 1 :])
            whole = sum(case)
            for day, expected in zip(case, others.days(len(case)), strict=True):
                if expected > 0:
                    errors.append(log(max(day / whole / expected, SHARE_LEAST)))
        spread = (fmean(error**2 for error in errors)) ** 0.5 if errors else NOISE_UNKNOWN
        return max(spread, NOISE_LEAST)


EVEN = Curve()


def curve(cases: Sequence[Sequence[float]]) -> Curve:
    """The curve of `cases`; one without any figure above 0 has no shape and is left out."""
    return Curve(
        tuple(tuple(max(day, 0.0) for day in case) for case in cases if sum(max(day, 0.0) for day in case) > 0)
    )


def _cumulative(case: Sequence[float], x: float) -> float:
    at = x * len(case)
    whole = min(int(at), len(case) - 1)
    return (sum(case[:whole]) + (at - whole) * case[whole]) / sum(case)
