"""The goals of a document as a tree: what each is to reach, what it should have reached by now, what came, and why it differs.

A node is a product (`visitors * conversion * basket`), a sum, or a leaf with a measure. The plan to date of a goal that adds up is
its target times the share of its curve that is over; a rate and a basket are planned the same on every day. A part without a curve
of its own takes the one of the goal above. Rates stand in percent and multiply as shares, repurchase as 1 + share.

The steps of a node lead from its plan to what came: for a product, what its plan differs from that of its parts (0 when the
document adds up), the Shapley contribution of each part (see `gap`), and what came beyond the product of the parts (0 when all
are measured on the same orders); for a sum, the gap of each part. They add up to the gap exactly.

*Execution* goals say whether we did it, *response* goals whether it worked.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from math import prod

from msgspec import Struct

from miaohui.campaign.goals import RATIOS, Goal
from miaohui.planning.gap import contributions

PLAN, BEYOND = "plan", "beyond"
"""Steps that belong to no part: the plan does not add up; what came is not the product of its parts."""


class Node(Struct, frozen=True, kw_only=True):
    """One goal with its parts; `plan` to date and `actual` in the unit of its measure, None while nothing is known of it."""

    name: str
    goal: Goal
    measure: str
    plan: Fraction
    actual: Fraction | None
    parts: tuple["Node", ...] = ()

    @property
    def gap(self) -> Fraction | None:
        """What came less what was planned up to now."""
        return None if self.actual is None else self.actual - self.plan

    @property
    def joins(self) -> str:
        """How its parts make it: * or +, "" for a leaf."""
        return self.goal.joins() if self.parts else ""

    def steps(self) -> list[tuple[str, Fraction]]:
        """From the plan to what came; nothing for a leaf, or when a part is not known."""
        if not self.parts or self.actual is None or any(part.actual is None for part in self.parts):
            return []
        if self.joins == "+":
            found = [(part.name, (part.actual or Fraction(0)) - part.plan) for part in self.parts]
            planned = sum((part.plan for part in self.parts), start=Fraction(0))
            came = sum((part.actual or Fraction(0) for part in self.parts), start=Fraction(0))
        else:
            before = [factor(part.measure, part.plan) for part in self.parts]
            after = [factor(part.measure, part.actual or Fraction(0)) for part in self.parts]
            names = [part.name for part in self.parts]
            found = list(zip(names, contributions(before, after), strict=True))
            planned, came = prod(before, start=Fraction(1)), prod(after, start=Fraction(1))
        return [(PLAN, planned - self.plan), *found, (BEYOND, self.actual - came)]

    def all(self) -> Iterator["Node"]:
        """The node and all below it."""
        yield self
        for part in self.parts:
            yield from part.all()


def factor(measure: str, value: Fraction | Decimal) -> Fraction:
    """A goal's figure as a factor of a product: rates are shares."""
    if measure == "conversion":
        return Fraction(value) / 100
    if measure == "repurchase":
        return 1 + Fraction(value) / 100
    return Fraction(value)


def roots(goals: Mapping[str, Goal], actual: Mapping[str, Fraction], over: Mapping[str, float]) -> tuple[Node, ...]:
    """The goals that no other is made of, each with its tree. `actual`: measure -> what came; `over`: curve -> the share of it
    that is over by now. Goals that lead back to themselves are cut (the check refuses them)."""
    used = {part for goal in goals.values() for part in goal.parts()}
    tops = [name for name in goals if name not in used] or list(goals)[:1]
    return tuple(_node(name, goals, actual, over, "", frozenset()) for name in tops)


def _node(
    name: str,
    goals: Mapping[str, Goal],
    actual: Mapping[str, Fraction],
    over: Mapping[str, float],
    above: str,
    seen: frozenset[str],
) -> Node:
    goal, seen = goals[name], seen | {name}
    measure = goal.measure or name
    curve = goal.curve if goal.curve != "even" or not above else above
    parts = tuple(
        _node(part, goals, actual, over, curve, seen) for part in goal.parts() if part in goals and part not in seen
    )
    share = Fraction(1) if measure in RATIOS else Fraction(over[curve])
    came = actual.get(measure)
    if came is None and parts and all(part.actual is not None for part in parts):
        known = [factor(part.measure, part.actual or Fraction(0)) for part in parts]
        came = sum(known, start=Fraction(0)) if goal.joins() == "+" else prod(known, start=Fraction(1))
    return Node(name=name, goal=goal, measure=measure, plan=Fraction(goal.target) * share, actual=came, parts=parts)
