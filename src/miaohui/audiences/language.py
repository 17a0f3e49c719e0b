"""Conditions as people write them: one line of text, read into a tree.

    count(order.paid, last 90 days) >= 3
    stage is silent and not tag 'do not disturb'
    count(page.viewed where category = 'gift box', last 14 days) >= 3 and never(order.paid)
    tier >= gold or sum(order.paid.amount, last 365 days) > 5000.00

    condition   everybody | test | not condition | condition and condition | condition or condition | ( condition )
                `not` binds before `and`, `and` before `or`
    test        TRAIT is VALUE | TRAIT is not VALUE | TRAIT in (VALUE, ...) | TRAIT not in (VALUE, ...)     = and != work too
                TRAIT >= VALUE                 also > <= <: by the trait's scale (bronze < silver < gold), else as a number
                tag TAG | tag in (TAG, ...)    has one of them
                count(EVENTS, WINDOW) >= N     also > <= < = !=
                sum(EVENTS.FIELD, WINDOW) >= N amount and discount are money: a decimal in the workspace's currency
                never(EVENTS, WINDOW)
                last(EVENTS) within N days
                days_since(EVENTS) >= N        whole days; who never did it is on neither side
    EVENTS      NAME | NAME where FIELD is VALUE and FIELD >= N and ...
                FIELD: campaign, play, channel, sku, amount, discount, or a property of the event
    WINDOW      last N hours | last N days | last N weeks | between DAY and DAY            may be left out: ever

A word with a space, or one the language uses, stands in quotes: 'do not disturb', 'it''s'. `writing` prints a tree; what it
prints is read as the same tree.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import cast

from msgspec import Struct

from miaohui.audiences.cursor import Cursor, sign_text
from miaohui.audiences.known import Known, written
from miaohui.audiences.mistakes import BadCondition, Hint, nearest_word
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
    Op,
    Order,
    Recent,
    Since,
    Sum,
    Tagged,
    Unit,
    Where,
    Window,
)
from miaohui.audiences.words import Token
from miaohui.text import Text

LENGTH_MAX = 4_000
DEPTH_MAX = 32
FUNCTIONS = ("count", "sum", "never", "last", "days_since")
ORDERS = (">=", ">", "<=", "<")
OPS = (*ORDERS, "=", "!=")
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?", re.ASCII)
_UNITS: dict[str, Unit] = {f"{unit}{s}": unit for unit in ("hour", "day", "week") for s in ("", "s")}
_CONDITION = Text(
    "一个条件（特征、tag、count(…)、sum(…)、never(…)、last(…)、days_since(…)、everybody、not 或左括号）",
    "a condition (a trait, tag, count(...), sum(...), never(...), last(...), days_since(...), everybody, not or a parenthesis)",
)


class Reading(Struct, frozen=True):
    """A condition that was read, and the words of it that the data does not know."""

    condition: Condition
    hints: tuple[Hint, ...]


def read(text: str, known: Known) -> Reading:
    """Read a condition. BadCondition shows the first place that cannot be understood."""
    if len(text) > LENGTH_MAX:
        limit = Text(f"不超过 {LENGTH_MAX} 个字符的条件", f"a condition of at most {LENGTH_MAX} characters")
        raise BadCondition(text, LENGTH_MAX, len(text) - LENGTH_MAX, (limit,))
    reader = _Reader(text, known)
    condition = reader.either()
    reader.end()
    return Reading(condition, tuple(reader.hints))


class _Reader(Cursor):
    """The grammar, a method for each of its words."""

    depth = 0

    # --- groups ---

    def either(self) -> Condition:
        found = self.several("or", self.both)
        return found[0] if len(found) == 1 else AnyOf(found)

    def both(self) -> Condition:
        found = self.several("and", self.single)
        return found[0] if len(found) == 1 else AllOf(found)

    def single(self) -> Condition:
        if not self.here.is_("not", "("):
            return self.test()
        if self.depth == DEPTH_MAX:
            self.fail(
                self.here, Text(f"不超过 {DEPTH_MAX} 层的条件", f"at most {DEPTH_MAX} conditions inside each other")
            )
        self.depth += 1
        if self.take("not"):
            found: Condition = Not(self.single())
        else:
            self.need("(")
            found = self.either()
            self.need(")", "and", "or")
        self.depth -= 1
        return found

    def end(self) -> None:
        if self.here.kind != "end":
            self.fail(self.here, sign_text("and"), sign_text("or"), Text("句末", "the end"))

    # --- tests ---

    def test(self) -> Condition:
        token = self.here
        if self.take("everybody"):
            return Everybody()
        if self.take("tag"):
            return Tagged(self.one_or_several(self.tag))
        if token.is_(*FUNCTIONS):
            self.at += 1
            self.need("(")
            test: Callable[[], Condition] = getattr(self, f"_{token.value.lower()}")
            return test()
        if not token.free():
            self.fail(token, _CONDITION)
        if self.tokens[self.at + 1].is_("("):
            self.fail(token, Text("一个函数", "a function"), nearest=nearest_word(token.value, FUNCTIONS))
        return self.trait()

    def trait(self) -> Condition:
        token = self.name(Text("特征", "a trait"))
        trait, traits = token.value, self.known.traits
        if traits is not None and trait not in traits:
            words = {*traits, *self.known.scales}
            self.hint(token, Text(f"还没有顾客有特征“{trait}”", f"no customer has a trait '{trait}' yet"), words)
        op = self.here
        if self.take(*ORDERS):
            return Compare(trait, cast(Order, op.value), self.rank(trait))
        denied, values = self.choice(lambda: self.trait_value(trait), *ORDERS)
        return Not(Is(trait, values)) if denied else Is(trait, values)

    def choice(self, value: Callable[[], str], *also: str) -> tuple[bool, tuple[str, ...]]:
        """`is x`, `is not x`, `in (x, y)`, `not in (x, y)`: whether it is denied, and the values.

        `also` could have stood here as well."""
        if self.take("is", "="):
            denied = self.take("not")
            return denied, self.one_or_several(value)
        if self.take("!="):
            return True, (value(),)
        denied = self.take("not")
        if not self.here.is_("in"):
            signs = ("in",) if denied else ("is", "is not", "in", "not in", *also)
            self.fail(self.here, *map(sign_text, signs))
        return denied, self.one_or_several(value)

    def one_or_several(self, value: Callable[[], str]) -> tuple[str, ...]:
        """One value, or `in (value, value ...)`."""
        if not self.take("in"):
            return (value(),)
        self.need("(")
        values = [value()]
        while self.take(","):
            values.append(value())
        self.need(")", ",")
        return tuple(values)

    def trait_value(self, trait: str) -> str:
        token = self.name(Text("一个值", "a value"))
        values = (self.known.traits or {}).get(trait)
        if values and token.value not in values:
            self.hint(
                token,
                Text(f"还没有顾客的 {trait} 是“{token.value}”", f"no customer's {trait} is '{token.value}' yet"),
                values,
            )
        return token.value

    def rank(self, trait: str) -> str:
        """A step of the trait's scale, or a number."""
        token, scale = self.here, self.known.scales.get(trait)
        if scale and token.value not in scale:
            self.fail(token, *(Text(step, step) for step in scale), nearest=nearest_word(token.value, scale))
        if not scale and not NUMBER.fullmatch(token.value):
            self.fail(token, Text(f"数字（{trait} 没有已知的次序）", f"a number ({trait} has no known order)"))
        self.at += 1
        return token.value

    def tag(self) -> str:
        token = self.name(Text("标签名", "the name of a tag"))
        tags = self.known.tags
        if tags is not None and token.value not in tags:
            self.hint(
                token,
                Text(f"还没有顾客有标签“{token.value}”", f"no customer carries the tag '{token.value}' yet"),
                tags,
            )
        return token.value

    # --- functions, behind their parenthesis ---

    def _count(self) -> Condition:
        event, window = self.event(), self.window()
        return Count(event, self.op(), self.whole(), window)

    def _sum(self) -> Condition:
        event, field = self.event_and_field()
        window = self.window()
        return Sum(event, field, self.op(), self.figure(field), window)

    def _never(self) -> Condition:
        return Never(self.event(), self.window())

    def _last(self) -> Condition:
        event = self.event()
        self.need(")", "where")
        self.need("within")
        return Recent(event, self.span())

    def _days_since(self) -> Condition:
        event = self.event()
        self.need(")", "where")
        return Since(event, self.op(), self.whole())

    # --- events ---

    def event(self) -> Event:
        token = self.here
        self.event_name(token, token.value)
        self.at += 1
        return Event(token.value, self.wheres(token.value))

    def event_and_field(self) -> tuple[Event, str]:
        token = self.here
        name, _, word = token.value.rpartition(".")
        if token.value in self.known.events or not word:
            name, word = token.value, ""
        self.event_name(token, name)
        place = Token("word", word, token.offset + len(name), max(1, token.length - len(name)))
        if not word:
            self.fail(place, Text("点和字段名，如 .amount", "a point and a field, such as .amount"))
        self.at += 1
        place = Token("word", word, token.offset + len(name) + 1, len(word))
        field = self.field_of(name, place)
        return Event(name, self.wheres(name)), field

    def event_name(self, token: Token, name: str) -> None:
        if name in self.known.events and token.kind == "word":
            return
        place = Token(token.kind, name, token.offset, len(name) if token.kind == "word" else token.length)
        self.fail(place, Text("事件名", "the name of an event"), nearest=nearest_word(name, self.known.events))

    def wheres(self, event: str) -> tuple[Where, ...]:
        return self.several("and", lambda: self.where(event)) if self.take("where") else ()

    def where(self, event: str) -> Where:
        field = self.field_of(event, self.name(Text("字段名", "the name of a field")))
        op = self.here
        if field.endswith("_minor"):
            return Where(field, cast(Order, self.sign(*ORDERS)), (str(self.amount()),))
        if field not in ("campaign", "play", "channel", "sku") and self.take(*ORDERS):
            return Where(field, cast(Order, op.value), (str(self.whole()),))
        denied, values = self.choice(lambda: self.name(Text("一个值", "a value")).value)
        return Where(field, "is not" if denied else "is", values)

    def field_of(self, event: str, token: Token) -> str:
        fields = self.known.fields(event)
        if token.value.endswith("_minor"):
            self.fail(token, Text("不带 _minor 的字段名", "the field without _minor"), nearest=written(token.value))
        if token.value not in fields:
            sentence = Text(f"{event} 没有固定字段“{token.value}”", f"'{token.value}' is no regular field of {event}")
            self.hint(token, sentence, fields)
        return self.known.field_of(event, token.value)

    # --- windows ---

    def window(self) -> Window | None:
        found: Window | None = None
        if self.take(","):
            if not self.here.is_("last", "between"):
                self.fail(self.here, sign_text("last"), sign_text("between"))
            found = self.span() if self.take("last") else self.between()
        self.need(")", *(() if found else (",",)))
        return found

    def span(self) -> Last:
        token = self.here
        number = self.whole()
        if not 1 <= number <= 100_000:
            self.fail(token, Text("1 到 100000 的数", "a number from 1 to 100000"))
        unit = self.here
        if unit.value.lower() not in _UNITS:
            self.fail(unit, *map(sign_text, ("hours", "days", "weeks")), nearest=nearest_word(unit.value, _UNITS))
        self.at += 1
        return Last(number, _UNITS[unit.value.lower()])

    def between(self) -> Between:
        self.need("between")
        start = self.day()
        self.need("and")
        token, end = self.here, self.day()
        if datetime.fromisoformat(start) > datetime.fromisoformat(end) or (start == end and "T" in end):
            self.fail(token, Text(f"晚于 {start} 的时间", f"a time after {start}"))
        return Between(start, end)

    def day(self) -> str:
        token = self.here
        try:
            if not _DAY.fullmatch(token.value):
                raise ValueError
            datetime.fromisoformat(token.value)
        except ValueError:
            self.fail(
                token, Text("日期，如 2026-09-25 或 2026-09-25T20:00", "a day such as 2026-09-25 or 2026-09-25T20:00")
            )
        self.at += 1
        return token.value

    # --- figures ---

    def op(self) -> Op:
        return cast(Op, self.sign(*OPS))

    def figure(self, field: str) -> int:
        return self.amount() if field.endswith("_minor") else self.whole()
