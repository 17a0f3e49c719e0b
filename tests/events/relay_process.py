"""A relay in a process of its own, to be killed: `python relay_process.py DATABASE_URL WORKSPACE FOLDER carry|count`.

`carry` says "ready" and carries in small batches until somebody kills it; `count` carries the rest and says what the store
holds.
"""

import asyncio
import json
import sys

import asyncpg

from miaohui.events import outbox, relay
from miaohui.events.store import EventStore

TOTALS = {
    "events": "select count() as n, uniqExact(id) as ids, sum(total_minor) as sum from events",
    "by_customer": "select count() as n, sum(total_minor) as sum from events_by_customer",
    "counters": "select sum(events) as n, sum(total_minor) as sum from counters_per_minute",
}
BATCH = 300


async def main(url: str, workspace: str, folder: str, what: str) -> None:
    relay.EVENTS_MAX = BATCH
    db = await asyncpg.create_pool(url, min_size=1, max_size=2, server_settings={"search_path": workspace})
    store = await EventStore.open(folder, "killed")
    one = relay.Relay(db, store, tick_s=0.001)
    print("ready", flush=True)
    if what == "carry":
        await one.run()
    async with outbox.alone(db, "relay") as connection:
        while await one.step(connection):
            pass
    totals = {name: (await store.query(sql))[0] for name, sql in TOTALS.items()}
    ids = await store.query("select toString(id) as id from events order by id")
    print(json.dumps({"totals": totals, "ids": [row["id"] for row in ids]}))
    await store.close()
    await db.close()


asyncio.run(main(*sys.argv[1:]))
