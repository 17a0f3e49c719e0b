"""How numbers, money, shares, days and times are written, in both languages. Pure functions; `render` offers them as
filters.

Figures are exact in tables ("1,280,000") and short in charts and tight cells ("220.3万", "2.2M"). A minus is U+2212.
A share has one decimal; the difference of two shares is in points. Days are days of a zone, never of the machine;
"today", "yesterday" and "tomorrow" are the only relative words. A window is [start, end): its last day is the one
just before its end.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from miaohui.money import Money, exponent, symbol

MINUS = "\N{MINUS SIGN}"
UNKNOWN = "—"
"""What stands for a value that is not known yet."""

_WEEKDAYS = {
    "zh": ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_STEPS = {"zh": ((10**8, "亿"), (10**4, "万")), "en": ((10**9, "B"), (10**6, "M"), (10**3, "K"))}
_NEAR = {"zh": {-1: "昨天", 0: "今天", 1: "明天"}, "en": {-1: "yesterday", 0: "today", 1: "tomorrow"}}

Figure = int | float | Decimal


def _rounded(figure: Figure, digits: int) -> Decimal:
    return Decimal(str(figure)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _signed(figure: Decimal, text: str, *, plus: bool = False) -> str:
    return f"{MINUS}{text}" if figure < 0 else f"+{text}" if plus and figure > 0 else text


def number(figure: Figure, digits: int = 0) -> str:
    """Exact, with thousands commas: "1,280,000", "−12"."""
    rounded = _rounded(figure, digits)
    return _signed(rounded, f"{abs(rounded):,}")


def short(figure: Figure, language: str) -> str:
    """For charts and tight cells: "220.3万", "1.2亿"; "2.2M", "12K". Small figures stay exact."""
    amount = Decimal(str(figure))
    for step, unit in _STEPS[language]:
        if abs(amount) >= step:
            shown = _rounded(amount / step, 1).normalize()
            return _signed(amount, f"{abs(shown):,f}{unit}")
    return number(amount)


def money(amount: Money, language: str, *, cents: bool = False) -> str:
    """Whole units in tables; with `cents` for prices and the ledger."""
    return amount.text(language, cents=cents)


def short_money(amount: Money, language: str) -> str:
    """For charts and tight cells: "¥220.3万", "$2.2M"."""
    shown = short(abs(amount.decimal()), language)
    return _signed(Decimal(amount.minor), symbol(amount.currency, language) + shown)


def quantity(amount: int, unit: str, language: str) -> str:
    """An amount of a ledger unit: money with cents when `unit` is a currency code, else a plain figure."""
    if len(unit) == 3 and unit.isascii() and unit.isupper():
        return Money(amount, unit).text(language)
    return number(amount)


def plain(amount: int, unit: str) -> str:
    """The same for a CSV file: a decimal without commas or signs of a currency, "-12.50"."""
    digits = exponent(unit) if len(unit) == 3 and unit.isascii() and unit.isupper() else 0
    return str(Decimal(amount).scaleb(-digits))


def percent(share: Figure, digits: int = 1) -> str:
    """A share as a percentage: 0.084 is "8.4%"."""
    rounded = _rounded(Decimal(str(share)) * 100, digits)
    return _signed(rounded, f"{abs(rounded):,}%")


def points(difference: Figure, language: str) -> str:
    """The difference of two shares, signed: 0.012 is "+1.2 点" or "+1.2 pp"."""
    rounded = _rounded(Decimal(str(difference)) * 100, 1)
    return _signed(rounded, f"{abs(rounded)} {'点' if language == 'zh' else 'pp'}", plus=True)


def instant(at: datetime | int) -> datetime:
    """`at` as an aware datetime; an integer is ms since 1970."""
    if isinstance(at, int):
        return datetime.fromtimestamp(at / 1000, UTC)
    assert at.tzinfo is not None, at
    return at


def day_of(at: datetime | int | date, zone: str) -> date:
    """The day of `zone` in which `at` lies; a date is itself."""
    if isinstance(at, date) and not isinstance(at, datetime):
        return at
    return instant(at).astimezone(ZoneInfo(zone)).date()


def day(on: date, language: str, today: date, *, weekday: bool = False, year: bool | None = None) -> str:
    """ "11月5日", "5 Nov"; with the year outside this one; with `weekday` "11月5日 周四", "Thu 5 Nov"."""
    with_year = on.year != today.year if year is None else year
    name = _WEEKDAYS[language][on.weekday()]
    if language == "zh":
        text = f"{on.month}月{on.day}日"
        text = f"{on.year}年{text}" if with_year else text
        return f"{text} {name}" if weekday else text
    text = f"{on.day} {_MONTHS[on.month - 1]}"
    text = f"{text} {on.year}" if with_year else text
    return f"{name} {text}" if weekday else text


def near_day(on: date, language: str, today: date) -> str:
    """Today, yesterday, tomorrow by their words, every other day by its date."""
    return _NEAR[language].get((on - today).days) or day(on, language, today)


def clock(at: datetime | int, zone: str, *, seconds: bool = False) -> str:
    """The time of day, 24 hours: "20:00", "20:14:36"."""
    return instant(at).astimezone(ZoneInfo(zone)).strftime("%H:%M:%S" if seconds else "%H:%M")


def when(at: datetime | int, language: str, zone: str, now: datetime | int, *, seconds: bool = False) -> str:
    """Day and time: "今天 20:00", "11月6日 19:30", "6 Nov 19:30"."""
    return f"{near_day(day_of(at, zone), language, day_of(now, zone))} {clock(at, zone, seconds=seconds)}"


def span(
    start: datetime | int | date, end: datetime | int | date, language: str, zone: str, now: datetime | int
) -> str:
    """The days of the window [start, end): "11月9日 – 11月11日", "9 – 11 Nov"; one day stands alone."""
    first, today = day_of(start, zone), day_of(now, zone)
    whole_day = isinstance(end, date) and not isinstance(end, datetime)
    last = day_of(end, zone) - timedelta(1) if whole_day else day_of(_just_before(end), zone)
    last = max(first, last)
    if first == last:
        return day(first, language, today)
    year = any(each.year != today.year for each in (first, last))
    if language == "en" and (first.year, first.month) == (last.year, last.month):
        return f"{first.day} – {day(last, language, today)}"
    if first.year == last.year:
        opening = day(first, language, today, year=year and language == "zh")
        return f"{opening} – {day(last, language, today, year=year and language == 'en')}"
    return f"{day(first, language, today, year=True)} – {day(last, language, today, year=True)}"


def _just_before(end: datetime | int | date) -> datetime:
    assert isinstance(end, datetime | int)
    return instant(end) - timedelta(milliseconds=1)


def lasting(duration_s: float, language: str) -> str:
    """A duration in its two largest units: "3 天 4 小时", "12 min 5 s"."""
    units = ((86400, "天", "d"), (3600, "小时", "h"), (60, "分", "min"), (1, "秒", "s"))
    left, parts = int(duration_s), []
    for size, zh, en in units:
        n, left = divmod(left, size)
        if n:
            parts.append(f"{n} {zh if language == 'zh' else en}")
    return " ".join(parts[:2]) or f"0 {'秒' if language == 'zh' else 's'}"
