"""Who is told of a task: looked for every ten minutes in the campaigns that people work on, each told once.

A reminder is a row of `task_reminder`, its notice (in the console, by e-mail to who has an address) is written in the same
transaction. Who is no operator of this workspace gets none; the row says so by its empty `sent_at`.
"""

import asyncio

from miaohui.campaign import store
from miaohui.console.stages import AT_WORK
from miaohui.console.worksheets import Sheet, sheets
from miaohui.planning.work import Reminder, remind, reminders
from miaohui.planning.workplan import Job
from miaohui.team.notices import notify
from miaohui.text import Text
from miaohui.workspace import Workspace

EVERY_S = 600.0
BY = "clock"


async def tick(workspace: Workspace) -> list[Reminder]:
    """Tell whoever is to be told now and was not: the new reminders."""
    new: list[Reminder] = []
    async with workspace.db.acquire() as c:
        for found in await sheets(c, workspace, await store.campaigns(c, AT_WORK, limit=200)):
            for one in reminders(found.plan.jobs, found.today) if found.plan else ():
                job = found.plan.job(one.task) if found.plan else None
                assert job is not None, one
                async with c.transaction():
                    for kept in await remind(c, found.campaign.id, [one]):
                        path = f"/campaigns/{found.campaign.id}/tasks#task-{kept.task}"
                        told = await notify(c, BY, [kept.person], f"task.{kept.kind}", _said(found, job, kept), path)
                        if told:
                            await c.execute(
                                """update task_reminder set sent_at = now()
                                   where campaign = $1 and task = $2 and kind = $3 and due_on = $4""",
                                found.campaign.id, kept.task, kept.kind, kept.due_on,
                            )  # fmt: skip
                        new.append(kept)
    return new


def _said(found: Sheet, job: Job, one: Reminder) -> Text:
    title, name, on = job.task.title, found.campaign.name, one.due_on.isoformat()
    if one.kind == "late":
        return Text(f"任务晚了：{title.zh}（{name.zh}），应在 {on} 完成", f"Late: {title.en} ({name.en}), due {on}")
    return Text(f"任务快到期：{title.zh}（{name.zh}），{on} 完成", f"Due {on}: {title.en} ({name.en})")


async def run(workspace: Workspace) -> None:
    """Look for them until cancelled."""
    while True:
        await tick(workspace)
        await asyncio.sleep(EVERY_S)
