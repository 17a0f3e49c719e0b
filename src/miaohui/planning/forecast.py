"""Where a goal will end, with a band that holds what it says.

    ln(day / planned day) = level + noise        level ~ N(0, prior^2) before the first day, noise ~ N(0, sd^2), both by day

After n whole days with mean log ratio m the level is normal with precision 1/prior^2 + n/sd^2 and mean (n m / sd^2) / precision.
What is still to come is the sum over the days left of planned_d x exp(level + noise_d), each noise with mean one. Its first two
moments are exact:

    E  = P exp(l + s^2/2)                            P planned for the rest, l and s mean and sd of the level
    V  = exp(2l + s^2) [ exp(s^2) (P^2 + Q (exp(sd^2) - 1)) - P^2 ]        Q the sum of planned_d^2

and a log-normal of these moments gives median, 80 % band and the chance of the goal (Fenton, 1960). Worked: level -.0418 +- .0648,
531,000 of 1,200,000 after five of twelve days, noise .15: median 1,172,921, 80 % 1,103,550 to 1,250,697, chance .322; a simulation
of the same model gave 1,172,942, 1,103,676 to 1,250,635 and .321. The noise is not guessed: see `curve`.
"""

from collections.abc import Sequence
from math import erf, exp, fsum, log, sqrt

from msgspec import Struct

PRIOR_SD = 0.25
"""How far a campaign's level strays from its plan before anything is known (judgement, until a shop has cases of its own)."""
BAND_80 = 1.2815515655446004
LEAST_RATIO = 0.05


class Level(Struct, frozen=True):
    """How the campaign runs against its plan: ln of the factor, and its standard deviation."""

    mean: float
    sd: float


class Forecast(Struct, frozen=True):
    """The end of a goal: median, the 80 % band, the chance to reach the target."""

    median: float
    low: float
    high: float
    chance: float


def level(actual: Sequence[float], planned: Sequence[float], noise_sd: float, prior_sd: float = PRIOR_SD) -> Level:
    """The level after whole days; a day without plan says nothing, a day without sales counts as a twentieth of its plan."""
    ratios = [log(max(a / p, LEAST_RATIO)) for a, p in zip(actual, planned, strict=True) if p > 0]
    precision = 1 / prior_sd**2 + len(ratios) / noise_sd**2
    return Level(fsum(ratios) / noise_sd**2 / precision, 1 / sqrt(precision))


def forecast(done: float, rest: Sequence[float], at: Level, noise_sd: float, target: float) -> Forecast:
    """`done` is there, `rest` is planned for what is left of each day to come."""
    planned = fsum(rest)
    if planned <= 0:
        return Forecast(done, done, done, float(done >= target))
    spread, center = _fitted(planned, fsum(day**2 for day in rest), at, noise_sd)
    low, median, high = (done + exp(center + z * spread) for z in (-BAND_80, 0.0, BAND_80))
    return Forecast(median, low, high, 1.0 if done >= target else _above(log(target - done), center, spread))


def _fitted(planned: float, squares: float, at: Level, noise_sd: float) -> tuple[float, float]:
    """Standard deviation and mean of the logarithm of what is to come."""
    mean = log(planned) + at.mean + at.sd**2 / 2
    ratio = exp(at.sd**2) * (1 + squares / planned**2 * (exp(noise_sd**2) - 1))
    return sqrt(log(ratio)), mean - log(ratio) / 2


def _above(x: float, center: float, spread: float) -> float:
    return (1 + erf((center - x) / spread / sqrt(2))) / 2
