"""Imports small files in a process of its own, to be killed: import_and_die.py URL WORKSPACE DATA FILES."""

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace

from miaohui.customers import complete_journey
from miaohui.events.store import EventStore
from miaohui.server.database import open_database
from miaohui.vault import Vault


async def main(url: str, workspace: str, data: Path, files: Path) -> None:
    """Import, naming each step as it begins."""
    database = await open_database(url, workspace, connections=2)
    store = await EventStore.open(data / "events", "killed")
    place = SimpleNamespace(db=database, events=store, vault=Vault(bytes(32), "test"), clock=lambda: 1_790_000_000_000)
    await complete_journey.run(place, lambda *step: print(*step, flush=True), folder=data, files=files)
    print(*(await digest(store)).values(), flush=True)
    await store.close()
    await database.close()


async def digest(store: EventStore) -> dict[str, object]:
    """What the tables of events hold, in a few figures that any lost, doubled or changed row would change; the internal ids
    of customers are new in every import, so that only what each of them did is compared."""
    found = await store.query(
        """select count() as events, groupBitXor(cityHash64(tuple(* except customer))) as rows,
                  (select groupBitXor(cityHash64(n, total)) from
                     (select count() as n, sum(total_minor) as total from events group by customer)) as customers,
                  (select count() from events_by_customer) as by_customer,
                  (select groupBitXor(cityHash64(name, at, total_minor, discount_minor, skus)) from events_by_customer) as skus,
                  (select sum(events) from counters_per_minute) as counted,
                  (select count() from profiles final) as profiles, (select count() from coupon_product) as coupons
           from events"""
    )
    return found[0]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])))
