"""How many a condition means before anybody is reached: the whole, each condition inside it, and all customers.

A condition inside another is counted by itself among all customers, not among those the others leave over: the tree shows
which one is narrow.
"""

from msgspec import Struct

from miaohui.audiences.known import Known
from miaohui.audiences.sql import People
from miaohui.audiences.tree import Condition, parts
from miaohui.audiences.writing import write
from miaohui.events.store import EventStore


class PartCount(Struct, frozen=True):
    """One condition of the tree (see `tree.Part`), as text, and how many customers it holds for by itself."""

    path: str
    depth: int
    text: str
    customers: int


class Counted(Struct, frozen=True):
    """How many of `total` customers are meant as of `now_ms`; `parts` begins with the whole."""

    customers: int
    total: int
    now_ms: int
    parts: tuple[PartCount, ...]


async def count(
    store: EventStore, condition: Condition, known: Known, now_ms: int, *, simulated: bool = False
) -> Counted:
    """Count a condition and all conditions inside it, in one query."""
    people = People(known, now_ms, simulated=simulated)
    found = list(parts(condition))
    counts = ", ".join(f"countIf({people.holds(part.condition)}) as n{n}" for n, part in enumerate(found))
    query = people.query(f"count() as total, {counts}")
    [row] = await store.query(query.sql, query.parameters)
    counted = tuple(
        PartCount(part.path, part.depth, write(part.condition, known.currency), row[f"n{n}"])
        for n, part in enumerate(found)
    )
    return Counted(counted[0].customers, row["total"], now_ms, counted)


async def count_each(
    store: EventStore, conditions: dict[str, Condition], known: Known, now_ms: int, *, simulated: bool = False
) -> dict[str, int]:
    """How many each of several audiences means, by name, in one query."""
    if not conditions:
        return {}
    people = People(known, now_ms, simulated=simulated)
    counts = ", ".join(f"countIf({people.holds(condition)}) as n{n}" for n, condition in enumerate(conditions.values()))
    query = people.query(counts)
    [row] = await store.query(query.sql, query.parameters)
    return {name: row[f"n{n}"] for n, name in enumerate(conditions)}


async def everybody_in(
    store: EventStore, condition: Condition, known: Known, now_ms: int, *, simulated: bool = False
) -> list[str]:
    """The customers a condition means, by id; to be compared with what only PostgreSQL knows (consent, identities)."""
    people = People(known, now_ms, simulated=simulated)
    query = people.query("toString(customer) as customer", people.holds(condition))
    return [row["customer"] for row in await store.query(query.sql, query.parameters)]
