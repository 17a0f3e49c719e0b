"""A new play shows up in the reference page and in the JSON Schema by being there; both speak of every field."""

import json
from typing import Any

from miaohui.campaign import grammar, reference, schema
from miaohui.campaign.document import Document
from miaohui.campaign.grammar import Many, Named, Table
from miaohui.campaign.sentences import CODES


def made() -> Any:
    """The schema as an object."""
    return json.loads(schema.schema())


def tables(kind: Any) -> list[Table]:
    """All tables that a document may hold, from the top."""
    match kind:
        case Table():
            return [kind, *(inner for field in kind.fields for inner in tables(field.kind))]
        case Many(of=of) | Named(of=of):
            return tables(of)
    return []


def test_a_new_play_has_its_rows_in_the_reference() -> None:
    page = reference.reference()
    assert '### `play = "tombola"` 摸奖 · Tombola' in page
    assert "| `price` | an amount such as 99.00 | **needed** | 票价 · What a ticket costs |" in page
    assert "| `tickets` | a whole number, 1 to 1000 | `100` | 票数 · Tickets in all |" in page
    assert "| `opens_ms` |" not in page


def test_a_new_play_has_its_form_in_the_schema() -> None:
    plays = made()["properties"]["plays"]["additionalProperties"]["oneOf"]
    (tombola,) = (play for play in plays if play["title"] == "Tombola")
    assert tombola["required"] == ["play", "price", "product"]
    assert tombola["properties"]["play"] == {"const": "tombola"}
    assert tombola["properties"]["tickets"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "title": "票数",
        "description": "Tickets in all",
    }
    assert tombola["properties"]["win"]["maximum"] == 100
    assert "identities" not in tombola["properties"]


def test_the_schema_says_what_is_needed_and_what_is_not_known() -> None:
    found = made()
    assert found["required"] == ["campaign", "name", "kind", "phases"]
    assert found["additionalProperties"] is False
    assert found["properties"]["phases"]["required"] == ["live", "wrap_up"]
    assert found["properties"]["control"]["properties"]["share"]["maximum"] == 50


def test_every_field_has_a_sentence_in_both_languages() -> None:
    for table in tables(grammar.table(Document)):
        for field in table.fields:
            assert field.sentence is not None, (table.cls, field.name)
            assert field.sentence.zh, (table.cls, field.name)
            assert field.sentence.en, (table.cls, field.name)


def test_every_problem_is_in_the_reference() -> None:
    page = reference.reference()
    for code, kept in CODES.items():
        assert f"| `{code}` | {kept.level} |" in page
