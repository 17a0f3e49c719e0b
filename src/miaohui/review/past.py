"""Reviews of the imported history: what the events of a past campaign say, and nothing more.

    reached            customers with a campaign.reached of it
    bought_promoted    reached customers with at least one line of a product of its coupons, paid inside the window
    redeemed           customers who used one of its coupons;  `redemptions` counts the coupons
    shopping           everything that reached customers bought inside the window

Window = [first day, last day + 1) in the campaign's zone. The data holds no taking part, coupons issued, goals, cost or discount
per campaign: those are null, "not in the data". It has no control group, so that every figure is observed and no lift is read
off it.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from miaohui.customers.complete_journey.campaigns import PREFIX, name
from miaohui.events.store import EventStore
from miaohui.review import findings
from miaohui.review.figures import NOT_IN_THE_DATA, Day, Review, Shopping, Step
from miaohui.text import Text

_WITHOUT = (
    "took_part",
    "ordered",
    "paid",
    "orders",
    "sales_minor",
    "discount_minor",
    "refunded_minor",
    "coupons_issued",
    "goods_cost_minor",
    "profit_minor",
    "cost_minor",
    "return_ppm",
    "goals",
)

_WHO = """
with people as (select distinct customer from events
                 where name = 'campaign.reached' and source = 'import' and campaign = {campaign:String}),
     bought as (select customer, at, total_minor, discount_minor, lines.sku as skus from events
              where name = 'order.paid' and source = 'import' and at >= {start:DateTime64(3, 'UTC')}
                and at < {end:DateTime64(3, 'UTC')} and customer in people)
"""

_TOTALS = f"""
{_WHO}
select (select count() from people) as reached, count() as orders, uniqExact(customer) as customers,
       sum(total_minor) as sales_minor, sum(discount_minor) as discount_minor,
       (select uniqExact(customer) from (select customer, arrayJoin(skus) as sku from bought)
        where sku in (select sku from coupon_product where campaign = {{campaign:String}})) as bought_promoted,
       (select uniqExact(coupon) from coupon_product where campaign = {{campaign:String}}) as coupons
from bought
"""

_DAYS = f"""
{_WHO}
select toDate32(at, {{zone:String}}) as on_date, count() as orders, uniqExact(customer) as customers,
       sum(total_minor) as sales_minor, sum(discount_minor) as discount_minor
from bought group by on_date order by on_date
"""

_REDEEMED = """
select toDate32(at, {zone:String}) as on_date, count() as redemptions, groupUniqArray(customer) as customers
from events where name = 'coupon.redeemed' and source = 'import' and campaign = {campaign:String}
group by on_date order by on_date
"""

_COVERED = """
select toDate32(min(at), {zone:String}) as first, toDate32(max(at), {zone:String}) as last
from events where name = 'order.paid' and source = 'import'
"""


async def past_review(db: "asyncpg.Pool[Any]", store: EventStore, campaign: str) -> Review | None:
    """The review of an imported campaign; None if there is none of that id."""
    row = await db.fetchrow("select * from past_campaign where id = $1", campaign)
    if row is None:
        return None
    zone, starts_on, ends_on = row["zone"], row["starts_on"], row["ends_on"]
    window = {"campaign": campaign, "zone": zone, "start": _midnight(starts_on, zone),
              "end": _midnight(ends_on + timedelta(days=1), zone)}  # fmt: skip
    (totals,) = await store.query(_TOTALS, window)
    (covered,) = await store.query(_COVERED, {"zone": zone})
    redeemed = await store.query(_REDEEMED, window)
    redemptions = {day["on_date"]: int(day["redemptions"]) for day in redeemed}
    used = {customer for day in redeemed for customer in day["customers"]}
    days = tuple(Day(redemptions=redemptions.get(day["on_date"], 0), **day) for day in await store.query(_DAYS, window))
    first, last = max(starts_on, covered["first"]), min(ends_on, covered["last"])
    review = Review(
        campaign=campaign,
        title=name(int(campaign.removeprefix(PREFIX)), row["type"]),
        history=True,
        zone=zone,
        currency=row["currency"],
        starts_on=starts_on,
        ends_on=ends_on,
        shift_days=row["shift_days"],
        days_in_window=(ends_on - starts_on).days + 1,
        covered_days=max((last - first).days + 1, 0),
        until=None,
        evidence="observed",
        reached=totals["reached"],
        bought_promoted=totals["bought_promoted"],
        redeemed=len(used),
        coupons=totals["coupons"],
        coupons_used=sum(redemptions.values()),
        redemptions=sum(redemptions.values()),
        shopping=Shopping(**{name: totals[name] for name in Shopping.__struct_fields__}),
        funnel=_funnel(totals["reached"], totals["bought_promoted"], len(used)),
        days=days,
        plays=(),
        goals=(),
        checks=(),
        balanced=None,
        simulated=None,
        return_evidence=None,
        missing=dict.fromkeys(_WITHOUT, NOT_IN_THE_DATA),
        findings=(),
        **dict.fromkeys((name for name in _WITHOUT if name != "goals"), None),
    )
    return findings.of_past(review)


def _funnel(reached: int, bought: int, redeemed: int) -> tuple[Step, ...]:
    promoted = Text("买过活动商品", "Bought a promoted product")
    return (
        Step(name="reached", title=Text("触达", "Reached"), customers=reached, of_reached=reached),
        Step(name="took_part", title=Text("参与", "Took part"), customers=None),
        Step(name="bought_promoted", title=promoted, customers=bought, of_reached=bought),
        Step(name="redeemed", title=Text("用过券", "Used a coupon"), customers=redeemed, of_reached=redeemed),
    )


def _midnight(on_date: date, zone: str) -> datetime:
    return datetime.combine(on_date, time(), ZoneInfo(zone))
