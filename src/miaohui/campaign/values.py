"""One written value -> the value meant. Each function raises `Unreadable` with the code of the problem."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from miaohui.campaign.grammar import Amount, Choice, Kind, Number, Percent, Whole, Words, expected
from miaohui.campaign.offer import Rate
from miaohui.campaign.times import Unreadable
from miaohui.money import exponent, to_minor
from miaohui.plays._fields import Offer
from miaohui.text import Text

LARGEST = 10**15
"""No amount, count or percentage in a document is larger: sums of them stay within 64 bits."""

_NO_NUL = Text("没有 NUL 字符的文字", "a text without NUL")
_OFFER = re.compile(r"(?P<amount>[\d_]+(?:\.\d+)?) off(?: (?P<threshold>[\d_]+(?:\.\d+)?))?")
_RATE = re.compile(r"(?P<count>\d{1,6}) per (?P<seconds>\d{1,5}) s")


def shown(value: Any) -> str:
    """A value as it is quoted in a sentence, on one line."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            line = " ".join(value.split())
            return f'"{line[:60]}…"' if len(line) > 60 else f'"{line}"'
        case dict():
            return "{ ... }"
        case list():
            return "[ ... ]"
        case datetime() | date():
            return value.isoformat()
    return str(value)


def misfit(kind: Kind, value: Any) -> Unreadable:
    """The value has the wrong type for `kind`."""
    return Unreadable("wrong_type", value=shown(value), expected=expected(kind))


def words(kind: Words, value: Any) -> str:
    """Text, by the kind's pattern and length."""
    if not isinstance(value, str):
        raise misfit(kind, value)
    if "\0" in value:
        raise Unreadable("bad_text", value=shown(value.replace("\0", "\\0")), expected=_NO_NUL)
    if len(value.strip()) < kind.shortest:
        raise Unreadable("too_short_text")
    if not fits(kind.pattern, value):
        raise Unreadable("bad_text", value=shown(value), expected=kind.pattern)
    return value


def fits(pattern: str, value: str) -> bool:
    """Whether a text is as `pattern` wants it; `$` alone would let a last line end pass."""
    return not pattern or (re.search(pattern, value) is not None and not value.endswith("\n"))


def yes_no(kind: Kind, value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise misfit(kind, value)
    return value


def choice(kind: Choice, value: Any) -> str:
    """One of the options."""
    if not isinstance(value, str):
        raise misfit(kind, value)
    if value not in kind.options:
        raise Unreadable("bad_choice", value=shown(value), known=", ".join(option for option in kind.options if option))
    return value


def whole(kind: Whole, value: Any) -> int:
    """A whole number within the limits."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise misfit(kind, value)
    return int(_within(Decimal(value), kind.least, kind.most, Decimal(value)))


def number(kind: Number, value: Any) -> Decimal:
    """A decimal, 0 or more."""
    found = _decimal(kind, value)
    return _within(found, 0, None, found)


def amount(kind: Kind, value: Any, currency: str) -> int:
    """Money in minor units."""
    found = _decimal(kind, value)
    try:
        minor = to_minor(found, currency)
    except ValueError:
        raise Unreadable(
            "too_many_digits", value=str(value), currency=currency, limit=str(exponent(currency))
        ) from None
    least, most = (kind.least, kind.most) if isinstance(kind, Amount) else (0, None)
    _within(Decimal(minor), least, most, found, Decimal(1).scaleb(-exponent(currency)))
    return minor


def percent(kind: Percent, value: Any) -> int:
    """A percentage in millionths."""
    found = _decimal(kind, value)
    ppm = found * 10_000
    if ppm != ppm.to_integral_value():
        raise Unreadable("percent_digits", value=str(value))
    return int(_within(ppm, kind.least, kind.most, found, Decimal("0.0001")))


def offer(kind: Kind, value: Any, currency: str) -> Offer:
    """ "40.00 off 199.00"."""
    if not isinstance(value, str):
        raise misfit(kind, value)
    found = _OFFER.fullmatch(value.strip())
    if not found:
        raise Unreadable("bad_offer", value=shown(value))
    off = amount(Amount(least=1), Decimal(found["amount"]), currency)
    return Offer(off, amount(Amount(least=0), Decimal(found["threshold"] or 0), currency))


def rate(kind: Kind, value: Any) -> Rate:
    """ "20 per 10 s"."""
    if not isinstance(value, str):
        raise misfit(kind, value)
    found = _RATE.fullmatch(value.strip())
    if not found or int(found["count"]) == 0 or int(found["seconds"]) == 0:
        raise Unreadable("bad_rate", value=shown(value))
    return Rate(int(found["count"]), int(found["seconds"]))


def _decimal(kind: Kind, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        raise misfit(kind, value)
    found = Decimal(value)
    if abs(found) > LARGEST:
        raise Unreadable("too_large", value=str(value), limit=f"{LARGEST:_}")
    if len(found.as_tuple().digits) > 24:
        raise misfit(kind, value)
    return found


def _within(
    value: Decimal, least: int | None, most: int | None, written: Decimal, unit: Decimal = Decimal(1)
) -> Decimal:
    if least is not None and value < least:
        raise Unreadable("too_small", value=str(written), limit=str(least * unit))
    if value > (LARGEST if most is None else most):
        raise Unreadable("too_large", value=str(written), limit=str((LARGEST if most is None else most) * unit))
    return value
