"""The days of archived campaigns, for curves: what a campaign's measure brought on each of its days.

A campaign that ran here gives the days from its live date to its wrap-up. One of the imported history gives what the reached
customers bought in its window: sales for a goal in money, orders for every other one, because the data holds nothing else by day.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import asyncpg

from miaohui.campaign import store as campaigns
from miaohui.campaign.facts import Facts
from miaohui.campaign.goals import MONEY
from miaohui.campaign.reader import read
from miaohui.campaign.refused import CampaignRefused
from miaohui.events.store import EventStore
from miaohui.planning.actuals import ADDING, actuals
from miaohui.planning.curve import Curve, curve
from miaohui.planning.pacing import days
from miaohui.review.past import past_review


async def shape(
    db: "asyncpg.Pool[Any]", store: EventStore, cases: Iterable[str], measure: str, facts: Facts
) -> tuple[Curve, tuple[str, ...]]:
    """The curve of `cases` for `measure`, and the names of those of which nothing is known."""
    found, unknown = [], []
    for case in cases:
        one = await of_case(db, store, case, measure, facts)
        if any(one):
            found.append(one)
        else:
            unknown.append(case)
    return curve(found), tuple(unknown)


async def of_case(db: "asyncpg.Pool[Any]", store: EventStore, case: str, measure: str, facts: Facts) -> list[float]:
    """What each day of the case brought; nothing if there is no such case."""
    past = await past_review(db, store, case)
    if past is not None:
        by_day = {day.on_date: day.sales_minor if measure in MONEY else day.orders for day in past.days}
        return [float(by_day.get(on, 0)) for on in _each(past.starts_on, past.ends_on)]
    async with db.acquire() as c:
        try:
            one = await campaigns.get(c, case)
            text = (await campaigns.version(c, case, one.status.approved or one.status.version)).text
        except CampaignRefused:
            return []
    document = read(text, facts).document
    if document is None:
        return []
    came = await actuals(db, store, case, document.zone, document.currency)
    brought = came.days[measure if measure in ADDING else "orders"]
    spans = days(document.phases.live_ms, document.phases.wrap_up_ms, document.zone)
    return [float(brought.get(span.on, 0)) for span in spans]


def _each(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]
