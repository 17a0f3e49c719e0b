"""What each person is to bring on each day: proposed, accepted, recorded. A person's target never changes silently.

A proposal spreads what is left of a goal over the days from `from_on` by its curve, and each day over the people by capacity, those
on leave left out, to the smallest unit. It changes nothing. Accepted, it replaces the earlier targets from that day on; days before
it stay as they were. Every proposal stays, with who made it, who decided, and why; one of a goal is open at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from miaohui.planning.parts import split, table
from miaohui.team import audit

Cells = dict[date, dict[str, int]]
"""day -> person -> smallest units."""

NOBODY = ""
"""Who is to bring what falls on a day on which all are on leave."""


class Spread(Struct, frozen=True, kw_only=True):
    """One proposal; `accepted` is None while nobody has decided."""

    id: int
    goal: str
    unit: str
    from_on: date
    cells: Cells
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    accepted: bool | None

    def of(self, person: str) -> int:
        """What it gives one person on all its days."""
        return sum(people.get(person, 0) for people in self.cells.values())


def shared(
    days: Mapping[date, int], capacity: Mapping[str, Decimal], absent: Mapping[str, Mapping[date, int]] = {}
) -> Cells:
    """Each day's units over the people by capacity; `absent`: percent of a day that are left of somebody, 0 who is away."""
    found: Cells = {}
    for on, units in days.items():
        weights = [share * absent.get(name, {}).get(on, 100) for name, share in capacity.items()]
        parts = split(units, weights) if any(weights) else [0] * len(weights)
        found[on] = dict(zip(capacity, parts, strict=True))
        if not any(weights):
            found[on][NOBODY] = units
    return found


def keeping(
    days: Mapping[date, int],
    capacity: Mapping[str, Decimal],
    absent: Mapping[str, Mapping[date, int]],
    totals: Mapping[str, int],
) -> Cells:
    """Each day's units over the people so that their totals stay in the proportion that they have: the table of people by days with
    both margins held (`parts.table`), each day to the smallest unit. Who has no total yet has one by capacity."""
    known = sum(totals.get(name, 0) for name in capacity)
    given = sum((share for name, share in capacity.items() if totals.get(name)), start=Decimal(0))
    if not known:
        return shared(days, capacity, absent)
    wanted = {n: float(totals.get(n, 0) or Decimal(known) * share / given) for n, share in capacity.items()}
    whole, all_days = sum(wanted.values()), list(days)
    rows = [want * sum(days.values()) / whole for want in wanted.values()]
    open_cells = [
        [float(share) * absent.get(name, {}).get(on, 100) for on in all_days] for name, share in capacity.items()
    ]
    cells = table(rows, [float(days[on]) for on in all_days], open_cells)
    found: Cells = {}
    for n, on in enumerate(all_days):
        column = [row[n] for row in cells]
        parts = split(days[on], column) if any(column) else [0] * len(column)
        found[on] = dict(zip(capacity, parts, strict=True))
        if not any(column):
            found[on][NOBODY] = days[on]
    return found


def standing(spreads: Iterable[Spread]) -> Cells:
    """The targets that hold: the accepted ones in their order, each from its first day on."""
    found: Cells = {}
    for spread in sorted(spreads, key=lambda one: one.id):
        if spread.accepted:
            found = {on: people for on, people in found.items() if on < spread.from_on} | spread.cells
    return found


def totals(cells: Cells) -> dict[str, int]:
    """What each person has in all."""
    found: dict[str, int] = {}
    for people in cells.values():
        for person, units in people.items():
            found[person] = found.get(person, 0) + units
    return found


async def history(c: "asyncpg.Connection[Any]", campaign: str, goal: str, limit: int = 200) -> list[Spread]:
    """The proposals of a goal, the newest first."""
    rows = await c.fetch(
        """select id, goal, unit, from_on, cells::text as cells, reason, proposed_by, proposed_at, decided_by, decided_at, accepted
           from target_spread where campaign = $1 and goal = $2 order by id desc limit $3""",
        campaign, goal, limit,
    )  # fmt: skip
    return [Spread(**(dict(row) | {"cells": _cells(row["cells"])})) for row in rows]


async def propose(
    c: "asyncpg.Connection[Any]", by: str, campaign: str, goal: str, unit: str, cells: Cells, reason: str
) -> int:
    """A new proposal, its number; an open one of the goal gives way to it, declined by who made the new one."""
    written = msgspec.json.encode({on.isoformat(): people for on, people in cells.items()}).decode()
    async with c.transaction():
        await c.execute(
            """update target_spread set decided_by = $3, decided_at = now(), accepted = false
               where campaign = $1 and goal = $2 and decided_at is null""",
            campaign, goal, by,
        )  # fmt: skip
        id: int = await c.fetchval(
            """insert into target_spread (campaign, goal, unit, from_on, cells, reason, proposed_by)
               values ($1, $2, $3, $4, $5::text::jsonb, $6, $7) returning id""",
            campaign, goal, unit, min(cells), written, reason, by,
        )  # fmt: skip
        detail = {"goal": goal, "spread": id, "from": min(cells).isoformat(), "people": totals(cells), "reason": reason}
        await audit.record(c, by, "target.proposed", campaign, detail)
    return id


async def decide(c: "asyncpg.Connection[Any]", by: str, campaign: str, goal: str, id: int, *, accepted: bool) -> bool:
    """Accept or decline an open proposal of `goal`; False if it is not open (any more)."""
    async with c.transaction():
        row = await c.fetchrow(
            """update target_spread set decided_by = $4, decided_at = now(), accepted = $5
               where campaign = $1 and goal = $2 and id = $3 and decided_at is null returning cells::text as cells""",
            campaign, goal, id, by, accepted,
        )  # fmt: skip
        if row is None:
            return False
        detail = {"goal": goal, "spread": id, "people": totals(_cells(row["cells"]))}
        await audit.record(c, by, "target.accepted" if accepted else "target.declined", campaign, detail)
    return True


def _cells(written: str) -> Cells:
    return {date.fromisoformat(on): people for on, people in msgspec.json.decode(written).items()}


def people_of(cells: Sequence[Cells]) -> list[str]:
    """Everybody who has a target in any of `cells`, in the order in which they come."""
    return list(dict.fromkeys(person for one in cells for people in one.values() for person in people))
