"""Where the time comes from: one function that tests replace, so that nothing sleeps and nothing guesses."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Clock = Callable[[], int]
"""Milliseconds since 1970 (UTC). Windows of plays never read it: they use the database's time, see `host/`."""


def system_clock() -> int:
    """The machine's time in ms since 1970."""
    return time.time_ns() // 1_000_000


def moment_of(at_ms: int) -> datetime:
    """`at_ms` (ms since 1970) as an aware UTC datetime."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def ms_of(at: datetime) -> int:
    """An aware datetime in ms since 1970."""
    assert at.tzinfo is not None, at
    return (at - _EPOCH) // timedelta(milliseconds=1)
