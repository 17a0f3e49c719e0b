"""A campaign's goals as pages show them: the tree with its gaps, and one goal by days; figures are seldom older than `KEPT_S`."""

import time
from decimal import Decimal
from fractions import Fraction
from typing import Any
from weakref import WeakKeyDictionary

from msgspec import Struct

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.goals import MONEY, RATES, RATIOS, Goal
from miaohui.console.progress import figure, title
from miaohui.events.store import EventStore
from miaohui.money import exponent
from miaohui.pages import format
from miaohui.planning import cases, pacing, tree
from miaohui.planning.actuals import ADDING, Actuals, actuals
from miaohui.planning.curve import Curve
from miaohui.text import Text
from miaohui.workspace import Workspace

KEPT_S, CURVES_KEPT_S = 10, 600
SLIGHT = Fraction(1, 10)
"""A gap of less than a tenth of the plan is a warning, more is bad."""

_KEPT: "WeakKeyDictionary[EventStore, dict[tuple[Any, ...], tuple[float, Any]]]" = WeakKeyDictionary()


class Step(Struct, frozen=True, kw_only=True):
    """One step of a waterfall: from `start` to `end`, shares of the drawing's width; the first and the last are totals."""

    title: Text
    said: Text
    start: float
    end: float
    tone: str


class Row(Struct, frozen=True, kw_only=True):
    """A goal of the tree, in words."""

    name: str
    depth: int
    title: Text
    joins: str
    role: str
    owner: str
    target: Text
    plan: Text
    actual: Text | None
    gap: Text | None
    tone: str
    steps: tuple[Step, ...]


class Board(Struct, frozen=True, kw_only=True):
    """All goals of a campaign at one moment."""

    rows: tuple[Row, ...]
    shapes: dict[str, Curve]
    unknown: tuple[str, ...]
    actuals: Actuals | None


async def board(workspace: Workspace, document: Document, now_ms: int, *, opened: bool, simulated: bool) -> Board:
    """The tree of the document's goals at `now_ms`; before the opening nothing came."""
    shapes: dict[str, Curve] = {}
    unknown: set[str] = set()
    for name, goal in document.goals.items():
        if goal.curve not in shapes:
            shapes[goal.curve], missing = await _shape(workspace, goal, goal.measure or name)
            unknown |= set(missing)
    came = await _actuals(workspace, document, simulated) if opened else None
    start, end = document.phases.live_ms, document.phases.wrap_up_ms
    over = {curve: shape.at((now_ms - start) / (end - start)) for curve, shape in shapes.items()}
    roots = tree.roots(document.goals, came.figures() if came else {}, over)
    rows = [row for root in roots for row in _rows(root, 0, document)]
    return Board(rows=tuple(rows), shapes=shapes, unknown=tuple(sorted(unknown)), actuals=came)


async def _shape(workspace: Workspace, goal: Goal, measure: str) -> tuple[Curve, tuple[str, ...]]:
    async def made() -> tuple[Curve, tuple[str, ...]]:
        facts = Facts(zone=workspace.zone, currency=workspace.currency)
        return await cases.shape(workspace.db, workspace.events, goal.cases(), measure, facts)

    found: tuple[Curve, tuple[str, ...]] = await _kept(
        workspace, ("curve", goal.curve, measure in MONEY), made, CURVES_KEPT_S
    )
    return found


async def _actuals(workspace: Workspace, document: Document, simulated: bool) -> Actuals:
    async def made() -> Actuals:
        campaign, zone, currency = document.campaign, document.zone, document.currency
        return await actuals(workspace.db, workspace.events, campaign, zone, currency, simulated=simulated)

    found: Actuals = await _kept(workspace, (document.campaign, document.zone, simulated), made, KEPT_S)
    return found


async def _kept(workspace: Workspace, key: tuple[Any, ...], made: Any, for_s: float) -> Any:
    kept = _KEPT.setdefault(workspace.events, {})
    at, found = kept.get(key, (None, None))
    if at is None or time.monotonic() - at > for_s:
        found = await made()
        kept[key] = (time.monotonic(), found)
    return found


def said(measure: str, value: Fraction | Decimal, currency: str, *, signed: bool = False) -> Text:
    """A figure in the unit of its measure, rounded to what that unit carries."""
    digits = exponent(currency) if measure in MONEY else 2 if measure in RATES else 0
    exact = Fraction(value)
    rounded = Decimal(round(exact * 10**digits)).scaleb(-digits)
    if signed and measure in RATES:
        return Text(*(format.points(rounded / 100, language) for language in ("zh", "en")))
    found = figure(measure, rounded, currency)
    return Text(f"+{found.zh}", f"+{found.en}") if signed and rounded > 0 else found


