"""Modes of spreading from customer to customer, compared by four criteria, each scored 1 to 5.

    score = weight of each criterion x (score, or 6 - score where less is better), the weights adding up to 1

*Enforceability* (can we really run it, does it hold) and *influence* count as they are, *difficulty* (for the customer) and *cost*
reversed. Weights by default .35, .30, .15, .20. Worked with the scores below: split coupon 4.50, group buying 4.35, friend booster
4.00, bargain 3.40, PK board 3.15, two-level distribution 3.10, cross-industry 2.90.

A mode *dominates* another if it is nowhere worse and somewhere better: then no weights can turn the order. *Robustness* is the
share of weights near those written (20,000 draws of a Dirichlet distribution of 20 x weights, from a fixed seed) under which the
first stays first. AHP gives the same first three and asks six questions for four numbers: plain weights are kept.
"""
# ruff: noqa: E501 - a table is read across

from collections.abc import Mapping, Sequence
from functools import lru_cache
from random import Random

from msgspec import Struct

from miaohui.text import Text

CRITERIA: dict[str, Text] = {
    "enforceability": Text("可执行性", "Enforceability"),
    "influence": Text("影响力", "Influence"),
    "difficulty": Text("难度（越低越好）", "Difficulty (less is better)"),
    "cost": Text("成本（越低越好）", "Cost (less is better)"),
}
REVERSED = (False, False, True, True)
WEIGHTS = (0.35, 0.30, 0.15, 0.20)
DRAWS, CONCENTRATION, SEED = 20_000, 20.0, 20_260_925

Scores = tuple[int, int, int, int]


class Mode(Struct, frozen=True, kw_only=True):
    """One way to spread: how it is called, what happens, an example's scores, and the play that runs it (a module's name)."""

    title: Text
    about: Text
    scores: Scores
    play: str


_TABLE: tuple[tuple[str, str, str, Scores, str, str], ...] = (
    ("split_coupon", "好友瓜分券", "Split coupon", (5, 4, 1, 2), "一张大券，几位好友一起拆开各得一份", "One large coupon that friends open together, a share for each"),
    ("group_buy", "拼团", "Group buying", (5, 4, 2, 2), "凑够人数才是团价，团长自己去找人", "The price holds when enough people buy: who opens finds the others"),
    ("friend_booster", "好友助力", "Friend booster", (5, 4, 3, 3), "请好友点一下，够数就得奖励", "Friends tap for you; enough taps bring the reward"),
    ("bargain", "砍价", "Bargain", (4, 5, 4, 5), "每位好友砍掉一点，直到底价", "Each friend takes a piece off the price"),
    ("pk_board", "裂变 PK 榜", "PK board", (3, 4, 4, 3), "带来的人最多的上榜领奖", "Who brings most people leads the board and wins"),
    ("distribution", "二级分销", "Two-level distribution", (3, 4, 3, 4), "卖出有佣金，至多两级", "Commission for what friends buy, two levels at most"),
    ("cross_industry", "异业合作", "Cross-industry", (3, 3, 5, 2), "与别家互换客流和券", "Customers and coupons exchanged with another trade"),
)  # fmt: skip
_PLAYS = {"pk_board": "referral_board"}
"""The play that runs a mode, where it is called otherwise."""
MODES: dict[str, Mode] = {
    name: Mode(title=Text(zh, en), about=Text(about_zh, about_en), scores=scores, play=_PLAYS.get(name, name))
    for name, zh, en, scores, about_zh, about_en in _TABLE
}
"""An example's scores, judged; what K the shares of finished campaigns had, the page says beside them."""


def normal(weights: Sequence[float]) -> tuple[float, ...]:
    """The weights so that they add up to 1; the usual ones if they are all 0."""
    whole = sum(weights)
    return tuple(weight / whole for weight in weights) if whole > 0 else WEIGHTS


def score(scores: Scores, weights: Sequence[float]) -> float:
    """The weighted score of a mode, 1 to 5."""
    return sum(weight * value for weight, value in zip(weights, _good(scores), strict=True))


def ranking(modes: Mapping[str, Scores], weights: Sequence[float] = WEIGHTS) -> list[tuple[str, float]]:
    """All modes with their scores, the best first; equals by name."""
    found = [(name, score(scores, normal(weights))) for name, scores in modes.items()]
    return sorted(found, key=lambda pair: (-round(pair[1], 9), pair[0]))


def dominated(modes: Mapping[str, Scores]) -> list[tuple[str, str]]:
    """Pairs (better, worse): nowhere worse and somewhere better."""
    good = {name: _good(scores) for name, scores in modes.items()}
    return [
        (one, other)
        for one, mine in good.items()
        for other, theirs in good.items()
        if mine != theirs and all(a >= b for a, b in zip(mine, theirs, strict=True))
    ]


def robustness(modes: Mapping[str, Scores], weights: Sequence[float] = WEIGHTS) -> dict[str, float]:
    """The share of draws of the weights in which each mode is first (equals share it); those that never are stand with 0."""
    good = {name: _good(scores) for name, scores in modes.items()}
    worse = {b for _, b in dominated(modes)}
    racing = {name: values for name, values in good.items() if name not in worse}
    won = dict.fromkeys(good, 0.0)
    draws = _draws(normal(weights))
    for w, x, y, z in draws:
        best, first = -1.0, []
        for name, (a, b, c, d) in racing.items():
            found = w * a + x * b + y * c + z * d
            if found > best:
                best, first = found, [name]
            elif found == best:
                first.append(name)
        for name in first:
            won[name] += 1 / len(first)
    return {name: times / len(draws) for name, times in won.items()}


@lru_cache(maxsize=8)
def _draws(weights: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    """The draws of the weights: gamma variates, divided by their sum."""
    random = Random(SEED)
    found = []
    for _ in range(DRAWS):
        drawn = [random.gammavariate(CONCENTRATION * weight, 1.0) if weight > 0 else 0.0 for weight in weights]
        whole = sum(drawn)
        found.append(tuple(each / whole for each in drawn))
    return tuple(found)


def _good(scores: Scores) -> tuple[int, ...]:
    return tuple(6 - value if turned else value for value, turned in zip(scores, REVERSED, strict=True))
