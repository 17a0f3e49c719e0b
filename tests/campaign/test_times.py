"""Times as people write them: phases, days of the calendar, hours of the clock; both days on which the clocks change."""
# ruff: noqa: DTZ001 - times without a zone are what is tested

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from miaohui.campaign.times import Days, Unreadable
from miaohui.clock import ms_of

NEW_YORK = ZoneInfo("America/New_York")


def days(live: datetime) -> Days:
    """A campaign in New York that is live from `live`."""
    return Days(NEW_YORK, {"live": ms_of(live.replace(tzinfo=NEW_YORK))})


SPRING = days(datetime(2026, 3, 7))  # the clocks go from 02:00 to 03:00 on the next day
AUTUMN = days(datetime(2026, 10, 31))  # and from 02:00 back to 01:00 on this one's next day


def utc(days: Days, written: str | date | datetime) -> str:
    """The instant that is meant, in UTC."""
    return f"{datetime.fromtimestamp(days.instant(written) / 1000, UTC):%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("written", "spring", "autumn"),
    [
        ("live", "03-07 05:00", "10-31 04:00"),
        ("live 20:00", "03-08 01:00", "11-01 00:00"),
        ("live + 1 day", "03-08 05:00", "11-01 04:00"),
        ("live + 1 day 20:00", "03-09 00:00", "11-02 01:00"),
        ("live + 2 days", "03-09 04:00", "11-02 05:00"),
        ("live + 48 hours", "03-09 05:00", "11-02 04:00"),
        ("live + 1 week 9:30", "03-14 13:30", "11-07 14:30"),
        ("live - 90 minutes", "03-07 03:30", "10-31 02:30"),
        ("live + 1 day 3:00", "03-08 07:00", "11-01 08:00"),
    ],
)
def test_moved_times_on_both_days(written: str, spring: str, autumn: str) -> None:
    assert (utc(SPRING, written), utc(AUTUMN, written)) == (spring, autumn)


def test_days_and_times_as_toml_has_them() -> None:
    assert utc(SPRING, date(2026, 3, 8)) == "03-08 05:00"
    assert utc(SPRING, date(2026, 3, 9)) == "03-09 04:00"
    assert utc(SPRING, datetime(2026, 3, 8, 3, 30)) == "03-08 07:30"
    assert utc(SPRING, datetime(2026, 3, 8, 2, 30, tzinfo=UTC)) == "03-08 02:30"
    assert utc(SPRING, "2026-03-08 20:00") == "03-09 00:00"
    assert utc(SPRING, "2026-03-08T20:00:00+08:00") == "03-08 12:00"


def test_a_time_that_comes_twice_is_the_first() -> None:
    assert utc(AUTUMN, "live + 1 day 1:30") == "11-01 05:30"
    assert utc(AUTUMN, "2026-11-01T01:30:00-05:00") == "11-01 06:30"


@pytest.mark.parametrize("written", ["live + 1 day 2:30", "2026-03-08 02:30", datetime(2026, 3, 8, 2, 30)])
def test_a_time_that_the_clocks_skip_is_refused(written: str | datetime) -> None:
    with pytest.raises(Unreadable) as refused:
        SPRING.instant(written)
    assert refused.value.code == "no_such_time"
    assert refused.value.data == {"value": "2026-03-08 02:30", "zone": "America/New_York", "instead": "03:30"}


@pytest.mark.parametrize(
    ("written", "start", "length_ms"),
    [
        ("live 20:00 for 30 minutes", "03-08 01:00", 1_800_000),
        ("live + 1 day for 1 day", "03-08 05:00", 23 * 3_600_000),
        ("live + 1 day for 24 hours", "03-08 05:00", 24 * 3_600_000),
    ],
)
def test_windows(written: str, start: str, length_ms: int) -> None:
    window = SPRING.window(written)
    assert f"{datetime.fromtimestamp(window.start_ms / 1000, UTC):%m-%d %H:%M}" == start
    assert window.end_ms - window.start_ms == length_ms


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("tomorrow!", "bad_time"),
        ("life 20:00", "unknown_phase"),
        ("live 25:00", "bad_time"),
        ("live + 1 month", "bad_time"),
        ("2026-02-30", "bad_time"),
        ("live20:00", "bad_time"),
        ("live + 9999 weeks", "bad_time"),
        (datetime(1, 1, 1), "bad_time"),
    ],
)
def test_what_is_no_time(written: str | datetime, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        Days(NEW_YORK, {"live": ms_of(datetime(9900, 1, 1, tzinfo=UTC))}).instant(written)
    assert refused.value.code == code


@pytest.mark.parametrize("written", ["live", "live 20:00 for", "live for 0 minutes", "live 20:00 for 30 moons"])
def test_what_is_no_window(written: str) -> None:
    with pytest.raises(Unreadable) as refused:
        SPRING.window(written)
    assert refused.value.code == "bad_window"


def test_an_instant_is_written_so_that_it_is_read_again() -> None:
    for at_ms in (AUTUMN.instant("live + 1 day 1:30"), 1_772_861_400_123):
        assert AUTUMN.instant(AUTUMN.written(at_ms)) == at_ms
