"""Conditions as ClickHouse SQL: every value is a parameter, and any number of conditions is one query.

    people      one row a customer with one column for each thing that a condition needs: v0, v1 ... of his profile, f0, f1 ...
                gathered in a single pass over `events_by_customer`. What several conditions need is one column
    customers   all who have a profile or an event. Simulated events are not seen unless `simulated` asks for them, and nothing
                that happened after `now_ms`
    windows     "last 30 days" is (now - 30 * 24 hours, now]; "between" counts in the workspace's zone, [start, end)

A trait or property that is not there is the empty text; a figure of no event is 0; the last time of no event is 0.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from miaohui.audiences.known import Known
from miaohui.audiences.tree import (
    UNIT_MS,
    AllOf,
    AnyOf,
    Between,
    Compare,
    Condition,
    Count,
    Event,
    Everybody,
    Is,
    Last,
    Leaf,
    Never,
    Not,
    Recent,
    Since,
    Sum,
    Tagged,
    Where,
    Window,
)
from miaohui.clock import ms_of

DAY_MS = UNIT_MS["day"]
_COLUMNS = ("campaign", "play", "channel")
_FIGURES = ("total_minor", "discount_minor")


class Query(Struct, frozen=True):
    """SQL with the values of its parameters."""

    sql: str
    parameters: dict[str, Any]


class People:
    """The rows of all customers as of `now_ms`, with what the conditions given to `holds` and `figure` need.

    `holds(condition)` and `figure(leaf)` give expressions over them; `query(select)` puts the rows below it.
    """

    def __init__(self, known: Known, now_ms: int, *, simulated: bool = False) -> None:
        self._known, self._now_ms, self._simulated = known, now_ms, simulated
        self._parameters: dict[str, Any] = {"now": now_ms}
        self._profile: dict[str, str] = {}
        self._figures: dict[str, str] = {}

    def query(self, select: str, where: str = "1", tail: str = "", **parameters: Any) -> Query:
        """`select ... from people where ... tail`; more parameters by name."""
        source = "1" if self._simulated else "source != 'simulated'"
        sql = f"""select {select}
            from (select customer{_columns(self._profile)} from profiles final) as profile
            full join (select customer{_columns(self._figures)} from events_by_customer
                       where {source} and at <= fromUnixTimestamp64Milli({{now:Int64}}, 'UTC')
                       group by customer settings optimize_aggregation_in_order = 1) as facts
            using customer
            where {where} {tail}"""
        return Query(sql, self._parameters | parameters)

    def holds(self, condition: Condition) -> str:
        """Whether the condition holds, 0 or 1."""
        match condition:
            case Everybody():
                return "1"
            case Not(of):
                return f"(not {self.holds(of)})"
            case AllOf(of):
                return f"({' and '.join(map(self.holds, of))})"
            case AnyOf(of):
                return f"({' or '.join(map(self.holds, of))})"
            case Is(trait, values):
                return self._of_profile(f"{self._trait(trait)} in {self._texts(values)}")
            case Compare(trait, op, value) if trait in self._known.scales:
                scale = self._known.scales[trait]
                place = f"indexOf({self._texts(scale)}, {self._trait(trait)})"
                return self._of_profile(f"{place} > 0 and {place} {op} {self._int(scale.index(value) + 1)}")
            case Compare(trait, op, value):
                number = f"toDecimal128OrNull({self._trait(trait)}, 6)"
                return self._of_profile(f"ifNull({number} {op} toDecimal128({self._text(value)}, 6), 0)")
            case Tagged(tags):
                return self._of_profile(f"hasAny(tags, {self._texts(tags)})")
            case Count(_, op, number, _):
                return f"({self._figure(condition)} {op} {self._int(number)})"
            case Sum(_, _, op, value, _):
                return f"({self._figure(condition)} {op} {self._int(value)})"
            case Never():
                return f"({self._figure(condition)} = 0)"
            case Recent(_, within):
                figure = self._figure(condition)
                return f"({figure} > 0 and {figure} > {self._int(self._now_ms - _span_ms(within))})"
            case Since(_, op, days):
                figure = self._figure(condition)
                return f"({figure} > 0 and intDiv({{now:Int64}} - {figure}, {DAY_MS}) {op} {self._int(days)})"

    def figure(self, leaf: Leaf) -> str:
        """What the leaf looks at, as text: a trait's value, the tags it names, a number, the ms of the last event."""
        match leaf:
            case Everybody():
                return "''"
            case Is(trait) | Compare(trait):
                return self._of_profile(self._trait(trait))
            case Tagged(tags):
                return self._of_profile(f"arrayStringConcat(arrayIntersect(tags, {self._texts(tags)}), '|')")
        return f"toString({self._figure(leaf)})"

    def _of_profile(self, expression: str) -> str:
        """The column of something that the profile says; 0 or empty where there is none."""
        return self._profile.setdefault(expression, f"v{len(self._profile)}")

    def _figure(self, leaf: Count | Sum | Never | Recent | Since) -> str:
        """The column of a figure: a count, a sum, or the ms of the last event."""
        match leaf:
            case Sum(event, field, _, _, window):
                value = field if field in _FIGURES else f"toInt64OrZero({self._property(field)})"
                expression = f"sumIf({value}, {self._events(event, window)})"
            case Count(event, _, _, window) | Never(event, window):
                expression = f"toInt64(countIf({self._events(event, window)}))"
            case Recent(event) | Since(event):
                expression = f"toUnixTimestamp64Milli(maxIf(at, {self._events(event, None)}))"
        return self._figures.setdefault(expression, f"f{len(self._figures)}")

    def _events(self, event: Event, window: Window | None) -> str:
        """Whether a row of `events_by_customer` is meant."""
        tests = [f"name = {self._text(event.name)}", *map(self._wish, event.where)]
        match window:
            case Last():
                tests.append(f"at > {self._time(self._now_ms - _span_ms(window))}")
            case Between():
                start_ms, end_ms = _bounds_ms(window, self._known.zone)
                tests += [f"at >= {self._time(start_ms)}", f"at < {self._time(end_ms)}"]
        return " and ".join(tests)

    def _wish(self, where: Where) -> str:
        if where.op in ("is", "is not"):
            values = self._texts(where.values)
            column = where.field if where.field in _COLUMNS else self._property(where.field)
            found = f"{column} in {values}"
            if where.field == "sku":
                found = f"(hasAny(skus, {values}) or {found})"
            return found if where.op == "is" else f"not ({found})"
        number = self._int(int(where.values[0]))
        if where.field in _FIGURES:
            return f"{where.field} {where.op} {number}"
        return f"ifNull(toInt64OrNull({self._property(where.field)}) {where.op} {number}, 0)"

    def _trait(self, name: str) -> str:
        return f"traits[{self._text(name)}]"

    def _property(self, name: str) -> str:
        return f"properties[{self._text(name)}]"

    def _time(self, at_ms: int) -> str:
        return f"fromUnixTimestamp64Milli({self._int(max(0, at_ms))}, 'UTC')"

    def _text(self, value: str) -> str:
        return self._parameter(value, "String")

    def _texts(self, values: Sequence[str]) -> str:
        return self._parameter(list(values), "Array(String)")

    def _int(self, value: int) -> str:
        return self._parameter(value, "Int64")

    def _parameter(self, value: Any, kind: str) -> str:
        """`value` as a parameter; the same value again is the same one."""
        for name, known in self._parameters.items():
            if name != "now" and type(known) is type(value) and known == value:
                return f"{{{name}:{kind}}}"
        name = f"p{len(self._parameters)}"
        self._parameters[name] = value
        return f"{{{name}:{kind}}}"


def _columns(expressions: dict[str, str]) -> str:
    return "".join(f", {expression} as {name}" for expression, name in expressions.items())


def _span_ms(last: Last) -> int:
    return last.number * UNIT_MS[last.unit]


def _bounds_ms(window: Between, zone: str) -> tuple[int, int]:
    """[start, end) in ms; a date as end is included to its last moment."""
    start, end = (datetime.fromisoformat(text) for text in (window.start, window.end))
    if "T" not in window.end:
        end = datetime.combine(date.fromisoformat(window.end) + timedelta(days=1), end.time())
    tz = ZoneInfo(zone)
    return ms_of(start.replace(tzinfo=tz)), ms_of(end.replace(tzinfo=tz))
