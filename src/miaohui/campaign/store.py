"""Campaigns in PostgreSQL: where each stands, and every version of its document.

A version is written once and stays. Saving carries the version it was made from; if another was saved since, it is refused
(stale_base) and nothing is lost. Every change writes its line of the audit log in the same transaction.
"""

import re
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg
from msgspec import Struct

from miaohui.campaign.changes import changes
from miaohui.campaign.document import Document
from miaohui.campaign.edits import CannotEdit
from miaohui.campaign.lifecycle import State, Status, edited
from miaohui.campaign.phases import Phases
from miaohui.campaign.problem import written
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.terms import NAME
from miaohui.team import audit
from miaohui.text import Text

PAGE_MAX = 200
VERSION_MAX = 2**31 - 1
CHANGES_MAX = 100
VALUE_MAX = 200
Connection: TypeAlias = "asyncpg.Connection[Any]"


class Campaign(Struct, frozen=True, kw_only=True):
    """One campaign as it stands; `trouble`: why the clock could not move it on; `now_ms`: the database's time."""

    id: str
    name: Text
    status: Status
    zone: str
    opens_ms: int
    live_ms: int
    wrap_up_ms: int
    trouble: Text | None
    created_at: datetime
    changed_at: datetime
    now_ms: int

    @property
    def phases(self) -> Phases:
        """What the clock goes by."""
        return Phases(warm_up_ms=self.opens_ms, live_ms=self.live_ms, wrap_up_ms=self.wrap_up_ms)


class Version(Struct, frozen=True, kw_only=True):
    """One version of a document."""

    campaign: str
    version: int
    text: str
    by: str
    at: datetime
    note: str


async def create(c: Connection, by: str, document: Document, text: str, note: str = "") -> None:
    """A new campaign, a draft of version 1. campaign_exists."""
    phases = document.phases
    made = await c.execute(
        """insert into campaign (id, state, version, name_zh, name_en, zone, opens_ms, live_ms, wrap_up_ms)
           values ($1, 'draft', 1, $2, $3, $4, $5, $6, $7) on conflict do nothing""",
        document.campaign, document.name.zh, document.name.en, document.zone,
        phases.opens_ms(), phases.live_ms, phases.wrap_up_ms,
    )  # fmt: skip
    if made.endswith(" 0"):
        raise CampaignRefused("campaign_exists", campaign=document.campaign)
    await _write(c, document.campaign, 1, text, by, note)
    await audit.record(c, by, "campaign.created", document.campaign, {"version": 1, "note": note})


async def save(
    c: Connection, by: str, campaign: Campaign, document: Document, text: str, base: int, note: str
) -> Status:
    """A new version of a `locked` campaign, made from version `base`. other_id, stale_base, Forbidden."""
    if document.campaign != campaign.id:
        raise CampaignRefused("other_id", campaign=campaign.id, written=document.campaign)
    if base != campaign.status.version:
        raise CampaignRefused("stale_base", campaign=campaign.id, base=base, version=campaign.status.version)
    status = edited(campaign.status)
    before = await version(c, campaign.id, base)
    await _write(c, campaign.id, status.version, text, by, note)
    await set_status(c, campaign.id, status)
    await c.execute(
        "update campaign set name_zh = $2, name_en = $3 where id = $1", campaign.id, document.name.zh, document.name.en
    )
    if status.state == "draft":
        await set_plan(c, document)
    detail = {"version": status.version, "base": base, "note": note, "state": status.state}
    await audit.record(c, by, "campaign.edited", campaign.id, detail | _changed(before.text, text))
    return status


def _changed(old: str, new: str) -> dict[str, Any]:
    """Every field that an edit changes, from what to what; of very large edits the first ones and how many more there are."""
    try:
        found = changes(old, new)
    except CannotEdit:  # the old text was no TOML
        return {}
    fields = [{"field": written(one.path), "from": _short(one.before), "to": _short(one.after)} for one in found]
    return {"changes": fields[:CHANGES_MAX], "more": max(0, len(fields) - CHANGES_MAX)}


def _short(value: str) -> str:
    return value if len(value) <= VALUE_MAX else f"{value[:VALUE_MAX]}…"


async def _write(c: Connection, campaign: str, version: int, text: str, by: str, note: str) -> None:
    await c.execute(
        "insert into campaign_version (campaign, version, text, by, note) values ($1, $2, $3, $4, $5)",
        campaign, version, text, by, note,
    )  # fmt: skip


async def set_trouble(c: Connection, id: str, trouble: Text) -> None:
    """Why the clock cannot move the campaign on."""
    await c.execute("update campaign set trouble_zh = $2, trouble_en = $3 where id = $1", id, trouble.zh, trouble.en)


