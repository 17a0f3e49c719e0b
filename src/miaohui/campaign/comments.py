"""Comments on a campaign, field by field: threads that somebody begins, others answer, and somebody resolves. A comment stays on
its field through all versions, also when something on the way to it gets another name; it says which version was the newest when
it was written."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from miaohui.campaign import changes
from miaohui.campaign.edits import CannotEdit
from miaohui.campaign.places import Path
from miaohui.campaign.problem import written
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.store import Connection
from miaohui.team import audit, notices
from miaohui.text import Text

TEXT_MAX = 2000
PATH_MAX = 200


class Comment(Struct, frozen=True, kw_only=True):
    """One comment."""

    id: int
    text: str
    by: str
    at: datetime
    version: int


class Thread(Struct, frozen=True, kw_only=True):
    """A comment on the field at `path` (empty: the whole campaign) with its answers."""

    id: int
    path: str
    comments: tuple[Comment, ...]
    resolved_by: str
    resolved_at: datetime | None


async def threads(c: Connection, campaign: str) -> list[Thread]:
    """All threads: open ones first, then by when they began."""
    rows = await c.fetch("select * from campaign_comment where campaign = $1 order by id limit 1000", campaign)
    answers: dict[int, list[Comment]] = {}
    for row in rows:
        same = {key: row[key] for key in ("id", "text", "by", "at", "version")}
        answers.setdefault(row["thread"] or row["id"], []).append(Comment(**same))
    found = [
        Thread(
            id=row["id"],
            path=row["path"],
            comments=tuple(answers[row["id"]]),
            resolved_by=row["resolved_by"] or "",
            resolved_at=row["resolved_at"],
        )
        for row in rows
        if row["thread"] is None
    ]
    return sorted(found, key=lambda thread: (thread.resolved_at is not None, thread.id))


async def open_counts(c: Connection, campaign: str) -> dict[str, int]:
    """Path -> how many threads on it are open."""
    rows = await c.fetch(
        """select path, count(*) as open from campaign_comment
           where campaign = $1 and thread is null and resolved_at is null group by path""",
        campaign,
    )
    return {row["path"]: row["open"] for row in rows}


def renames(old: str, new: str) -> dict[Path, Path]:
    """What has another name in `new`; nothing if one of the texts is no TOML."""
    try:
        return changes.renames(old, new)
    except CannotEdit:
        return {}


def moved(path: str, names: Mapping[Path, Path]) -> str:
    """Where the field at `path` stands when what is on its way has another name."""
    for was, now in names.items():
        if path == written(was) or path.startswith((f"{written(was)}.", f"{written(was)}[")):
            return written(now) + path[len(written(was)) :]
    return path


async def follow(c: Connection, campaign: str, names: Mapping[Path, Path]) -> None:
    """Comments on what has another name go with it; call it in the transaction that saves the names."""
    rows = await c.fetch("select distinct path from campaign_comment where campaign = $1", campaign) if names else []
    for path in (row["path"] for row in rows):
        if (now := moved(path, names)) != path:
            await c.execute(
                "update campaign_comment set path = $3 where campaign = $1 and path = $2",
                campaign,
                path,
                now[:PATH_MAX],
            )


async def comment(c: Connection, by: str, campaign: str, text: str, path: str = "", thread: int = 0) -> None:
    """Begin a thread on a field, or answer one, which opens it again; call it in a transaction. unknown_campaign, no_text,
    unknown_thread."""
    text = text.strip()[:TEXT_MAX]
    row = await c.fetchrow("select name_zh, name_en, version from campaign where id = $1 for update", campaign)
    if row is None:
        raise CampaignRefused("unknown_campaign", campaign=campaign)
    if not text:
        raise CampaignRefused("no_text")
    if thread:
        path = await c.fetchval(
            """update campaign_comment set resolved_by = null, resolved_at = null
               where campaign = $1 and id = $2 and thread is null returning path""",
            campaign, thread,
        )  # fmt: skip
        if path is None:
            raise CampaignRefused("unknown_thread")
    id = await c.fetchval(
        """insert into campaign_comment (campaign, path, thread, version, text, by) values ($1, $2, $3, $4, $5, $6)
           returning id""",
        campaign, path[:PATH_MAX], thread or None, row["version"], text, by,
    )  # fmt: skip
    await audit.record(c, by, "campaign.commented", campaign, {"path": path, "comment": id})
    people = await c.fetch(
        """select by from campaign_version where campaign = $1
           union select by from campaign_comment where campaign = $1 and $2 in (id, thread)""",
        campaign, thread or id,
    )  # fmt: skip
    where = (f"（{path}）", f" ({path})") if path else ("", "")
    said = text if len(text) <= 80 else f"{text[:80]}…"
    title = Text(f"{by} 评论{where[0]}：{said}", f"{by}{where[1]}: {said}")
    to = f"/campaigns/{campaign}/plan#thread-{thread or id}"
    await notices.notify(c, by, [person["by"] for person in people], "campaign.commented", title, to)


async def resolve(c: Connection, by: str, campaign: str, thread: int) -> None:
    """The thread is settled; call it in a transaction. unknown_thread."""
    done = await c.fetchval(
        """update campaign_comment set resolved_by = $3, resolved_at = now()
           where campaign = $1 and id = $2 and thread is null and resolved_at is null returning path""",
        campaign, thread, by,
    )  # fmt: skip
    if done is None:
        raise CampaignRefused("unknown_thread")
    await audit.record(c, by, "campaign.comment_resolved", campaign, {"path": done, "comment": thread})
