"""What a condition may speak of: the events with their properties, the traits and tags of the data, the scales of traits.

Scales put the values of a trait in order, so that `tier >= gold` can be asked. A workspace may add its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from miaohui import plays
from miaohui.events.envelope import wire_name
from miaohui.events.schema import ENVELOPE, FACTS, FIGURES, name_of
from miaohui.events.store import EventStore

SCALES: Mapping[str, tuple[str, ...]] = {
    "tier": ("bronze", "silver", "gold", "diamond"),
    "age": ("19-24", "25-34", "35-44", "45-54", "55-64", "65+"),
    "income": (
        *("Under 15K", "15-24K", "25-34K", "35-49K", "50-74K", "75-99K"),
        *("100-124K", "125-149K", "150-174K", "175-199K", "200-249K", "250K+"),
    ),
    "household_size": ("1", "2", "3", "4", "5+"),
    "kids_count": ("0", "1", "2", "3+"),
}
COLUMNS = ("campaign", "play", "channel", "sku")
"""What every event can be asked for, besides its properties."""
MONEY = {"amount": "total_minor", "discount": "discount_minor"}
"""How a condition calls the two sums of an order."""
VALUES_MAX = 100
"""A trait with more values than this is not one of a few words, and its values are not checked."""


@dataclass(frozen=True)
class Known:
    """`events`: name -> properties as on the wire. `traits` (name -> values, empty: any) and `tags` are None where there is
    no data to compare with."""

    currency: str
    zone: str
    events: Mapping[str, frozenset[str]]
    traits: Mapping[str, frozenset[str]] | None = None
    tags: frozenset[str] | None = None
    scales: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: SCALES)

    def field_of(self, event: str, written: str) -> str:
        """The field that a condition calls `written`: "cut" is the event's property cut_minor, if it has one; "amount" else
        the order's total_minor."""
        if f"{written}_minor" in self.events.get(event, ()):
            return f"{written}_minor"
        return MONEY.get(written, written)

    def fields(self, event: str) -> list[str]:
        """What may follow `where`, as it is written."""
        properties = (written(name) for name in self.events.get(event, ()))
        return [*COLUMNS, *MONEY, *properties]


def written(field: str) -> str:
    """How a condition calls a field: the reverse of `Known.field_of`."""
    for name, column in MONEY.items():
        if field == column:
            return name
    return field.removesuffix("_minor")


_NO_PROPERTY = ENVELOPE | FIGURES | {"traits", "tags"}


def vocabulary() -> dict[str, frozenset[str]]:
    """Every event there can be, with its properties as on the wire: those of `events/schema` and those of each play."""
    kinds = {name_of(kind): kind.__struct_fields__ for kind in FACTS}
    for play in plays.names():
        for kind in plays.find(play).EVENTS:
            kinds[wire_name(play, kind)] = kind.__struct_fields__
    return {name: frozenset(fields) - _NO_PROPERTY for name, fields in kinds.items()}


async def learn(store: EventStore, known: Known) -> Known:
    """`known` with the traits and tags that customers have now."""
    traits = await store.query(
        """select trait, if(uniq(value) > {most:UInt32}, [], groupUniqArray(value)) as values
           from (select arrayJoin(traits) as pair, pair.1 as trait, pair.2 as value from profiles final)
           group by trait""",
        {"most": VALUES_MAX},
    )
    tags = await store.query("select distinct arrayJoin(tags) as tag from profiles final")
    return replace(
        known,
        traits={row["trait"]: frozenset(row["values"]) for row in traits},
        tags=frozenset(row["tag"] for row in tags),
    )
