"""The stages of a batch on its way through the host: taken, planned and read, decided, being written; and what is counted."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from miaohui.host.overlay import Overlay
from miaohui.host.plan import Plan
from miaohui.host.setup import Register
from miaohui.host.storage import Changes, Loaded
from miaohui.host.submission import Answer, Customer, Submission

Sink = Callable[[Answer], None]
Taken = Sequence[tuple[Submission, Sink]]
"""A batch: what was submitted, and who gets the answer."""


@dataclass
class Figures:
    """What the host has done since it started; the seconds are those of batches that were decided ahead, step by step (one is read
    while another is decided); `waited_s` for the batch before to be written."""

    submissions: int = 0
    batches: int = 0
    ahead: int = 0
    retries: int = 0
    failed: int = 0
    planned_s: float = 0
    read_s: float = 0
    decided_s: float = 0
    waited_s: float = 0


class Planned(NamedTuple):
    """What a batch will touch: the plays it was planned with and a plan for each submission; and what must be read for it:
    customers who are remembered from earlier, states, accounts and replies."""

    register: Register
    customers: list[Customer]
    plans: list[Plan]
    states: list[str]
    accounts: list[str]
    replies: list[bytes]


@dataclass
class Ahead:
    """A batch that is being read. `overlays`: what the batches before it will have changed that were being written when the reading
    began, or were sent since. `stale`: one of those could not be written."""

    taken: Taken
    overlays: list[Overlay]
    read: asyncio.Task[tuple[Planned, Loaded]]
    stale: bool = False


class Decided(NamedTuple):
    """A batch whose answers are true as soon as its changes, if any, are written."""

    plans: list[Plan]
    answers: list[Answer]
    changes: Changes | None


class Flight(NamedTuple):
    """A batch that is being written or will be next: ready to be sent, and the overlay that shows what it will have changed (both
    None if nothing changes)."""

    taken: Taken
    decided: Decided
    prepared: Any
    overlay: Overlay | None
    written: asyncio.Future[None]

    def failed(self) -> bool:
        """Whether it could not be written."""
        return self.written.done() and (self.written.cancelled() or self.written.exception() is not None)
