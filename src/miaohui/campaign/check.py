"""What is well written and still wrong. A check is one pure function `(document, facts) -> findings`, found by its name: every
function of this module whose name begins with `check_`."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct

from miaohui import plays
from miaohui.audiences import language
from miaohui.audiences.known import Known, vocabulary
from miaohui.audiences.mistakes import BadCondition
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.goals import MEASURES
from miaohui.campaign.places import Path
from miaohui.campaign.terms import EVERYBODY
from miaohui.ledger.accounts import budget_key, sku_key
from miaohui.money import Money
from miaohui.plays._contract import Pool
from miaohui.plays._fields import Given, Product, Span
from miaohui.text import Text


class Finding(Struct, frozen=True):
    """A problem `code` at `path`."""

    path: Path
    code: str
    data: Mapping[str, str | Text] = {}


Findings = Iterator[Finding]
Check = Callable[[Document, Facts], Findings]


def run(document: Document, facts: Facts) -> Findings:
    """All that all checks find."""
    checks: list[Check] = [found for name, found in globals().items() if name.startswith("check_")]
    for check in checks:
        yield from check(document, facts)


# -- when --------------------------------------------------------------------------------------------------------------------


def check_phases_follow_each_other(document: Document, facts: Facts) -> Findings:
    """prepare < warm_up < live < wrap_up < review."""
    written = list(document.phases.each())
    for (earlier, earlier_ms), (later, later_ms) in pairwise(written):
        if later_ms <= earlier_ms:
            said = {"later_at": _at(document, later_ms), "earlier_at": _at(document, earlier_ms)}
            yield Finding(("phases", later), "phases_out_of_order", {"later": later, "earlier": earlier, **said})


def check_warm_up(document: Document, facts: Facts) -> Findings:
    """A campaign that nobody heard of opens to nobody; a hot spot everybody has heard of."""
    if document.phases.warm_up_ms is None and document.class_ != "hot_spot":
        yield Finding(("phases",), "no_warm_up")


def check_not_over(document: Document, facts: Facts) -> Findings:
    """A campaign whose end has passed can never open."""
    if facts.now_ms is not None and document.phases.wrap_up_ms <= facts.now_ms:
        value = f"wrap_up, {_at(document, document.phases.wrap_up_ms)}"
        yield Finding(("phases", "wrap_up"), "in_the_past", {"value": value})


def check_plays_within_phases(document: Document, facts: Facts) -> Findings:
    """A play runs between warm-up and wrap-up, and for some time."""
    first, last = document.phases.opens_ms(), document.phases.wrap_up_ms
    if max(first, document.phases.live_ms) >= last:
        return  # the phases are said to be out of order
    for name, play in document.plays.items():
        path: Path = ("plays", name)
        if play.span.end_ms <= play.span.start_ms:
            yield Finding((*path, "closes"), "closes_before_opening", {"value": name})
        for key, at_ms in (("opens", play.head.opens_ms), ("closes", play.head.closes_ms)):
            if at_ms is not None and not first <= at_ms <= last:
                bounds = {"first": _at(document, first), "last": _at(document, last)}
                yield Finding((*path, key), "outside_phases", {"value": _at(document, at_ms), **bounds})


def check_windows_of_plays(document: Document, facts: Facts) -> Findings:
    """Windows inside a play (slots) lie in the play's own and do not overlap."""
    for name, play in document.plays.items():
        for key, windows in _fields(play.rules, Span) if play.span.start_ms < play.span.end_ms else ():
            yield from _windows(document, ("plays", name, key), play.span, windows)


def _windows(document: Document, path: Path, within: Span, windows: list[Span]) -> Findings:
    bounds = {"first": _at(document, within.start_ms), "last": _at(document, within.end_ms)}
    for n, window in enumerate(windows):
        if window.start_ms < within.start_ms or window.end_ms > within.end_ms:
            yield Finding((*path, n), "window_outside_play", {"value": _span(document, window), **bounds})
        for earlier in windows[:n]:
            if window.start_ms < earlier.end_ms and earlier.start_ms < window.end_ms:
                said = {"value": _span(document, earlier), "other": _span(document, window)}
                yield Finding((*path, n), "windows_overlap", said)


