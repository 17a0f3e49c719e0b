"""What an import brought, counted in what it wrote, and checked against what the files say."""

from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.customers.complete_journey.source import ImportFailed
from miaohui.events.store import EventStore

_STAGED = """
  select (select count() from import_line) as lines, (select uniqExact(household) from import_line) as households,
         (select uniqExact(basket) from import_line) as baskets, (select sum(sales_minor) from import_line) as sales_minor,
         (select sum(retail_minor) from import_line) as retail_discount_minor,
         (select sum(coupon_minor) from import_line) as coupon_discount_minor,
         (select sum(match_minor) from import_line) as match_discount_minor,
         (select count() from import_profile) as profiles, (select count() from import_campaign) as campaigns,
         (select count() from import_reach) as reached, (select uniqExact(household) from import_reach) as reached_households,
         (select uniqExact(coupon) from import_coupon) as coupons, (select count() from import_coupon) as coupon_products,
         (select count() from import_redemption) as redemptions,
         (select uniqExact(household) from import_redemption) as redeeming_households"""

_WRITTEN = """
  select sum(length(lines.line) * paid) as lines, uniqExactIf(customer, paid) as households, uniqExactIf(`order`, paid) as baskets,
         sum(total_minor * paid) as sales_minor,
         sum(toInt64OrZero(properties['retail_discount_minor']) * paid) as retail_discount_minor,
         sum(toInt64OrZero(properties['coupon_discount_minor']) * paid) as coupon_discount_minor,
         sum(toInt64OrZero(properties['match_discount_minor']) * paid) as match_discount_minor,
         countIf(name = 'customer.profiled') as profiles, countIf(name = 'campaign.reached') as reached,
         uniqExactIf(customer, name = 'campaign.reached') as reached_households, countIf(name = 'coupon.redeemed') as redemptions,
         uniqExactIf(customer, name = 'coupon.redeemed') as redeeming_households, count() as events, uniqExact(id) as ids,
         (select count() from events_by_customer where source = 'import') as events_by_customer,
         (select sum(events) from counters_per_minute where source = 'import') as counted,
         countIf(campaign != '') as of_campaigns,
         (select count() from coupon_product) as coupon_products, (select uniqExact(coupon) from coupon_product) as coupons
  from (select *, name = 'order.paid' as paid from events where source = 'import')"""

_ODD = """
  select (select countIf(quantity = 0) from import_line) as quantity_0,
         (select countIf(sales_minor = 0) from import_line) as sales_0,
         (select count() from import_line where product not in (select product from import_product)) as undescribed_lines,
         (select uniqExact(product) from import_line where product not in (select product from import_product)) as undescribed,
         (select count() - uniqExact((campaign, coupon, product)) from import_coupon) as listed_twice,
         (select count() - uniqExact((household, coupon, campaign)) from import_redemption) as redeemed_again"""


class Report(Struct, frozen=True, kw_only=True):
    """`changed`: whether this run wrote anything. `figures`: what is there now, by name. `odd`: rows that are unusual and were
    kept, by what is unusual. `rejected` rows stand in `rejected_file` with their reasons."""

    changed: bool
    shift_days: int
    figures: dict[str, int]
    odd: dict[str, int]
    rejected: int
    rejected_file: str


async def figures(store: EventStore, db: "asyncpg.Pool[Any]") -> dict[str, int]:
    """What was written, compared with what was staged. ImportFailed shows the first figure that differs."""
    staged = {name: int(value) for name, value in (await store.query(_STAGED))[0].items()}
    written = {name: int(value) for name, value in (await store.query(_WRITTEN))[0].items()}
    written["campaigns"] = await db.fetchval("select count(*) from past_campaign")
    staged["ids"] = staged["events_by_customer"] = written["events"]
    staged["counted"] = written["of_campaigns"]
    for name, expected in staged.items():
        if written[name] != expected:
            raise ImportFailed(
                f"after the import {name} is {written[name]}, the files say {expected}: the event store lost or doubled rows; "
                "remove the data folder's events and import again"
            )
    return {name: written[name] for name in staged if name not in ("ids", "events_by_customer", "counted")}


async def odd(store: EventStore) -> dict[str, int]:
    """Rows that are unusual and were kept, from the staging tables."""
    return {name: int(value) for name, value in (await store.query(_ODD))[0].items()}