def _rows(node: tree.Node, depth: int, document: Document) -> list[Row]:
    goal, currency, gap = node.goal, document.currency, node.gap
    one = Row(
        name=node.name,
        depth=min(depth, 4),
        title=title(node.name, node.measure),
        joins=node.joins,
        role=goal.role,
        owner=goal.owner,
        target=said(node.measure, goal.target, currency),
        plan=said(node.measure, node.plan, currency),
        actual=None if node.actual is None else said(node.measure, node.actual, currency),
        gap=None if gap is None else said(node.measure, gap, currency, signed=True),
        tone="" if gap is None else "ok" if gap >= 0 else "warn" if -gap < SLIGHT * node.plan else "bad",
        steps=_steps(node, document),
    )
    return [one, *(row for part in node.parts for row in _rows(part, depth + 1, document))]


def _steps(node: tree.Node, document: Document) -> tuple[Step, ...]:
    steps = [(name, value) for name, value in node.steps() if value or name not in (tree.PLAN, tree.BEYOND)]
    if not steps or node.actual is None:
        return ()
    measures = {name: goal.measure or name for name, goal in document.goals.items()}
    heights = [node.plan]
    for _, value in steps:
        heights.append(heights[-1] + value)
    low, high = min(Fraction(0), *heights), max(Fraction(1), *heights)
    currency = document.currency

    def at(value: Fraction) -> float:
        return float((value - low) / (high - low))

    def step(name: Text, start: Fraction, end: Fraction, tone: str, *, signed: bool = True) -> Step:
        text = said(node.measure, end - start, currency, signed=signed)
        return Step(title=name, said=text, start=min(at(start), at(end)), end=max(at(start), at(end)), tone=tone)

    nothing = Fraction(0)
    found = [step(Text("此刻计划", "Plan to date"), nothing, node.plan, "grey", signed=False)]
    for (name, value), before in zip(steps, heights, strict=False):
        called = _EXTRA.get(name) or title(name, measures[name])
        found.append(step(called, before, before + value, "ok" if value >= 0 else "bad"))
    found.append(step(Text("目前", "So far"), nothing, node.actual, "teal", signed=False))
    return tuple(found)


_EXTRA = {
    tree.PLAN: Text("计划本身的差：各部分与总目标不合", "Plan: the parts do not make the target"),
    tree.BEYOND: Text("其余：不在各部分之内", "Beyond the parts"),
}


class Mark(Struct, frozen=True, kw_only=True):
    """Where a goal should be by now, as a share of its target, and where it will end; None where days do not add up to it."""

    due: float | None
    median: Text | None = None
    chance: float | None = None


async def marks(workspace: Workspace, document: Document, now_ms: int, *, opened: bool) -> dict[str, Mark]:
    """The marks of a document's goals, by their curves; none before the opening and after the wrap-up."""
    if not opened or not document.phases.opens_ms() <= now_ms < document.phases.wrap_up_ms:
        return {}
    shown = await board(workspace, document, now_ms, opened=True, simulated=False)
    return {
        name: Mark(
            due=one.pace.to_date / one.pace.target if one.pace.target else None,
            median=said(one.measure, Fraction(one.pace.forecast.median) / 10 ** _digits(one.unit), document.currency),
            chance=one.pace.forecast.chance,
        )
        for name, one in by_days(document, shown, now_ms).items()
    }


def _digits(unit: str) -> int:
    return exponent(unit) if unit else 0


class Days(Struct, frozen=True, kw_only=True):
    """One goal by days; `unit` is its currency, or empty."""

    name: str
    measure: str
    title: Text
    goal: Goal
    unit: str
    pace: pacing.Pace
    shape: Curve


def by_days(document: Document, shown: Board, now_ms: int) -> dict[str, Days]:
    """Every goal that adds up over the days and can be measured."""
    spans = pacing.days(document.phases.live_ms, document.phases.wrap_up_ms, document.zone)
    above = {part: goal.curve for goal in document.goals.values() for part in goal.parts()}
    found = {}
    for name, goal in document.goals.items():
        measure = goal.measure or name
        if measure in RATIOS or measure not in ADDING or not goal.target or not spans:
            continue
        curve = goal.curve if goal.curve != "even" else above.get(name, "even")
        unit = document.currency if measure in MONEY else ""
        came = shown.actuals.days[measure] if shown.actuals else {}
        found[name] = Days(
            name=name,
            measure=measure,
            title=title(name, measure),
            goal=goal,
            unit=unit,
            pace=pacing.pace(pacing.units(goal.target, unit), shown.shapes[curve], spans, came, now_ms),
            shape=shown.shapes[curve],
        )
    return found
