"""Raffle (抽奖): a play that exists for tests only. It has what the points of law are about: prizes, a deposit, levels, and many
steps."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from miaohui.plays._contract import Account, Decision, Moment, Pool, Prize, Refusal, Text

TITLE = Text(zh="抽奖", en="Raffle")
SENTENCES = {"no": Text(zh="不行", en="No")}
LABELS: dict[str, Text] = {}


class Rules(Struct, frozen=True, kw_only=True):
    """What the operator sets: one prize, its odds, the rest of the odds for nothing."""

    id: str
    currency: str
    top_minor: int = 10_000
    odds_ppm: int | None = 1_000
    rest_ppm: int = 999_000
    price_minor: int = 10_000
    deposit_minor: int = 1_000
    levels: int = 1
    steps: int = 2


class Draw(Struct, frozen=True, tag=True):
    """A customer draws."""

    who: str


class Drawn(Struct, frozen=True):
    """Event: somebody drew."""

    customer: str


ACTIONS = (Draw,)
STARTS = (Draw,)
TIMERS = ()
EVENTS = (Drawn,)
PROOFS: dict[str, Any] = {}
Reply = Drawn


def pools(rules: Rules) -> dict[str, Pool]:
    """None."""
    return {}


def touches(rules: Rules, action: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Nothing."""
    return (), ()


def decide(
    rules: Rules, states: Mapping[str, Any], balances: Mapping[str, Account], action: Any, moment: Moment
) -> Decision | Refusal:
    """Nobody ever wins."""
    return Refusal("no")


def flow(rules: Rules) -> tuple[Text, ...]:
    """As many as the rules say."""
    return tuple(Text(f"第 {n} 步", f"step {n}") for n in range(1, rules.steps + 1))


def worst_cost(rules: Rules) -> int:
    """The prize goes."""
    return rules.top_minor


def prizes(rules: Rules) -> tuple[Prize, ...]:
    """The prize, and what else comes out."""
    return (Prize("top", rules.top_minor, 1, rules.odds_ppm), Prize("rest", 500, 100_000, rules.rest_ppm))
