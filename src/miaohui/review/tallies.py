"""What the events of a campaign add up to: the queries of the live review, measured and simulated apart.

All take `campaign`, the `names` of its events, `zone`, and `until`: events from then on are not looked at, as some of them may
still be on their way to the store.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from miaohui.events.envelope import NOBODY
from miaohui.events.store import EventStore
from miaohui.review.books import Sums

ORDERS = ("order.placed", "order.paid", "order.refunded")
COMMON = ("campaign.reached", "page.viewed", *ORDERS)

_FROM = """
from (select *, source = 'simulated' as simulated from events
      where campaign = {campaign:String} and name in {names:Array(String)} and at < {until:DateTime64(3, 'UTC')})
"""
_REACHED = """
(select customer from events where name = 'campaign.reached' and campaign = {campaign:String} and source != 'simulated')
"""
_PEOPLE = f"""
select simulated, uniqExactIf(customer, name = 'campaign.reached') as reached, uniqExactIf(customer, taking_part) as took_part,
       uniqExactIf(customer, name = 'order.placed') as ordered, uniqExactIf(customer, name = 'order.paid') as paid,
       uniqExactIf(customer, taking_part and customer in {_REACHED}) as took_part_of_reached,
       uniqExactIf(customer, name = 'order.placed' and customer in {_REACHED}) as ordered_of_reached,
       uniqExactIf(customer, name = 'order.paid' and customer in {_REACHED}) as paid_of_reached,
       uniqExactIf((customer, session), name = 'page.viewed') as visitors, countIf(name = 'order.paid') as orders,
       sumIf(total_minor, name = 'order.paid') as sales_minor, sumIf(discount_minor, name = 'order.paid') as discount_minor,
       sumIf(total_minor, name = 'order.refunded') as refunded_minor
from (select *, name in {{plays:Array(String)}} and customer != toUUID('{NOBODY}') as taking_part {_FROM})
group by simulated
"""
_DAYS = f"""
select toDate32(at, {{zone:String}}) as on_date, countIf(name = 'order.paid') as orders,
       uniqExactIf(customer, name = 'order.paid') as customers, sumIf(total_minor, name = 'order.paid') as sales_minor,
       sumIf(discount_minor, name = 'order.paid') as discount_minor, countIf(name = 'coupon.redeemed') as redemptions
{_FROM} where not simulated and name in ('order.paid', 'coupon.redeemed') group by on_date order by on_date
"""
_PLAYS = f"""
select play, name, simulated, count() as n, groupUniqArrayIf(customer, customer != toUUID('{NOBODY}')) as customers,
       sumMap(mapApply((k, v) -> (k, toInt64OrZero(v)), mapFilter((k, v) -> has({{fields:Array(String)}}, k), properties))) as sums
{_FROM} where name in {{plays:Array(String)}} group by play, name, simulated order by play, name
"""
_ORDERS = f"""
select arrayJoin(arrayDistinct(splitByChar(',', properties['claims']))) as claim, count() as orders,
       sum(total_minor) as sales_minor, sum(discount_minor) as discount_minor
{_FROM} where not simulated and name = 'order.paid' group by claim
"""
_SKUS = f"""
select sku, sumIf(quantity, name = 'order.paid') - sumIf(quantity, name = 'order.refunded') as quantity
from (select name, lines.sku as skus, lines.quantity as quantities {_FROM}
      where not simulated and name in ('order.paid', 'order.refunded'))
array join skus as sku, quantities as quantity group by sku
"""
_NEW = f"""
select count() as n from (
  select customer, argMin(campaign, at) as first from events where name = 'order.paid' and source != 'simulated'
    and at < {{until:DateTime64(3, 'UTC')}} and customer in (select customer {_FROM} where name = 'order.paid' and not simulated)
  group by customer)
where first = {{campaign:String}}
"""


class People(Struct, frozen=True, kw_only=True):
    """One half of the campaign's events, measured or simulated: customers at each step, and the money of paid orders."""

    reached: int = 0
    took_part: int = 0
    ordered: int = 0
    paid: int = 0
    took_part_of_reached: int = 0
    ordered_of_reached: int = 0
    paid_of_reached: int = 0
    visitors: int = 0
    orders: int = 0
    sales_minor: int = 0
    discount_minor: int = 0
    refunded_minor: int = 0


class Tallies(Struct, frozen=True, kw_only=True):
    """Everything that is counted. `plays`: (play, event) -> how often; `who`: (play, event) -> customers; `orders`:
    "<campaign>/<play>" -> paid orders that claimed from it; `skus`: units that customers kept. All measured, but `simulated`."""

    measured: People
    simulated: People
    days: tuple[dict[str, Any], ...]
    plays: dict[tuple[str, str], int]
    who: dict[tuple[str, str], list[Any]]
    sums: Sums
    orders: dict[str, dict[str, int]]
    skus: dict[str, int]
    new_customers: int


async def tally(
    store: EventStore, campaign: str, plays: Iterable[str], fields: Iterable[str], zone: str, until: datetime
) -> Tallies:
    """Count the events of `campaign` before `until`. `plays`: names of its plays' events; `fields`: which of their properties
    are summed."""
    plays = sorted(plays)
    asked = {
        "campaign": campaign,
        "names": [*COMMON, *plays],
        "plays": plays,
        "fields": sorted(fields),
        "zone": zone,
        "until": until,
    }
    halves = {bool(row.pop("simulated")): People(**row) for row in await store.query(_PEOPLE, asked)}
    counted: dict[tuple[str, str], int] = {}
    who: dict[tuple[str, str], list[Any]] = {}
    sums: dict[tuple[str, str, str, bool], int] = {}
    for row in await store.query(_PLAYS, asked):
        play, name, simulated = row["play"], row["name"], bool(row["simulated"])
        sums[play, name, "", simulated] = row["n"]
        sums |= {(play, name, field, simulated): value for field, value in row["sums"].items()}
        if not simulated:
            counted[play, name] = row["n"]
            who[play, name] = row["customers"]
    orders = {row.pop("claim"): row for row in await store.query(_ORDERS, asked)}
    return Tallies(
        measured=halves.get(False, People()),
        simulated=halves.get(True, People()),
        days=tuple(await store.query(_DAYS, asked)),
        plays=counted,
        who=who,
        sums=sums,
        orders=orders,
        skus={row["sku"]: row["quantity"] for row in await store.query(_SKUS, asked)},
        new_customers=(await store.query(_NEW, asked))[0]["n"],
    )
