"""What happens to tasks beside the document: how far each is, the files of its material, and who is reminded.

The bytes of a file lie in the data folder under `files/<campaign>/<id>`, its row says what it is; a file that is taken away is
archived, its bytes stay. At most 20 MB a file and 500 MB a campaign. Every change has its line in the audit log.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from msgspec import Struct
from uuid_utils import uuid7

from miaohui.planning.workplan import Job
from miaohui.team import audit

FILE_MAX = 20 * 1024 * 1024
CAMPAIGN_MAX = 500 * 1024 * 1024
NAME_MAX = 120


class File(Struct, frozen=True, kw_only=True):
    """A file that somebody handed in for a task."""

    id: str
    campaign: str
    task: str
    material: str
    name: str
    media: str
    bytes: int
    sha256: str
    by: str
    at: datetime


class Reminder(Struct, frozen=True, kw_only=True):
    """Somebody is to be told that a task is due on its last day, or that this day has passed."""

    task: str
    kind: str
    due_on: date
    person: str


class TooLarge(ValueError):
    """A file is larger than is taken, or the campaign has no room for it: `limit` bytes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"{size} bytes, at most {limit}")
        self.size, self.limit = size, limit


async def percents(c: "asyncpg.Connection[Any]", campaign: str) -> dict[str, int]:
    """task -> how much of it is done."""
    rows = await c.fetch("select task, percent from task_progress where campaign = $1", campaign)
    return {row["task"]: row["percent"] for row in rows}


async def set_percent(
    c: "asyncpg.Connection[Any]", by: str, campaign: str, task: str, percent: int, today: date
) -> None:
    """So much of the task is done."""
    assert 0 <= percent <= 100, percent
    async with c.transaction():
        before = await c.fetchval(
            "select percent from task_progress where campaign = $1 and task = $2 for update", campaign, task
        )
        if before == percent:
            return
        await c.execute(
            """insert into task_progress (campaign, task, percent, by, done_on) values ($1, $2, $3, $4, $5)
               on conflict (campaign, task) do update set percent = $3, by = $4, at = now(), done_on = $5""",
            campaign, task, percent, by, today if percent == 100 else None,
        )  # fmt: skip
        action = "task.done" if percent == 100 else "task.progressed"
        await audit.record(c, by, action, campaign, {"task": task, "from": before or 0, "to": percent})


# -- files ---------------------------------------------------------------------------------------------------------------------


async def files(c: "asyncpg.Connection[Any]", campaign: str) -> list[File]:
    """All files of a campaign's tasks that are not archived, in the order in which they came."""
    rows = await c.fetch(
        """select id, campaign, task, material, name, media, bytes, sha256, by, at from task_file
           where campaign = $1 and archived_at is null order by id""",
        campaign,
    )
    return [File(**row) for row in rows]


async def hand_in(
    c: "asyncpg.Connection[Any]",
    folder: Path,
    by: str,
    campaign: str,
    task: str,
    material: str,
    name: str,
    media: str,
    content: bytes,
) -> File:
    """Keep a file. TooLarge."""
    if len(content) > FILE_MAX:
        raise TooLarge(len(content), FILE_MAX)
    id = str(uuid7())
    place = folder / campaign / id
    async with c.transaction():
        await c.execute("select pg_advisory_xact_lock(hashtext($1))", f"files/{campaign}")
        there = await c.fetchval("select coalesce(sum(bytes), 0) from task_file where campaign = $1", campaign)
        if there + len(content) > CAMPAIGN_MAX:
            raise TooLarge(int(there) + len(content), CAMPAIGN_MAX)
        await asyncio.to_thread(_write, place, content)
        row = await c.fetchrow(
            """insert into task_file (id, campaign, task, material, name, media, bytes, sha256, by)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               returning id, campaign, task, material, name, media, bytes, sha256, by, at""",
            id, campaign, task, material, name[:NAME_MAX], media, len(content), hashlib.sha256(content).hexdigest(), by,
        )  # fmt: skip
        detail = {"task": task, "material": material, "name": name[:NAME_MAX], "bytes": len(content)}
        await audit.record(c, by, "task.file_handed_in", campaign, detail)
    assert row is not None
    return File(**row)


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


async def file(c: "asyncpg.Connection[Any]", campaign: str, id: str) -> File | None:
    """One file that is not archived."""
    row = await c.fetchrow(
        """select id, campaign, task, material, name, media, bytes, sha256, by, at from task_file
           where campaign = $1 and id = $2 and archived_at is null""",
        campaign, id,
    )  # fmt: skip
    return File(**row) if row else None


async def take_away(c: "asyncpg.Connection[Any]", by: str, campaign: str, id: str) -> bool:
    """Archive a file; False if it is not there."""
    async with c.transaction():
        row = await c.fetchrow(
            """update task_file set archived_at = now(), archived_by = $3
               where campaign = $1 and id = $2 and archived_at is null returning task, name""",
            campaign, id, by,
        )  # fmt: skip
        if row is not None:
            await audit.record(c, by, "task.file_archived", campaign, {"task": row["task"], "name": row["name"]})
    return row is not None


# -- reminders -----------------------------------------------------------------------------------------------------------------


def reminders(jobs: Iterable[Job], today: date) -> list[Reminder]:
    """Who is to be told today: from `remind_days` before the last day on, and once more when that day has passed."""
    found = []
    for job in jobs:
        task = job.task
        if job.done or not task.owner or today < job.last - timedelta(task.remind_days):
            continue
        kind = "late" if today > job.last else "due"
        found.append(Reminder(task=task.id, kind=kind, due_on=job.last, person=task.owner))
    return found


async def remind(c: "asyncpg.Connection[Any]", campaign: str, found: Iterable[Reminder]) -> list[Reminder]:
    """Keep those that were not kept yet: the new ones."""
    new = []
    for one in found:
        kept = await c.execute(
            """insert into task_reminder (campaign, task, kind, due_on, person) values ($1, $2, $3, $4, $5)
               on conflict do nothing""",
            campaign, one.task, one.kind, one.due_on, one.person,
        )  # fmt: skip
        if kept.endswith(" 1"):
            new.append(one)
    return new
