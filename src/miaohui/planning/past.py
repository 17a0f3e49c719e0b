"""What finished campaigns reached: the cases with which the preflight compares goals and share chains, and the usual order.

A campaign is a case once its review is closed, unless it was stopped: its figures change no more, so each is counted once for as
long as the process lives; the usual order is looked at once an hour. Money is compared in one currency. `k1` is the K of the first
wave, where plays that spread had seeds.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import quantiles
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts, Past
from miaohui.campaign.goals import MONEY
from miaohui.campaign.reader import read
from miaohui.clock import Clock
from miaohui.events.store import EventStore
from miaohui.planning.actuals import actuals
from miaohui.planning.sharing import Carried, carried
from miaohui.review import books
from miaohui.text import Text

CASES_MOST, LEAST_CASES = 50, 3
HOUR_MS = 3_600_000
_MEDIAN = """
select toInt64(quantileExact(0.5)(total_minor)) as median, count() as orders from events
where name = 'order.paid' and source != 'simulated' and currency = {currency:String} 
  and at > fromUnixTimestamp64Milli({now:Int64}) - interval 365 day
"""
_ENDED = """
select c.id, v.text from campaign c join campaign_version v on v.campaign = c.id and v.version = c.approved
where c.state in ('reviewed', 'archived') and not c.stopped order by c.wrap_up_ms desc, c.id limit $1
"""


class Case(Struct, frozen=True, kw_only=True):
    """One finished campaign: its measures in the unit of goals, and what its shares carried."""

    campaign: str
    name: Text
    occasion: str
    live_ms: int
    currency: str
    figures: Mapping[str, Decimal]
    carried: Carried


class Quartiles(Struct, frozen=True):
    """Where a quarter, half and three quarters of `count` cases lie at or below."""

    count: int
    low: float
    median: float
    high: float


def quartiles(values: Sequence[float]) -> Quartiles:
    """Of two values or more."""
    low, median, high = quantiles(values, n=4, method="inclusive")
    return Quartiles(len(values), low, median, high)


class Cases:
    """The cases of one workspace."""

    def __init__(self, db: "asyncpg.Pool[Any]", events: EventStore, zone: str, currency: str, clock: Clock) -> None:
        self.db, self.events, self.clock = db, events, clock
        self.zone, self.currency = zone, currency
        self._counted: dict[str, Case | None] = {}
        self._median: dict[str, tuple[int, int | None]] = {}

    async def all(self) -> list[Case]:
        """The newest first."""
        rows = await self.db.fetch(_ENDED, CASES_MOST)
        for row in rows:
            if row["id"] not in self._counted:
                self._counted[row["id"]] = await self._case(row["id"], row["text"])
        return [case for row in rows if (case := self._counted[row["id"]])]

    async def last(self, document: Document) -> Case | None:
        """The newest case before `document` that belongs to the same day of the calendar; None where it names no day."""
        earlier = [
            case
            for case in (await self.all() if document.occasion else ())
            if case.occasion == document.occasion and case.live_ms < document.phases.live_ms
        ]
        return max(earlier, key=lambda case: case.live_ms, default=None)

    async def spreading(self) -> dict[str, Quartiles]:
        """What shares have carried, by the names of `sharing`: first, join, decay; of those that enough cases have."""
        found: dict[str, list[float]] = {"first": [], "join": [], "decay": []}
        for case in await self.all():
            for name, values in found.items():
                value = getattr(case.carried, name)
                values += [value] if value is not None else []
        return {name: quartiles(values) for name, values in found.items() if len(values) >= LEAST_CASES}

    async def past(self, currency: str) -> Past:
        """What a document in `currency` is compared with."""
        found: dict[str, list[Decimal]] = {}
        for case in await self.all():
            for measure, value in case.figures.items():
                if measure not in MONEY or case.currency == currency:
                    found.setdefault(measure, []).append(value)
            if case.carried.first is not None:
                found.setdefault("k1", []).append(Decimal(str(round(case.carried.first, 4))))
        cases = {name: tuple(values) for name, values in found.items()}
        return Past(median_order_minor=await self._usual(currency), cases=cases)

    async def _usual(self, currency: str) -> int | None:
        """The median of what was paid for an order in a year; None without orders. Asked anew each hour, as long as
        there is none each time."""
        now_ms = self.clock()
        at_ms, median = self._median.get(currency, (0, None))
        if median is None or now_ms - at_ms >= HOUR_MS:
            (row,) = await self.events.query(_MEDIAN, {"currency": currency, "now": now_ms})
            median = row["median"] if row["orders"] else None
            self._median[currency] = (now_ms, median)
        return median

    async def _case(self, id: str, text: str) -> Case | None:
        """None if it never ran."""
        document = read(text, Facts(zone=self.zone, currency=self.currency)).document
        if document is None or not await books.running(self.db, id):
            return None
        came = await actuals(self.db, self.events, id, document.zone, document.currency)
        figures = {
            name: round(Decimal(value.numerator) / value.denominator, 4) for name, value in came.figures().items()
        }
        looked = came.channels["visitors"].get("share", 0)
        return Case(
            campaign=id,
            name=document.name,
            occasion=document.occasion,
            live_ms=document.phases.live_ms,
            currency=document.currency,
            figures=figures,
            carried=await carried(self.db, self.events, id, looked),
        )
