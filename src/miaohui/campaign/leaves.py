"""Every value of a document's text with the kind it is written in, so that a program can change it in place: comments, order and
the operator's own way of writing stay. A table whose keys refer to something comes as a value, and then its own values."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from miaohui import plays
from miaohui.campaign import grammar
from miaohui.campaign.document import Document
from miaohui.campaign.grammar import Gives, Instant, Kind, Many, Named, PlaysHere, Table, Valid, When
from miaohui.campaign.offer import Head
from miaohui.campaign.places import Path


class Leaf(Struct, frozen=True):
    """`holder[key]` is the value; `kind` is how it is written."""

    holder: Any
    key: str | int
    kind: Kind
    path: Path

    @property
    def value(self) -> Any:
        """What stands there."""
        return self.holder[self.key]


def leaves(raw: Any) -> Iterator[Leaf]:
    """All values of a document; what no field is called like is left out."""
    yield from _table(grammar.table(Document), raw, ())


def _table(kind: Table, raw: Any, path: Path) -> Iterator[Leaf]:
    for field in kind.fields if isinstance(raw, dict) else ():
        if field.key in raw:
            yield from _value(field.kind, raw, field.key, (*path, field.key))


def _value(kind: Kind, holder: Any, key: str | int, path: Path) -> Iterator[Leaf]:
    raw = holder[key]
    match kind:
        case Table():
            yield from _table(kind, raw, path)
        case Named():
            if kind.keys.refers:
                yield Leaf(holder, key, kind, path)
            for name in list(raw) if isinstance(raw, dict) else ():
                yield from _value(kind.of, raw, name, (*path, name))
        case Many(of=Gives() | When()) if isinstance(raw, str):  # one sentence needs no brackets
            yield Leaf(holder, key, kind.of, path)
        case Many():
            for n in range(len(raw)) if isinstance(raw, list) else ():
                yield from _value(kind.of, raw, n, (*path, n))
        case PlaysHere():
            yield from _play(raw, path)
        case Valid():
            if isinstance(raw, dict) and "from" in raw and raw["from"] != "claim":
                yield Leaf(raw, "from", Instant(), (*path, "from"))
        case _:
            yield Leaf(holder, key, kind, path)


def _play(raw: Any, path: Path) -> Iterator[Leaf]:
    yield from _table(grammar.table(Head), raw, path)
    if isinstance(raw, dict) and raw.get("play") in plays.names():
        head = {field.key for field in grammar.table(Head).fields}
        rules = grammar.rules(plays.find(str(raw["play"])))
        yield from _table(Table(rules.cls, tuple(f for f in rules.fields if f.key not in head)), raw, path)
