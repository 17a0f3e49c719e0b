"""The data's campaigns: rows of the campaign list in state `reviewed`, what a review needs of each, and their coupons' products.

`campaign` and `campaign_version` get cj-1 .. cj-27 with a small document of what the data holds: name, type, days. `past_campaign`
holds type and days. `coupon_product` (event store) holds which coupon of which campaign was for which product, row by row as the
data lists them; some are listed twice.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from miaohui.clock import ms_of
from miaohui.customers.complete_journey.facts import CURRENCY
from miaohui.customers.complete_journey.source import ZONE
from miaohui.events.store import EventStore
from miaohui.text import Text

PREFIX = "cj-"
BY = "import"

_DOCUMENT = """\
# Imported from the Complete Journey: what its data holds of this campaign. It has no goals, plays or budget.
campaign = "{id}"
name     = {{ zh = "{name.zh}", en = "{name.en}" }}
kind     = "promotional"
zone     = "{zone}"
currency = "{currency}"

[phases]
live    = {starts_on}
wrap_up = {after}
"""


async def keep(store: EventStore, db: "asyncpg.Pool[Any]", source: str, shift_days: int) -> int:
    """Write the staged campaigns. How many they are."""
    found = await store.query("select campaign, type, starts_on, ends_on from import_campaign order by campaign")
    async with db.acquire() as c, c.transaction():
        for row in found:
            id = f"{PREFIX}{row['campaign']}"
            await c.execute(
                """insert into past_campaign (id, source, type, starts_on, ends_on, zone, currency, shift_days)
                   values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing""",
                id, source, row["type"], row["starts_on"], row["ends_on"], ZONE, CURRENCY, shift_days,
            )  # fmt: skip
            await _list(c, id, name(row["campaign"], row["type"]), row["starts_on"], row["ends_on"] + timedelta(days=1))
    return len(found)


def name(number: int, type: str) -> Text:
    """How pages call the campaign of a number."""
    return Text(f"历史活动 {number}（{type} 类）", f"Past campaign {number} (type {type})")


async def _list(c: "asyncpg.Connection[Any]", id: str, name: Text, starts_on: date, after: date) -> None:
    live_ms, wrap_up_ms = (ms_of(datetime.combine(day, time(), ZoneInfo(ZONE))) for day in (starts_on, after))
    text = _DOCUMENT.format(id=id, name=name, zone=ZONE, currency=CURRENCY, starts_on=starts_on, after=after)
    made_at = datetime.combine(starts_on, time(), UTC)
    await c.execute(
        """insert into campaign (id, state, version, approved, name_zh, name_en, zone, opens_ms, live_ms, wrap_up_ms,
                                 created_at, changed_at)
           values ($1, 'reviewed', 1, 1, $2, $3, $4, $5, $5, $6, $7, $7) on conflict (id) do nothing""",
        id, name.zh, name.en, ZONE, live_ms, wrap_up_ms, made_at,
    )  # fmt: skip
    await c.execute(
        """insert into campaign_version (campaign, version, text, by, at, note) values ($1, 1, $2, $3, $4, '')
           on conflict (campaign, version) do nothing""",
        id, text, BY, made_at,
    )  # fmt: skip


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
