"""When a promotion gives anything, as an operator reads it aloud; all lines of `when` must hold. `read` and `write` are inverse.

spend 100.00                spend 100.00 to 500.00         spend at most 50.00 on tea
spend 100.00 at list price  what the goods cost before any offer
3 pieces                    2 to 5 pieces on category snacks             at most 3 pieces
2 kinds                     so many different products
first order                 order 5             order 3 or later         his order with us, counted in paid ones
audience vip or silent      not audience vip
customer tier = gold        cart channel = app or web                    what the shop says of him, of the sale
within live 20:00 for 30 minutes                 within live until live + 1 day
fri sat 18:00-22:00         daily 22:00-02:00           sat sun
code TEA20 or TEA30
either spend 100.00 or else 3 pieces             one of them
not 3 pieces                it does not hold
"""

import re
from typing import Any

from miaohui.campaign.promotion_words import MONEY, Words
from miaohui.campaign.times import Unreadable
from miaohui.campaign.values import shown
from miaohui.plays._fields import Span
from miaohui.pricing.conditions import (
    AnyCondition,
    AnyOf,
    CartIs,
    Code,
    CustomerIs,
    InAudience,
    Kinds,
    Not,
    Orders,
    Pieces,
    Spend,
    Weekly,
    Within,
)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPEND = re.compile(
    rf"spend (?:(?P<least>{MONEY})(?: to (?P<to>{MONEY}))?|at most (?P<most>{MONEY}))(?P<list> at list price)?"
)
_PIECES = re.compile(r"(?:(?P<least>\d+)(?: to (?P<to>\d+))?|at most (?P<most>\d+)) pieces?")
_KINDS = re.compile(r"(\d+) kinds?")
_ORDERS = re.compile(r"order (?P<first>\d+)(?: to (?P<last>\d+)|(?P<later> or later))?")
_WEEKLY = re.compile(
    rf"(?P<days>daily|(?:{'|'.join(DAYS)})(?: (?:{'|'.join(DAYS)}))*)(?: (?P<from>\d\d?:\d\d)-(?P<until>\d\d?:\d\d))?"
)


def read(text: str, words: Words) -> AnyCondition:
    """The condition that `text` means; Unreadable with bad_when, or what is wrong with a part of it."""
    said = " ".join(text.split())
    if said.startswith("either ") and " or else " in said:
        return AnyOf(conditions=tuple(read(part, words) for part in said.removeprefix("either ").split(" or else ")))
    if said.startswith("not audience "):
        return InAudience(none_of=_audiences(said.removeprefix("not audience "), words))
    if said.startswith("not "):
        return Not(condition=read(said.removeprefix("not "), words))
    found = _plain(said, words)
    if found is None:
        raise Unreadable("bad_when", value=shown(text))
    return found


def _plain(said: str, words: Words) -> AnyCondition | None:
    first, _, rest = said.partition(" ")
    if first == "audience" and rest:
        return InAudience(any_of=_audiences(rest, words))
    if first == "code" and rest:
        return Code(any_of=tuple(rest.split(" or ")))
    if first in ("customer", "cart"):
        where = words.where(rest)
        return None if where is None else CustomerIs(is_=where) if first == "customer" else CartIs(is_=where)
    if first == "within" and rest:
        return _within(rest, words)
    if said == "first order":
        return Orders(at_most=0)
    if found := _ORDERS.fullmatch(said):
        least = max(0, int(found["first"]) - 1)
        last = None if found["later"] else int(found["last"] or found["first"]) - 1
        return Orders(at_least=least, at_most=last)
    return _weekly(said, words) or _counted(said, words)


def _counted(said: str, words: Words) -> AnyCondition | None:
    head, scope = words.on(said)
    if found := _SPEND.fullmatch(head):
        high = found["to"] or found["most"]
        return Spend(
            at_least_minor=words.amount(found["least"]) if found["least"] else 0,
            at_most_minor=words.amount(high) if high else None,
            scope=scope,
            of="list" if found["list"] else "base",
        )
    if found := _PIECES.fullmatch(head):
        high = found["to"] or found["most"]
        return Pieces(at_least=int(found["least"] or 0), at_most=int(high) if high else None, scope=scope)
    if found := _KINDS.fullmatch(head):
        return Kinds(at_least=int(found[1]), scope=scope)
    return None


def _audiences(said: str, words: Words) -> tuple[str, ...]:
    names = tuple(said.split(" or "))
    for name in names:
        if name not in words.audiences:
            raise Unreadable("unknown_audience", value=shown(name), known=", ".join(words.audiences) or "-")
    return names


def _within(said: str, words: Words) -> AnyCondition:
    if words.days is None:
        raise Unreadable("bad_when", value=shown(f"within {said}"))
    start, until, end = said.partition(" until ")
    span = Span(words.days.instant(start), words.days.instant(end)) if until else words.days.window(said)
    return Within(starts_ms=span.start_ms, ends_ms=span.end_ms)


def _weekly(said: str, words: Words) -> Weekly | None:
    found = _WEEKLY.fullmatch(said)
    if found is None:
        return None
    days = () if found["days"] == "daily" else tuple(DAYS.index(day) + 1 for day in found["days"].split())
    hours: dict[str, Any] = {}
    if found["from"]:
        hours = {"from_minute": _minute(found["from"], said), "until_minute": _minute(found["until"], said)}
    return Weekly(days=days, zone=words.zone, **hours)


def _minute(clock: str, said: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if hour * 60 + minute > 1440 or minute > 59:
        raise Unreadable("bad_when", value=shown(said))
    return hour * 60 + minute


# -- back to text --------------------------------------------------------------------------------------------------------------


def write(condition: AnyCondition, words: Words) -> str:
    """As `read` reads it."""
    match condition:
        case Spend():
            low, high = condition.at_least_minor, condition.at_most_minor
            text = f"spend {_range(words.money(low) if low else '', '' if high is None else words.money(high))}"
            return words.on_written(text + (" at list price" if condition.of == "list" else ""), condition.scope)
        case Pieces():
            low, high = condition.at_least, condition.at_most
            return words.on_written(f"{_range(str(low or ''), str(high or ''))} pieces", condition.scope)
        case Kinds():
            return words.on_written(f"{condition.at_least} kinds", condition.scope)
        case Orders(at_least=0, at_most=0):
            return "first order"
        case Orders():
            first, last = condition.at_least + 1, condition.at_most
            return f"order {first}" + (" or later" if last is None else f" to {last + 1}" if last >= first else "")
        case InAudience():
            return (
                f"audience {' or '.join(condition.any_of)}"
                if condition.any_of
                else f"not audience {' or '.join(condition.none_of)}"
            )
        case CustomerIs():
            return f"customer {words.where_written(condition.is_)}"
        case CartIs():
            return f"cart {words.where_written(condition.is_)}"
        case Within():
            assert words.days is not None
            assert condition.ends_ms is not None
            return f"within {words.days.written(condition.starts_ms)} until {words.days.written(condition.ends_ms)}"
        case Weekly():
            days = " ".join(DAYS[day - 1] for day in condition.days) or "daily"
            whole = (condition.from_minute, condition.until_minute) == (0, 1440)
            return days if whole else f"{days} {_clock(condition.from_minute)}-{_clock(condition.until_minute)}"
        case Code():
            return f"code {' or '.join(condition.any_of)}"
        case AnyOf():
            return f"either {' or else '.join(write(part, words) for part in condition.conditions)}"
        case Not():
            return f"not {write(condition.condition, words)}"
    raise AssertionError(condition)


def _range(low: str, high: str) -> str:
    return f"{low} to {high}" if low and high else low or f"at most {high}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
