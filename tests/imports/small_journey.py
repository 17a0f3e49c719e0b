"""Small files like the Complete Journey's, for imports that tests spoil or kill."""

from pathlib import Path
from types import SimpleNamespace

from miaohui.customers.complete_journey import source
from miaohui.events.store import EventStore
from miaohui.vault import Vault

BEGUN_MS = 1_790_000_000_000
BUYERS = (
    f"household_id in (select household_id from file('{source.installed()}/transactions.parquet', Parquet) "
    "where week <= 6 and household_id % 3 = 0)"
)
SMALL = {
    "transactions": "week <= 6 and household_id % 3 = 0",
    "products": "product_id % 5 = 0",
    "demographics": BUYERS,
    "campaign_descriptions": "campaign_id in (24, 25, 26)",
    "campaigns": f"campaign_id in (24, 25, 26) and {BUYERS}",
    "coupons": "campaign_id in (24, 25, 26)",
    "coupon_redemptions": f"campaign_id in (24, 25, 26) and redemption_date < '2017-02-06' and {BUYERS}",
}


def at(database: object, store: EventStore, vault: Vault) -> SimpleNamespace:
    """A workspace as far as an import needs one."""
    return SimpleNamespace(db=database, events=store, vault=vault, clock=lambda: BEGUN_MS)


def silent(step: str, done: int, steps: int) -> None:
    """Progress that nobody watches."""


async def write_small(store: EventStore, folder: Path, more: dict[str, str] | None = None) -> Path:
    """A part of the data as Parquet files in `folder`; `more`: file -> rows to add, as a select."""
    for name, which in SMALL.items():
        rows = f"select * from file('{source.installed()}/{name}.parquet', Parquet) where {which}"
        if more and name in more:
            rows = f"{rows} union all {more[name]}"
        await store.command(f"insert into function file('{folder}/{name}.parquet', Parquet) select * from ({rows})")
    return folder