async def set_status(c: Connection, id: str, status: Status) -> None:
    """Where the campaign stands from now on; trouble is over."""
    await c.execute(
        """update campaign set state = $2, paused = $3, stopped = $4, version = $5, submitted = $6, approved = $7,
           trouble_zh = '', trouble_en = '', changed_at = now() where id = $1""",
        id, status.state, status.paused, status.stopped, status.version, status.submitted, status.approved,
    )  # fmt: skip


async def set_plan(c: Connection, document: Document) -> None:
    """What the clock goes by from now on."""
    await c.execute(
        "update campaign set zone = $2, opens_ms = $3, live_ms = $4, wrap_up_ms = $5 where id = $1",
        document.campaign, document.zone, document.phases.opens_ms(), document.phases.live_ms, document.phases.wrap_up_ms,
    )  # fmt: skip


async def get(c: Connection, id: str) -> Campaign:
    """The campaign as it stands. unknown_campaign."""
    return _one(await c.fetchrow("select *, now_ms() as now_ms from campaign where id = $1", _possible(id)), id)


async def locked(c: Connection, id: str) -> Campaign:
    """The campaign, for the running transaction alone to change. unknown_campaign."""
    row = await c.fetchrow("select *, now_ms() as now_ms from campaign where id = $1 for update", _possible(id))
    return _one(row, id)


async def version(c: Connection, id: str, number: int = 0) -> Version:
    """One version of a document, the newest if no number is given. unknown_campaign."""
    row = await c.fetchrow(
        """select * from campaign_version where campaign = $1 and ($2 = 0 or version = $2)
           order by version desc limit 1""",
        _possible(id), min(number, VERSION_MAX),
    )  # fmt: skip
    if row is None:
        raise CampaignRefused("unknown_campaign", campaign=f"{id}, version {number}" if number else id)
    return Version(**row)


async def versions(c: Connection, id: str, before: int = 0, limit: int = PAGE_MAX) -> list[Version]:
    """Versions, newest first, without their texts; `before` is the last one already shown."""
    rows = await c.fetch(
        """select campaign, version, '' as text, by, at, note from campaign_version
           where campaign = $1 and ($2 = 0 or version < $2) order by version desc limit $3""",
        _possible(id), min(before, VERSION_MAX), min(limit, PAGE_MAX),
    )  # fmt: skip
    return [Version(**row) for row in rows]


async def campaigns(
    c: Connection, states: list[State] | None = None, after: tuple[datetime, str] | None = None, limit: int = 50
) -> list[Campaign]:
    """Campaigns, newest first; `after` is (created_at, id) of the last one already shown."""
    at, id = after or (None, "")
    rows = await c.fetch(
        """select *, now_ms() as now_ms from campaign
           where ($1::text[] is null or state = any($1))
             and ($2::timestamptz is null or (created_at, id) < ($2, $3))
           order by created_at desc, id desc limit $4""",
        states, at, id, min(limit, PAGE_MAX),
    )  # fmt: skip
    return [_campaign(row) for row in rows]


async def due(c: Connection) -> list[str]:
    """Ids of the campaigns that the clock has to move."""
    rows = await c.fetch(
        """with now as materialized (select now_ms() as ms)
           select id from campaign, now where
             (state = 'approved' and opens_ms <= ms and ms < wrap_up_ms)
             or (state in ('warm_up', 'live') and wrap_up_ms <= ms)
             or (state = 'warm_up' and live_ms <= ms)
           order by id limit 200"""
    )
    return [row["id"] for row in rows]


def _possible(id: str) -> str:
    """`id`, if a campaign may be called so; PostgreSQL would not even take some texts."""
    if not re.fullmatch(NAME, id):
        raise CampaignRefused("unknown_campaign", campaign=id)
    return id


def _one(row: "asyncpg.Record | None", id: str) -> Campaign:
    if row is None:
        raise CampaignRefused("unknown_campaign", campaign=id)
    return _campaign(row)


def _campaign(row: asyncpg.Record) -> Campaign:
    status = Status(**{name: row[name] for name in Status.__struct_fields__})
    trouble = Text(row["trouble_zh"], row["trouble_en"]) if row["trouble_en"] else None
    same = ("id", "zone", "opens_ms", "live_ms", "wrap_up_ms", "created_at", "changed_at", "now_ms")
    return Campaign(
        name=Text(row["name_zh"], row["name_en"]), status=status, trouble=trouble, **{name: row[name] for name in same}
    )
