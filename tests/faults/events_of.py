"""What a stopped server's event store holds, read by a process of its own: `python events_of.py DATABASE_URL FOLDER`.

A process may open one folder of the embedded store, and the test run has its own. First the relay carries what is still in the
outbox; then the id of every event is printed, as often as it is there.
"""

import asyncio
import json
import sys

import asyncpg

from miaohui.bench.stand import WORKSPACE
from miaohui.events import outbox
from miaohui.events.relay import Relay
from miaohui.events.store import EventStore


async def main(url: str, folder: str) -> None:
    """Carry, then print."""
    db = await asyncpg.create_pool(url, min_size=1, max_size=2, server_settings={"search_path": WORKSPACE})
    store = await EventStore.open(folder, WORKSPACE)
    async with outbox.alone(db, "relay") as connection:
        while await Relay(db, store).step(connection):
            pass
    print(json.dumps([row["id"] for row in await store.query("select toString(id) as id from events")]))
    await store.close()
    await db.close()


asyncio.run(main(*sys.argv[1:]))
