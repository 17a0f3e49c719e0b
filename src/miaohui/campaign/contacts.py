"""Who is told how often, as far as documents say: the sends of journeys that an audience enters, from the day the campaign is
announced, each step a wait later. A journey that begins with something a customer does is not counted: nobody knows when.

Every branch counts as taken, so that a figure is what a person may get at most.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from miaohui.campaign.document import Document
from miaohui.campaign.terms import EVERYBODY
from miaohui.pages.format import day_of

PER_WEEK = 3
"""What a person is told in a week at most, where no journey says less."""
_ENTERS = re.compile(r"audience ([a-z][a-z0-9_-]*)")
_WAIT = re.compile(r"(\d{1,3}) (day|week)s?")


class Contact(Struct, frozen=True):
    """One message to the people of `condition` (their `audience` in the document) on a day."""

    campaign: str
    audience: str
    condition: str
    channel: str
    on: date
    hour: str
    per_week: int


def contacts(document: Document) -> Iterator[Contact]:
    """What the document sends, and when."""
    for journey in document.journeys.values():
        found = _ENTERS.fullmatch(journey.enter.strip())
        if not found:
            continue
        condition = condition_of(document, found[1])
        on = day_of(document.phases.opens_ms(), document.zone)
        for step in journey.steps:
            if wait := _WAIT.fullmatch(step.wait.strip()):
                on += timedelta(int(wait[1]) * (7 if wait[2] == "week" else 1))
            if step.send:
                most = journey.caps.per_week
                yield Contact(
                    document.campaign, found[1], condition, step.send, on, step.when, PER_WEEK if most is None else most
                )


def condition_of(document: Document, audience: str) -> str:
    """The condition behind a name, written one way; two documents mean the same people when it is the same."""
    return " ".join(document.audiences.get(audience, EVERYBODY if audience == EVERYBODY else audience).split())
