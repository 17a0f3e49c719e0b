"""How far the goals of a campaign are, in words: as its review measures them, seldom older than `KEPT_S`."""

import time
from decimal import Decimal
from weakref import WeakKeyDictionary

from msgspec import Struct

from miaohui.campaign.document import Document
from miaohui.campaign.goals import MEASURES
from miaohui.events.store import EventStore
from miaohui.money import Money, to_minor
from miaohui.pages import format
from miaohui.review.figures import GoalReview
from miaohui.review.live import live_review
from miaohui.text import Text
from miaohui.workspace import Workspace

KEPT_S = 10
_MONEY = ("gmv", "basket")
_RATES = ("conversion", "repurchase")

_Kept = dict[str, tuple[float, Document, tuple[GoalReview, ...]]]
_KEPT: "WeakKeyDictionary[EventStore, _Kept]" = WeakKeyDictionary()


class Progress(Struct, frozen=True, kw_only=True):
    """A goal: figures in the unit of its measure; `actual` and `share` are None while they are not known, `missing` says why."""

    name: str
    title: Text
    role: str
    target: Text
    actual: Text | None
    share: float | None
    missing: Text | None


async def progress(workspace: Workspace, document: Document, *, opened: bool) -> list[Progress]:
    """Each goal of the document with what came so far; before the opening nothing did."""
    goals = await _goals(workspace, document) if opened and document.goals else _not_yet(document)
    return [shown(goal, document.currency) for goal in goals]


def shown(goal: GoalReview, currency: str) -> Progress:
    """A goal of a review in words."""
    return Progress(
        name=goal.name,
        title=title(goal.name, goal.measure),
        role=goal.role,
        target=figure(goal.measure, goal.target, currency),
        actual=None if goal.actual is None else figure(goal.measure, goal.actual, currency),
        share=None if goal.reached_ppm is None else goal.reached_ppm / 1_000_000,
        missing=goal.missing.label if goal.missing else None,
    )


def title(name: str, measure: str) -> Text:
    """How a goal is called: by what it measures, or by its own name."""
    found = MEASURES.get(measure)
    en = "GMV" if measure == "gmv" else measure.replace("_", " ").capitalize()
    return Text(found.zh, en) if found else Text(name, name)


def figure(measure: str, value: Decimal, currency: str) -> Text:
    """A goal's figure in the unit of its measure: money, a rate in percent, a count."""
    if measure in _MONEY:
        money = Money(to_minor(value, currency), currency)
        return Text(money.text("zh", cents=measure == "basket"), money.text("en", cents=measure == "basket"))
    said = format.percent(value / 100) if measure in _RATES else format.number(value)
    return Text(said, said)


async def _goals(workspace: Workspace, document: Document) -> tuple[GoalReview, ...]:
    kept = _KEPT.setdefault(workspace.events, {})
    at, of, goals = kept.get(document.campaign, (0.0, None, ()))
    if of is not document or time.monotonic() - at > KEPT_S:
        goals = (await live_review(workspace.db, workspace.events, document)).goals
        kept[document.campaign] = (time.monotonic(), document, goals)
    return goals


def _not_yet(document: Document) -> list[GoalReview]:
    return [
        GoalReview(
            name=name,
            measure=goal.measure or name,
            title=Text(name, name),
            role=goal.role,
            target=goal.target,
            actual=None,
            reached_ppm=None,
        )
        for name, goal in document.goals.items()
    ]
