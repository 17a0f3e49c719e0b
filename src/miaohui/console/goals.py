"""The goals of a campaign: the tree with its gaps, one goal by days with its forecast, and the targets of people.

A person's target changes only by a proposal that somebody accepted: the owner of the goal or of the campaign, or who may approve
campaigns.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec import Struct

from miaohui.campaign.document import Document
from miaohui.campaign.store import Campaign, Connection
from miaohui.console import pacing, waterfalls
from miaohui.console.campaigns import campaign_of
from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, forbidden, needs
from miaohui.console.pacing import Board, Days
from miaohui.console.plans import document_of
from miaohui.console.stages import pages_of, tags
from miaohui.money import Money, exponent
from miaohui.pages import format
from miaohui.pages.errors import missing
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.planning import spreads
from miaohui.planning.actuals import PEOPLE
from miaohui.planning.spreads import Spread
from miaohui.team.operators import Operator
from miaohui.text import Text
from miaohui.workspace import Workspace

REASON_MAX = 300


class Person(Struct, frozen=True, kw_only=True):
    """One person's target of a goal, in smallest units: what holds, and what the open proposal would make of it."""

    name: str
    capacity: Any
    holds: int
    proposed: int | None


class Channel(Struct, frozen=True):
    """One channel of a goal: its part of the target and what came through it."""

    name: str
    target: Text
    actual: Text | None


async def _found(workspace: Workspace, id: str, simulated: bool) -> tuple[Campaign, Document | None, Board | None]:
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        document = await document_of(c, workspace, campaign)
        opened = await c.fetchval("select exists (select from play_running where campaign = $1)", id)
    if document is None or not document.goals:
        return campaign, document, None
    shown = await pacing.board(workspace, document, campaign.now_ms, opened=opened, simulated=simulated)
    return campaign, document, shown


@get("/campaigns/{id:str}/goals", guards=[needs("campaign.view")])
async def goals(
    request: AnyRequest,
    workspace: TheWorkspace,
    operator: TheOperator,
    id: FromPath[str],
    goal: FromQuery[str] = "",
    simulated: FromQuery[bool] = False,
) -> Response[str]:
    """The tree, and one goal by days."""
    simulated = simulated and workspace.demo
    campaign, document, shown = await _found(workspace, id, simulated)
    days = pacing.by_days(document, shown, campaign.now_ms) if document and shown else {}
    one = days.get(goal) or next(iter(days.values()), None)
    async with workspace.db.acquire() as c:
        past = await spreads.history(c, id, one.name) if one else []
    open_one = next((spread for spread in past if spread.accepted is None), None)
    return show(
        request,
        "console/goals.html",
        within=pages_of(id, campaign.name),
        campaign=campaign,
        tags=tags(campaign.status),
        document=document,
        board=shown,
        days=days,
        one=one,
        said=said,
        chart=_chart(one) if one else "",
        words=_words(one) if one else None,
        people=_people(one, past, open_one) if one else [],
        standing=spreads.standing(past),
        open_spread=open_one,
        history=past,
        decides=one is not None and document is not None and may_decide(operator, document, one),
        can_propose=one is not None and bool(_to_come(one, campaign.now_ms)),
        channels=_channels(one, shown, document) if one and shown and document else [],
        reason_max=REASON_MAX,
        simulated=simulated,
    )


def said(units: float, unit: str) -> Text:
    """Smallest units in words: money or a count."""
    if not unit:
        text = format.number(round(units))
        return Text(text, text)
    money = Money(round(units), unit)
    return Text(money.text("zh", cents=False), money.text("en", cents=False))


def _words(one: Days) -> dict[str, Any]:
    """What stands beside the chart."""
    pace, unit = one.pace, one.unit
    left = len(pace.rest)
    elapsed = pace.whole / len(pace.days)
    return {
        "done": said(pace.done, unit),
        "to_date": said(pace.to_date, unit),
        "index": pace.index,
        "needed": said(sum(pace.rest) / left, unit) if left else None,
        "next": said(pace.rest[0], unit) if left else None,
        "median": said(pace.forecast.median, unit),
        "low": said(pace.forecast.low, unit),
        "high": said(pace.forecast.high, unit),
        "run_rate": said(pace.done / elapsed, unit) if elapsed and left else None,
        "level": pace.level,
        "factor": 2.718281828459045**pace.level.mean,
        "cases": len(one.shape.cases),
        "noise": pace.noise_sd,
    }


def _chart(one: Days) -> str:
    """The burn-up: cumulative plan, what came, and the fan of what may come, in the goal's own unit."""
    pace, scale = one.pace, 10 ** exponent(one.unit) if one.unit else 1
    planned, came, fan = [], [], []
    total = pace.before
    for n, units in enumerate(pace.planned):
        planned.append(round(sum(pace.planned[: n + 1]) / scale, 2))
        value = pace.actual[n]
        total += value or 0
        came.append(None if value is None else round(total / scale, 2))
        ahead = n - (len(pace.days) - len(pace.rest))
        at = pace.fan[ahead] if ahead >= 0 else None
        fan.append([round(x / scale, 2) for x in (at.low, at.median, at.high)] if at else None)
        assert units >= 0
    drawn = {
        "days": [span.on.isoformat() for span in pace.days],
        "planned": planned,
        "actual": came,
        "fan": fan,
        "target": round(pace.target / scale, 2),
        "currency": one.unit,
    }
    return msgspec.json.encode(drawn).decode()


