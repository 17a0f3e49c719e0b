"""What a new campaign begins with: a short document on two products the shop has most of, dated from tomorrow; or an example."""

from datetime import timedelta
from pathlib import Path

from miaohui.campaign.store import Connection
from miaohui.money import Money
from miaohui.pages.format import day_of
from miaohui.workspace import Workspace

STARTER = Path(__file__).with_name("starter.toml")
EXAMPLES = Path(__file__).parents[3] / "docs/examples"

_GOODS = """
select p.sku, p.title_en as title, p.list_price_minor as price_minor, p.currency
from product p join account a on a.key = 'sku/' || p.sku
where p.archived_at is null and p.list_price_minor >= 200 and a.credits - a.debits - a.debits_pending >= 60 and p.currency = $1
order by a.credits - a.debits - a.debits_pending desc, p.sku limit 2
"""
_FREE = """
select 'weekend' || case n when 1 then '' else '-' || n end as id from generate_series(1, 1000) n
where not exists (select from campaign where id = 'weekend' || case n when 1 then '' else '-' || n end) order by n limit 1
"""


async def starter(c: Connection, workspace: Workspace, owner: str) -> str:
    """The short document, sound as it stands if the shop has two products with price and stock."""
    today = day_of(await c.fetchval("select now_ms()"), workspace.zone)
    days = {"warm_up": 1, "live": 3, "wrap_up": 6, "review": 13}
    words = {name: (today + timedelta(n)).isoformat() for name, n in days.items()}
    words |= {"id": await c.fetchval(_FREE), "owner": owner}
    goods = await c.fetch(_GOODS, workspace.currency)
    for n in (1, 2):
        row = goods[n - 1] if len(goods) >= n else None
        words[f"sku_{n}"] = row["sku"] if row else f"write-a-sku-{n}"
        words[f"title_{n}"] = row["title"] if row else "a product of the shop"
        price = Money(row["price_minor"] * 4 // 5 if row else 100, workspace.currency)
        words[f"price_{n}"] = f"{price.decimal():f}"
    text = STARTER.read_text()
    for name, value in words.items():
        text = text.replace(f"@{name}@", value)
    return text


def examples() -> list[str]:
    """Names of the example documents that came with this copy; none where only the package is installed."""
    return sorted(file.stem for file in EXAMPLES.glob("*.toml")) if EXAMPLES.is_dir() else []


def example(name: str) -> str | None:
    """An example document, as it was written."""
    return (EXAMPLES / f"{name}.toml").read_text() if name in examples() else None
