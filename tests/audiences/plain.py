"""The meaning of a condition in plain Python over a list of events, written apart from the SQL to check it."""

import operator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from miaohui.audiences import tree as t

OPERATORS = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}
HOURS = {"hour": 1, "day": 24, "week": 168}


@dataclass
class Did:
    name: str
    at_ms: int
    source: str = "live"
    campaign: str = ""
    play: str = ""
    channel: str = ""
    total_minor: int = 0
    discount_minor: int = 0
    skus: tuple[str, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)


@dataclass
class Person:
    traits: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    did: list[Did] = field(default_factory=list)


@dataclass
class Plain:
    """`holds(condition, person)` as of `now_ms`."""

    now_ms: int
    zone: str
    scales: dict[str, tuple[str, ...]]

    def holds(self, c: t.Condition, p: Person) -> bool:
        match c:
            case t.Everybody():
                return True
            case t.Not(of):
                return not self.holds(of, p)
            case t.AllOf(of):
                return all(self.holds(x, p) for x in of)
            case t.AnyOf(of):
                return any(self.holds(x, p) for x in of)
            case t.Is(trait, values):
                return p.traits.get(trait, "") in values
            case t.Compare(trait, op, value):
                mine = p.traits.get(trait, "")
                if trait in self.scales:
                    scale = self.scales[trait]
                    return mine in scale and OPERATORS[op](scale.index(mine), scale.index(value))
                try:
                    return OPERATORS[op](Decimal(mine), Decimal(value))
                except ArithmeticError:
                    return False
            case t.Tagged(tags):
                return bool(set(tags) & set(p.tags))
            case t.Count(event, op, number, window):
                return OPERATORS[op](len(self.events(event, window, p)), number)
            case t.Sum(event, name, op, value, window):
                return OPERATORS[op](sum(figure(d, name) or 0 for d in self.events(event, window, p)), value)
            case t.Never(event, window):
                return not self.events(event, window, p)
            case t.Recent(event, within):
                return bool(self.events(event, within, p))
            case t.Since(event, op, days):
                times = [d.at_ms for d in self.events(event, None, p)]
                return bool(times) and OPERATORS[op]((self.now_ms - max(times)) // 86_400_000, days)
        raise AssertionError(c)

    def events(self, event: t.Event, window: t.Window | None, p: Person) -> list[Did]:
        lower, upper = -1, self.now_ms + 1
        if isinstance(window, t.Last):
            lower = self.now_ms - window.number * HOURS[window.unit] * 3_600_000
        if isinstance(window, t.Between):
            lower, upper = self.day(window.start) - 1, self.day(window.end, ends=True)
        return [
            d
            for d in p.did
            if d.name == event.name
            and d.source != "simulated"
            and d.at_ms <= self.now_ms
            and lower < d.at_ms < upper
            and all(wished(d, w) for w in event.where)
        ]

    def day(self, text: str, ends: bool = False) -> int:
        at = datetime.fromisoformat(text) + timedelta(days=1 if ends and "T" not in text else 0)
        return int(at.replace(tzinfo=ZoneInfo(self.zone)).timestamp() * 1000)


def figure(d: Did, name: str) -> int | None:
    if name in ("total_minor", "discount_minor"):
        return int(getattr(d, name))
    try:
        return int(d.properties.get(name, ""))
    except ValueError:
        return None


def wished(d: Did, w: t.Where) -> bool:
    if w.op not in ("is", "is not"):
        value = figure(d, w.field)
        return value is not None and bool(OPERATORS[w.op](value, int(w.values[0])))
    mine = {d.properties.get(w.field, "")}
    if w.field in ("campaign", "play", "channel"):
        mine = {getattr(d, w.field)}
    if w.field == "sku":
        mine |= set(d.skus)
    return bool(mine & set(w.values)) == (w.op == "is")
