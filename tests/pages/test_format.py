"""How figures, money, days and times are written: exact strings in both languages."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from miaohui.money import Money
from miaohui.pages import format

NEW_YORK, SHANGHAI = "America/New_York", "Asia/Shanghai"


def at(zone: str, *parts: int, fold: int = 0) -> datetime:
    """A wall clock's time in a zone."""
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("figure", "exact", "zh", "en"),
    [
        (0, "0", "0", "0"),
        (999, "999", "999", "999"),
        (9_999, "9,999", "9,999", "10K"),
        (12_345, "12,345", "1.2万", "12.3K"),
        (2_203_000, "2,203,000", "220.3万", "2.2M"),
        (120_000_000, "120,000,000", "1.2亿", "120M"),
        (3_000_000_000, "3,000,000,000", "30亿", "3B"),
        (-1_682, "−1,682", "−1,682", "−1.7K"),
        (Decimal("-20000"), "−20,000", "−2万", "−20K"),
    ],
)
def test_numbers(figure: format.Figure, exact: str, zh: str, en: str) -> None:
    assert (format.number(figure), format.short(figure, "zh"), format.short(figure, "en")) == (exact, zh, en)


@pytest.mark.parametrize(
    ("minor", "currency", "zh", "en", "zh_cents", "en_cents", "zh_short", "en_short"),
    [
        (128_000_000, "CNY", "¥1,280,000", "¥1,280,000", "¥1,280,000.00", "¥1,280,000.00", "¥128万", "¥1.3M"),
        (220_300_000, "CNY", "¥2,203,000", "¥2,203,000", "¥2,203,000.00", "¥2,203,000.00", "¥220.3万", "¥2.2M"),
        (9_950, "USD", "US$100", "$100", "US$99.50", "$99.50", "US$100", "$100"),
        (-1_999, "USD", "−US$20", "−$20", "−US$19.99", "−$19.99", "−US$20", "−$20"),
        (12_345, "JPY", "JP¥12,345", "¥12,345", "JP¥12,345", "¥12,345", "JP¥1.2万", "¥12.3K"),
        (1_234, "KWD", "KWD\xa01", "KWD\xa01", "KWD\xa01.234", "KWD\xa01.234", "KWD\xa01", "KWD\xa01"),
    ],
)
def test_money(
    minor: int, currency: str, zh: str, en: str, zh_cents: str, en_cents: str, zh_short: str, en_short: str
) -> None:
    amount = Money(minor, currency)
    assert (format.money(amount, "zh"), format.money(amount, "en")) == (zh, en)
    assert (format.money(amount, "zh", cents=True), format.money(amount, "en", cents=True)) == (zh_cents, en_cents)
    assert (format.short_money(amount, "zh"), format.short_money(amount, "en")) == (zh_short, en_short)


def test_amounts_of_the_ledger() -> None:
    assert format.quantity(-1_250, "USD", "en") == "−$12.50"
    assert format.quantity(5_000, "piece:1078362", "en") == "5,000"
    assert [format.plain(*each) for each in ((-1_250, "USD"), (1_250, "JPY"), (1_250, "KWD"), (1_250, "use"))] == [
        "-12.50",
        "1250",
        "1.250",
        "1250",
    ]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0.0%"),
        (0.084, "8.4%"),
        (1.067, "106.7%"),
        (-0.031, "−3.1%"),
        (12.5, "1,250.0%"),
        (Decimal("0.0005"), "0.1%"),
    ],
)
def test_percent(share: format.Figure, text: str) -> None:
    assert format.percent(share) == text


def test_points() -> None:
    assert [format.points(d, "zh") for d in (0.054, -0.031, 0)] == ["+5.4 点", "−3.1 点", "0.0 点"]
    assert [format.points(d, "en") for d in (0.054, -0.031, 0)] == ["+5.4 pp", "−3.1 pp", "0.0 pp"]


@pytest.mark.parametrize(
    ("on", "zh", "en", "zh_weekday", "en_weekday"),
    [
        (date(2026, 11, 5), "11月5日", "5 Nov", "11月5日 周四", "Thu 5 Nov"),
        (date(2027, 1, 1), "2027年1月1日", "1 Jan 2027", "2027年1月1日 周五", "Fri 1 Jan 2027"),
        (date(2017, 12, 31), "2017年12月31日", "31 Dec 2017", "2017年12月31日 周日", "Sun 31 Dec 2017"),
    ],
)
def test_days(on: date, zh: str, en: str, zh_weekday: str, en_weekday: str) -> None:
    today = date(2026, 11, 4)
    assert (format.day(on, "zh", today), format.day(on, "en", today)) == (zh, en)
    assert format.day(on, "zh", today, weekday=True) == zh_weekday
    assert format.day(on, "en", today, weekday=True) == en_weekday


