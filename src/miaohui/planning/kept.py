"""What is kept under a name of a document outside of it: progress and files of a task, targets of people for a goal, money spent on
a line, and, once the campaign has opened, what its plays and audiences did. Such a name stays; the title that people read can
always be changed.
"""

import tomllib

from miaohui.campaign import store
from miaohui.campaign.lifecycle import OPEN
from miaohui.campaign.places import Path
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.renaming import VALUES
from miaohui.campaign.store import Connection
from miaohui.text import Text

_TASK = """
select exists(select from task_progress where campaign = $1 and task = $2)
    or exists(select from task_file where campaign = $1 and task = $2 and archived_at is null)
"""
_GOAL = "select exists(select from target_spread where campaign = $1 and goal = $2)"
_LINE = "select exists(select from expense where campaign = $1 and line = $2)"
_PLAY = "select exists(select from play_running where campaign = $1 and play = $2)"


async def free(c: Connection, campaign: str, path: Path, text: str) -> None:
    """Refuse with name_in_use if something is kept under the name at `path`."""
    name = _name(path, text)
    match path[0]:
        case "tasks" if await c.fetchval(_TASK, campaign, name):
            what = Text("进度或文件", "progress, or a file,")
        case "goals" if await c.fetchval(_GOAL, campaign, name):
            what = Text("个人目标", "what people are to bring")
        case "budget" if await c.fetchval(_LINE, campaign, name):
            what = Text("已记的支出", "money that was spent")
        case "plays" if await c.fetchval(_PLAY, campaign, name):
            what = Text("账户和事件", "its accounts and events")
        case "audiences" if await _open(c, campaign):
            what = Text("启动时固定的名单", "the list fixed at launch")
        case _:
            return
    raise CampaignRefused("name_in_use", name=name, what=what)


def _name(path: Path, text: str) -> str:
    """What stands at `path`: the key, or the value of a name; nothing where it leads nowhere."""
    if path[-1] not in VALUES:
        return str(path[-1])
    try:
        here = tomllib.loads(text)
        for part in path:
            here = here[part]  # type: ignore[index]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    return str(here)


async def _open(c: Connection, campaign: str) -> bool:
    try:
        return (await store.get(c, campaign)).status.state in OPEN if campaign else False
    except CampaignRefused:
        return False