# -- with what ---------------------------------------------------------------------------------------------------------------


def check_products_of_the_shop(document: Document, facts: Facts) -> Findings:
    """Every product is the shop's, has a list price in the campaign's currency, and is there in the number that is set aside."""
    if facts.products is None:
        if document.products:
            yield Finding(("products",), "shop_not_asked")
        return
    for name, entry in document.products.items():
        path: Path = ("products", name)
        shop = facts.products.get(entry.sku or name)
        if shop is None:
            yield Finding((*path, "sku"), "not_in_shop", {"value": entry.sku or name})
            continue
        if entry.price_minor is None and shop.list_price_minor is None:
            yield Finding(path, "no_price", {"value": name})
        elif entry.price_minor is None and shop.currency != document.currency:
            yield Finding(path, "other_currency", {"value": name, "theirs": shop.currency, "ours": document.currency})
        if entry.stock is not None and shop.stock is not None and entry.stock > shop.stock:
            said = {"value": name, "wanted": str(entry.stock), "there": str(shop.stock)}
            yield Finding((*path, "stock"), "more_than_shop", said)


def check_stock(document: Document, facts: Facts) -> Findings:
    """Two plays cannot sell the same box: together they take no more than there is."""
    for name, entry in document.products.items():
        sku = entry.sku or name
        shop = facts.products.get(sku) if facts.products else None
        there = entry.stock if entry.stock is not None or shop is None else shop.stock
        wanted = sum(pool.amount for _, pool in _pools(document) if pool.source == sku_key(sku))
        if there is not None and wanted > there:
            said = {"value": name, "wanted": str(wanted), "there": str(there)}
            yield Finding(("products", name), "over_stock", said)


def check_price_above_cost(document: Document, facts: Facts) -> Findings:
    """A play that sells a product below its cost says so."""
    for name, play in document.plays.items():
        price = getattr(play.rules, "price_minor", None)
        for _, products in _fields(play.rules, Product):
            for product in products:
                if price is not None and product.cost_minor is not None and price < product.cost_minor:
                    said = {
                        "value": product.name,
                        "price": _money(document, price),
                        "cost": _money(document, product.cost_minor),
                        "loss": _money(document, product.cost_minor - price),
                    }
                    yield Finding(("plays", name, "price"), "below_cost", said)


def check_first_match(document: Document, facts: Facts) -> Findings:
    """Where the first match wins, everybody comes last."""
    for name, play in document.plays.items():
        for key, given in _fields(play.rules, Given):
            names = [gift.audience for gift in given]
            for hidden in names[names.index(EVERYBODY) + 1 :] if EVERYBODY in names else []:
                yield Finding(("plays", name, key, hidden), "never_reached", {"value": hidden})


def check_audiences_can_be_read(document: Document, facts: Facts) -> Findings:
    """Every condition is understood; words that no customer's data holds are pointed out."""
    known = facts.known or Known(document.currency, document.zone, vocabulary())
    for name, condition in document.audiences.items():
        path: Path = ("audiences", name)
        try:
            hints = language.read(condition, known).hints
        except BadCondition as bad:
            yield Finding(path, "bad_audience", {"value": bad.sentence, "condition": _marked(condition, bad.offset)})
            continue
        for hint in hints:
            near = Text(f"是不是 {hint.nearest}？", f"Did you mean {hint.nearest}?") if hint.nearest else _AS_MEANT
            yield Finding(path, "word_not_in_data", {"value": hint.sentence, "near": near})


_AS_MEANT = Text("若数据还没导入，可以不管", "Leave it if the data is still to come")


def _marked(condition: str, offset: int) -> str:
    return f"{condition[:offset]} >>> {condition[offset:]}"


# -- what it costs -----------------------------------------------------------------------------------------------------------


