"""Who must sign: the signatures that a campaign needs, by the money at stake, the people reached and what is in it. Pure.

`[approval] signs` names them: `{ who, above, people, if }`. A signature is needed if every condition that is written holds; one
without conditions always is. `above`: the budget, or what the plays may cost at worst if that is more. `who` is an operator, or a
department: then anybody of it signs. Where nobody is called so, an administrator signs for it, and the log says so. A campaign that
names nobody needs one signature of whoever may approve.

A signature is for one version and no other: a new version begins with none.
"""

from collections.abc import Iterable

from msgspec import Struct

from miaohui import plays
from miaohui.campaign.document import Document
from miaohui.campaign.work import Sign
from miaohui.text import Text

ANYBODY = ""
"""`who` of the one signature of a campaign that names nobody."""

CONDITIONS = {
    "draw": Text("有抽奖", "prizes are drawn"),
    "commission": Text("有佣金", "commission is paid"),
    "personal": Text("收集个人信息", "personal data is collected"),
    "messages": Text("发消息", "messages are sent"),
    "override": Text("放行了阻断项", "a stop was set aside"),
}
"""What `if` may say."""


class Stake(Struct, frozen=True, kw_only=True):
    """What is at stake: money in minor units, people whom the plays are for, whether a stop was set aside."""

    money_minor: int
    people: int = 0
    overridden: bool = False


class Signature(Struct, frozen=True, kw_only=True):
    """`by` signed as `who` for a version; `stands_in`: nobody is called `who`."""

    who: str
    by: str
    stands_in: bool = False


class Signer(Struct, frozen=True, kw_only=True):
    """An operator as signatures see him."""

    name: str
    department: str = ""
    approves: bool = False


def at_stake(document: Document) -> int:
    """The budget, or what the plays may cost at worst if that is more."""
    worst = sum(plays.find(play.head.play).worst_cost(play.rules) for play in document.plays.values() if play.rules)
    return max(document.budget.total_minor if document.budget else 0, worst)


def needed(document: Document, stake: Stake) -> tuple[str, ...]:
    """`who` of every signature that is needed, each once, in the document's order."""
    found = (sign.who for sign in document.approval.signs if _holds(document, sign, stake))
    return tuple(dict.fromkeys(found)) or (ANYBODY,)


def missing(wanted: Iterable[str], given: Iterable[Signature]) -> tuple[str, ...]:
    """Those of `wanted` that nobody has given."""
    signed = {signature.who for signature in given}
    return tuple(who for who in wanted if who not in signed)


def may_sign(who: str, signer: Signer, team: Iterable[Signer]) -> Signature | None:
    """The signature that `signer` can give as `who`; None if it is not his."""
    if who == ANYBODY:
        return Signature(who=who, by=signer.name) if signer.approves else None
    if who in (signer.name, signer.department):
        return Signature(who=who, by=signer.name)
    if signer.approves and all(who not in (one.name, one.department) for one in team):
        return Signature(who=who, by=signer.name, stands_in=True)
    return None


def _holds(document: Document, sign: Sign, stake: Stake) -> bool:
    if sign.above_minor is not None and stake.money_minor <= sign.above_minor:
        return False
    if sign.people is not None and stake.people <= sign.people:
        return False
    return not sign.if_ or _has(document, sign.if_, stake)


def _has(document: Document, condition: str, stake: Stake) -> bool:
    modules = {play.head.play for play in document.plays.values()}
    match condition:
        case "draw":
            return any(hasattr(plays.find(module), "prizes") for module in modules)
        case "commission":
            return any(getattr(play.rules, "levels", 0) for play in document.plays.values())
        case "personal":
            return any(entry.personal for entry in document.collect.values())
        case "messages":
            return any(step.send for journey in document.journeys.values() for step in journey.steps)
        case "override":
            return stake.overridden
    return condition in modules or condition not in plays.names()  # what is not understood is always needed
