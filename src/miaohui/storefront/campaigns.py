"""A campaign as its page shows it: its name, when it is, and its plays in the order of its document."""

import tomllib
from functools import lru_cache
from typing import Any, Literal

import asyncpg
from msgspec import Struct

from miaohui.text import Text

Stage = Literal["not_open", "open", "paused", "ended"]

_CAMPAIGN = """
select c.*, v.text, now_ms() as now_ms from campaign c
join campaign_version v on v.campaign = c.id and v.version = c.approved where c.id = $1
"""


class CampaignView(Struct, frozen=True, kw_only=True):
    """A campaign as its page shows it: from going live to wrapping up; `plays` by name, in the order of the document."""

    id: str
    name: Text
    theme: Text | None
    zone: str
    opens_ms: int
    ends_ms: int
    stage: Stage
    plays: list[str]


async def campaign(db: "asyncpg.Pool[Any]", id: str) -> CampaignView | None:
    """The campaign, once it has been approved; drafts are nobody's business."""
    row = await db.fetchrow(_CAMPAIGN, id)
    if row is None:
        return None
    theme, order = _written(row["text"])
    return CampaignView(
        id=id,
        name=Text(row["name_zh"], row["name_en"]),
        theme=theme,
        zone=row["zone"],
        opens_ms=row["live_ms"],
        ends_ms=row["wrap_up_ms"],
        stage=_campaign_stage(row),
        plays=list(order),
    )


@lru_cache(maxsize=64)
def _written(text: str) -> tuple[Text | None, tuple[str, ...]]:
    """Theme and order of the plays, as the document's text has them: the landing page's order, else that of the plays."""
    document = tomllib.loads(text)
    order = document.get("pages", {}).get("landing", {}).get("plays") or document.get("plays", {})
    return (Text(**document["theme"]) if "theme" in document else None), tuple(order)


def _campaign_stage(row: "asyncpg.Record") -> Stage:
    if row["stopped"] or row["state"] in ("wrap_up", "reviewed", "archived") or row["now_ms"] >= row["wrap_up_ms"]:
        return "ended"
    if row["paused"]:
        return "paused"
    return "not_open" if row["now_ms"] < row["live_ms"] else "open"


async def running(db: "asyncpg.Pool[Any]") -> str | None:
    """The campaign that opened last and is still open, for links that lead to the fair."""
    id: str | None = await db.fetchval(
        "select id from campaign where state in ('warm_up', 'live') order by opens_ms desc, id limit 1"
    )
    return id
