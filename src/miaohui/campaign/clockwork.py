"""The loop that moves campaigns whose time has come: approved ones open, warm-ups go live, live ones end.

What cannot be moved (the shop has too little stock, say) is tried again every second, and says why on the campaign's page; the
log has it once.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from miaohui.campaign.office import Office

TICK_S = 1.0

log = structlog.get_logger()


async def run(office: Office, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Tick until cancelled."""
    troubles: dict[str, str] = {}
    while True:
        moved = await office.tick()
        for campaign, refused in moved.items():
            trouble = refused.sentence.en if refused else ""
            if trouble and troubles.get(campaign) != trouble:
                log.warning("a campaign cannot be moved on", campaign=campaign, why=trouble)
        troubles = {campaign: refused.sentence.en for campaign, refused in moved.items() if refused}
        await sleep(TICK_S)
