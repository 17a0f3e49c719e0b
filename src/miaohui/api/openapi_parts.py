"""Pieces that the OpenAPI document is put together from."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from miaohui.text import Text

Json = dict[str, Any]
Code = tuple[str, int, bool, Text]
"""A refusal: its code, HTTP status, whether to try again, its sentence."""


def reference(name: str) -> Json:
    """A schema of the components, by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def json_body(schema: Json) -> Json:
    """The content of a body that is JSON."""
    return {"content": {"application/json": {"schema": schema}}}


def components(family: str, types: Sequence[Any]) -> tuple[list[Json], dict[str, Json]]:
    """Schemas of `types`, and all components they need; names begin with `family.`, so that plays may use the same ones."""
    prefix = f"{family}." if family else ""
    schemas, found = msgspec.json.schema_components(types, ref_template=f"#/components/schemas/{prefix}{{name}}")
    return list(schemas), {prefix + name: schema for name, schema in found.items()}


def refusals(codes: Iterable[Code]) -> Json:
    """Responses by HTTP status: which codes come under it, and what each says."""
    by_status: dict[int, list[Code]] = {}
    for code in codes:
        by_status.setdefault(code[1], []).append(code)
    return {str(status): _refusal(status, by_status[status]) for status in sorted(by_status)}


def _refusal(status: int, codes: list[Code]) -> Json:
    names = list(dict.fromkeys(code for code, *_ in codes))
    lines = [f"- `{code}` {text.en}{' (try again)' if retry else ''}" for code, _, retry, text in codes]
    schema = {"allOf": [reference("Spoken"), {"properties": {"code": {"enum": names}}}]}
    response: Json = {"description": "\n".join(lines), **json_body(schema)}
    if status in (429, 503):
        response["headers"] = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
    return response
