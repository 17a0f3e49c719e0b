"""What goes on behind the requests: the relay, due timers, the clock of the campaigns, webhooks, the ingest's old ids, and
months: partitions of those to come, and the end of those that nobody may ask for any more.

A loop that fails is logged and started again, after a second at first and after half a minute at most; it never takes the
server down. On a stop each is cancelled and waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from miaohui.campaign import clockwork
from miaohui.events.delivery import Deliveries
from miaohui.events.relay import Relay
from miaohui.host import retention
from miaohui.host.timers import Timers, due_in
from miaohui.server import reminding
from miaohui.server.database import as_owner, make_partitions
from miaohui.server.settings import Settings
from miaohui.team.mail import Mail, Server
from miaohui.workspace import Workspace

Loop = Callable[[], Awaitable[None]]
PAUSE_S = 1.0
PAUSE_MAX_S = 30.0
HOUR_S = 3600

log = structlog.get_logger()


def loops(workspace: Workspace, database_url: str) -> dict[str, Loop]:
    """The loops of every workspace by name."""

    async def months() -> None:
        while True:
            await make_partitions(database_url, workspace.name)
            async with as_owner(database_url, workspace.name) as owner:
                await retention.drop(owner)
            await asyncio.sleep(HOUR_S)

    return {
        "relay": Relay(workspace.db, workspace.events).run,
        "timers": Timers(workspace.host, partial(due_in, workspace.db)).run,
        "campaigns": partial(clockwork.run, workspace.office),
        "webhooks": Deliveries(workspace.db, workspace.vault, workspace.shop_ids).run,
        "ingest": workspace.ingest.run,
        "months": months,
        "reminders": partial(reminding.run, workspace),
    }


def mailing(workspace: Workspace, settings: Settings) -> dict[str, Loop]:
    """The loop that mails notices, if the settings name a server for it."""
    if not settings.smtp_host or not settings.smtp_from:
        return {}
    server = Server(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        user=settings.smtp_user,
        password=settings.smtp_password,
        tls=settings.smtp_tls,
    )
    return {"mail": Mail(workspace.db, server, workspace.url, workspace.title).run}


async def keep_running(todo: dict[str, Loop], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Run all loops until cancelled."""
    async with asyncio.TaskGroup() as group:
        for name, loop in todo.items():
            group.create_task(_keep(name, loop, sleep), name=name)


async def _keep(name: str, loop: Loop, sleep: Callable[[float], Awaitable[None]]) -> None:
    pause_s = PAUSE_S
    while True:
        try:
            await loop()
            log.error("a loop ended by itself", loop=name, again_in_s=pause_s)
        except Exception:
            log.exception("a loop failed", loop=name, again_in_s=pause_s)
        await sleep(pause_s)
        pause_s = min(2 * pause_s, PAUSE_MAX_S)
