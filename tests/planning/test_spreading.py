"""Modes compared, and how far a share carries."""

from typing import get_args

import pytest

from miaohui.campaign.chain import Bait, Share, carried, cost_per_new, promised, seeds_for
from miaohui.campaign.fission import ModeName
from miaohui.planning.fission import MODES, dominated, ranking, robustness

SCORES = {name: mode.scores for name, mode in MODES.items()}


def test_the_scores_of_seven_modes() -> None:
    assert [(name, round(score, 2)) for name, score in ranking(SCORES)] == [
        ("split_coupon", 4.50),
        ("group_buy", 4.35),
        ("friend_booster", 4.00),
        ("bargain", 3.40),
        ("pk_board", 3.15),
        ("distribution", 3.10),
        ("cross_industry", 2.90),
    ]
    assert set(get_args(ModeName)) == set(MODES)


def test_the_first_is_nowhere_worse_than_group_buying_and_stays_first() -> None:
    assert ("split_coupon", "group_buy") in dominated(SCORES)
    assert ("split_coupon", "bargain") not in dominated(SCORES)
    first = robustness(SCORES)
    assert round(first["split_coupon"], 3) == 0.999
    assert sum(first.values()) == pytest.approx(1)
    assert robustness(SCORES) == first  # the draws are always the same


def test_weights_of_nothing_are_the_usual_ones() -> None:
    assert ranking(SCORES, (0, 0, 0, 0)) == ranking(SCORES)
    assert ranking(SCORES, (0, 1, 0, 0))[0] == ("bargain", 5.0)


def test_the_waves_of_two_thousand_seeds() -> None:
    chain = carried(2_000, Share())
    assert [round(wave, 1) for wave in chain.waves] == [1122.7, 438.6, 119.7, 22.8, 3.1, 0.3]
    assert [round(k, 4) for k in chain.factors] == [0.5613, 0.3907, 0.2729, 0.1909, 0.1336, 0.0935]
    assert round(chain.total, 1) == 3_707.2
    assert round(chain.total / chain.seeds, 2) == 1.85
    assert round(promised(2_000, Share()), 1) == 4_531.9


def test_seeds_and_bait() -> None:
    assert seeds_for(10_000, Share()) == 5_470
    assert seeds_for(200_001, Share()) is None
    cost = cost_per_new(carried(2_000, Share()), Share(), Bait(joiner=3, sharer=5))
    assert cost is not None
    assert round(cost, 2) == 6.80
    assert cost_per_new(carried(0, Share()), Share(), Bait(3, 5)) is None


def test_nobody_joins_twice() -> None:
    crowd = Share(share=1, reach=100, open=1, join=1, decay=1, ceiling=5_000)
    assert carried(100, crowd).total == pytest.approx(5_000, abs=1)
