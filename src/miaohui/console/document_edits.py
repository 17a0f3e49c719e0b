"""Small changes of a campaign's document by pages that are not its editor: edits, saved as a version made from the one that was
shown. Whoever saved first wins; the page says so and nothing is lost."""

from collections.abc import Sequence

from litestar.response import Redirect

from miaohui.campaign import store
from miaohui.campaign.edits import CannotEdit, Edit, edit
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.store import Campaign
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.team.operators import Operator
from miaohui.text import Text
from miaohui.workspace import Workspace


async def keep(
    request: AnyRequest,
    workspace: Workspace,
    operator: Operator,
    campaign: Campaign,
    edits: Sequence[Edit],
    base: str,
    back: str,
    note: Text,
) -> Redirect:
    """Save `edits` as a version made from version `base` and go `back`, where it is said what became of them."""
    if not edits:
        return see_other(request, back, Text("没有变化。", "Nothing to change."))
    try:
        async with workspace.db.acquire() as c:
            text = (await store.version(c, campaign.id)).text
        number = int(base) if base.isdigit() else 0
        saved = await workspace.office.save(operator, campaign.id, number, edit(text, edits), note.en)
    except CampaignRefused as refused:
        return see_other(request, back, refused.sentence, "bad")
    except CannotEdit as why:
        zh, en = (
            f"文件改不了：{why}。请到策划页改。",
            f"The document cannot be changed here: {why}. Change it on the plan page.",
        )
        return see_other(request, back, Text(zh, en), "bad")
    version = saved.status.version
    return see_other(request, back, Text(f"{note.zh}，存为 v{version}。", f"{note.en}, saved as v{version}."))
