"""What the auditor is given: what was told and asked (`Record`), and what is stored (`Stored`). Plain figures and texts only."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from miaohui.events.envelope import Event


class Finding(Struct, frozen=True):
    """Something that should hold and does not."""

    check: str
    what: str
    there: str
    should_be: str


class Version(Struct, frozen=True):
    """A play's rules from `at_ms` on. `pools`: name -> (unit, amount, from where); `proofs`: account -> (sign, event, field)."""

    at_ms: int
    campaign: str
    play: str
    module: str
    version: int
    opens_ms: int
    ends_ms: int
    rules: dict[str, Any]
    pools: dict[str, tuple[str, int, str]]
    proofs: dict[str, tuple[tuple[int, str, str], ...]]


class Asked(Struct, frozen=True):
    """What one caller asked under one key (`id`; `hash` of the body), and everything he heard."""

    id: bytes
    hash: bytes
    what: str
    order: str
    verb: str
    body: dict[str, Any]
    granted: set[bytes]
    refused: list[str]


@dataclass
class Record:
    """What was told: `people`: customer -> identities (kind -> hash); `stock`: sku -> units; `budgets`: campaign -> money."""

    people: dict[str, dict[str, str]]
    stock: dict[str, int]
    budgets: dict[str, int]
    events: list[Event] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    deeds: list[tuple[int, str, str]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def by_play(self) -> dict[tuple[str, str], list[Version]]:
        """The versions of each play, in their order."""
        plays: dict[tuple[str, str], list[Version]] = defaultdict(list)
        for version in self.versions:
            plays[version.campaign, version.play].append(version)
        return plays

    def of_play(self, campaign: str, play: str) -> list[Event]:
        """Events of a play, and those of all orders, in their order."""
        shared = ("order.", "refund.")
        return [e for e in self.events if (e.campaign, e.play) == (campaign, play) or e.name.startswith(shared)]

    def stopped_ms(self, campaign: str) -> int | None:
        """When an operator stopped the campaign."""
        return next((at_ms for at_ms, what, c in self.deeds if (what, c) == ("stop", campaign)), None)

    def may_start(self, version: Version, at_ms: int) -> bool:
        """Whether something new may begin in its play: inside the window, neither paused nor stopped."""
        running = True
        for deed_ms, what, campaign in self.deeds:
            if campaign == version.campaign and deed_ms <= at_ms:
                running = {"pause": False, "stop": False, "resume": True}.get(what, running)
        return running and version.opens_ms <= at_ms < version.ends_ms


class Balance(Struct, frozen=True):
    """An account as it is stored."""

    unit: str
    debits: int
    credits: int
    debits_pending: int
    credits_pending: int
    ceiling: int | None

    def room(self) -> int:
        """What is free in it."""
        return self.credits - self.debits - self.debits_pending

    def here(self) -> int:
        """What is in it, on hold or not."""
        return self.credits - self.debits

    def received(self) -> int:
        """What came in and stayed, holds included."""
        return self.credits + self.credits_pending - self.debits


NOTHING = Balance("", 0, 0, 0, 0, None)


class Moved(Struct, frozen=True):
    """A transfer as it is stored. kind: 0 posted, 1 pending, 2 post, 3 void; `hold`: which one it makes or settles."""

    id: bytes
    debit: str
    credit: str
    amount: int
    kind: int
    hold: bytes
    ceiling: int | None = None


class Open(Struct, frozen=True):
    """A hold as it is stored."""

    id: bytes
    keeper: str
    debit: str
    credit: str
    amount: int


@dataclass
class Stored:
    """The rows: `states`: key -> (version of the rules, fields); `replies`: id -> answer."""

    accounts: dict[str, Balance]
    transfers: list[Moved]
    holds: list[Open]
    states: dict[str, tuple[int, dict[str, Any]]]
    timers: set[str]
    replies: dict[bytes, bytes]

    def account(self, key: str) -> Balance:
        """An account; one that does not exist has nothing."""
        return self.accounts.get(key, NOTHING)


@dataclass
class Out:
    """What plays have of the shop's goods (by sku account) and of the campaigns' money (by budget account)."""

    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    unknown: set[str] = field(default_factory=set)
    """Accounts of which some play may have a share that only its own auditor could tell."""
