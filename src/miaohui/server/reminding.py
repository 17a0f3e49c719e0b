"""Who is to be told of a task: looked for every ten minutes in the campaigns that people work on, each reminder kept once.

A reminder is a row of `task_reminder`; whoever notifies operators takes those that have no `sent_at`.
"""

import asyncio

from miaohui.campaign import store
from miaohui.console.stages import AT_WORK
from miaohui.console.worksheets import sheet
from miaohui.planning.work import Reminder, remind, reminders
from miaohui.workspace import Workspace

EVERY_S = 600.0


async def tick(workspace: Workspace) -> list[Reminder]:
    """Keep the reminders of now: the new ones."""
    new: list[Reminder] = []
    async with workspace.db.acquire() as c:
        for campaign in await store.campaigns(c, AT_WORK, limit=200):
            found = await sheet(c, workspace, campaign)
            if found.plan is not None:
                new += await remind(c, campaign.id, reminders(found.plan.jobs, found.today))
    return new


async def run(workspace: Workspace) -> None:
    """Look for them until cancelled."""
    while True:
        await tick(workspace)
        await asyncio.sleep(EVERY_S)
