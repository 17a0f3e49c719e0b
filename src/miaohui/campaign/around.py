"""The world around a document, asked of the database: shop, team, calendar, other campaigns, tasks done, thresholds."""

from decimal import Decimal
from functools import lru_cache

from miaohui.audiences.known import Known
from miaohui.calendar.store import calendar_of
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts, Past
from miaohui.campaign.reader import read
from miaohui.campaign.shop import shop
from miaohui.campaign.store import Connection

ENDED_MOST = 50


@lru_cache(maxsize=256)
def plain(text: str, zone: str, currency: str) -> Document | None:
    """A version as it reads without the world; versions never change, so each is read once."""
    return read(text, Facts(zone=zone, currency=currency)).document


async def facts(c: Connection, document: Document | None, known: Known, past: Past, zone: str, currency: str) -> Facts:
    """What `document` is compared with."""
    people = await c.fetch("select name, department from operator where archived_at is null")
    calendar = await calendar_of(c, document.zone if document else zone)
    return Facts(
        products=await shop(c, document),
        people=frozenset(row["name"] for row in people),
        departments=frozenset(row["department"] for row in people) - {""},
        known=known,
        now_ms=await c.fetchval("select now_ms()"),
        zone=zone,
        currency=currency,
        limits=await limits(c),
        others=await _others(c, document.campaign, zone, currency) if document else (),
        editions=await _editions(c, document, zone, currency) if document else None,
        done_tasks=await _done(c, document.campaign) if document else None,
        coded=await _coded(c, document.campaign) if document else None,
        past=past,
        leads=calendar.leads,
        stated_days=calendar.almanac.workdays.entered,
    )


async def limits(c: Connection) -> dict[str, Decimal]:
    """The thresholds that this workspace has replaced."""
    return {row["name"]: row["value"] for row in await c.fetch("select name, value from preflight_limit")}


async def _others(c: Connection, id: str, zone: str, currency: str) -> tuple[Document, ...]:
    rows = await c.fetch(
        """select v.text from campaign c join campaign_version v on v.campaign = c.id and v.version = c.approved
           where c.state in ('approved', 'warm_up', 'live') and c.id <> $1 order by c.opens_ms, c.id""",
        id,
    )
    return tuple(document for row in rows if (document := plain(row["text"], zone, currency)))


async def _editions(c: Connection, document: Document, zone: str, currency: str) -> int | None:
    """How many campaigns of its class and occasion have ended; only own days ask."""
    if document.class_ != "own_day":
        return None
    rows = await c.fetch(
        """select v.text from campaign c join campaign_version v on v.campaign = c.id and v.version = c.approved
           where c.state in ('wrap_up', 'reviewed', 'archived') and c.id <> $1 and not c.stopped
           order by c.wrap_up_ms desc limit $2""",
        document.campaign, ENDED_MOST,
    )  # fmt: skip
    ended = (plain(row["text"], zone, currency) for row in rows)
    return sum((one.class_, one.occasion) == ("own_day", document.occasion) for one in ended if one)


async def _coded(c: Connection, id: str) -> frozenset[str]:
    rows = await c.fetch("select distinct play from code_batch where campaign = $1 and withdrawn_at is null", id)
    return frozenset(row["play"] for row in rows)


async def _done(c: Connection, id: str) -> frozenset[str]:
    rows = await c.fetch("select task from task_progress where campaign = $1 and percent = 100", id)
    return frozenset(row["task"] for row in rows)
