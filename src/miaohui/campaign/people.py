"""How many customers a campaign is for: all, or those of the largest audience that one of its plays names."""

from typing import Any

import asyncpg

from miaohui.audiences import language
from miaohui.audiences.count import count_each
from miaohui.audiences.known import Known, vocabulary
from miaohui.audiences.mistakes import BadCondition
from miaohui.campaign.document import Document
from miaohui.campaign.terms import EVERYBODY
from miaohui.events.store import EventStore

_EVERYBODY = "select count(*) from customer where forgotten_at is null"


async def reached(c: "asyncpg.Connection[Any]", events: EventStore, document: Document, now_ms: int) -> int:
    """The number, as customers are now; 0 if an audience cannot be read."""
    named = {play.head.for_ or EVERYBODY for play in document.plays.values()}
    if EVERYBODY in named:
        return int(await c.fetchval(_EVERYBODY))
    known = Known(document.currency, document.zone, vocabulary())
    try:
        conditions = {name: language.read(document.audiences[name], known).condition for name in named}
    except (BadCondition, KeyError):
        return 0
    return max((await count_each(events, conditions, known, now_ms)).values(), default=0)
