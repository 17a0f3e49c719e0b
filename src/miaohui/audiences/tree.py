"""A condition as a tree: what the API carries as JSON, what the builder shows, and what `sql` asks.

    {"kind": "all", "of": [
        {"kind": "is", "trait": "stage", "values": ["silent"]},
        {"kind": "not", "of": {"kind": "tagged", "tags": ["do not disturb"]}}]}

Groups hold at least two conditions and are kept as they were written: `a and (b and c)` stays nested. Amounts are integers in
the smallest unit; the field they compare ends in `_minor`, all other figures are whole numbers. `language` says how each
kind reads.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

Op = Literal[">=", ">", "<=", "<", "=", "!="]
Order = Literal[">=", ">", "<=", "<"]
Unit = Literal["hour", "day", "week"]
HOUR_MS = 3_600_000
UNIT_MS: dict[Unit, int] = {"hour": HOUR_MS, "day": 24 * HOUR_MS, "week": 7 * 24 * HOUR_MS}

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Names = Annotated[tuple[Name, ...], Meta(min_length=1, max_length=1000)]
Figure = Annotated[int, Meta(ge=-(10**15), le=10**15)]
Span = Annotated[int, Meta(ge=1, le=100_000)]


class _Node(Struct, frozen=True, tag_field="kind", tag=str.lower, forbid_unknown_fields=True):
    """Base of all kinds: on the wire `kind` is the class name in small letters."""


class Last(_Node, frozen=True):
    """The `number` hours, days (of 24 hours) or weeks up to now."""

    number: Span
    unit: Unit


class Between(_Node, frozen=True):
    """From `start` to `end`, ISO dates or date-times in the workspace's zone; a date as `end` is included to its last moment."""

    start: str
    end: str


Window: TypeAlias = Last | Between


class Where(Struct, frozen=True, forbid_unknown_fields=True):
    """One wish on an event: `campaign`, `play`, `channel`, `sku` (of any line), `total_minor`, `discount_minor` or a property.

    `is` and `is not` take any number of texts ("one of", "none of"); the others take one whole number.
    """

    field: Name
    op: Literal["is", "is not", ">=", ">", "<=", "<"]
    values: Names


class Event(Struct, frozen=True, forbid_unknown_fields=True):
    """The events that are meant: a name, and all wishes of `where`."""

    name: Name
    where: tuple[Where, ...] = ()


class Everybody(_Node, frozen=True):
    """Every customer."""


class Is(_Node, frozen=True):
    """A trait has one of the values. A trait that is not known has none."""

    trait: Name
    values: Names


class Compare(_Node, frozen=True):
    """A trait on a scale: by the known order of its values (tier), else as a number. Not known: does not hold."""

    trait: Name
    op: Order
    value: Name


class Tagged(_Node, frozen=True):
    """Has at least one of the tags."""

    tags: Names


class Count(_Node, frozen=True):
    """How many events."""

    event: Event
    op: Op
    number: Figure
    window: Window | None = None


class Sum(_Node, frozen=True):
    """A figure of the events, added up; no event is 0."""

    event: Event
    field: Name
    op: Op
    value: Figure
    window: Window | None = None


class Never(_Node, frozen=True):
    """No such event (in the window)."""

    event: Event
    window: Window | None = None


class Recent(_Node, frozen=True):
    """The last such event lies within the time before now."""

    event: Event
    within: Last


class Since(_Node, frozen=True):
    """Whole days (of 24 hours) since the last such event; who never did it is on neither side."""

    event: Event
    op: Op
    days: Figure


class Not(_Node, frozen=True):
    """Everybody else."""

    of: "Condition"


class AllOf(_Node, frozen=True, tag="all"):
    """Each condition holds."""

    of: Annotated[tuple["Condition", ...], Meta(min_length=2)]


class AnyOf(_Node, frozen=True, tag="any"):
    """At least one condition holds."""

    of: Annotated[tuple["Condition", ...], Meta(min_length=2)]


Leaf: TypeAlias = Everybody | Is | Compare | Tagged | Count | Sum | Never | Recent | Since
Condition: TypeAlias = Leaf | Not | AllOf | AnyOf


class Part(Struct, frozen=True):
    """A condition inside another: `path` is its place ("" the whole, "0.1" the second of the first), `depth` how deep."""

    path: str
    depth: int
    condition: Condition


def parts(condition: Condition, path: str = "", depth: int = 0) -> Iterator[Part]:
    """The condition and all conditions inside it, from the outside in, in reading order."""
    yield Part(path, depth, condition)
    for n, inner in enumerate(inside(condition)):
        yield from parts(inner, f"{path}.{n}" if path else str(n), depth + 1)


def inside(condition: Condition) -> tuple[Condition, ...]:
    """The conditions directly inside a group."""
    if isinstance(condition, Not):
        return (condition.of,)
    return condition.of if isinstance(condition, AllOf | AnyOf) else ()
