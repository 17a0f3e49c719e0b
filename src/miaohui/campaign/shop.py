"""The shop's products as a document is compared with them."""

from miaohui.campaign.document import Document
from miaohui.campaign.facts import ShopProduct
from miaohui.campaign.store import Connection
from miaohui.text import Text


async def shop(c: Connection, document: Document | None) -> dict[str, ShopProduct]:
    """The products that `document` names, by sku, as far as the shop has them. What the campaign's own plays have taken of a
    product's stock is still there for it."""
    if document is None:
        return {}
    skus = [entry.sku or name for name, entry in document.products.items()]
    rows = await c.fetch(
        """select p.sku, p.title_zh, p.title_en, p.currency, p.list_price_minor, p.cost_minor,
                  a.credits - a.debits - a.debits_pending + coalesce(t.taken, 0)::bigint as stock
           from product p
           left join account a on a.key = 'sku/' || p.sku
           left join lateral (
             select sum(case when debit = a.key then amount else -amount end) as taken from transfer
             where (debit = a.key and starts_with(credit, $2)) or (credit = a.key and starts_with(debit, $2))) t on true
           where p.sku = any($1) and p.archived_at is null""",
        skus, f"play/{document.campaign}/",
    )  # fmt: skip
    return {
        row["sku"]: ShopProduct(
            sku=row["sku"],
            title=Text(row["title_zh"], row["title_en"]),
            currency=row["currency"],
            list_price_minor=row["list_price_minor"],
            cost_minor=row["cost_minor"],
            stock=row["stock"] or 0,
        )
        for row in rows
    }
