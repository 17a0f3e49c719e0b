"""Phases and windows: what cannot happen in the order that is written.

The phases follow each other; the end is still to come; a play runs between warm-up and wrap-up, for some time; windows inside a
play (slots, draws) lie in the play's own and not on each other.
"""
# ruff: noqa: E501 - sentences are read across

from itertools import pairwise

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.places import Path
from miaohui.plays._fields import Span
from miaohui.preflight._look import at, fields, span
from miaohui.preflight._rule import Finding, Findings, stop
from miaohui.text import Text

TITLE = Text("阶段与时段", "Phases and windows")
SAYS = {
    "phases_out_of_order": stop(
        Text("{later}（{later_at}）不晚于 {earlier}（{earlier_at}）", "{later} ({later_at}) does not come after {earlier} ({earlier_at})"),
        Text("阶段按此顺序：prepare、warm_up、live、wrap_up、review", "Phases follow each other: prepare, warm_up, live, wrap_up, review"),
    ),
    "in_the_past": stop(Text("{value} 已经过去", "{value} has already passed"), Text("改 [phases]", "Move the phases")),
    "closes_before_opening": stop(
        Text("{value} 的结束不晚于开始", "{value} ends before it opens"), Text("改 opens 或 closes", "Change `opens` or `closes`")
    ),
    "outside_phases": stop(
        Text("{value} 不在 {first} 到 {last} 之间", "{value} is not between {first} and {last}"),
        Text("玩法在预热到收尾之间开放：改时间，或改 [phases]", "Plays run from warm-up to wrap-up: move it, or the phases"),
    ),
    "window_outside_play": stop(
        Text("时段 {value} 不在玩法开放时间内（{first} 到 {last}）", "The window {value} is not within the play's own ({first} to {last})"),
        Text("移动时段，或改 opens、closes", "Move the window, or change `opens` or `closes`"),
    ),
    "windows_overlap": stop(
        Text("时段 {value} 与 {other} 重叠", "The windows {value} and {other} overlap"),
        Text("让一个在另一个之后开始", "Let one begin when the other has ended"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """What stands in the wrong order."""
    yield from _phases(document)
    if facts.now_ms is not None and document.phases.wrap_up_ms <= facts.now_ms:
        value = f"wrap_up, {at(document, document.phases.wrap_up_ms)}"
        yield Finding(("phases", "wrap_up"), "in_the_past", {"value": value})
    yield from _plays(document)
    for name, play in document.plays.items():
        for key, windows in fields(play.rules, Span) if play.span.start_ms < play.span.end_ms else ():
            yield from _windows(document, ("plays", name, key), play.span, windows)


def _phases(document: Document) -> Findings:
    for (earlier, earlier_ms), (later, later_ms) in pairwise(document.phases.each()):
        if later_ms <= earlier_ms:
            said = {"later_at": at(document, later_ms), "earlier_at": at(document, earlier_ms)}
            yield Finding(("phases", later), "phases_out_of_order", {"later": later, "earlier": earlier, **said})


def _plays(document: Document) -> Findings:
    first, last = document.phases.opens_ms(), document.phases.wrap_up_ms
    if max(first, document.phases.live_ms) >= last:
        return  # the phases are said to be out of order
    for name, play in document.plays.items():
        path: Path = ("plays", name)
        if play.span.end_ms <= play.span.start_ms:
            yield Finding((*path, "closes"), "closes_before_opening", {"value": name})
        for key, at_ms in (("opens", play.head.opens_ms), ("closes", play.head.closes_ms)):
            if at_ms is not None and not first <= at_ms <= last:
                bounds = {"first": at(document, first), "last": at(document, last)}
                yield Finding((*path, key), "outside_phases", {"value": at(document, at_ms), **bounds})


def _windows(document: Document, path: Path, within: Span, windows: list[Span]) -> Findings:
    bounds = {"first": at(document, within.start_ms), "last": at(document, within.end_ms)}
    for n, window in enumerate(windows):
        if window.start_ms < within.start_ms or window.end_ms > within.end_ms:
            yield Finding((*path, n), "window_outside_play", {"value": span(document, window), **bounds})
        for earlier in windows[:n]:
            if window.start_ms < earlier.end_ms and earlier.start_ms < window.end_ms:
                said = {"value": span(document, earlier), "other": span(document, window)}
                yield Finding((*path, n), "windows_overlap", said)
