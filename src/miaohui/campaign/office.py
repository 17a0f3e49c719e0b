"""The office: where documents are handed in and verbs are carried out, by operators, programs and the clock.

One verb is one transaction that holds the campaign's row: check who and from where, do what has to be done with the plays, write
the new status and the line of the audit log. What is done with the plays goes through the host in transactions of its own, and
can be repeated: if we crash in between, the same verb, or the clock, goes on where it was.

A version is approved when all have signed who must (`signatures`); until then an approval is one of several signatures.
The audiences and the control group are fixed just before the opening, and undone if it is refused.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg
from msgspec.structs import replace

from miaohui.audiences.known import Known, learn, vocabulary
from miaohui.audiences.membership import freeze
from miaohui.campaign import around, comments, lifecycle, overrides, signing, store
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts, Past
from miaohui.campaign.lifecycle import OPEN, PERMISSION, Effect, Forbidden, How, Status, Step, Verb, tick
from miaohui.campaign.people import reached
from miaohui.campaign.reader import Read, read
from miaohui.campaign.refused import CampaignRefused
from miaohui.campaign.setups import setups
from miaohui.campaign.signatures import Stake, at_stake
from miaohui.campaign.signing import Review
from miaohui.campaign.store import Campaign, Connection
from miaohui.events.store import EventStore
from miaohui.host.answers import spoken
from miaohui.host.fairground import Fairground
from miaohui.plays._contract import Refusal
from miaohui.team import audit, notices
from miaohui.text import Text
from miaohui.vault import Vault

TEXT_MAX = 200_000
PAST: dict[Verb, str] = {
    "submit": "submitted",
    "approve": "approved",
    "reject": "rejected",
    "open": "opened",
    "pause": "paused",
    "resume": "resumed",
    "stop": "stopped",
    "close_review": "reviewed",
    "archive": "archived",
}
TOLD = {
    "approve": Text("已批准", "Approved"),
    "reject": Text("被退回", "Rejected"),
    "pause": Text("已暂停", "Paused"),
    "stop": Text("已停止", "Stopped"),
}
CLOCK = "clock"


class Actor(Protocol):
    """Who wants something: an operator, or a program with a key."""

    @property
    def name(self) -> str: ...
    def may(self, permission: str) -> bool: ...


class Office:
    """The campaigns of one workspace; `zone` and `currency` are for documents without their own, `past` tells what documents in a
    currency are compared with."""

    def __init__(
        self,
        db: "asyncpg.Pool[Any]",
        fairground: Fairground,
        events: EventStore,
        vault: Vault,
        zone: str,
        currency: str,
        past: Callable[[str], Awaitable[Past]] | None = None,
    ) -> None:
        self.past = past
        self.db, self.fairground, self.events, self.vault = db, fairground, events, vault
        self.zone, self.currency = zone, currency

    # -- documents --------------------------------------------------------------------------------------------------------

    async def check(self, text: str) -> Read:
        """Read `text` and compare it with the shop, the team and the data of customers. too_large."""
        if len(text) > TEXT_MAX:
            raise CampaignRefused("too_large", limit=TEXT_MAX)
        plain = around.plain(text, self.zone, self.currency)
        found = read(text, await self.facts(plain))
        if plain is None:
            return found
        async with self.db.acquire() as c:
            agreed = await overrides.of(c, plain.campaign)
        return replace(found, problems=overrides.applied(found.problems, agreed))

    async def facts(self, document: Document | None = None) -> Facts:
        """The world as it is now, around `document`."""
        currency = document.currency if document else self.currency
        known = await learn(self.events, Known(currency, document.zone if document else self.zone, vocabulary()))
        past = await self.past(currency) if self.past else Past()
        async with self.db.acquire() as c:
            return await around.facts(c, document, known, past, self.zone, self.currency)

    async def create(self, by: Actor, text: str, note: str = "") -> Campaign:
        """A new campaign, a draft. forbidden, too_large, unreadable, campaign_exists."""
        _may(by, "campaign.edit")
        document = await self._readable(text)
        async with self.db.acquire() as c, c.transaction():
            await store.create(c, by.name, document, text, note)
            return await store.get(c, document.campaign)

    async def save(self, by: Actor, id: str, base: int, text: str, note: str = "") -> Campaign:
        """A new version, made from version `base`. forbidden, too_large, unreadable, unknown_campaign, other_id, stale_base,
        not_from_here."""
        _may(by, "campaign.edit")
        document = await self._readable(text)
        async with self._held(id) as (c, campaign):
            await store.save(c, by.name, campaign, document, text, base, note)
            await comments.follow(c, id, comments.renames((await store.version(c, id, base)).text, text))
            await signing.void(c, id)
            return await store.get(c, id)

    async def _readable(self, text: str) -> Document:
        found = await self.check(text)
        if found.document is None:
            first = next(problem for problem in found.problems if problem.level == "stop")
            what = Text(f"第 {first.line} 行：{first.what.zh}", f"line {first.line}: {first.what.en}")
            raise CampaignRefused("unreadable", what=what, problems=found.problems)
        return found.document

    # -- verbs ------------------------------------------------------------------------------------------------------------

    async def act(
        self, by: Actor, id: str, verb: Verb, *, version: int = 0, how: How = "let_run", note: str = ""
    ) -> Campaign:
        """Carry out `verb`. `version`: the one that was read, for approve and reject; `how`: what a stop does to what is open.

        An approval is a signature; the last one that is needed approves. forbidden, unknown_campaign, the codes of `lifecycle`,
        has_problems, not_your_signature; of an opening also the host's (not_enough ...).
        """
        if verb != "approve" or not hasattr(by, "department"):  # whom the document names signs; a program does not
            _may(by, PERMISSION[verb])
        async with self._held(id) as (c, campaign):
            try:
                step = lifecycle.step(campaign.status, verb, campaign.phases, campaign.now_ms, version)
            except Forbidden:
                _may(by, PERMISSION[verb])  # who could not do it at any time hears that first
                raise
            detail: dict[str, Any] = {"version": step.status.version, "state": step.status.state}
            detail |= {"note": note} if note else {}
            detail |= {"how": how} if verb == "stop" else {}
            if verb in ("submit", "approve"):
                document = await self._sound(c, id, step.status.submitted or step.status.approved)
                if campaign.status.state in OPEN:
                    await self._goes_on(c, id, campaign.status.approved, document)
                if verb == "approve":
                    standing = await self._sign(c, by, campaign, document, note)
                    if standing.missing():
                        await audit.record(c, by.name, "campaign.signed", id, detail | {"state": campaign.status.state})
                        return await store.get(c, id)
                    await store.set_plan(c, document)
                else:
                    await self._ask_signers(c, by, campaign, step.status.submitted, document)
            elif verb == "reject":
                await signing.void(c, id)
            await self._carry_out(c, campaign, step, how)
            await audit.record(c, by.name, f"campaign.{PAST[verb]}", id, detail)
            if verb in ("approve", "reject", "stop", "pause"):
                await self._tell_authors(c, by, campaign, verb, note)
            return await store.get(c, id)

    async def review(self, c: Connection, campaign: Campaign, document: Document, version: int) -> Review:
        """Who must sign `version`, and who has."""
        asked = any(sign.people is not None for sign in document.approval.signs)
        people = await reached(c, self.events, document, campaign.now_ms) if asked else 0
        aside = any(one.agreed for one in await overrides.of(c, campaign.id))
        stake = Stake(money_minor=at_stake(document), people=people, overridden=aside)
        return await signing.review(c, campaign.id, version, document, stake)

    async def _sign(self, c: Connection, by: Actor, campaign: Campaign, document: Document, note: str) -> Review:
        """One more signature, or several. forbidden, not_your_signature."""
        version = campaign.status.submitted
        standing = await self.review(c, campaign, document, version)
        if not standing.can_give(by.name):
            _may(by, PERMISSION["approve"])
        return await signing.sign(c, by, campaign.id, version, standing, note)

    async def _ask_signers(
        self, c: Connection, by: Actor, campaign: Campaign, version: int, document: Document
    ) -> None:
        """Signatures begin anew, and all who can sign are told."""
        await signing.void(c, campaign.id)
        standing = await self.review(c, campaign, document, version)
        name = document.name
        title = Text(f"等你签字：{name.zh} v{version}", f"Your signature: {name.en} v{version}")
        path = f"/campaigns/{campaign.id}"
        await notices.notify(c, by.name, standing.waits_for(), "campaign.submitted", title, path)

    async def _tell_authors(self, c: Connection, by: Actor, campaign: Campaign, verb: Verb, note: str) -> None:
        """Those who wrote a version hear what became of it."""
        rows = await c.fetch("select distinct by from campaign_version where campaign = $1", campaign.id)
        done, name = TOLD[verb], campaign.name
        why = (f"：{note}", f": {note}") if note else ("", "")
        title = Text(f"{done.zh}：{name.zh}{why[0]}", f"{done.en}: {name.en}{why[1]}")
        path, kind = f"/campaigns/{campaign.id}", f"campaign.{PAST[verb]}"
        await notices.notify(c, by.name, [row["by"] for row in rows], kind, title, path)

    async def tick(self) -> dict[str, CampaignRefused | None]:
        """Move every campaign whose time has come; campaign -> why it could not be moved, or None."""
        async with self.db.acquire() as c:
            ids = await store.due(c)
        return {id: await self._move(id) for id in ids}

    async def _move(self, id: str) -> CampaignRefused | None:
        try:
            async with self._held(id) as (c, campaign):
                step = tick(campaign.status, campaign.phases, campaign.now_ms)
                if step is not None:
                    await self._carry_out(c, campaign, step, "let_run")
                    detail = {"version": step.status.version}
                    await audit.record(c, CLOCK, f"campaign.{_moved(campaign.status, step.status)}", id, detail)
        except CampaignRefused as refused:
            async with self.db.acquire() as c:
                await store.set_trouble(c, id, refused.sentence)
            return refused
        return None

    async def _carry_out(self, c: Connection, campaign: Campaign, step: Step, how: How) -> None:
        if step.effect is not None:
            await self._with_plays(c, campaign.id, step.effect, step.status.approved, how)
        await store.set_status(c, campaign.id, step.status)

    async def _with_plays(self, c: Connection, id: str, effect: Effect, approved: int, how: How) -> None:
        match effect:
            case "open":
                document = await self._sound(c, id, approved)
                async with self._audiences(document):
                    await self._run(document, approved)
            case "change":
                await self._run(await self._sound(c, id, approved), approved)
            case "pause":
                await self.fairground.pause(id)
            case "resume":
                await self.fairground.resume(id)
            case "close":
                await self.fairground.close(id, how)

    async def _sound(self, c: Connection, id: str, number: int) -> Document:
        """Version `number` of the document, which nothing stops. has_problems."""
        found = await self.check((await store.version(c, id, number)).text)
        stops = [problem for problem in found.problems if problem.stops]
        if stops or found.document is None:
            what = Text(f"第 {stops[0].line} 行：{stops[0].what.zh}", f"line {stops[0].line}: {stops[0].what.en}")
            raise CampaignRefused("has_problems", count=len(stops), what=what, problems=stops)
        return found.document

    async def _goes_on(self, c: Connection, id: str, running: int, document: Document) -> None:
        """What the launch fixed stays, and what runs is not taken away. audiences_fixed, play_removed, play_replaced."""
        before = around.plain((await store.version(c, id, running)).text, self.zone, self.currency)
        if before is None:
            return
        if (before.audiences, before.control) != (document.audiences, document.control):
            raise CampaignRefused("audiences_fixed")
        for name, play in before.plays.items():
            now = document.plays.get(name)
            if now is None:
                raise CampaignRefused("play_removed", play=name)
            if now.head.play != play.head.play:
                raise CampaignRefused("play_replaced", play=name, was=play.head.play, written=now.head.play)

    async def _run(self, document: Document, version: int) -> None:
        """Fund the campaign, fill its pools, and make these the rules that run."""
        budget_minor = document.budget.total_minor if document.budget else 0
        made = setups(document, version)
        refusal = await self.fairground.open(document.campaign, made, document.currency, budget_minor)
        if refusal is not None:
            raise _of_host(refusal, document)

    @asynccontextmanager
    async def _audiences(self, document: Document) -> AsyncIterator[None]:
        """Fix who is in which audience and who is left alone; undone if what follows is refused."""
        known = await learn(self.events, Known(document.currency, document.zone, vocabulary()))
        async with self.db.acquire() as c, c.transaction():
            await freeze(
                c,
                self.events,
                self.vault,
                known,
                campaign=document.campaign,
                audiences=dict(document.audiences),
                control_share_ppm=document.control.share_ppm,
                now_ms=await c.fetchval("select now_ms()"),
            )
        try:
            yield
        except CampaignRefused:
            async with self.db.acquire() as c, c.transaction():
                await c.execute("delete from membership where campaign = $1", document.campaign)
                await c.execute("delete from campaign_audience where campaign = $1", document.campaign)
            raise

    @asynccontextmanager
    async def _held(self, id: str) -> AsyncIterator[tuple[Connection, Campaign]]:
        """The campaign, for one transaction alone to change."""
        try:
            async with self.db.acquire() as c, c.transaction():
                yield c, await store.locked(c, id)
        except Forbidden as forbidden:
            status = forbidden.status
            data: dict[str, Any] = {name: getattr(status, name) for name in ("state", "version", "submitted")}
            raise CampaignRefused(forbidden.code, campaign=id, verb=forbidden.verb, **data) from None


def _may(by: Actor, permission: str) -> None:
    if not by.may(permission):
        raise CampaignRefused("forbidden", permission=permission)


def _moved(before: Status, after: Status) -> str:
    """What the clock has done, in the past tense."""
    if after.state == "wrap_up":
        return "ended"
    return "opened" if before.state == "approved" else "went_live"


def _of_host(refusal: Refusal, document: Document) -> CampaignRefused:
    zh, en = (spoken(refusal, lang, None, document.currency, document.zone).sentence for lang in ("zh", "en"))
    return CampaignRefused(refusal.code, Text(zh, en), **refusal.data)
