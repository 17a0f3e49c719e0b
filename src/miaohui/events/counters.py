"""What the war room reads: events of a campaign per minute, from the view that adds them up as they arrive.

The view holds events that name a campaign. A figure is right to the relay's lag. `customers` are counted by a sketch: exact up
to some ten thousand, then within 1 %; customers of several minutes are counted once. Times are UTC minutes; imported and
simulated events are left out unless they are asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

LIVE = ("live",)
_SUMS = """sum(events) as events, uniqIfMerge(customers) as customers,
       sum(total_minor) as total_minor, sum(discount_minor) as discount_minor"""
_OF = """where campaign = {campaign:String} and source in {sources:Array(String)}
  and minute >= toStartOfMinute({since:DateTime('UTC')}) and minute < {until:DateTime('UTC')}"""
_MINUTES = f"""
select minute, name, play, {_SUMS} from counters_per_minute {_OF}
group by minute, name, play order by minute, name, play
"""
_TOTALS = f"select name, play, {_SUMS} from counters_per_minute {_OF} group by name, play order by name, play"


class Store(Protocol):
    """The part of the event store that is needed."""

    async def query(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]: ...


class Minute(Struct, frozen=True):
    """One kind of event in one minute; `play` is empty for events of no play."""

    minute: datetime
    name: str
    play: str
    events: int
    customers: int
    total_minor: int
    discount_minor: int


class Total(Struct, frozen=True):
    """One kind of event over a whole window."""

    name: str
    play: str
    events: int
    customers: int
    total_minor: int
    discount_minor: int


async def minutes(
    store: Store, campaign: str, since: datetime, until: datetime, sources: Sequence[str] = LIVE
) -> list[Minute]:
    """Events of a campaign minute by minute in [since, until), by minute, name and play; minutes without any are not there."""
    return [Minute(**row) for row in await store.query(_MINUTES, _parameters(campaign, since, until, sources))]


async def totals(
    store: Store, campaign: str, since: datetime, until: datetime, sources: Sequence[str] = LIVE
) -> list[Total]:
    """Events of a campaign in [since, until), by name and play."""
    return [Total(**row) for row in await store.query(_TOTALS, _parameters(campaign, since, until, sources))]


def _parameters(campaign: str, since: datetime, until: datetime, sources: Sequence[str]) -> dict[str, Any]:
    return {"campaign": campaign, "since": since, "until": until, "sources": list(sources)}
