"""A tree as people read it: the text that `language` reads back as the same tree."""

from miaohui.audiences.known import Known, written
from miaohui.audiences.language import DEPTH_MAX, read
from miaohui.audiences.mistakes import BadCondition
from miaohui.audiences.tree import (
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
    Never,
    Not,
    Recent,
    Since,
    Sum,
    Tagged,
    Where,
    Window,
    inside,
)
from miaohui.audiences.words import quoted
from miaohui.money import Money
from miaohui.text import Text


def write(condition: Condition, currency: str) -> str:
    """The condition as one line; amounts as decimals of `currency`."""
    match condition:
        case AnyOf(of):
            return " or ".join(_inside(part, currency) for part in of)
        case AllOf(of):
            return " and ".join(_inside(part, currency) for part in of)
        case Not(Is(trait, values)):
            return f"{quoted(trait)} {_choice(values, denied=True)}"
        case Not(of):
            return f"not {_inside(of, currency)}"
        case Everybody():
            return "everybody"
        case Is(trait, values):
            return f"{quoted(trait)} {_choice(values)}"
        case Compare(trait, op, value):
            return f"{quoted(trait)} {op} {quoted(value)}"
        case Tagged(tags):
            return f"tag {quoted(tags[0])}" if len(tags) == 1 else f"tag {_choice(tags)}"
        case Count(event, op, number, window):
            return f"count({_event(event, currency)}{_window(window)}) {op} {number}"
        case Sum(event, field, op, value, window):
            summed = _event(event, currency, "." + written(field))
            return f"sum({summed}{_window(window)}) {op} {_figure(field, value, currency)}"
        case Never(event, window):
            return f"never({_event(event, currency)}{_window(window)})"
        case Recent(event, within):
            return f"last({_event(event, currency)}) within {_span(within)}"
        case Since(event, op, days):
            return f"days_since({_event(event, currency)}) {op} {days}"


def checked(condition: Condition, known: Known) -> Condition:
    """A tree that came from outside, if it can be written and read back; BadCondition shows what is wrong in its text."""
    if _deep(condition):
        limit = Text(f"不超过 {DEPTH_MAX} 层的条件树", f"a tree of at most {DEPTH_MAX} levels")
        raise BadCondition("", 0, 0, (limit,))
    text = write(condition, known.currency)
    if read(text, known).condition != condition:
        sense = Text(
            "与条件树一致的字段和数值",
            "the fields and figures as the tree has them (amounts in fields ending in _minor)",
        )
        raise BadCondition(text, 0, len(text), (sense,))
    return condition


def _deep(condition: Condition) -> bool:
    level = [condition]
    for _ in range(DEPTH_MAX):
        level = [inner for outer in level for inner in inside(outer)]
    return bool(level)


def _inside(condition: Condition, currency: str) -> str:
    text = write(condition, currency)
    return f"({text})" if isinstance(condition, AllOf | AnyOf) else text


def _choice(values: tuple[str, ...], *, denied: bool = False) -> str:
    if len(values) == 1:
        return f"is {'not ' if denied else ''}{quoted(values[0])}"
    return f"{'not ' if denied else ''}in ({', '.join(map(quoted, values))})"


def _event(event: Event, currency: str, field: str = "") -> str:
    wishes = " and ".join(_where(where, currency) for where in event.where)
    return f"{event.name}{field} where {wishes}" if wishes else event.name + field


def _where(where: Where, currency: str) -> str:
    name = quoted(written(where.field))
    if where.op in ("is", "is not"):
        return f"{name} {_choice(where.values, denied=where.op == 'is not')}"
    return f"{name} {where.op} {_figure(where.field, where.values[0], currency)}"


def _window(window: Window | None) -> str:
    match window:
        case Last():
            return f", last {_span(window)}"
        case Between(start, end):
            return f", between {start} and {end}"
    return ""


def _span(last: Last) -> str:
    return f"{last.number} {last.unit}{'s' if last.number != 1 else ''}"


def _figure(field: str, value: int | str, currency: str) -> str:
    if field.endswith("_minor"):
        return f"{Money(int(value), currency).decimal():f}"
    return str(value)
