"""`miaohui bench war-room`: how long after an answered claim the war room shows it.

One process with everything that `miaohui run` has (engines, web server, relay, the shared answer of the war room); a client claims
coupons over HTTP at an even pace, each for a new customer, while a watcher follows the figures that the page is fed with. The
delay of the n-th answer is the time until the figures count n customers.
"""

import asyncio
import contextlib
import socket
import tempfile
import time
from pathlib import Path

import httpx
import uvicorn
from msgspec import Struct

from miaohui.bench.claims import one_coupon
from miaohui.bench.load import CAMPAIGN
from miaohui.bench.stand import WORKSPACE, prepare
from miaohui.server.app import build
from miaohui.server.engines import opened
from miaohui.server.loops import keep_running, loops
from miaohui.server.postgres import EmbeddedPostgres
from miaohui.server.settings import Settings
from miaohui.workspace import Workspace


class Delay(Struct, frozen=True):
    """Delays in ms from an answer to the figures, over `actions` answers."""

    actions: int
    p50_ms: int
    p99_ms: int
    max_ms: int


def run(*, actions: int, per_second: float) -> Delay:
    """Measure in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="miaohui-bench-") as folder, socket.socket() as door:
        Path(folder).chmod(0o755)
        door.bind(("127.0.0.1", 0))
        data = Path(folder) / "data"
        key = asyncio.run(prepare(data, [one_coupon(actions * 2)], stock={}, budget_minor=actions * 1000))
        settings = Settings(data=data, secret_file=data / "secret", workspace=WORKSPACE, demo=False)
        with EmbeddedPostgres(data / "postgres") as postgres:
            return asyncio.run(_measure(settings, postgres.url, door, key, actions, per_second))


async def _measure(
    settings: Settings, database: str, door: socket.socket, key: str, actions: int, per_second: float
) -> Delay:
    async with opened(settings, database, door, door) as (workspace, _):
        config = uvicorn.Config(build(workspace), log_config=None, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        behind = [
            asyncio.create_task(server.serve(sockets=[door])),
            asyncio.create_task(keep_running(loops(workspace, database))),
        ]
        try:
            shown = asyncio.create_task(_watch(workspace, actions))
            answered = await _claim(workspace.url, key, actions, per_second)
            seen = await asyncio.wait_for(shown, 60)
        finally:
            server.should_exit = True
            await behind[0]
            behind[1].cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await behind[1]
    delays = sorted(round(1000 * (seen[n] - at)) for n, at in enumerate(sorted(answered), 1))
    return Delay(actions, delays[len(delays) // 2], delays[int(len(delays) * 0.99) - 1], delays[-1])


async def _watch(workspace: Workspace, actions: int) -> dict[int, float]:
    """n -> when the figures first counted n customers."""
    seen: dict[int, float] = {}
    async with contextlib.aclosing(workspace.war_room.watch(CAMPAIGN)) as moments:  # type: ignore[type-var]
        async for moment in moments:
            for n in range(len(seen) + 1, moment.measured.took_part + 1):
                seen[n] = time.perf_counter()
            if len(seen) >= actions:
                break
    return seen


async def _claim(url: str, key: str, actions: int, per_second: float) -> list[float]:
    """Claim at an even pace; when each answer came."""
    answered: list[float] = []
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client, asyncio.TaskGroup() as group:

        async def one(n: int) -> None:
            path = f"/api/v1/plays/{CAMPAIGN}/coupon/claim"
            answer = await client.post(path, json={"customer": f"c{n}"}, headers={"Idempotency-Key": f"{n}"})
            answer.raise_for_status()
            answered.append(time.perf_counter())

        began = time.perf_counter()
        for n in range(actions):
            group.create_task(one(n))
            await asyncio.sleep(max(0.0, began + (n + 1) / per_second - time.perf_counter()))
    return answered
