"""The words of a rule: what it finds, how it says so, and its thresholds."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from miaohui.campaign.document import Document
from miaohui.campaign.edits import Edit, Fix
from miaohui.campaign.facts import Facts
from miaohui.campaign.places import Path
from miaohui.campaign.problem import Way
from miaohui.campaign.sentences import Kept, Level
from miaohui.text import Text

__all__ = [
    "Edit",
    "Finding",
    "Findings",
    "Fix",
    "Law",
    "Limit",
    "NotKnown",
    "Outcome",
    "Rule",
    "hint",
    "stop",
    "warn",
]


class Finding(Struct, frozen=True):
    """Something is wrong at `path`: `code` says it with `data`; `fix`, where one is safe, puts it right; `way` leads to where."""

    path: Path
    code: str
    data: Mapping[str, str | Text] = {}
    fix: Fix | None = None
    way: Way | None = None


class NotKnown(Struct, frozen=True):
    """The rule cannot judge yet; `why` says what is missing."""

    why: Text


Findings = Iterator[Finding | NotKnown]


class Limit(Struct, frozen=True):
    """A threshold: `name` begins with its rule's; a workspace may replace `value`. `judgement`: chosen by us, without data behind
    it; else `source` says where it comes from."""

    name: str
    value: Decimal
    unit: Text
    says: Text
    source: Text | None = None

    @property
    def judgement(self) -> bool:
        """Whether it is an opinion of ours."""
        return self.source is None

    def of(self, facts: Facts) -> Decimal:
        """The value in this workspace."""
        return facts.limits.get(self.name, self.value)


class Law(Struct, frozen=True):
    """A point of law: a reminder, no legal advice. `currency`: the campaigns it is about; `value` in that currency or percent."""

    name: str
    says: Text
    source: Text
    since: str
    currency: str = ""


class Outcome(Struct, frozen=True):
    """What one rule found."""

    rule: str
    title: Text
    says: Mapping[str, Kept]
    findings: tuple[Finding, ...]
    not_known: tuple[Text, ...]


class Rule(Protocol):
    """A rule's module."""

    __name__: str
    __doc__: str | None
    TITLE: Text
    SAYS: dict[str, Kept]

    @staticmethod
    def find(document: Document, facts: Facts) -> Findings: ...


def stop(what: Text, remedy: Text, why: Text | None = None, *, overridable: bool = False) -> Kept:
    """Must be put right; or, if it may be, set aside by two people with a reason."""
    return Kept("stop", what, remedy, why, overridable)


def warn(what: Text, remedy: Text, why: Text | None = None) -> Kept:
    """Should be read before the campaign is submitted."""
    return Kept("warn", what, remedy, why)


def hint(what: Text, remedy: Text, why: Text | None = None) -> Kept:
    """For information."""
    return Kept("hint", what, remedy, why)


LEVELS: dict[Level, Text] = {
    "stop": Text("阻断", "stop"),
    "warn": Text("提醒", "warning"),
    "hint": Text("说明", "hint"),
}
