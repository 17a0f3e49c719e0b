"""The ledger beside the events, play by play: what transfers moved, and what the events say was moved. The difference must be 0.

Which pool is held against which event stands in each play (BOOKS). Only transfers of the play's own actions count: what opening
and closing moved is no promise to a customer. Simulated events make transfers like any other, so that they are added back.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import asyncpg

from miaohui.events.envelope import snake, wire_name
from miaohui.host.setup import Setup, machine, unpack
from miaohui.ledger.accounts import USE, pool_key
from miaohui.plays._contract import Play
from miaohui.review.figures import Check
from miaohui.text import Text

Sums = Mapping[tuple[str, str, str, bool], int]
"""(play, event, field, simulated) -> the sum of that field over the events; field "" counts them."""

_MOVED = """
select coalesce(sum(amount), 0)::bigint from transfer
where {side} >= $1 and {side} < $2 and kind in (0, 2) and action = any($3) and at < $4
"""
_SETUPS = """
select setup from play_version join play_running using (campaign, play, version) where campaign = $1 order by play
"""


async def running(db: "asyncpg.Pool[Any]", campaign: str) -> list[Setup]:
    """The plays of a campaign in the version that runs, or ran last."""
    return [unpack(row["setup"]) for row in await db.fetch(_SETUPS, campaign)]


def event_names(setups: Iterable[Setup]) -> dict[str, type]:
    """Every event that these plays may emit: name on the wire -> type."""
    return {wire_name(setup.module, event): event for setup in setups for event in machine(setup.module).module.EVENTS}


def wanted(setups: Iterable[Setup]) -> set[tuple[str, str]]:
    """(event, field) of everything that has to be summed; field "" counts."""
    return {(wire_name(setup.module, event), field) for setup in setups for _, _, event, field in _books(setup)}


async def checks(db: "asyncpg.Pool[Any]", setups: Iterable[Setup], sums: Sums, until: datetime) -> tuple[Check, ...]:
    """Each figure of each play twice; `sums` are of the events before `until`."""
    return tuple([await _check(db, setup, book, sums, until) for setup in setups for book in _books(setup)])


async def _check(
    db: "asyncpg.Pool[Any]", setup: Setup, book: tuple[str, str, type, str], sums: Sums, until: datetime
) -> Check:
    pool, side, event, field = book
    module, name = machine(setup.module).module, wire_name(setup.module, event)
    pools = module.pools(setup.rules)
    ledger = await _moved(db, setup, module, pool, side, until)
    events, simulated = (sums.get((setup.play, name, field, which), 0) for which in (False, True))
    return Check(
        account=pool_key(setup.id, pool),
        unit=pools[pool].unit if pool in pools else USE,
        title=_title(setup, module, pool, event),
        ledger=ledger,
        events=events,
        simulated=simulated,
        difference=ledger - events - simulated,
    )


async def _moved(db: "asyncpg.Pool[Any]", setup: Setup, module: Play, pool: str, side: str, until: datetime) -> int:
    key = pool_key(setup.id, pool)
    end = f"{key[:-1]}0" if pool.endswith("/") else f"{key}\x01"  # "0" follows "/" in the order of bytes
    actions = ["place", "pay", "release", "refund", *(snake(cls.__name__) for cls in (*module.ACTIONS, *module.TIMERS))]
    column = {"debits": "debit", "credits": "credit"}[side]
    named = [f"{setup.id}/{action}" for action in actions]
    return int(await db.fetchval(_MOVED.format(side=column), key, end, named, until))


def _books(setup: Setup) -> tuple[tuple[str, str, type, str], ...]:
    return getattr(machine(setup.module).module, "BOOKS", ())


def _title(setup: Setup, module: Play, pool: str, event: type) -> Text:
    label = module.LABELS.get(pool) or module.LABELS.get(event.__name__) or module.TITLE
    return Text(f"{setup.title.zh}：{label.zh}", f"{setup.title.en}: {label.en}")
