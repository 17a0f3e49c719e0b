"""How far a share carries: waves of people who share, reach, open and join.

    K_w = share x reach x open x join x decay^(w-1) x (1 - joined / ceiling)        N_w = N_(w-1) x K_w        N_0 = seeds

`joined` is everybody so far, seeds included; `ceiling` is all who could ever join; decay says that each wave's friends know fewer
new people. Waves end where less than a twentieth of a person joins. Worked: 2,000 seeds, .35 x 12 x .30 x .45 = .567, decay .7,
ceiling 200,000: waves 1122.7, 438.6, 119.7, 22.8, 3.1, .3; together with the seeds 3,707.2, that is 1.85 for each seed. A K that
never fell would promise 4,531.9. With 3.00 for each who joins and 5.00 for each who shares, a new person costs 6.80. To have 10,000
takes 5,470 seeds: solved with the ceiling in view, scaling up the ratio would say 5,395.

`fan` draws the four chances around what is assumed (log-normal, 20 % each, from a fixed seed) and gives the total after each wave
that one in ten, half and nine in ten of the draws stay below: how much of the estimate is hope.
"""

from math import inf
from random import Random
from statistics import quantiles

from msgspec import Struct

LAST_WAVE = 0.05
MOST_WAVES = 60
MANY = 1_000_000
FAN_DRAWS, FAN_SD, FAN_SEED = 300, 0.2, 20_260_925


class Share(Struct, frozen=True, kw_only=True):
    """What is assumed of one who takes part: `share` of them share with `reach` people, of whom `open` look and `join` join."""

    share: float = 0.35
    reach: float = 12
    open: float = 0.30
    join: float = 0.45
    decay: float = 0.7
    ceiling: float = 200_000

    @property
    def first(self) -> float:
        """New people for each one, before decay and saturation."""
        return self.share * self.reach * self.open * self.join


class Chain(Struct, frozen=True):
    """The waves after the seeds, with the K of each."""

    seeds: float
    waves: tuple[float, ...]
    factors: tuple[float, ...]

    @property
    def new(self) -> float:
        """Who joined through somebody."""
        return sum(self.waves)

    @property
    def total(self) -> float:
        """Everybody, seeds included."""
        return self.seeds + self.new


class Bait(Struct, frozen=True):
    """What is given, in one unit of money: to each who joins through a friend, to each who shares."""

    joiner: float
    sharer: float


def carried(seeds: float, by: Share) -> Chain:
    """The chain that begins with `seeds`."""
    waves: list[float] = []
    factors: list[float] = []
    joined = last = seeds
    while len(waves) < MOST_WAVES:
        factor = by.first * by.decay ** len(waves) * max(0.0, 1 - joined / by.ceiling) if by.ceiling > 0 else 0.0
        last = min(last * factor, max(0.0, by.ceiling - joined))
        if last < LAST_WAVE:
            break
        factors.append(factor)
        waves.append(last)
        joined += last
    return Chain(seeds, tuple(waves), tuple(factors))


def first_for(per_seed: float, decay: float) -> float:
    """The K of the first wave with which every seed brings `per_seed` people in all, where the crowd never ends; by bisection."""
    low, high = 0.0, max(1.0, per_seed)
    for _ in range(60):
        middle = (low + high) / 2
        by = Share(share=1, reach=middle, open=1, join=1, decay=decay, ceiling=inf)
        low, high = (middle, high) if carried(MANY, by).new < per_seed * MANY else (low, middle)
    return high


def fan(seeds: float, by: Share, waves: int) -> list[tuple[float, float, float]]:
    """After each of `waves` waves: the totals that 10, 50 and 90 % of the draws stay below."""
    random = Random(FAN_SEED)
    totals: list[list[float]] = [[] for _ in range(waves)]
    for _ in range(FAN_DRAWS):
        drawn = [getattr(by, name) * random.lognormvariate(0, FAN_SD) for name in ("share", "reach", "open", "join")]
        chain = carried(
            seeds,
            Share(
                share=min(drawn[0], 1.0),
                reach=drawn[1],
                open=min(drawn[2], 1.0),
                join=min(drawn[3], 1.0),
                decay=by.decay,
                ceiling=by.ceiling,
            ),
        )
        for n in range(waves):
            totals[n].append(seeds + sum(chain.waves[: n + 1]))
    found = []
    for each in totals:
        tenths = quantiles(each, n=10)
        found.append((tenths[0], tenths[4], tenths[8]))
    return found


def promised(seeds: float, by: Share, waves: int = 6) -> float:
    """What a K that never falls would promise after so many waves: for comparison, never as a plan."""
    return sum(seeds * by.first**n for n in range(waves + 1))


def seeds_for(total: float, by: Share) -> int | None:
    """The least whole number of seeds with which the chain reaches `total`; None if it lies beyond the ceiling."""
    if total > by.ceiling:
        return None
    low, high = 0, int(total) + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if carried(middle, by).total >= total else (middle + 1, high)
    return low


def cost_per_new(chain: Chain, by: Share, bait: Bait) -> float | None:
    """What one new person costs: all who joined get one bait, all who share the other; None if nobody joins."""
    if chain.new <= 0:
        return None
    return (chain.new * bait.joiner + by.share * chain.total * bait.sharer) / chain.new
