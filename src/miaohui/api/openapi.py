"""The OpenAPI 3.1 document of the whole API: what Litestar knows of the rooms, and the hot path from the types it decodes.

Nothing is listed by hand: a new room, action or play is in the document by being there. Every answer that is no has the one form
{code, sentence, data, retry}; the operations of the hot path name every code that can come.
"""

from functools import cache
from typing import Any

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Tag
from litestar.types import Method

from miaohui import __version__
from miaohui.api import openapi_hot
from miaohui.api.openapi_parts import components, json_body, reference
from miaohui.api.site import API
from miaohui.customers.signin import COOKIE
from miaohui.events import schema
from miaohui.host.answers import Spoken
from miaohui.pages.forms import SESSION_COOKIE

ABOUT = """A shop calls with its key (`Authorization: Bearer ...`); a customer's page and the console call with their cookies.

- Amounts are integers `*_minor` in the smallest unit of a currency, times are milliseconds since 1970, UTC (`*_ms`).
- Whatever is not granted is `{code, sentence, data, retry}`: `code` is stable, `sentence` is in the language of
  `Accept-Language` (zh or en), `retry` says whether the same call may succeed later.
- Actions and orders need the header `Idempotency-Key`: the same key and body are answered with the same bytes.
"""
TAGS = {
    "plays": "What customers do: one operation for each action of each play",
    "orders": "What happens to an order of the shop: the only thing that reserves",
    "codes": "Codes that work once: made in batches, taken away as a file",
    "prices": "What a cart costs, and why: nothing is reserved",
    "campaigns": "Documents, their life, their reviews",
    "audiences": "Conditions, read and counted",
    "events": "What happened, in and out",
    "webhooks": "Who is told of what happens",
}
_NO = "default"


@cache
def document() -> bytes:
    """The document as JSON, made once."""
    made = rooms()
    made["components"]["schemas"] |= components("", [Spoken])[1]
    made["components"]["responses"] = {"Refused": {"description": "Not granted", **json_body(reference("Spoken"))}}
    for operations in made["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("400", None)  # Litestar's own form of a no, which nobody here ever sends
            operation["responses"][_NO] = {"$ref": "#/components/responses/Refused"}
    _take_events(made)
    paths, schemas = openapi_hot.described()
    made["paths"] |= paths
    made["components"]["schemas"] |= schemas
    return msgspec.json.encode(made)


def rooms() -> dict[str, Any]:
    """What Litestar knows of the rooms: an app that nobody calls is asked to describe itself."""
    app = Litestar(
        [API],
        dependencies={"workspace": Provide(lambda: None, sync_to_thread=False)},
        openapi_config=OpenAPIConfig(
            title="Miaohui",
            version=__version__,
            description=ABOUT,
            use_handler_docstrings=True,
            operation_id_creator=_operation_id,
            security=[{"key": []}],
            tags=[Tag(name, about) for name, about in TAGS.items()],
        ),
    )
    made = app.openapi_schema.to_schema()
    made["components"] = {"schemas": made["components"]["schemas"], "securitySchemes": _security()}
    return made


def _security() -> dict[str, Any]:
    return {
        "key": {"type": "http", "scheme": "bearer", "description": "A shop's key, made in the console"},
        "customer": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A customer's browser"},
        "operator": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": "Who is logged in"},
    }


def _operation_id(handler: HTTPRouteHandler, method: Method, path: list[Any]) -> str:
    return handler.handler_name


def _take_events(made: dict[str, Any]) -> None:
    """The body of POST /events, which its handler reads raw, row by row."""
    facts = [fact for fact in schema.FACTS if fact.BY != "miaohui"]
    references, schemas = components("event", facts)
    row = {"oneOf": references}
    made["components"]["schemas"] |= schemas | {"event": row}
    one = reference("event")
    body = {"required": True, **json_body({"oneOf": [one, {"type": "array", "items": one}]})}
    made["paths"]["/api/v1/events"]["post"]["requestBody"] = body
