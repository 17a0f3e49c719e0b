"""What a batch reads and writes. Two storages keep this contract: `postgres` (durable, many processes) and `memory` (tests and,
later, rehearsal). The same submissions give the same balances on both.

A batch is: `acquaint` (only about who or what is not known yet: strangers, and which claims these orders have), `peek` (what is
touched, the customers as they are now and the time, all of one moment), decide, `write` (all of it or nothing, durable when it
returns). Nothing is locked meanwhile: `write` looks whether what was read is still so. `Raced` means that it is not: the batch is
run again, under locks, in a transaction that `lock` begins and `write` commits.

Pools and the world (`is_shared`) may have moved on: what a batch moved is added to them, if there is room for it still. So
processes that sell from one pool do not stand in each other's way.
"""

from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from miaohui.events.envelope import Event
from miaohui.host.setup import Register
from miaohui.host.submission import Customer
from miaohui.ledger.accounts import Account, Hold, Transfer


class Raced(Exception):
    """Another process changed or created a row meanwhile: run the batch again."""


class Broken(Exception):
    """The storage is gone or restarts: whether the batch was committed is unknown; running it again finds out."""


class Full(Exception):
    """The storage has no room: nothing of the batch was kept, and trying at once would not help."""


class Person(Struct):
    """A customer as the host needs him: identities (without the shop's), consents, and per campaign (mask of audiences, in the
    control group)."""

    identities: dict[str, str] = {}
    consents: frozenset[str] = frozenset()
    memberships: dict[str, tuple[int, bool]] = {}


class Acquaintance(Struct):
    """`customers`: shop's hash -> internal id; `people`: by internal id, who has nothing to tell is not in it; `orders`: order
    key -> stored order (msgpack)."""

    customers: dict[str, str] = {}
    people: dict[str, Person] = {}
    orders: dict[str, bytes] = {}


class StateRow(Struct, gc=False):
    """A stored state: its version, the version of the rules it was born under, and its body (msgpack)."""

    version: int
    terms: int
    body: bytes


class Loaded(Struct):
    """What a batch touches, as it is now. `replies`: id -> (hash of the body, answer). `known`: its customers, now. `shows`: the
    mark of the last batch of this host that is in it (0: none)."""

    now_ms: int
    epoch: int
    states: dict[str, StateRow]
    accounts: dict[str, Account]
    holds: dict[bytes, Hold]
    replies: dict[bytes, tuple[bytes, bytes]]
    known: Acquaintance
    shows: int = 0


class Moved(NamedTuple):
    """What is added to the totals of an account."""

    debits: int
    credits: int
    debits_pending: int
    credits_pending: int


class StateChange(NamedTuple):
    """A state to write under `version` (1: it is new), or (body None) to end. `customer` None: nobody's wallet shows it."""

    key: str
    version: int
    campaign: str
    play: str
    terms: int
    customer: str | None
    body: bytes | None


class Timer(NamedTuple):
    """When a state's timer fires, the action that it takes (msgpack), and the source of whoever set it."""

    due_ms: int
    action: bytes
    source: str


class Changes(Struct):
    """All that a batch causes. `transfers`: (id, transfer, action); `replies`: (id, hash, campaign, answer); `timers`: key of the
    state -> its timer, or None (cancel); `spent`: (key, due_ms) of timers that fired and had nothing to do, removed unless they
    were set anew. A state that ends takes its timer with it. `epoch`, `seen_states` and `seen_accounts` (key -> version, 0:
    absent): what was read for it and is not written. `accounts` are written as they are, `shared` ones get what was moved. `mark`:
    see `Loaded`; no two batches have the same."""

    now_ms: int
    mark: int
    epoch: int
    seen_states: dict[str, int]
    seen_accounts: dict[str, int]
    states: list[StateChange]
    accounts: dict[str, Account]
    shared: dict[str, Moved]
    transfers: list[tuple[bytes, Transfer, str]]
    holds: list[Hold]
    settled: list[Hold]
    replies: list[tuple[bytes, bytes, str, bytes]]
    events: list[Event]
    timers: dict[str, Timer | None]
    spent: list[tuple[str, int]]


class Due(Struct, frozen=True):
    """A timer that is due: that of the state `key`, which belongs to `campaign` and `play` (of an order `play` is empty); `source`
    is that of whoever set it."""

    key: str
    due_ms: int
    campaign: str
    play: str
    action: bytes
    source: str = "live"


class Storage(Protocol):
    """Where a host keeps things."""

    async def moved(self, epoch: int) -> bool:
        """Whether the plays have changed since `epoch`."""

    async def register(self) -> Register:
        """All plays as they are set up now."""

    async def acquaint(self, customers: list[Customer], orders: list[str]) -> Acquaintance:
        """Who the customers are (new ones of the shop are made), and what is known of the orders."""

    async def lock(self, states: list[str], accounts: list[str]) -> None:
        """Begin a transaction in which nobody else changes these."""

    async def peek(
        self,
        states: list[str],
        accounts: list[str],
        replies: list[bytes],
        customers: list[str],
        *,
        locked: bool = False,
    ) -> Loaded:
        """Read, inside that transaction if `locked`; an account that does not exist comes back empty (unit None)."""

    def prepare(self, changes: Changes) -> Any:
        """What `write` takes: all of it that can be done before the batch may be written. The plays must have been read."""

    async def write(self, prepared: Any) -> None:
        """Write everything and make it durable, or nothing; Raced if what was read is not so any more."""

    async def rollback(self) -> None:
        """Forget what is not written and let go of all locks."""

    async def close(self) -> None:
        """Give back connections."""
