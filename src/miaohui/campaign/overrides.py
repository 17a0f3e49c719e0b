"""Stops that are set aside: somebody asks with a reason, somebody else who may approve agrees or does not; both are kept.

It holds for the very sentence that was asked about: another value is another sentence, and needs another question.
"""

from collections.abc import Iterable
from datetime import datetime

import asyncpg
from msgspec import Struct
from msgspec.structs import replace

from miaohui.campaign.problem import Problem
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.store import Connection
from miaohui.team import audit

REASON_MAX = 500


class Override(Struct, frozen=True, kw_only=True):
    """One question; `agreed` None: nobody has decided yet."""

    id: int
    campaign: str
    code: str
    path: str
    what: str
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    agreed: bool | None = None

    def about(self, problem: Problem) -> bool:
        """Whether it is about this very finding."""
        return (self.code, self.path, self.what) == (problem.code, problem.path, problem.what.en)


def applied(problems: Iterable[Problem], overrides: Iterable[Override]) -> list[Problem]:
    """The problems, with those that two people have set aside marked so."""
    agreed = [override for override in overrides if override.agreed]
    return [_applied(problem, agreed) for problem in problems]


def _applied(problem: Problem, agreed: list[Override]) -> Problem:
    if problem.overridable:
        for one in agreed:
            if one.about(problem):
                return replace(problem, overridden=f"{one.asked_by}, {one.decided_by}: {one.reason}")
    return problem


async def of(c: Connection, campaign: str) -> list[Override]:
    """All questions about a campaign, oldest first."""
    rows = await c.fetch("select * from preflight_override where campaign = $1 order by id", campaign)
    return [Override(**row) for row in rows]


async def undecided(c: Connection) -> list[Override]:
    """The questions that nobody has decided, oldest first."""
    rows = await c.fetch("select * from preflight_override where agreed is null order by id limit 50")
    return [Override(**row) for row in rows]


async def ask(c: Connection, by: str, campaign: str, problem: Problem, reason: str) -> None:
    """Ask to set `problem` aside. not_overridable, no_reason, asked_already."""
    if not problem.overridable:
        raise CampaignRefused("not_overridable", finding=problem.code)
    if not reason.strip():
        raise CampaignRefused("no_reason")
    try:
        await c.execute(
            """insert into preflight_override (campaign, code, path, what, reason, asked_by)
               values ($1, $2, $3, $4, $5, $6)""",
            campaign, problem.code, problem.path, problem.what.en, reason.strip()[:REASON_MAX], by,
        )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise CampaignRefused("asked_already") from None
    detail = {"code": problem.code, "path": problem.path, "what": problem.what.en, "note": reason.strip()}
    await audit.record(c, by, "campaign.override_asked", campaign, detail)


async def decide(c: Connection, by: str, campaign: str, id: int, agreed: bool) -> Override:
    """Agree, or do not. unknown_override, second_person."""
    row = await c.fetchrow(
        "select * from preflight_override where campaign = $1 and id = $2 and agreed is null for update", campaign, id
    )
    if row is None:
        raise CampaignRefused("unknown_override")
    asked = Override(**row)
    if asked.asked_by == by:
        raise CampaignRefused("second_person")
    await c.execute(
        "update preflight_override set agreed = $2, decided_by = $3, decided_at = now() where id = $1", id, agreed, by
    )
    action = "campaign.override_agreed" if agreed else "campaign.override_declined"
    detail = {"code": asked.code, "path": asked.path, "what": asked.what, "note": asked.reason}
    await audit.record(c, by, action, campaign, detail)
    return asked
