"""What came, by day: the measures of goals from the events of a campaign, as its review counts them.

Sales, orders, coupons and groups are counted on the day on which they happened; people (reached, visitors, participants, customers,
new customers) on the day on which they first did, so that the days add up to the review's figure. Simulated customers are in none
of them; `simulated` counts them alone, for the demo.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.events.envelope import NOBODY
from miaohui.events.store import EventStore
from miaohui.money import Money
from miaohui.review import books

COUNTED = ("gmv", "orders", "coupons", "redeemed", "parties")
PEOPLE = ("visitors", "reached", "participants", "customers", "new_customers")
ADDING = COUNTED + PEOPLE
"""Measures that this version knows and that add up over the days."""

_FROM = """
from events where campaign = {campaign:String} and name in {names:Array(String)}
  and (source = 'simulated') = {simulated:Bool}
"""
_COUNTED = f"""
select toDate32(at, {{zone:String}}) as on_date,
       sumIf(total_minor, name = 'order.paid') - sumIf(total_minor, name = 'order.refunded') as gmv,
       sumIf(total_minor, name = 'order.paid') as paid_minor, countIf(name = 'order.paid') as orders,
       countIf(name = 'coupon.claimed') as coupons,
       toInt64(countIf(name = 'coupon.redeemed')) - toInt64(countIf(name = 'coupon.returned')) as redeemed,
       countIf(name = 'party.completed') as parties
{_FROM} group by on_date order by on_date
"""
_FIRST = f"""
select kind, toDate32(first, {{zone:String}}) as on_date, channel, count() as people from (
  select arrayJoin(arrayFilter(k -> k != '', [
           if(name = 'page.viewed', 'visitors', ''), if(name = 'campaign.reached', 'reached', ''),
           if(name in {{plays:Array(String)}} and customer != toUUID('{NOBODY}'), 'participants', ''),
           if(name = 'order.paid', 'customers', '')])) as kind,
         if(kind = 'visitors', concat(toString(customer), session), toString(customer)) as who,
         min(at) as first, argMin(channel, at) as channel
  {_FROM} group by kind, who)
group by kind, on_date, channel
"""
_NEW = f"""
select toDate32(first, {{zone:String}}) as on_date, count() as people from (
  select customer, argMin(campaign, at) as of, min(at) as first from events
  where name = 'order.paid' and (source = 'simulated') = {{simulated:Bool}}
    and customer in (select customer {_FROM} and name = 'order.paid') group by customer)
where of = {{campaign:String}} group by on_date
"""


_MIX = f"""
select f.first as channel, uniqExactIf((customer, session), name = 'page.viewed') as visitors,
       countIf(name = 'order.paid') as orders,
       toInt64(sumIf(total_minor, name = 'order.paid')) - toInt64(sumIf(total_minor, name = 'order.refunded')) as sales_minor
from (select customer, session, name, total_minor {_FROM}) as e
left join (select customer, argMin(channel, at) as first {_FROM} and channel != '' group by customer) as f using (customer)
group by channel order by channel
"""


class Through(Struct, frozen=True, kw_only=True):
    """What came through one channel: of customers whom it brought first."""

    visitors: int
    orders: int
    sales_minor: int


class Actuals(Struct, frozen=True, kw_only=True):
    """By measure: what each day brought (smallest units); `channels`: people by the channel through which they first came;
    `through`: visits and sales of the customers that each channel brought first ("" none)."""

    days: Mapping[str, Mapping[date, int]]
    channels: Mapping[str, Mapping[str, int]]
    through: Mapping[str, Through]
    currency: str

    def total(self, measure: str) -> int:
        """What all days brought."""
        return sum(self.days.get(measure, {}).values())

    def figures(self) -> dict[str, Fraction]:
        """measure -> what came in the unit of goals: money as a decimal, rates in percent, exact. Unknown ones are left out."""
        found = {name: Fraction(self.total(name)) for name in ADDING}
        found["gmv"] = Fraction(Money(self.total("gmv"), self.currency).decimal())
        if found["orders"]:
            found["basket"] = found["gmv"] / found["orders"]
        if found["visitors"]:
            found["conversion"] = 100 * found["orders"] / found["visitors"]
        return found


async def actuals(
    db: "asyncpg.Pool[Any]", store: EventStore, campaign: str, zone: str, currency: str, *, simulated: bool = False
) -> Actuals:
    """Everything that can be measured of `campaign`, by days of `zone`."""
    setups = await books.running(db, campaign)
    plays = sorted(name for name in books.event_names(setups) if name != "refund.requested")
    asked = {
        "campaign": campaign,
        "zone": zone,
        "plays": plays,
        "names": ["page.viewed", "campaign.reached", "order.paid", "order.refunded", *plays],
        "simulated": simulated,
    }
    days: dict[str, dict[date, int]] = {name: {} for name in ADDING}
    channels: dict[str, dict[str, int]] = {name: {} for name in PEOPLE}
    for row in await store.query(_COUNTED, asked):
        for name in COUNTED:
            days[name][row["on_date"]] = int(row[name])
    for row in await store.query(_FIRST, asked):
        of, people = row["kind"], int(row["people"])
        days[of][row["on_date"]] = days[of].get(row["on_date"], 0) + people
        channels[of][row["channel"]] = channels[of].get(row["channel"], 0) + people
    for row in await store.query(_NEW, asked):
        days["new_customers"][row["on_date"]] = int(row["people"])
    through = {row.pop("channel"): Through(**row) for row in await store.query(_MIX, asked)}
    return Actuals(days=days, channels=channels, through=through, currency=currency)
