"""The ledger beside the events, play by play: what transfers moved, and what the events say was moved. The difference must be 0.

Which pool is held against which events stands in each play (PROOFS). Only transfers of the play's own actions count: what opening
and closing moved is no promise to a customer. Simulated events make transfers like any other, so that they are added back.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import asyncpg

from miaohui.events.envelope import wire_name
from miaohui.host.setup import MOVED, Proof, Setup, machine, proofs, unpack
from miaohui.review.figures import Check
from miaohui.text import Text

Sums = Mapping[tuple[str, str, str, bool], int]
"""(play, event, field, simulated) -> the sum of that field over the events; field "" counts them."""

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
    return {(event, field) for setup in setups for proof in proofs(setup) for _, event, field in proof.terms}


async def checks(db: "asyncpg.Pool[Any]", setups: Iterable[Setup], sums: Sums, until: datetime) -> tuple[Check, ...]:
    """Each figure of each play twice; `sums` are of the events before `until`."""
    return tuple([await _check(db, setup, proof, sums, until) for setup in setups for proof in proofs(setup)])


async def _check(db: "asyncpg.Pool[Any]", setup: Setup, proof: Proof, sums: Sums, until: datetime) -> Check:
    module = machine(setup.module).module
    given_out = (
        -1 if all(sign < 0 for sign, _, _ in proof.terms) else 1
    )  # what only leaves a pool is shown as what was given
    ledger = given_out * int(await db.fetchval(MOVED, proof.account, setup.id, until))
    events, simulated = (
        given_out
        * proof.told(
            {(event, field): n for (play, event, field, of), n in sums.items() if (play, of) == (setup.play, which)}
        )
        for which in (False, True)
    )
    events_of = module.PROOFS[proof.pool]
    label = module.LABELS[next(iter(events_of)).__name__ if len(events_of) == 1 else proof.pool]
    return Check(
        account=proof.account,
        unit=module.pools(setup.rules)[proof.pool].unit,
        title=Text(f"{setup.title.zh}：{label.zh}", f"{setup.title.en}: {label.en}"),
        ledger=ledger,
        events=events,
        simulated=simulated,
        difference=ledger - events - simulated,
    )
