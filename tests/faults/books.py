"""Compares what customers were told with what is there: replies, states, ledger, outbox, event store. All of it must agree."""

import asyncio
import contextlib
import json
from collections import Counter

from miaohui.events import outbox
from miaohui.events.envelope import unpack
from miaohui.events.remote import EventsAway
from miaohui.host.audit import audit
from miaohui.ledger.accounts import pool_key
from tests.host.stage import CAMPAIGN

TOLD = {"claim": "coupon.claimed", "open": "group_buy.party_opened", "placed": "order.placed", "paid": "order.paid"}
TOLD |= {"cancelled": "order.cancelled"}
"""What a granted call is told of as; the last word of its path -> the event."""
STARTS = ("claim", "open", "placed")
"""Always told. What is paid after it has lapsed, and cannot be had again, is only granted its refund."""


async def agree(customers, *, events=True):
    """Everything the customers were told is true, and nothing else has happened; the audit is clean."""
    db = customers.town.db
    assert {check.name: check.findings for check in await audit(db) if check.findings} == {}
    await _replies(customers, db)
    facts = {event.id: event for row in await db.fetch("select events from outbox") for event in unpack(row[0])}
    _events(customers, facts.values())
    await customers.ask_all_again()
    assert {check.name: check.findings for check in await audit(db) if check.findings} == {}
    if events:
        await _event_store(customers.town, db)


async def _replies(customers, db):
    """Each granted answer lies there once, and as it was seen."""
    ids = customers.ids()
    kept = await db.fetch("select key, body from reply where key = any($1)", list(ids.values()))
    assert Counter(row["key"] for row in kept) == Counter(ids.values())
    bodies = {row["key"]: row["body"] for row in kept}
    assert {key: bodies[id] for key, id in ids.items()} == {key: g.answer for key, g in customers.granted.items()}


def _events(customers, facts):
    """One event for each granted call that has one, and no other."""
    told = Counter()
    for granted in customers.granted.values():
        verb = granted.path.rsplit("/", 1)[1]
        if verb in TOLD and (verb in STARTS or granted.reply["status"] == verb):
            told[TOLD[verb], _subject(verb, granted)] += 1
    there = Counter((fact.name, _about(fact)) for fact in facts if fact.name in TOLD.values())
    lapsed = {key: n for key, n in there.items() if key[0] == "order.cancelled" and key not in told}
    assert set(told.values()) <= {1}
    assert there == told | Counter(lapsed)


def _subject(verb, granted):
    if verb in ("claim", "open"):
        return granted.reply["coupon" if verb == "claim" else "party"]
    return granted.path.split("/")[4]


def _about(fact):
    return fact.order or fact.properties.get("coupon") or fact.properties.get("party")


async def _event_store(town, db):
    """The worker has carried the outbox; its store has each event once."""
    while await outbox.lag_ms(db):  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(0.05)
    ids = [str(event.id) for row in await db.fetch("select events from outbox") for event in unpack(row[0])]
    there = [row["id"] for row in await _asked(town, "select toString(id) as id from events")]
    assert {"missing": Counter(ids) - Counter(there), "more": Counter(there) - Counter(ids)} == {
        "missing": {},
        "more": {},
    }


async def _asked(town, sql):
    """What the event store says, as soon as it has an owner that answers."""
    while True:
        with contextlib.suppress(EventsAway):
            return await town.events.query(sql)
        await asyncio.sleep(0.05)


async def room(town, play, pool="stock"):
    """(what the pool may still give, what is reserved in it)."""
    row = await town.db.fetchrow(
        "select credits - debits - debits_pending as room, debits_pending as held from account where key = $1",
        pool_key(f"{CAMPAIGN}/{play}", pool),
    )
    return row["room"], row["held"]


def answers(customers, action):
    """The replies of all granted calls of one action or verb."""
    return [json.loads(g.answer) for g in customers.granted.values() if g.path.endswith(f"/{action}")]
