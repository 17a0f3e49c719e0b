"""Signatures in PostgreSQL: who must sign a version, who has, who may. The rules are in `signatures`."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from miaohui.campaign.document import Document
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.signatures import ANYBODY, Signature, Signer, Stake, may_sign, missing, needed
from miaohui.campaign.store import Connection
from miaohui.text import Text


class Given(Struct, frozen=True, kw_only=True):
    """A signature that was given."""

    who: str
    by: str
    at: datetime
    stands_in: bool
    note: str


class Review(Struct, frozen=True, kw_only=True):
    """Where the review of one version stands: every `who` that is needed, in order, and who has signed."""

    wanted: tuple[str, ...]
    given: tuple[Given, ...]
    team: tuple[Signer, ...]

    def missing(self) -> tuple[str, ...]:
        """Those who have not signed."""
        return missing(self.wanted, [Signature(who=one.who, by=one.by) for one in self.given])

    def can_give(self, name: str) -> tuple[Signature, ...]:
        """The missing signatures that the operator `name` can give."""
        signer = next((one for one in self.team if one.name == name), None)
        found = (may_sign(who, signer, self.team) for who in self.missing()) if signer else ()
        return tuple(signature for signature in found if signature)

    def able(self, who: str) -> tuple[str, ...]:
        """The names of all who can sign as `who`."""
        return tuple(one.name for one in self.team if may_sign(who, one, self.team))

    def waits_for(self) -> tuple[str, ...]:
        """The names of all who can give a missing signature."""
        return tuple(one.name for one in self.team if self.can_give(one.name))


async def review(c: Connection, id: str, version: int, document: Document, stake: Stake) -> Review:
    """The review of `version` as it stands."""
    return Review(wanted=needed(document, stake), given=await _given(c, id, version), team=await team(c))


async def _given(c: Connection, id: str, version: int) -> tuple[Given, ...]:
    rows = await c.fetch(
        """select who, by, at, stands_in, note from campaign_signature
           where campaign = $1 and version = $2 and voided_at is null order by id""",
        id, version,
    )  # fmt: skip
    return tuple(Given(**row) for row in rows)


async def team(c: Connection) -> tuple[Signer, ...]:
    """All operators as signers."""
    rows = await c.fetch(
        """select o.name, o.department, o.role = 'admin' or 'campaign.approve' = any(r.permissions) as approves
           from operator o left join role r on r.name = o.role and r.archived_at is null
           where o.archived_at is null order by lower(o.name)"""
    )
    return tuple(Signer(name=r["name"], department=r["department"], approves=bool(r["approves"])) for r in rows)


async def sign(c: Connection, by: Any, id: str, version: int, standing: Review, note: str) -> Review:
    """Give every missing signature that `by` can. not_your_signature."""
    mine = standing.can_give(by.name)
    if not mine and ANYBODY in standing.missing() and by.may("campaign.approve"):
        mine = (Signature(who=ANYBODY, by=by.name),)  # a program with a key that may approve
    if not mine:
        raise CampaignRefused("not_your_signature", missing=called(standing.missing()))
    for signature in mine:
        await c.execute(
            """insert into campaign_signature (campaign, version, who, by, stands_in, note)
               values ($1, $2, $3, $4, $5, $6)""",
            id, version, signature.who, by.name, signature.stands_in, note,
        )  # fmt: skip
    return Review(wanted=standing.wanted, given=await _given(c, id, version), team=standing.team)


async def void(c: Connection, id: str) -> None:
    """What was signed counts no longer: the version was rejected, or there is a new one."""
    await c.execute("update campaign_signature set voided_at = now() where campaign = $1 and voided_at is null", id)


def called(names: tuple[str, ...]) -> Text:
    """Signers as a sentence names them."""
    zh, en = ([name or anybody for name in names] for anybody in ("有批准权限的人", "somebody who may approve"))
    return Text("、".join(zh), ", ".join(en))
