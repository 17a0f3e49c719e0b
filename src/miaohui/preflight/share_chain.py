"""A share chain that is hoped for too much.

Where a goal says how many come by `share` and how many by other ways, the chain needs a first factor K1: every visitor must bring
so many more, with each wave weaker by `decay`. K1 = 1 would mean that everybody brings somebody; nobody's chain does that for long.
With three finished campaigns whose shares were counted, a K1 above that of nine in ten of them is warned of as well.

Worked: 100,000 by other ways, 50,000 by share: 0.5 = K1 + 0.7 K1^2 + 0.343 K1^3 + ... , K1 = 0.38. With 2,000 seeds and K1 0.567
the factors of the waves are .567 .397 .278, and 1,737 come by share if the crowd never ends.
"""
# ruff: noqa: E501 - sentences are read across

from decimal import Decimal
from math import ceil

from miaohui.campaign import chain
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._look import plain
from miaohui.preflight._rule import Finding, Findings, Limit, NotKnown, warn
from miaohui.text import Text

MOST_K = Limit(
    "share_chain.most_k", Decimal(1), Text("人", "people"), Text("第一波每人带来多少人以上提醒", "Above this first factor it is warned of")
)  # fmt: skip
DECAY = Limit(
    "share_chain.decay_percent", Decimal(70), Text("%", "percent"), Text("每一波比前一波剩多少", "What each wave keeps of the one before")
)  # fmt: skip

LEAST_CASES = Limit(
    "share_chain.least_cases", Decimal(3), Text("个", "cases"), Text("至少几个案例才比较", "Cases that are needed for a comparison")
)  # fmt: skip

TITLE = Text("分享链", "Share chain")
SAYS = {
    "share_chain_optimistic": warn(
        Text("靠分享来 {shared} 人，其他渠道 {seeds} 人：第一波每人要带来 {k} 人", "{shared} are to come by share, {seeds} by other ways: each must bring {k} in the first wave"),
        Text("降低 share 的目标，或增加种子渠道", "Lower what share is to bring, or add seeds"),
        Text("超过 {threshold} 提醒：每波只剩 {decay} % 时，没有哪条链能一直如此", "Above {threshold} it is warned of: with {decay} percent left in each wave no chain goes on like that"),
    ),
    "share_chain_beyond_cases": warn(
        Text("靠分享来 {shared} 人，其他渠道 {seeds} 人：第一波每人要带来 {k} 人，比案例都高", "{shared} are to come by share, {seeds} by other ways: each must bring {k} in the first wave, more than in the cases"),
        Text("降低 share 的目标，或增加种子渠道", "Lower what share is to bring, or add seeds"),
        Text("{count} 个已结束的活动里，十个有九个不到 {threshold}", "Nine of ten of the {count} finished campaigns stayed below {threshold}"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Goals that hope for more than a chain gives."""
    decay, most = DECAY.of(facts), MOST_K.of(facts)
    cases = sorted(facts.past.cases.get("k1", ()))
    beyond = cases[ceil(len(cases) * 0.9) - 1] if len(cases) >= LEAST_CASES.of(facts) else None
    asked = False
    for name, goal in document.goals.items():
        shared = goal.by.get("share", Decimal(0))
        seeds = sum((part for channel, part in goal.by.items() if channel != "share"), Decimal(0))
        if not shared or not seeds:
            continue
        asked = True
        k = chain.first_for(float(shared / seeds), float(decay) / 100)
        said = {"shared": plain(shared), "seeds": plain(seeds), "k": f"{k:.2f}", "decay": plain(decay)}
        if k >= float(most):
            yield Finding(("goals", name, "by", "share"), "share_chain_optimistic", said | {"threshold": plain(most)})
        elif beyond is not None and k > float(beyond):
            said |= {"threshold": f"{beyond:.2f}", "count": str(len(cases))}
            yield Finding(("goals", name, "by", "share"), "share_chain_beyond_cases", said)
    if asked and beyond is None:
        yield NotKnown(
            Text("没有足够的裂变案例可比", "There are not enough archived cases of share chains to compare with")
        )