def test_only_three_days_have_words() -> None:
    today = date(2026, 11, 5)
    near = [date(2026, 11, day) for day in (3, 4, 5, 6, 7)]
    assert [format.near_day(on, "zh", today) for on in near] == ["11月3日", "昨天", "今天", "明天", "11月7日"]
    assert [format.near_day(on, "en", today) for on in near] == ["3 Nov", "yesterday", "today", "tomorrow", "7 Nov"]


def test_a_moment_is_told_in_the_shops_zone() -> None:
    now = at(SHANGHAI, 2026, 11, 5, 10, 24)
    moment = at(SHANGHAI, 2026, 11, 6, 19, 30, 5)
    assert format.when(moment, "zh", SHANGHAI, now) == "明天 19:30"
    assert format.when(moment, "en", SHANGHAI, now, seconds=True) == "tomorrow 19:30:05"
    assert format.when(moment, "en", NEW_YORK, now) == "6 Nov 06:30"
    assert format.when(int(moment.timestamp() * 1000), "zh", NEW_YORK, now) == "11月6日 06:30"


@pytest.mark.parametrize(
    ("start", "end", "zh", "en"),
    [
        ((2026, 11, 9), (2026, 11, 12), "11月9日 – 11月11日", "9 – 11 Nov"),
        ((2026, 10, 28), (2026, 11, 5), "10月28日 – 11月4日", "28 Oct – 4 Nov"),
        ((2026, 11, 11), (2026, 11, 12), "11月11日", "11 Nov"),
        ((2026, 12, 28), (2027, 1, 3), "2026年12月28日 – 2027年1月2日", "28 Dec 2026 – 2 Jan 2027"),
        ((2017, 3, 4), (2017, 4, 1), "2017年3月4日 – 3月31日", "4 – 31 Mar 2017"),
        ((2017, 2, 4), (2017, 4, 1), "2017年2月4日 – 3月31日", "4 Feb – 31 Mar 2017"),
    ],
)
def test_windows_leave_out_their_end(start: tuple[int, ...], end: tuple[int, ...], zh: str, en: str) -> None:
    now = at(SHANGHAI, 2026, 11, 5, 12)
    for window in ((date(*start), date(*end)), (at(SHANGHAI, *start), at(SHANGHAI, *end))):
        assert format.span(*window, "zh", SHANGHAI, now) == zh
        assert format.span(*window, "en", SHANGHAI, now) == en


def test_the_day_that_loses_an_hour_in_new_york() -> None:
    day = date(2026, 3, 8)
    begin, end = at(NEW_YORK, 2026, 3, 8), at(NEW_YORK, 2026, 3, 9)
    assert (end.timestamp() - begin.timestamp()) == 23 * 3600
    assert format.span(begin, end, "en", NEW_YORK, begin) == "8 Mar"
    before, after = datetime(2026, 3, 8, 6, 59, tzinfo=UTC), datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    assert [format.clock(moment, NEW_YORK) for moment in (before, after)] == ["01:59", "03:00"]
    last = datetime(2026, 3, 9, 3, 59, tzinfo=UTC)
    assert [format.day_of(moment, NEW_YORK) for moment in (before, after, last)] == [day] * 3
    assert format.when(last, "en", NEW_YORK, begin) == "today 23:59"


def test_the_day_that_has_an_hour_twice_in_new_york() -> None:
    day = date(2026, 11, 1)
    begin, end = at(NEW_YORK, 2026, 11, 1), at(NEW_YORK, 2026, 11, 2)
    assert (end.timestamp() - begin.timestamp()) == 25 * 3600
    assert format.span(begin, end, "zh", NEW_YORK, begin) == "11月1日"
    first, second = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert [format.clock(moment, NEW_YORK) for moment in (first, second)] == ["01:30", "01:30"]
    last = datetime(2026, 11, 2, 4, 59, tzinfo=UTC)
    assert [format.day_of(moment, NEW_YORK) for moment in (first, second, last)] == [day] * 3


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (59.9, "59 秒", "59 s"),
        (725, "12 分 5 秒", "12 min 5 s"),
        (3 * 86400 + 4 * 3600 + 59, "3 天 4 小时", "3 d 4 h"),
    ],
)
def test_durations(seconds: float, zh: str, en: str) -> None:
    assert (format.lasting(seconds, "zh"), format.lasting(seconds, "en")) == (zh, en)
