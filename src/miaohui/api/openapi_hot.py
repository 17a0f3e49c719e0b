"""The hot path in the OpenAPI document: an operation for each action of the plays, one for each verb of an order.

    /api/v1/plays/{campaign}/{play}/claim       an action; where two plays have one of the same name, the body is either's
    /api/v1/orders/{order}/placed               a verb; its 409 names the codes of every play, because claims are decided by them

Bodies are the types that the decoders of the hot path decode; codes and sentences are the host's and the plays'.
"""

from typing import Any

from msgspec import Struct

from miaohui import plays
from miaohui.api.hot import ORDER_BODIES
from miaohui.api.openapi_parts import Code, Json, components, json_body, reference, refusals
from miaohui.host.answers import CODES
from miaohui.host.orders import OrderReply
from miaohui.host.setup import Machine, machine

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Names this call: sent again with the same body, it gets the same answer and changes nothing",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
}
VERBS = {
    "placed": "An order was placed: all its claims are granted and reserved, or none",
    "paid": "The order was paid: what was reserved is given",
    "cancelled": "The order was called off: what was reserved goes back",
    "refunded": "The shop took lines back: what was given is returned",
}
_OF_ORDERS = (
    "order_not_placed",
    "order_exists",
    "order_state",
    "one_coupon",
    "price_changed",
    "unknown_line",
    "refund_exceeds_order",
)
_OF_OPENINGS = ("unknown_account", "other_unit", "not_enough")
_SHARED = tuple(code for code in CODES if code not in _OF_ORDERS + _OF_OPENINGS)


def described() -> tuple[dict[str, Json], dict[str, Json]]:
    """The paths and the schemas they need."""
    machines = [machine(name) for name in plays.names()]
    paths, schemas = _orders(machines)
    for action in sorted({action for one in machines for action in one.actions}):
        path, needed = _action(action, [one for one in machines if action in one.actions])
        paths[f"/api/v1/plays/{{campaign}}/{{play}}/{action}"] = path
        schemas |= needed
    return paths, schemas


def _action(action: str, machines: list[Machine]) -> tuple[Json, dict[str, Json]]:
    bodies: list[Json] = []
    replies: list[Json] = []
    about: list[str] = []
    schemas: dict[str, Json] = {}
    codes = [_host(code) for code in _SHARED]
    for one in machines:
        (body, reply), needed = components(one.name, [one.inputs[action].type, _reply(one)])
        bodies.append(body)
        replies.append(reply)
        schemas |= needed
        codes += _of_play(one)
        about.append(f"**{one.module.TITLE.zh} {one.module.TITLE.en}** (`{one.name}`): {one.actions[action].__doc__}")
    operation = {
        "operationId": f"{machines[0].name}_{action}" if len(machines) == 1 else action,
        "summary": f"{' / '.join(one.module.TITLE.en for one in machines)}: {action}",
        "description": "\n\n".join(about) + "\n\nA shop names the `customer`; in a browser it is the cookie's.",
        "tags": ["plays"],
        "security": [{"key": []}, {"customer": []}],
        "parameters": [_in_path("campaign", "The campaign"), _in_path("play", "The play in it"), KEY],
        "requestBody": {"required": True, **json_body(_either(bodies))},
        "responses": {"200": {"description": "Granted", **json_body(_either(replies))}, **refusals(codes)},
    }
    return {"post": operation}, schemas


def _orders(machines: list[Machine]) -> tuple[dict[str, Json], dict[str, Json]]:
    bodies = {verb: decoder.type for verb, decoder in ORDER_BODIES.items()}
    (reply, *_), schemas = components("order", [OrderReply, *bodies.values()])
    claimed = [code for one in machines for code in _of_play(one)]
    paths = {}
    for verb, body in bodies.items():
        codes = [_host(code) for code in (*_SHARED, *_OF_ORDERS)] + (claimed if verb == "placed" else [])
        operation = {
            "operationId": f"order_{verb}",
            "summary": VERBS[verb],
            "tags": ["orders"],
            "security": [{"key": []}],
            "parameters": [_in_path("order", "The shop's id of the order"), KEY],
            "requestBody": {"required": verb == "placed", **json_body(reference(f"order.{body.__name__}"))},
            "responses": {"200": {"description": "Granted: the order now", **json_body(reply)}, **refusals(codes)},
        }
        paths[f"/api/v1/orders/{{order}}/{verb}"] = {"post": operation}
    return paths, schemas


def _host(code: str) -> Code:
    return (code, *CODES[code])


def _of_play(one: Machine) -> list[Code]:
    """The play's own codes; one that it shares with the host is the host's."""
    return [(code, 409, False, text) for code, text in one.module.SENTENCES.items() if code not in CODES]


def _reply(one: Machine) -> type[Struct]:
    return one.module.Reply


def _either(schemas: list[Json]) -> Json:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _in_path(name: str, about: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": about, "schema": {"type": "string"}}
