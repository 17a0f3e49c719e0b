"""What finished campaigns say about the time a campaign takes: the workdays from `prepare` to the day it was announced."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from miaohui.calendar import lead
from miaohui.calendar.almanac import Class
from miaohui.calendar.lead import Lead
from miaohui.calendar.store import Calendar, calendar_of
from miaohui.campaign.facts import Facts
from miaohui.campaign.reader import read
from miaohui.campaign.store import Connection
from miaohui.pages.format import day_of

MOST = 100
_FINISHED = f"""
select v.text from campaign c join campaign_version v on v.campaign = c.id and v.version = c.approved
where c.state in ('reviewed', 'archived') and c.approved > 0 order by c.wrap_up_ms desc limit {MOST}
"""


async def calendar_with_cases(c: Connection, zone: str, currency: str) -> Calendar:
    """The calendar, with lead times as finished campaigns show them where operators have not set their own."""
    kept = await calendar_of(c, zone)
    taken: dict[Class, list[int]] = defaultdict(list)
    for row in await c.fetch(_FINISHED):
        case = _case(row["text"], zone, currency)
        if case is not None:
            class_, first, opens = case
            taken[class_].append(kept.almanac.workdays.count(first, opens))
    return Calendar(almanac=kept.almanac, leads=learned(taken) | kept.leads, hidden=kept.hidden)


@lru_cache(maxsize=1024)
def _case(text: str, zone: str, currency: str) -> tuple[Class, date, date] | None:
    """Class, first day of work and first day of warm-up of a document; None where it does not say when work began."""
    document = read(text, Facts(zone=zone, currency=currency)).document
    if document is None or document.phases.prepare_ms is None:
        return None
    first, opens = (day_of(at, document.zone) for at in (document.phases.prepare_ms, document.phases.opens_ms()))
    return document.class_, first, opens


def learned(taken: Mapping[Class, list[int]]) -> dict[Class, Lead]:
    """Lead times of the classes of which there are cases enough."""
    return {
        name: lead.learned(lead.DEFAULTS[name], workdays)
        for name, workdays in taken.items()
        if name in lead.DEFAULTS and len(workdays) >= lead.CASES
    }
