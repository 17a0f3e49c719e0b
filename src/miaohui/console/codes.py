"""Codes that work once, made, taken away and withdrawn on the promotion's page."""

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream

from miaohui.campaign.code_batches import LENGTH_MAX, LENGTH_MIN, Batch
from miaohui.campaign.refused import CampaignRefused
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.pages.errors import missing
from miaohui.pages.language import AnyRequest, language_of
from miaohui.pages.render import see_other
from miaohui.pages.sheets import sheet
from miaohui.text import Text
from miaohui.workspace import Workspace


@post("/campaigns/{id:str}/promotions/{play:str}/codes", guards=[needs("code.edit")])
async def make_codes(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], play: FromPath[str]
) -> Redirect:
    """A batch of the form; the page says how many there are now, or why there are none."""
    form = {name: str(value).strip() for name, value in (await request.form()).items()}
    count, length = (int(form[key]) if form.get(key, "").isdecimal() else 0 for key in ("count", "length"))
    back = f"/campaigns/{id}/promotions?edit={play}"
    try:
        batch = await workspace.codes.make(operator, id, play, count, form.get("prefix", ""), length)
    except CampaignRefused as no:
        return see_other(request, back, no.sentence, "bad")
    done = Text(f"已生成 {batch.count} 个优惠码，可以导出。", f"{batch.count} codes are made: take the file.")
    return see_other(request, back, done)


@get("/campaigns/{id:str}/codes/{batch:str}/file", guards=[needs("code.edit")])
async def export_codes(
    workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], batch: FromPath[str], request: AnyRequest
) -> Stream:
    """The codes of the batch with what became of each."""
    found = await _batch(workspace, id, batch)
    names = Text("优惠码 状态", "code state")(language_of(request)).split()
    states = {
        "free": Text("未用", "free"),
        "held": Text("待付款订单占用", "held by an unpaid order"),
        "used": Text("已用", "used"),
        "withdrawn": Text("已作废", "withdrawn"),
    }
    rows = await workspace.codes.export(operator, found)
    return sheet(
        f"codes-{id}-{found.play}.csv",
        names,
        ((code, states[state](language_of(request))) async for code, state in rows),
    )


@post("/campaigns/{id:str}/codes/{batch:str}/withdraw", guards=[needs("code.edit")])
async def withdraw_codes(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], batch: FromPath[str]
) -> Redirect:
    """None of the batch works any more; the page says how many were still unused."""
    found = await _batch(workspace, id, batch)
    back = f"/campaigns/{id}/promotions?edit={found.play}"
    try:
        gone = await workspace.codes.withdraw(operator, found)
    except CampaignRefused as no:
        return see_other(request, back, no.sentence, "bad")
    done = Text(
        f"这批优惠码已作废：{gone.unused} 个未用的不能再用。",
        f"The batch is withdrawn: {gone.unused} codes that were not used do not work any more.",
    )
    return see_other(request, back, done)


async def _batch(workspace: Workspace, campaign: str, batch: str) -> Batch:
    """A batch of this campaign."""
    try:
        found = await workspace.codes.batch(batch)
    except CampaignRefused as no:
        raise missing(no.sentence) from None
    if found.campaign != campaign:
        raise missing(Text("这个活动没有这批优惠码", "This campaign has no such batch"))
    return found


LENGTHS = range(LENGTH_MIN, LENGTH_MAX + 1)
HANDLERS = [make_codes, export_codes, withdraw_codes]
