"""The review of any campaign: of the imported history, or of one that ran here."""

from typing import Any

import asyncpg

from miaohui.campaign import store
from miaohui.campaign.facts import Facts
from miaohui.campaign.reader import read
from miaohui.events.store import EventStore
from miaohui.review.figures import Review
from miaohui.review.live import live_review
from miaohui.review.past import past_review


async def review_of(db: "asyncpg.Pool[Any]", events: EventStore, campaign: str, zone: str, currency: str) -> Review:
    """The review of `campaign`, by the version of its document that was approved, else the newest; `zone` and `currency` are for
    documents without their own. CampaignRefused: unknown_campaign."""
    if past := await past_review(db, events, campaign):
        return past
    async with db.acquire() as c:
        status = (await store.get(c, campaign)).status
        version = await store.version(c, campaign, status.approved)
    document = read(version.text, Facts(zone=zone, currency=currency)).document
    assert document is not None, f"{campaign}, version {version.version} was kept and cannot be read"
    return await live_review(db, events, document)