def _people(one: Days, past: list[Spread], open_one: Spread | None) -> list[Person]:
    """Everybody who has a target, or would have one."""
    standing = spreads.standing(past)
    after = spreads.standing([*past, msgspec.structs.replace(open_one, accepted=True)]) if open_one else {}
    holds, proposed = spreads.totals(standing), spreads.totals(after)
    names = list(dict.fromkeys([*one.goal.people, *spreads.people_of([standing, after])]))
    return [
        Person(
            name=name,
            capacity=one.goal.people.get(name),
            holds=holds.get(name, 0),
            proposed=proposed.get(name, 0) if open_one else None,
        )
        for name in names
    ]


def _to_come(one: Days, now_ms: int) -> dict[date, int]:
    """The days that have not begun, with what each is to bring so that the target is reached."""
    pace = one.pace
    first = len(pace.days) - len(pace.rest)
    ahead = zip(pace.days[first:], pace.rest, strict=True)
    return {span.on: units for span, units in ahead if span.start_ms > now_ms}


def _channels(one: Days, shown: Board, document: Document) -> list[Channel]:
    came: Mapping[str, int] | None = None
    if shown.actuals and one.measure in PEOPLE and one.measure != "new_customers":
        came = shown.actuals.channels[one.measure]
    named = [
        Channel(
            name,
            waterfalls.said(one.measure, target, document.currency),
            None if came is None else said(came.get(name, 0), ""),
        )
        for name, target in one.goal.by.items()
    ]
    rest = sum(n for name, n in (came or {}).items() if name not in one.goal.by)
    other = [Channel("", Text("—", "—"), said(rest, ""))] if named and rest else []
    audiences = [
        Channel(name, waterfalls.said(one.measure, target, document.currency), None)
        for name, target in one.goal.by_audience.items()
    ]
    return named + other + audiences


# -- the targets of people -----------------------------------------------------------------------------------------------------


def may_decide(operator: Operator, document: Document, one: Days) -> bool:
    """Whether the operator is the lead of the goal."""
    return operator.may("campaign.approve") or operator.name in {one.goal.owner, document.owner} - {""}


@post("/campaigns/{id:str}/goals/{goal:str}/spread", guards=[needs("campaign.edit")])
async def propose(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], goal: FromPath[str]
) -> Redirect:
    """Propose what each person is to bring on each day that is to come."""
    campaign, document, shown = await _found(workspace, id, simulated=False)
    one = pacing.by_days(document, shown, campaign.now_ms).get(goal) if document and shown else None
    if one is None:
        raise missing(Text(f"没有按天的目标 {goal}", f"There is no goal {goal} that goes by days"))
    to_come = _to_come(one, campaign.now_ms)
    path = f"/campaigns/{id}/goals?goal={goal}#people"
    if not one.goal.people or not to_come:
        said = Text("没有人可分，或剩余的天数为零。", "There is nobody to share it, or no day left.")
        return see_other(request, path, said, "warn")
    form = await request.form()
    reason = str(form.get("reason", "")).strip()[:REASON_MAX]
    async with workspace.db.acquire() as c:
        absent = await absences(c, one.goal.people, min(to_come), max(to_come))
        cells = spreads.shared(to_come, one.goal.people, absent)
        if form.get("how") == "totals":
            holds = spreads.totals(spreads.standing(await spreads.history(c, id, goal)))
            cells = spreads.keeping(to_come, one.goal.people, absent, holds)
        await spreads.propose(c, operator.name, id, goal, one.unit, cells, reason)
    return see_other(request, path, Text("已提出，等负责人接受。", "Proposed. It waits for the lead to accept it."))


async def absences(c: Connection, people: Mapping[str, Any], first: date, last: date) -> dict[str, dict[date, int]]:
    """Who is away on which of the days: the percent of a day that are left."""
    rows = await c.fetch(
        """select o.name, a.from_on, a.until_on, a.works from absence a join operator o on o.id = a.operator
           where a.archived_at is null and o.archived_at is null and o.name = any($1) and a.from_on <= $3 and a.until_on > $2""",
        list(people), first, last,
    )  # fmt: skip
    found: dict[str, dict[date, int]] = {}
    for row in rows:
        days = found.setdefault(row["name"], {})
        on = max(first, row["from_on"])
        while on < row["until_on"] and on <= last:
            days[on] = min(days.get(on, 100), row["works"])
            on += timedelta(1)
    return found


@post("/campaigns/{id:str}/goals/{goal:str}/spread/{number:int}", guards=[needs("campaign.view")])
async def decide(
    request: AnyRequest,
    workspace: TheWorkspace,
    operator: TheOperator,
    id: FromPath[str],
    goal: FromPath[str],
    number: FromPath[int],
) -> Redirect:
    """Accept or decline a proposal."""
    async with workspace.db.acquire() as c:
        campaign = await campaign_of(c, id)
        document = await document_of(c, workspace, campaign)
    written = document.goals.get(goal) if document else None
    leads = {written.owner if written else "", document.owner if document else ""} - {""}
    if not operator.may("campaign.approve") and operator.name not in leads:
        raise forbidden(operator, "campaign.approve")
    accepted = (await request.form()).get("accepted") == "yes"
    async with workspace.db.acquire() as c:
        done = await spreads.decide(c, operator.name, id, goal, number, accepted=accepted)
    path = f"/campaigns/{id}/goals?goal={goal}#people"
    if not done:
        gone = Text("这个提案已经处理过了，什么也没有改变。", "This proposal was decided already. Nothing was changed.")
        return see_other(request, path, gone, "warn")
    text = (
        Text("已接受，即日起按新目标。", "Accepted: these are the targets now.")
        if accepted
        else Text("已退回。", "Declined.")
    )
    return see_other(request, path, text)


HANDLERS = [goals, propose, decide]
