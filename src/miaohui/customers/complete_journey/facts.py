"""The history as events (source `import`), written by the event store itself: one INSERT ... SELECT for each step.

    customer.profiled   at the first day of the data; traits as the data names them, those it holds
    campaign.reached    at the start of the campaign's first day: the data holds no hour
    order.placed        at the basket's time, one per basket; lines with sku, quantity and amount
    order.paid          the same moment: a grocery's till does both at once
    coupon.redeemed     at noon of the day: the data holds no hour and no order; property `coupon` is the coupon's number

Amounts of an order: `total_minor` is the data's sales value, what the shop took in; `discount_minor` is the retail, coupon and
match discount together, and the properties `retail_discount_minor` ... keep them apart. The sales value still holds the coupon
discount, as the manufacturer pays it back to the shop (docs/decisions/list-price-without-coupon-discount.md).

Exactly once: an event's id is a uuid7 of its time and a hash of its key; a step is one block of rows in a fixed order, and its
deduplication token is its name. A step that was cut off is done again and made whole (`events/mend`).
"""

from miaohui.customers.complete_journey.source import ZONE
from miaohui.events.envelope import SCHEMA
from miaohui.events.store import EventStore

TRAITS = ("age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count")
CURRENCY = "USD"

_PROPERTIES = "Map(LowCardinality(String), String)"
_HIGH = "bitOr(bitShiftLeft(toUInt64(toUnixTimestamp64Milli(at)), 16), 0x7000 + bitAnd(sipHash64(key, 1), 0x0fff))"
_LOW = "bitOr(0x8000000000000000, bitAnd(sipHash64(key, 2), 0x3fffffffffffffff))"
_UUID7 = f"reinterpretAsUUID(bitOr(bitShiftLeft(toUInt128({_LOW}), 64), toUInt128({_HIGH})))"
_FIGURES = (
    "`order`, currency, total_minor, discount_minor, `lines.line`, `lines.sku`, `lines.quantity`, `lines.total_minor`"
)
_ONCE = (
    "async_insert = 0, insert_deduplicate = 1, deduplicate_insert_select = 'force_enable', "
    "deduplicate_blocks_in_dependent_materialized_views = 1, max_threads = 1, max_insert_threads = 1, max_block_size = 1000000"
)

PROFILES = f"""
  select 'customer.profiled' as name, concat('profile/', toString(household)) as key, '' as campaign, customer,
         toStartOfDay(toTimeZone((select min(at) from import_line), '{ZONE}')) as at,
         arrayFilter(pair -> pair.2 != '', [{", ".join(f"('{trait}', {trait})" for trait in TRAITS)}]) as properties
  from import_profile join import_household using household"""

REACH = f"""
  select 'campaign.reached' as name, concat('reach/', toString(campaign), '/', toString(household)) as key,
         concat('cj-', toString(import_reach.campaign)) as campaign, customer,
         toDateTime64(starts_on, 3, '{ZONE}') as at, map() as properties
  from import_reach join import_campaign using campaign join import_household using household"""

REDEMPTIONS = f"""
  select 'coupon.redeemed' as name,
         concat('redeemed/', toString(campaign), '/', toString(household), '/', toString(coupon), '/', toString(on_date)) as key,
         concat('cj-', toString(import_redemption.campaign)) as campaign, customer,
         toDateTime64(concat(toString(on_date), ' 12:00:00'), 3, '{ZONE}') as at, map('coupon', toString(coupon)) as properties
  from import_redemption join import_household using household"""

_ORDERS = f"""
  select name, concat(name, '/', `order`) as key, '' as campaign, customer, at, `order`, '{CURRENCY}' as currency, total_minor,
         retail_minor + coupon_minor + match_minor as discount_minor,
         map('store', store, 'week', week, 'retail_discount_minor', toString(retail_minor),
             'coupon_discount_minor', toString(coupon_minor), 'match_discount_minor', toString(match_minor)) as properties,
         arrayMap(n -> toString(n), arrayEnumerate(bought)) as `lines.line`, arrayMap(l -> toString(l.1), bought) as `lines.sku`,
         bought.2 as `lines.quantity`, bought.3 as `lines.total_minor`
  from (
    select toString(basket) as `order`, any(import_line.at) as at, any(household) as household,
           toString(any(import_line.store)) as store, toString(any(import_line.week)) as week, sum(sales_minor) as total_minor,
           sum(import_line.retail_minor) as retail_minor, sum(import_line.coupon_minor) as coupon_minor,
           sum(import_line.match_minor) as match_minor, arraySort(groupArray((product, quantity, sales_minor))) as bought
    from import_line where import_line.week between {{first}} and {{last}} group by basket
  ) as basket join import_household using household array join ['order.placed', 'order.paid'] as name"""


def orders(first: int, last: int) -> str:
    """The rows of the orders of the data's weeks `first` to `last`."""
    return _ORDERS.format(first=first, last=last)


async def insert(store: EventStore, rows: str, received_ms: int, token: str, table: str = "events") -> None:
    """Add the events that `rows` describes to `table`; the same token again adds nothing."""
    figures = f", {_FIGURES}" if "total_minor" in rows else ""
    await store.command(
        f"""insert into {table} (id, name, at, received_at, source, customer, campaign, properties, schema{figures})
            settings insert_deduplication_token = '{token}', {_ONCE}
            select {_UUID7} as id, name, toTimeZone(toDateTime64(at, 3), 'UTC') as at,
                   fromUnixTimestamp64Milli(toInt64({received_ms}), 'UTC'), 'import', customer, campaign,
                   cast(properties, '{_PROPERTIES}'), {SCHEMA}{figures}
            from ({rows}) order by id"""
    )
