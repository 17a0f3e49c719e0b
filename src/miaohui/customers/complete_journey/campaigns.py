"""The data's campaigns: what a review needs of each, and the products of their coupons.

`past_campaign` (PostgreSQL) holds type and days of cj-1 .. cj-27. `coupon_product` (event store) holds which coupon of which
campaign was for which product, row by row as the data lists them; some are listed twice.
"""

from typing import Any

import asyncpg

from miaohui.customers.complete_journey.facts import CURRENCY
from miaohui.customers.complete_journey.source import ZONE
from miaohui.events.store import EventStore

PREFIX = "cj-"


async def keep(store: EventStore, db: "asyncpg.Pool[Any]", source: str, shift_days: int) -> int:
    """Write the staged campaigns into `past_campaign`. How many they are."""
    found = await store.query("select campaign, type, starts_on, ends_on from import_campaign order by campaign")
    await db.executemany(
        """insert into past_campaign (id, source, type, starts_on, ends_on, zone, currency, shift_days)
           values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing""",
        [
            (
                f"{PREFIX}{row['campaign']}",
                source,
                row["type"],
                row["starts_on"],
                row["ends_on"],
                ZONE,
                CURRENCY,
                shift_days,
            )
            for row in found
        ],
    )
    return len(found)


async def keep_coupons(store: EventStore) -> int:
    """Write the products of every coupon into `coupon_product`. How many rows they are."""
    await store.command("drop table if exists coupon_product sync")
    await store.command(
        """create table coupon_product (campaign LowCardinality(String), coupon String, sku String)
           engine = MergeTree order by (campaign, sku, coupon)"""
    )
    await store.command(
        f"""insert into coupon_product
            select concat('{PREFIX}', toString(campaign)), toString(coupon), toString(product) from import_coupon"""
    )
    return int((await store.query("select count() as n from coupon_product"))[0]["n"])
