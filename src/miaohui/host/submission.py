"""One thing to be decided. The front (HTTP, timers, openings) makes submissions; the host answers each."""

import hashlib
from typing import Any

from msgspec import Struct

from miaohui.plays._contract import Refusal


class Caller(Struct, frozen=True):
    """Who calls: `scope` keeps the idempotency keys of callers apart; `source` marks simulated ones."""

    scope: str
    source: str = "live"


class Customer(Struct, frozen=True):
    """For whom: the internal `id`, or (from a shop) the keyed hash of the shop's id, and that id itself, which is only needed if
    he is new."""

    id: str = ""
    shop_hash: str = ""
    shop_id: str = ""


class Submission(Struct, frozen=True, kw_only=True):
    """`id`: 16 bytes, keyed hash of the idempotency scope; `hash`: of the body. `fields`: the decoded body.

    what: "play" (action of a play), "order" (verb of an order, `order` is the shop's id), "timer" (fired, `timer` its name),
    "opening" (fields: openings.Filling). Timers and openings come from us and are not checked for window or audience.
    """

    id: bytes
    hash: bytes
    what: str
    action: str
    fields: Any
    campaign: str = ""
    play: str = ""
    order: str = ""
    timer: str = ""
    caller: Caller = Caller("us")
    customer: Customer = Customer()


class Answer(Struct, frozen=True):
    """`body`: the granted reply as JSON, the same bytes for every repetition; else the refusal."""

    body: bytes = b""
    refusal: Refusal | None = None


def action_id(secret: bytes, *scope: str) -> bytes:
    """The id of an action: a keyed hash, so that nobody can choose a key for its draw."""
    return hashlib.blake2b("\0".join(scope).encode(), digest_size=16, key=secret).digest()


def body_hash(body: bytes) -> bytes:
    """What tells two bodies under one key apart."""
    return hashlib.blake2b(body, digest_size=8).digest()
