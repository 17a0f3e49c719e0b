"""One thing to be decided. The front (HTTP, timers, openings) makes submissions; the host answers each."""

import hashlib
from functools import cache
from typing import Any

from msgspec import Struct

from miaohui.plays._contract import Refusal


class Caller(Struct, frozen=True, gc=False):
    """Who calls: `scope` keeps the idempotency keys of callers apart; `source` marks simulated ones."""

    scope: str
    source: str = "live"


class Customer(Struct, frozen=True, gc=False):
    """For whom: the internal `id`, or (from a shop) the keyed hash of the shop's id, and that id itself, which is only needed if
    he is new."""

    id: str = ""
    shop_hash: str = ""
    shop_id: str = ""


class Submission(Struct, frozen=True, kw_only=True, gc=False):
    """`id`: 16 bytes, keyed hash of the idempotency scope; `hash`: of the body. `fields`: the decoded body.

    what: "play" (action of a play), "order" (verb of an order, `order` is the shop's id), "timer" (fired: `timer` the key of its
    state, `due_ms` when it was due), "opening" (fields: openings.Filling). Timers and openings come from us and are not checked for
    window or audience.
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
    due_ms: int = 0
    caller: Caller = Caller("us")
    customer: Customer = Customer()

    @property
    def is_verb(self) -> bool:
        """Whether it is about an order that was placed before."""
        return bool(self.order) and self.action != "placed"


class Answer(Struct, frozen=True, gc=False):
    """`body`: the granted reply as JSON, the same bytes for every repetition; else the refusal."""

    body: bytes = b""
    refusal: Refusal | None = None


def action_id(secret: bytes, *scope: str) -> bytes:
    """The id of an action: a keyed hash, so that nobody can choose a key for its draw."""
    hash = _keyed(secret, 16).copy()
    hash.update("\0".join(scope).encode())
    return hash.digest()


def draw(secret: bytes, action: bytes, n: int) -> int:
    """The draw (64 bits) of an action's part that begins with its n-th transfer."""
    hash = _keyed(secret, 8).copy()
    hash.update(action + n.to_bytes(2, "big"))
    return int.from_bytes(hash.digest(), "big")


@cache
def _keyed(secret: bytes, size: int) -> "hashlib.blake2b":
    """A hash that has read its key: copied for each use, at half the price of a new one."""
    return hashlib.blake2b(digest_size=size, key=secret)


def body_hash(body: bytes) -> bytes:
    """What tells two bodies under one key apart."""
    return hashlib.blake2b(body, digest_size=8).digest()
