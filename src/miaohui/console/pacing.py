"""A campaign's goals as pages show them: the tree with its gaps, and one goal by days; figures are seldom older than `KEPT_S`."""

import time
from fractions import Fraction
from typing import Any
from weakref import WeakKeyDictionary

from msgspec import Struct

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.goals import MONEY, RATIOS, Goal
from miaohui.console.progress import title
from miaohui.console.waterfalls import Step, mixed, said, steps_of
from miaohui.events.store import EventStore
from miaohui.money import exponent
from miaohui.planning import cases, pacing, tree
from miaohui.planning.actuals import ADDING, Actuals, actuals
from miaohui.planning.curve import Curve
from miaohui.planning.past import Case
from miaohui.text import Text
from miaohui.workspace import Workspace

KEPT_S, CURVES_KEPT_S = 10, 600
SLIGHT = Fraction(1, 10)
"""A gap of less than a tenth of the plan is a warning, more is bad."""

_KEPT: "WeakKeyDictionary[EventStore, dict[tuple[Any, ...], tuple[float, Any]]]" = WeakKeyDictionary()


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
    before: Text | None = None
    apart: Text | None = None
    """What came last time, and how far this target is from it; None: it is not known."""


class Board(Struct, frozen=True, kw_only=True):
    """All goals of a campaign at one moment."""

    rows: tuple[Row, ...]
    shapes: dict[str, Curve]
    unknown: tuple[str, ...]
    actuals: Actuals | None
    mix: tuple[Step, ...] = ()
    last: Case | None = None


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
    last = await workspace.cases.last(document)
    rows = [row for root in roots for row in _rows(root, 0, document, last)]
    return Board(
        rows=tuple(rows),
        shapes=shapes,
        unknown=tuple(sorted(unknown)),
        actuals=came,
        mix=mixed(roots, came, document) if came else (),
        last=last,
    )


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


def _rows(node: tree.Node, depth: int, document: Document, last: Case | None) -> list[Row]:
    goal, currency, gap = node.goal, document.currency, node.gap
    before = last.figures.get(node.measure) if last else None
    if last and node.measure in MONEY and last.currency != currency:
        before = None
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
        tone="" if gap is None else _tone(node, gap, currency),
        steps=steps_of(node, document),
        before=None if before is None else said(node.measure, before, currency),
        apart=None
        if before is None
        else said(node.measure, Fraction(goal.target) - Fraction(before), currency, signed=True),
    )
    return [one, *(row for part in node.parts for row in _rows(part, depth + 1, document, last))]


def _tone(node: tree.Node, gap: Fraction, currency: str) -> str:
    """How bad a gap is; one that is shown as nothing is none."""
    nothing = said(node.measure, Fraction(0), currency) == said(node.measure, gap, currency)
    return "ok" if gap >= 0 or nothing else "warn" if -gap < SLIGHT * node.plan else "bad"


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
