"""Money: an integer in the currency's smallest unit, never a float.

The exponent (digits after the point) of every currency comes from ISO 4217 (list one of 2026-01): most have 2, some 0, some 3.
People write and read decimals ("99.00"); the wire and the ledger carry `*_minor`.
"""

from decimal import Decimal, InvalidOperation
from functools import cache

from babel.numbers import get_currency_precision, get_currency_symbol
from msgspec import Struct

_EXPONENT = dict.fromkeys(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)  # fmt: skip
_LOCALE = {"zh": "zh_CN", "en": "en_US"}


class Money(Struct, frozen=True, order=True):
    """`minor` smallest units of `currency` (ISO 4217 code)."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{other.currency} cannot be added to {self.currency}: convert it first")
        return other.minor

    def decimal(self) -> Decimal:
        """The amount as people write it: Money(9900, "CNY") is 99.00, Money(9900, "JPY") is 9900."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def text(self, language: str, *, cents: bool = True) -> str:
        """As people read it: "¥99.00", "$1,280,000"; minus is U+2212. Without `cents` it is rounded to whole units."""
        digits = _digits(self.currency) if cents else 0
        shown = f"{symbol(self.currency, language)}{abs(self.decimal()):,.{digits}f}"
        return f"\N{MINUS SIGN}{shown}" if self.minor < 0 else shown


def exponent(currency: str) -> int:
    """Digits after the point: 2 for CNY, 0 for JPY, 3 for KWD."""
    return _EXPONENT.get(currency, 2)


@cache
def symbol(currency: str, language: str) -> str:
    """The currency's sign as the language writes it before a figure: "¥", "US$" or "$"; a code keeps a space, "KWD ".

    The yuan is "¥" in both languages, as shops in China print it.
    """
    sign = "¥" if currency == "CNY" else str(get_currency_symbol(currency, locale=_LOCALE[language]))
    return f"{sign}\N{NO-BREAK SPACE}" if sign == currency else sign


@cache
def _digits(currency: str) -> int:
    """Digits that people are shown, as the language data has it."""
    return int(get_currency_precision(currency))


def to_minor(written: str | int | Decimal, currency: str) -> int:
    """Read a written decimal: to_minor("99.00", "CNY") == 9900.

    ValueError shows the value and the remedy when it is no number or has more digits than the currency.
    """
    try:
        minor = Decimal(str(written)).scaleb(exponent(currency))
    except InvalidOperation:
        raise ValueError(f"{written!r} is not an amount: write a decimal such as 99.00") from None
    if not minor.is_finite() or minor != minor.to_integral_value():
        digits = exponent(currency)
        raise ValueError(f"{written} has more digits than {currency} carries: write at most {digits} after the point")
    return int(minor)
