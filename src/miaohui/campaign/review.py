"""What is done about the preflight of a campaign, beside writing: one-click fixes, and stops that are set aside."""

from miaohui.campaign import overrides, store
from miaohui.campaign.edits import CannotEdit, edit
from miaohui.campaign.office import Actor, Office
from miaohui.campaign.problem import Problem
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.signing import team
from miaohui.campaign.store import Campaign, Connection
from miaohui.team import notices
from miaohui.text import Text


def problem_at(problems: list[Problem], code: str, path: str) -> Problem:
    """The finding; cannot_fix if it is gone."""
    found = next((problem for problem in problems if (problem.code, problem.path) == (code, path)), None)
    if found is None:
        raise CampaignRefused(
            "cannot_fix", what=Text("这一项已经不在了，请刷新", "it is there no longer, reload the page")
        )
    return found


def fixed(text: str, problem: Problem) -> str:
    """`text` with the finding put right. cannot_fix."""
    try:
        if problem.fix is None:
            raise CannotEdit("-")
        return edit(text, problem.fix.edits)
    except CannotEdit as error:
        raise CampaignRefused("cannot_fix", what=Text(str(error), str(error))) from error


async def fix(office: Office, by: Actor, id: str, base: int, code: str, path: str) -> Campaign:
    """Save a version with one finding of version `base` put right. The codes of `Office.save`, cannot_fix."""
    async with office.db.acquire() as c:
        text = (await store.version(c, id, base)).text
    problem = problem_at((await office.check(text)).problems, code, path)
    note = problem.fix.label if problem.fix else Text("", "")
    return await office.save(by, id, base, fixed(text, problem), f"{note.zh} · {note.en} ({code})")


async def ask_override(office: Office, by: Actor, id: str, code: str, path: str, reason: str) -> None:
    """Ask to set a stop of the newest version aside. forbidden, cannot_fix, not_overridable, no_reason, asked_already."""
    _may(by, "campaign.edit")
    async with office.db.acquire() as c:
        text = (await store.version(c, id)).text
    problem = problem_at((await office.check(text)).problems, code, path)
    async with office.db.acquire() as c, c.transaction():
        campaign = await store.locked(c, id)
        await overrides.ask(c, by.name, id, problem, reason)
        name, what = campaign.name, problem.what
        title = Text(f"请求放行：{name.zh}，{what.zh}", f"Asks to set aside: {name.en}, {what.en}")
        await _tell(c, by, [one.name for one in await team(c) if one.approves], "campaign.override_asked", title, id)


async def decide_override(office: Office, by: Actor, id: str, override: int, agreed: bool) -> None:
    """Agree to set a stop aside, or do not. forbidden, unknown_override, second_person."""
    _may(by, "campaign.approve")
    async with office.db.acquire() as c, c.transaction():
        campaign = await store.locked(c, id)
        asked = await overrides.decide(c, by.name, id, override, agreed)
        done = Text("同意放行", "Agreed to set aside") if agreed else Text("不同意放行", "Declined to set aside")
        title = Text(f"{done.zh}：{campaign.name.zh}，{asked.code}", f"{done.en}: {campaign.name.en}, {asked.code}")
        await _tell(c, by, [asked.asked_by], "campaign.override_decided", title, id)


async def _tell(c: Connection, by: Actor, names: list[str], kind: str, title: Text, id: str) -> None:
    await notices.notify(c, by.name, names, kind, title, f"/campaigns/{id}#check")


def _may(by: Actor, permission: str) -> None:
    if not by.may(permission):
        raise CampaignRefused("forbidden", permission=permission)
