"""Who is in an audience, and why: the conditions that brought each customer in, with the figure behind each.

    stage is silent or count(order.paid, last 90 days) >= 3     in by the second: 7 times
    not tag 'do not disturb'                                    in, because no such tag is there

Of an `or` only what holds is a reason; the opposite of a group is one reason without a figure.
"""

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from miaohui.audiences.known import Known
from miaohui.audiences.sql import People
from miaohui.audiences.tree import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Count,
    Everybody,
    Is,
    Leaf,
    Never,
    Not,
    Recent,
    Since,
    Sum,
    Tagged,
    parts,
)
from miaohui.audiences.writing import write
from miaohui.events.store import EventStore

Unit = Literal["times", "amount_minor", "number", "at_ms", "trait", "tags", ""]
MEMBERS_MAX = 200


class Reason(Struct, frozen=True):
    """A condition that holds for a customer; `figure` is what it looked at, in `unit` (empty: there is no figure).

    `at_ms` 0 means never; several tags are joined by "|".
    """

    text: str
    figure: str
    unit: Unit


class Member(Struct, frozen=True):
    """A customer in an audience, and what brought him in."""

    customer: str
    reasons: tuple[Reason, ...]


async def members(
    store: EventStore,
    condition: Condition,
    known: Known,
    now_ms: int,
    *,
    after: str = "",
    limit: int = 50,
    simulated: bool = False,
) -> list[Member]:
    """Up to `limit` (at most 200) members whose id comes after `after`, by id, with their reasons."""
    return await _explained(
        store,
        condition,
        known,
        People(known, now_ms, simulated=simulated),
        "toString(customer) > {after:String}",
        f"order by toString(customer) limit {min(limit, MEMBERS_MAX)}",
        after=after,
    )


async def sample(
    store: EventStore, condition: Condition, known: Known, now_ms: int, *, size: int = 20, simulated: bool = False
) -> list[Member]:
    """`size` members, spread over all of them, the same ones each time, with their reasons."""
    people = People(known, now_ms, simulated=simulated)
    tail = f"order by sipHash64(customer) limit {min(size, MEMBERS_MAX)}"
    return await _explained(store, condition, known, people, "1", tail)


async def _explained(
    store: EventStore, condition: Condition, known: Known, people: People, where: str, tail: str, **parameters: Any
) -> list[Member]:
    columns = ["toString(customer) as id"]
    names: dict[Condition, int] = {}
    for part in parts(condition):
        if part.condition in names:
            continue
        n = names[part.condition] = len(names)
        columns.append(f"toUInt8({people.holds(part.condition)}) as h{n}")
        if isinstance(part.condition, Leaf):
            columns.append(f"{people.figure(part.condition)} as g{n}")
    query = people.query(", ".join(columns), f"{where} and {people.holds(condition)}", tail, **parameters)

    def reasons(inner: Condition, row: dict[str, Any]) -> Iterator[Reason]:
        """What of a condition that holds made it hold."""
        match inner:
            case AllOf(of) | AnyOf(of):
                for one in of:
                    if row[f"h{names[one]}"]:
                        yield from reasons(one, row)
            case Not(AllOf() | AnyOf() | Not()):
                yield Reason(write(inner, known.currency), "", "")
            case Not(of) if isinstance(of, Leaf):
                yield Reason(write(inner, known.currency), row[f"g{names[of]}"], _unit(of))
            case _:
                assert isinstance(inner, Leaf)
                yield Reason(write(inner, known.currency), row[f"g{names[inner]}"], _unit(inner))

    return [Member(row["id"], tuple(reasons(condition, row))) for row in await store.query(query.sql, query.parameters)]


def _unit(leaf: Leaf) -> Unit:
    match leaf:
        case Everybody():
            return ""
        case Is() | Compare():
            return "trait"
        case Tagged():
            return "tags"
        case Count() | Never():
            return "times"
        case Sum(_, field):
            return "amount_minor" if field.endswith("_minor") else "number"
        case Recent() | Since():
            return "at_ms"