def check_budget(document: Document, facts: Facts) -> Findings:
    """What the plays are given at the opening comes from the budget; what they may cost at worst should stand in it too."""
    total = document.budget.total_minor if document.budget else 0
    path: Path = ("budget", "total") if document.budget else ()
    posted = sum(pool.amount for _, pool in _pools(document) if pool.source == budget_key(document.campaign))
    worst = sum(plays.find(play.head.play).worst_cost(play.rules) for play in document.plays.values() if play.rules)
    if posted > total:
        yield Finding(path, "over_budget", {"wanted": _money(document, posted), "there": _money(document, total)})
    elif document.budget and worst > total:
        said = {"wanted": _money(document, worst), "there": _money(document, total)}
        yield Finding(path, "worst_cost_over_budget", said)


def check_budget_lines(document: Document, facts: Facts) -> Findings:
    """The lines of the budget fit in its total."""
    if document.budget:
        lines, total = sum(line.amount_minor for line in document.budget.lines), document.budget.total_minor
        if lines > total:
            said = {"wanted": _money(document, lines), "there": _money(document, total)}
            yield Finding(("budget", "lines"), "lines_over_budget", said)


# -- what for ----------------------------------------------------------------------------------------------------------------


def check_goals_are_measured(document: Document, facts: Facts) -> Findings:
    """Every goal is measured by something known, or worked out from goals that are there, and never from itself."""
    for name, goal in document.goals.items():
        if not goal.is_ and (goal.measure or name) not in MEASURES:
            yield Finding(("goals", name), "goal_without_measure", {"value": name, "known": ", ".join(MEASURES)})
        for part in goal.parts():
            if part not in document.goals:
                known = Text(zh="可用的有：" + "、".join(document.goals), en="There are: " + ", ".join(document.goals))
                yield Finding(("goals", name, "is"), "unknown_goal", {"value": f'"{part}"', "known": known})
        if name in _below(document, name, frozenset()):
            yield Finding(("goals", name, "is"), "goal_circle", {"value": name})


def _below(document: Document, name: str, seen: frozenset[str]) -> frozenset[str]:
    """All goals that `name` is worked out from, however far down."""
    goal = document.goals.get(name)
    for part in goal.parts() if goal else ():
        if part not in seen:
            seen = _below(document, part, seen | {part})
    return seen


def check_control(document: Document, facts: Facts) -> Findings:
    """Without a control group nobody knows what the campaign did."""
    if not document.control.share_ppm:
        yield Finding(("control",), "no_control")


def check_merchants_bear_no_more_than_all(document: Document, facts: Facts) -> Findings:
    """What merchants pay of the discounts is at most all of it."""
    borne = sum(merchant.bears_ppm for merchant in document.merchants.values())
    if borne > 1_000_000:
        yield Finding(("merchants",), "over_100_percent", {"key": "bears", "value": str(Decimal(borne) / 10_000)})


def check_tasks_can_be_done(document: Document, facts: Facts) -> Findings:
    """No task waits for itself, however far round."""
    try:
        tuple(TopologicalSorter({task.id: task.after for task in document.tasks}).static_order())
    except CycleError as circle:
        yield Finding(("tasks",), "task_circle", {"value": " > ".join(circle.args[1])})


# -- what the checks look at -------------------------------------------------------------------------------------------------


def _pools(document: Document) -> Iterator[tuple[str, Pool]]:
    """What opening the campaign will fill: play name and pool."""
    for name, play in document.plays.items():
        if play.rules is not None:
            for pool in plays.find(play.head.play).pools(play.rules).values():
                yield name, pool


T = TypeVar("T")


def _fields(rules: Struct | None, cls: type[T]) -> Iterator[tuple[str, list[T]]]:
    """The fields of `rules` that hold one `cls` or several, with them."""
    for key in rules.__struct_fields__ if rules is not None else ():
        value = getattr(rules, key)
        found = [item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, cls)]
        if found:
            yield key, found


def _at(document: Document, at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, ZoneInfo(document.zone)):%Y-%m-%d %H:%M}"


def _span(document: Document, span: Span) -> str:
    return f"{_at(document, span.start_ms)} - {_at(document, span.end_ms)}"


def _money(document: Document, minor: int) -> str:
    return f"{Money(minor, document.currency).decimal()} {document.currency}"
