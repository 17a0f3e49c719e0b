"""The web processes that `run` keeps beside itself: as many as the setting `processes` counts without itself.

Each is a `miaohui web` at the same port, among which Linux divides the connections. Its standard input is a pipe into which nobody
writes: the pipe ends with this process, however that ends, and the web process stops. One that dies is started again in a second,
and later each time it dies young.
"""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process

from msgspec.structs import replace

from miaohui.server.settings import PREFIX, Settings, as_environment

AGAIN_S, AGAIN_MOST_S = 1.0, 30.0
"""How long until one that died young is started again: at first, and after it has done so often."""
STOP_S = 10.0
"""How long a web process may take to stop."""

log = logging.getLogger(__name__)


async def keep(settings: Settings, door: socket.socket) -> None:
    """Start them and keep them running; cancelled, stop them."""
    theirs = replace(settings, port=door.getsockname()[1], shared_port=True, processes=1)
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment = others | as_environment(theirs)
    async with asyncio.TaskGroup() as group:
        for number in range(2, settings.processes + 1):
            group.create_task(_keep_one(f"web process {number} of {settings.processes}", environment))


async def _keep_one(name: str, environment: dict[str, str]) -> None:
    wait_s = AGAIN_S
    while True:
        began_s = time.monotonic()
        try:
            ended = f"has ended with {await _life(name, environment)}"
        except OSError as e:
            ended = f"cannot be started: {e}"
        if time.monotonic() - began_s > AGAIN_MOST_S:
            wait_s = AGAIN_S
        log.error("%s %s; again in %g s", name, ended, wait_s)
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, AGAIN_MOST_S)


async def _life(name: str, environment: dict[str, str]) -> int:
    """Start one; its exit code when it has ended. Cancelled, stop it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "miaohui", "web", "--tied", env=environment, stdin=PIPE, stdout=PIPE
    )
    try:
        assert process.stdout is not None
        if said := await process.stdout.readline():
            log.info("%s, pid %d: %s", name, process.pid, said.decode().strip())
        return await process.wait()
    finally:
        await _stop(process)


async def _stop(process: Process) -> None:
    """End its standard input, and the process itself if it does not stop for it."""
    assert process.stdin is not None
    process.stdin.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_S):
            await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()
