"""The event dictionary, docs/reference/events.md, written from the same types that check the ingest.

The server gives the events of the plays, because plays lie above this room. Sentences and units of a play's fields come from
the docstring of the event and the ending of the field's name.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, inspect

from miaohui.events import schema
from miaohui.events.ingest import AT_AHEAD_MS, REASONS, ROWS_MAX, WINDOW_DAYS
from miaohui.text import Text

HEAD = f"""# Events

Made from `miaohui.events.schema` and the plays' modules; do not edit (`miaohui reference`). An event is a fact in the past
tense: it has happened and never changes. Shops send events to `POST /api/v1/events` and read all of them, the plays' too, from
`GET /api/v1/events` and by [webhooks](../how-to/webhooks.md).

## What comes in
One JSON object, or an array of at most {ROWS_MAX:,}. Good rows are kept and durable when the answer comes; each bad row comes
back as `{{index, code, sentence, remedy, data}}`. Amounts are integers `*_minor` in the smallest unit of `currency` (9900 is
99.00 CNY, 9900 JPY). An event whose `id` was seen in the last {WINDOW_DAYS} days is accepted and not counted again; ids older than
that, by the time that a uuid7 carries, are refused. Without an `id` a repetition counts twice. `at` may be at most
{AT_AHEAD_MS // 60_000} minutes ahead. The source (`live`, `simulated`) is that of the key. A customer's browser sends
`page.viewed` only, with its cookie; its `customer` and `at` are ours.

Orders that go through `POST /api/v1/orders/...` bring their `order.*` events with them: do not send those again.

| code of a bad row | what is wrong | remedy |
|---|---|---|
"""

OUT = """
## What goes out
The same names. Every event has `id`, `name`, `at`, `received_at`, `source` (`live`, `import`, `simulated`) and `schema`; empty
fields are left out. `customer` is the shop's id. `campaign`, `play`, `channel`, `session`, `order`, `currency`, `total_minor`,
`discount_minor` and `lines` stand at the top, every other field under `properties` as text (marked ° below).

## Every event
"""

TABLE = "| field | type | unit | meaning |\n|---|---|---|---|\n"
PLAY_TABLE = "| field | type | unit |\n|---|---|---|\n"
_UNITS = {
    "_minor": "smallest units of the currency",
    "_ms": "ms since 1970, UTC",
    "_ppm": "millionths",
    "_s": "seconds",
}
_TOP = schema.ENVELOPE | schema.FIGURES - {"lines"}


class PlayEvents(Struct, frozen=True):
    """The events of one play: its title, and (name on the wire, type, title) of each."""

    title: Text
    events: Sequence[tuple[str, type[Struct], Text]]


def page(plays: Iterable[PlayEvents] = ()) -> str:
    """The page."""
    parts = [HEAD]
    parts += [f"| `{code}` | {wrong.en} | {remedy.en} |\n" for code, (wrong, remedy) in REASONS.items()]
    parts += [OUT, TABLE, *_rows(schema.Fact, schema.ENVELOPE)]
    for kind in schema.FACTS:
        parts.append(_section(schema.name_of(kind), kind, kind.TITLE, f" Sent by: {_BY[kind.BY]}."))
        parts += [TABLE, *_rows(kind, {f.name for f in _fields(kind) if f.required or f.name not in schema.ENVELOPE})]
    parts += ["\n### A line of `lines`\n", TABLE, *_rows(schema.Line, set(schema.Line.__struct_fields__))]
    for play in plays:
        parts.append(f"\n## {play.title.en} {play.title.zh}\n")
        for name, event, title in play.events:
            if name not in schema.BY_NAME:
                parts += [_section(name, event, title, ""), PLAY_TABLE, *_play_rows(event)]
    return "".join(parts)


_BY = {"browser": "the customer's browser, the shop", "shop": "the shop", "miaohui": "Miaohui"}


def _section(name: str, kind: type[Struct], title: Text, by: str) -> str:
    said = " ".join((kind.__doc__ or "").removeprefix("Event: ").split())
    return f"\n### `{name}` {title.zh}\n**{title.en}.** {said}{by}\n\n"


def _rows(kind: type[Struct], names: set[str]) -> list[str]:
    return [f"{_cells(kind, field)} {_described(field.type)[0]} |\n" for field in _fields(kind) if field.name in names]


def _play_rows(kind: type[Struct]) -> list[str]:
    return [f"{_cells(kind, field)}\n" for field in _fields(kind)]


def _fields(kind: type[Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _cells(kind: type[Struct], field: inspect.Field) -> str:
    """The cells of name, type and unit."""
    _, unit, shape = _described(field.type)
    unit = unit or next((text for ending, text in _UNITS.items() if field.name.endswith(ending)), "")
    top = field.name in _TOP or (field.name == "lines" and issubclass(kind, schema.OfOrder)) or kind is schema.Line
    return f"| `{field.name}`{'' if top else ' °'} | {shape}{'' if field.required else ', optional'} | {unit} |"


def _described(type: inspect.Type) -> tuple[str, str, str]:
    """(sentence, unit, how it is written) of a field's type."""
    sentence = unit = ""
    while isinstance(type, inspect.Metadata | inspect.UnionType):
        if isinstance(type, inspect.UnionType):
            type = next(part for part in type.types if not isinstance(part, inspect.NoneType))
            continue
        described: dict[str, Any] = type.extra_json_schema or {}
        sentence = sentence or described.get("description", "")
        unit = unit or (type.extra or {}).get("unit", "")
        type = type.type
    return sentence.replace("|", "\\|"), unit, _SHAPES.get(type.__class__, "text")


_SHAPES: dict[type[inspect.Type], str] = {
    inspect.IntType: "integer",
    inspect.BoolType: "true or false",
    inspect.DateTimeType: "ISO 8601 with zone",
    inspect.UUIDType: "uuid7",
    inspect.DictType: "object of texts",
    inspect.VarTupleType: "array",
    inspect.LiteralType: "1",
}
