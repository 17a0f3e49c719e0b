"""The plan of each day of a goal, what is needed from now on, and the re-spread of what is left.

A goal that adds up (sales, orders, people) is planned from the live date to the wrap-up along its curve: the part of the first and
the last day that lies inside counts, and a day of 23 hours is one. The target is split to the smallest unit, so that the days add
up to it. A goal that is the same every day (a rate, a basket) has its target as the plan of each day.

    index     what came / what was planned up to now
    needed    (target - what came) spread over the time that is left, by the curve: the present day's rest and each day to come

Worked: 1,200,000 over twelve days; 531,000 of 529,417 after five: index 1.003, and what is left, 669,000, by the curve is
5944265, 6235243, 6966845, 8247148, 9843370, 12162881, 17500248 fen.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct

from miaohui.clock import ms_of
from miaohui.money import exponent
from miaohui.planning.curve import Curve
from miaohui.planning.forecast import Forecast, Level, forecast, level
from miaohui.planning.parts import split


class Span(Struct, frozen=True):
    """One day of a campaign, as far as it lies inside: [start, end)."""

    on: date
    start_ms: int
    end_ms: int


def days(start_ms: int, end_ms: int, zone: str) -> list[Span]:
    """The days of [start, end) in `zone`."""
    here = ZoneInfo(zone)
    found: list[Span] = []
    at_ms = start_ms
    while at_ms < end_ms:
        on = datetime.fromtimestamp(at_ms / 1000, here).date()
        midnight = min(end_ms, ms_of(datetime.combine(on + timedelta(1), time(), here)))
        found.append(Span(on, at_ms, midnight))
        at_ms = midnight
    return found


def units(value: Decimal, measure_currency: str) -> int:
    """A target in its smallest unit: minor units of money, whole people or orders otherwise (currency "")."""
    return round(value.scaleb(exponent(measure_currency)) if measure_currency else value)


class Pace(Struct, frozen=True, kw_only=True):
    """A goal by days, in smallest units. `actual` is None for days that have not begun; `whole`: how many days are over; `before`
    came before the first day; `rest`: what is needed in what is left of each day, the present one first."""

    days: tuple[Span, ...]
    planned: tuple[int, ...]
    actual: tuple[int | None, ...]
    whole: int
    before: int
    to_date: int
    done: int
    target: int
    rest: tuple[int, ...]
    level: Level
    forecast: Forecast
    fan: tuple[Forecast, ...]
    noise_sd: float

    @property
    def index(self) -> float | None:
        """What came of what was planned up to now; None before anything was."""
        return self.done / self.to_date if self.to_date else None


def pace(
    target: int,
    shape: Curve,
    spans: Sequence[Span],
    came: Mapping[date, int],
    now_ms: int,
    *,
    noise_sd: float | None = None,
) -> Pace:
    """The goal as it stands at `now_ms`; `came`: what each day brought, days before the first one included."""
    first_ms, last_ms = spans[0].start_ms, spans[-1].end_ms
    length = last_ms - first_ms
    ends = [0.0, *((span.end_ms - first_ms) / length for span in spans)]
    shares = shape.shares(ends)
    planned = split(target, shares)
    sd = shape.noise() if noise_sd is None else noise_sd
    whole = sum(span.end_ms <= now_ms for span in spans)
    actual = tuple(came.get(span.on, 0) if span.start_ms <= now_ms else None for span in spans)
    before = sum(value for on, value in came.items() if on < spans[0].on)
    late = sum(value for on, value in came.items() if on > spans[-1].on)
    done = before + late + sum(value for value in actual if value is not None)
    reached = shape.at((now_ms - first_ms) / length)
    left = _left(shape, ends, now_ms, first_ms, length, whole)
    at = level([came.get(span.on, 0) for span in spans[:whole]], planned[:whole], sd)
    rest = [target * share for share in left]
    return Pace(
        days=tuple(spans),
        planned=tuple(planned),
        actual=actual,
        whole=whole,
        before=before,
        to_date=round(target * reached),
        done=done,
        target=target,
        rest=tuple(split(max(0, target - done), left)),
        level=at,
        forecast=forecast(done, rest, at, sd, target),
        fan=tuple(forecast(done, rest[: n + 1], at, sd, target) for n in range(len(rest))),
        noise_sd=sd,
    )


def _left(shape: Curve, ends: Sequence[float], now_ms: int, first_ms: int, length: int, whole: int) -> list[float]:
    """The shares of what is left of each day, the present one first."""
    now = min(max((now_ms - first_ms) / length, 0.0), 1.0)
    return shape.shares([max(now, ends[whole]), *ends[whole + 1 :]]) if whole + 1 < len(ends) else []
