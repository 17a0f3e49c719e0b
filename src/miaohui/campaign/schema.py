"""JSON Schema of the document, from the types that read it.

The schema is for editors (a TOML editor completes and checks by it); what only Miaohui can judge, such as whether a name refers
to something, the check says.
"""

import json
from typing import Any

from miaohui import plays
from miaohui.campaign import grammar
from miaohui.campaign.document import Document
from miaohui.campaign.grammar import (
    Amount,
    Both,
    Choice,
    Covers,
    Field,
    Frequency,
    Gifts,
    Gives,
    Instant,
    Kind,
    Many,
    Named,
    Number,
    Off,
    Percent,
    PlaysHere,
    Table,
    Valid,
    Ware,
    When,
    Whole,
    Window,
    Words,
    YesNo,
)
from miaohui.campaign.offer import Head

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> str:
    """The JSON Schema of a document."""
    made = {"$schema": DIALECT, "title": "Miaohui campaign", **_table(grammar.table(Document))}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _table(kind: Table) -> dict[str, Any]:
    required = [field.key for field in kind.fields if field.required]
    return {
        "type": "object",
        "properties": {field.key: _described(field) for field in kind.fields},
        "additionalProperties": False,
    } | ({"required": required} if required else {})


def _described(field: Field) -> dict[str, Any]:
    said = {"title": field.sentence.zh, "description": field.sentence.en} if field.sentence else {}
    return _of(field.kind) | said


def _of(kind: Kind) -> dict[str, Any]:
    match kind:
        case Words():
            return {"type": "string"} | ({"pattern": kind.pattern} if kind.pattern else {})
        case Whole():
            return {"type": "integer"} | _limits(kind.least, kind.most, 1)
        case Number():
            return {"type": "number", "minimum": 0}
        case Amount():
            return {"type": "number"} | ({"minimum": 0} if kind.least is not None else {})
        case Percent():
            return {"type": "number"} | _limits(kind.least, kind.most, 10_000)
        case YesNo():
            return {"type": "boolean"}
        case Choice(options=options):
            return {"enum": list(options)}
        case Instant() | Window() | Ware() | Off() | Frequency() | Gives() | When():
            return {"type": "string"}
        case Covers() | Many(of=Gives() | When()):
            return {"type": ["string", "array"], "items": {"type": "string"}}
        case Both():
            return {
                "type": "object",
                "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
                "required": ["zh", "en"],
                "additionalProperties": False,
            }
        case Valid():
            return {
                "type": "object",
                "properties": {"from": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
                "required": ["days"],
                "additionalProperties": False,
            }
        case Gifts():
            return {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}
        case PlaysHere():
            return {"oneOf": [_play(name) for name in plays.names()]}
        case Many():
            return {"type": "array", "items": _of(kind.of)} | ({"minItems": kind.fewest} if kind.fewest else {})
        case Named():
            names = {"propertyNames": {"pattern": kind.keys.pattern}} if kind.keys.pattern else {}
            return {"type": "object", "additionalProperties": _of(kind.of)} | names
        case Table():
            return _table(kind)


def _limits(least: int | None, most: int | None, unit: int) -> dict[str, Any]:
    return ({} if least is None else {"minimum": least / unit if unit > 1 else least}) | (
        {} if most is None else {"maximum": most / unit if unit > 1 else most}
    )


def _play(name: str) -> dict[str, Any]:
    module, head = plays.find(name), grammar.table(Head)
    rules = grammar.rules(module)
    both = _table(Table(Head, (*head.fields, *(field for field in rules.fields if not head.field(field.key)))))
    both["properties"]["play"] = {"const": name}
    both["required"] = sorted({*both["required"], *(field.key for field in rules.fields if field.required)})
    return {"title": module.TITLE.en, **both}
