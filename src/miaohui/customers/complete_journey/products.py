"""The data's products: titles people can read, and a list price where the data tells one.

List price = median over the last 90 days of the data of (sales value + retail discount + match discount) / quantity, in cents,
half a cent up, none below one cent; only lines with a quantity, and no fuel, whose quantity is not a count. The coupon discount
is not added: the manufacturer pays it back and it is inside the sales value, as the coupon lines themselves show
(docs/decisions/list-price-without-coupon-discount.md).

A product that was sold but has no description is kept as "Product 5978656".
"""

from typing import Any

import asyncpg

from miaohui.customers.complete_journey.facts import CURRENCY
from miaohui.customers.complete_journey.names import readable, title
from miaohui.events.store import EventStore

LAST_DAYS = 90

_PRODUCTS = f"""
  select toString(product) as sku, department, brand, category, type, size,
         if(fuel or price.median < 0.5, null, toInt64(floor(price.median + 0.5))) as list_price_minor
  from (
    select product, department, brand, category, type, size, department = 'FUEL' or category = 'FUEL' as fuel from import_product
    union all
    select distinct product, '', '', '', '', '', false from import_line where product not in (select product from import_product)
  ) as known
  left join (
    select product, quantileExactInclusive(0.5)((sales_minor + retail_minor + match_minor) / quantity) as median
    from import_line where quantity > 0 and at >= (select max(at) from import_line) - interval {LAST_DAYS} day group by product
  ) as price using product
  order by sku"""


async def keep(store: EventStore, db: "asyncpg.Pool[Any]") -> int:
    """Write the staged products into `product`; those that are there stay as they are. How many the data has."""
    found = await store.query(_PRODUCTS)
    rows = []
    for row in found:
        zh, en = title(row["sku"], row["department"], row["category"], row["type"], row["size"])
        rows.append((row["sku"], zh, en, readable(row["category"]), row["brand"], row["list_price_minor"]))
    columns = list(zip(*rows, strict=True))
    await db.execute(
        """insert into product (sku, title_zh, title_en, category, brand, list_price_minor, currency)
           select *, $7 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
           on conflict (sku) do nothing""",
        *columns,
        CURRENCY,
    )
    return len(rows)
