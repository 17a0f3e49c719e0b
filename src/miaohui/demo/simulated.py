"""The loop of the simulated customers, and its switch.

One to three calls a second through the public HTTP API, with a key of their own whose source is `simulated`, so that the host
and the ingest mark all they cause, and no measured figure counts it. They act only while an edition of the demo's campaign is
open, the setting `simulated` is true and the operators' switch is on; the switch is looked at before every call, so that
nothing comes after the call that is under way when it is turned.

If somebody revokes their key, they are switched off; switched on again, they get a new one.
"""

import asyncio
import time
from random import Random
from typing import Any

import asyncpg
import httpx
import structlog

from miaohui.campaign.store import Campaign
from miaohui.counter.miaohui import Refused, Unreachable
from miaohui.customers import identities
from miaohui.demo import fair
from miaohui.demo.shoppers import Crowd, Pace, Scene, Ware
from miaohui.events import feed
from miaohui.host.setup import machine
from miaohui.storefront import views
from miaohui.storefront.views import PlayView
from miaohui.team import audit, keys
from miaohui.workspace import Workspace

LABEL = "simulated customers"
BY = "demo"
PAUSE_S = (1 / 3, 1.0)
LOOK_S = 1.0
SCENE_EVERY_S = 20.0
TIMEOUT_S = 5.0
SHELF = 40

log = structlog.get_logger()


async def running(db: "asyncpg.Pool[Any]") -> bool:
    """Whether operators let them act."""
    return bool(await db.fetchval("select simulated from demo"))


async def set_running(db: "asyncpg.Pool[Any]", on: bool, by: str) -> None:
    """Turn the switch, for all servers of the workspace and for good; nothing is written if it stands so already."""
    async with db.acquire() as connection, connection.transaction():
        turned = await connection.fetchval("update demo set simulated = $1 where simulated <> $1 returning true", on)
        if turned:
            await audit.record(connection, by, f"simulated.switched_{'on' if on else 'off'}", "demo")


async def run(workspace: Workspace, here: str) -> None:
    """Act until cancelled; `here` is the address of this server."""
    seed = f"{workspace.name}/{workspace.clock()}"
    log.info("simulated customers", seed=seed)
    chance = Random(seed)
    async with httpx.AsyncClient(base_url=here, timeout=TIMEOUT_S, trust_env=False) as http:
        crowd, scene, until_s, named = None, None, 0.0, set[str]()
        while True:
            campaign = await fair.live(workspace.db) if await running(workspace.db) else None
            if campaign is None:
                await asyncio.sleep(LOOK_S)
                continue
            try:
                crowd = crowd or Crowd(http, await key_of(workspace), chance)
                if scene is None or time.monotonic() > until_s:
                    scene, until_s = await scene_of(workspace, campaign), time.monotonic() + SCENE_EVERY_S
                    await bring_back(workspace, crowd)
                newcomer = crowd.newcomer()
                if newcomer and newcomer not in named:
                    await introduce(workspace, newcomer)
                    named.add(newcomer)
                await crowd.step(scene, newcomer)
            except Refused as refused:
                log.warning("simulated customers are switched off", why=str(refused))
                await workspace.db.execute("update demo set api_key = null")
                await set_running(workspace.db, False, BY)
                crowd = None
            except (httpx.TransportError, Unreachable) as lost:
                log.warning("simulated customers got no answer", why=repr(lost))
            await asyncio.sleep(chance.uniform(*PAUSE_S))


async def key_of(workspace: Workspace) -> str:
    """Their API key, made now if there is none."""
    async with workspace.db.acquire() as connection, connection.transaction():
        sealed = await connection.fetchval("select api_key from demo for update")
        if sealed is not None:
            return workspace.vault.decrypt(sealed)
        _, api_key = await keys.create(connection, BY, LABEL, "simulated")
        await connection.execute("update demo set api_key = $1", workspace.vault.encrypt(api_key))
        return api_key


async def scene_of(workspace: Workspace, campaign: Campaign) -> Scene:
    """The campaign now: who sells what, and how much of it is left."""
    plays = await views.plays(workspace.db, campaign.id, None)
    rows = await workspace.db.fetch(
        """select sku, list_price_minor from product where list_price_minor between 100 and 900
           and currency = $1 and category <> '' and archived_at is null order by md5(sku) limit $2""",
        fair.CURRENCY, SHELF,
    )  # fmt: skip
    sold = {name: view.rules.product for name, view in plays.items() if hasattr(view.rules, "product")}
    return Scene(
        campaign=campaign.id,
        currency=fair.CURRENCY,
        plays={view.setup.module: name for name, view in plays.items()},
        wares={name: Ware(product.sku, product.list_price_minor) for name, product in sold.items()},
        shelf=[Ware(row["sku"], row["list_price_minor"]) for row in rows],
        pace=Pace(
            (campaign.now_ms - campaign.live_ms) / (campaign.wrap_up_ms - campaign.live_ms),
            {name: _share_left(view) for name, view in plays.items()},
        ),
    )


def _share_left(play: PlayView) -> float:
    """What is left of the pool that the play has used most, from 0 to 1."""
    pools = machine(play.setup.module).module.pools(play.rules)
    return min(play.left[name] / pool.amount for name, pool in pools.items() if pool.amount)


async def bring_back(workspace: Workspace, crowd: Crowd) -> None:
    """Answer Miaohui's requests for refunds that came since the last time."""
    heard = await workspace.db.fetchval("select heard from demo")
    if not heard:
        async with workspace.db.acquire() as connection:
            heard = (await feed.end(connection)).text()
    await workspace.db.execute("update demo set heard = $1", await crowd.bring_back(heard))


async def introduce(workspace: Workspace, shop_id: str) -> None:
    """Let pages call a customer what he is."""
    async with workspace.db.acquire() as connection, connection.transaction():
        customers = await identities.acquaint(connection, workspace.vault, [shop_id])
        label = f"Simulated {shop_id.removeprefix('sim-')}"
        await identities.name(connection, workspace.vault, {customers[shop_id]: label})
