"""Batches of codes that work once: an operator makes so many for a promotion, and takes them away as a file.

What is stored of a batch is how it was made, never its codes: these are worked out from the workspace's secret, the batch and
their number, whenever the file is wanted. Making it gives each code its one use, in fillings that happen once; one that was cut off
goes on when the file is asked for.

A batch that has leaked is withdrawn: each code's use is taken away, or, where an order holds it or has spent it, does not work when
it comes back. There is no way back; a new batch is made instead. What was cut off goes on when it is withdrawn again.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
from msgspec import Struct
from uuid_utils import uuid7

from miaohui.campaign import around, store
from miaohui.campaign.office import Actor
from miaohui.campaign.refused import CampaignRefused
from miaohui.host.answers import spoken
from miaohui.host.codes import TypedCodes
from miaohui.host.fairground import submission
from miaohui.host.host import Host
from miaohui.host.openings import Fill, Filling
from miaohui.ledger.accounts import USE
from miaohui.plays.promotion import Rules
from miaohui.team import audit
from miaohui.text import Text
from miaohui.vault import Vault

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What reads alike on paper is not in it: 0 and O, 1 and I and L, U and V."""
COUNT_MAX, LENGTH_MIN, LENGTH_MAX = 100_000, 8, 20
PREFIX = "[A-Z0-9]{0,12}"
GUESSES = 10_000_000
"""Of so many codes that could be, at most one is."""
LISTED_MAX = 200
_FILLED_AT_ONCE, _GROUP = 250, 4


class Batch(Struct, frozen=True, kw_only=True):
    """`count` codes of a promotion: `prefix`, then `length` letters and digits. `ready`: each has its use."""

    id: str
    campaign: str
    play: str
    prefix: str
    length: int
    count: int
    made_ms: int
    made_by: str
    ready: bool
    withdrawn_ms: int | None = None
    withdrawn_by: str | None = None
    unused: int | None = None
    """So many were neither used nor held when the batch was withdrawn; None: it is not, or not yet every code of it."""

    @property
    def promotion(self) -> str:
        """`<campaign>/<play>`."""
        return f"{self.campaign}/{self.play}"


class CodeBatches:
    """The batches of one workspace."""

    def __init__(
        self, db: "asyncpg.Pool[Any]", host: Host, vault: Vault, typed: TypedCodes, zone: str, currency: str
    ) -> None:
        self.db, self.host, self.vault, self.typed = db, host, vault, typed
        self.zone, self.currency = zone, currency

    async def make(self, by: Actor, campaign: str, play: str, count: int, prefix: str = "", length: int = 10) -> Batch:
        """A new batch, ready. CampaignRefused: forbidden, unknown_campaign, no_single_use, bad_batch, guessable."""
        if not by.may("code.edit"):
            raise CampaignRefused("forbidden", permission="code.edit")
        async with self.db.acquire() as c:
            text = (await store.version(c, campaign)).text
        self._single_use(text, play)
        prefix = prefix.strip().upper()
        if not (0 < count <= COUNT_MAX and LENGTH_MIN <= length <= LENGTH_MAX and re.fullmatch(PREFIX, prefix)):
            raise CampaignRefused("bad_batch", most=COUNT_MAX, least=LENGTH_MIN, longest=LENGTH_MAX)
        if len(ALPHABET) ** length < count * GUESSES:
            raise CampaignRefused("guessable", count=count, length=_length_for(count))
        batch = await self._begun(by, campaign, play, count, prefix, length)
        return await self.finish(batch)

    async def finish(self, batch: Batch) -> Batch:
        """Give every code its use; what was done before is not done twice, and nothing once it is withdrawn."""
        if batch.ready or batch.withdrawn_ms is not None:
            return batch
        accounts = await asyncio.to_thread(self._accounts, batch)
        for n in range(0, batch.count, _FILLED_AT_ONCE):
            fills = tuple(Fill(account, USE, "", 1) for account in accounts[n : n + _FILLED_AT_ONCE])
            await self._fill(Filling(batch.campaign, f"codes/{batch.id}/{n}", fills))
        await self.db.execute("update code_batch set ready = true where id = $1", batch.id)
        return await self.batch(batch.id)

    async def withdraw(self, by: Actor, batch: Batch) -> Batch:
        """No code of the batch works any more, but what orders hold may be paid; with a line in the audit log. Once is enough.
        CampaignRefused: forbidden."""
        if not by.may("code.edit"):
            raise CampaignRefused("forbidden", permission="code.edit")
        async with self.db.acquire() as c, c.transaction():
            if await c.fetchval(_WITHDRAW, batch.id, by.name):
                detail = {"batch": batch.id, "count": batch.count}
                await audit.record(c, by.name, "codes.withdrawn", batch.promotion, detail)
        if batch.unused is not None:
            return batch
        texts = await asyncio.to_thread(self._texts, batch)
        taken = [
            (self.typed.account(batch.promotion, text), self.typed.withdrawn(batch.promotion, text)) for text in texts
        ]
        for n in range(0, batch.count, _FILLED_AT_ONCE):
            part = taken[n : n + _FILLED_AT_ONCE]
            opened = tuple(Fill(withdrawn, USE) for _, withdrawn in part)
            await self._fill(Filling(batch.campaign, f"withdrawn/{batch.id}/{n}", opened, tuple(part)))
        await self.db.execute(_UNUSED, batch.id, [withdrawn for _, withdrawn in taken])
        return await self.batch(batch.id)

    async def batch(self, id: str) -> Batch:
        """One batch. CampaignRefused: unknown_batch."""
        row = await self.db.fetchrow(f"{_BATCHES} where id = $1", id) if re.fullmatch("[0-9a-f-]{36}", id) else None
        if row is None:
            raise CampaignRefused("unknown_batch", batch=id)
        return Batch(**row)

    async def of(self, campaign: str, play: str = "", before: str = "") -> list[Batch]:
        """Batches of a campaign, or of one of its promotions, newest first, at most 200; `before`: older than that one."""
        if "\0" in campaign + play + before:
            return []
        wanted = f"""{_BATCHES} where campaign = $1 and ($2 = '' or play = $2) and ($3 = '' or id < $3)
                     order by id desc limit {LISTED_MAX}"""
        return [Batch(**row) for row in await self.db.fetch(wanted, campaign, play, before)]

    async def export(self, by: Actor, batch: Batch) -> AsyncIterator[tuple[str, str]]:
        """Every code of the batch with what became of it (free, held, used, withdrawn), and a line in the audit log.
        CampaignRefused: forbidden."""
        if not by.may("code.edit"):
            raise CampaignRefused("forbidden", permission="code.edit")
        batch = await self.finish(batch)
        async with self.db.acquire() as c:
            await audit.record(c, by.name, "codes.exported", batch.promotion, {"batch": batch.id, "count": batch.count})
        return self._rows(batch)

    async def _rows(self, batch: Batch) -> AsyncIterator[tuple[str, str]]:
        texts = await asyncio.to_thread(self._texts, batch)
        for n in range(0, batch.count, 1000):
            part = texts[n : n + 1000]
            accounts = [self.typed.account(batch.promotion, text) for text in part]
            withdrawn = [self.typed.withdrawn(batch.promotion, text) for text in part]
            states = dict(await self.db.fetch(_STATES, accounts, withdrawn))
            for text, account in zip(part, accounts, strict=True):
                yield text, states.get(account, "free")

    async def _fill(self, filling: Filling) -> None:
        answer = await self.host.submit(submission(self.host, filling))
        if answer.refusal is not None:
            said = Text(spoken(answer.refusal, "zh").sentence, spoken(answer.refusal, "en").sentence)
            raise CampaignRefused(answer.refusal.code, said)

    def _single_use(self, text: str, play: str) -> None:
        found = around.plain(text, self.zone, self.currency)
        written = found.plays.get(play) if found else None
        if written is None or not isinstance(written.rules, Rules) or not written.rules.single_use:
            raise CampaignRefused("no_single_use", play=play)

    async def _begun(self, by: Actor, campaign: str, play: str, count: int, prefix: str, length: int) -> Batch:
        """The batch written down, with none of its codes there already."""
        while True:
            batch = Batch(
                id=str(uuid7()), campaign=campaign, play=play, prefix=prefix, length=length, count=count,
                made_ms=0, made_by=by.name, ready=False,
            )  # fmt: skip
            accounts = await asyncio.to_thread(self._accounts, batch)
            if not await self.db.fetchval("select exists (select 1 from account where key = any($1))", accounts):
                break
        async with self.db.acquire() as c, c.transaction():
            await c.execute(
                "insert into code_batch (id, campaign, play, prefix, length, count, made_by) values ($1, $2, $3, $4, $5, $6, $7)",
                batch.id, campaign, play, prefix, length, count, by.name,
            )  # fmt: skip
            detail = {"batch": batch.id, "count": count, "prefix": prefix, "length": length}
            await audit.record(c, by.name, "codes.made", batch.promotion, detail)
        return batch

    def _accounts(self, batch: Batch) -> list[str]:
        return [self.typed.account(batch.promotion, text) for text in self._texts(batch)]

    def _texts(self, batch: Batch) -> list[str]:
        """The codes, always the same, all different."""
        texts: dict[str, None] = {}
        drawn = self._drawn(batch)
        while len(texts) < batch.count:
            texts[next(drawn)] = None
        return list(texts)

    def _drawn(self, batch: Batch) -> Iterator[str]:
        n = 0
        while True:
            number, letters = int(self.vault.sign("codes", f"{batch.id}/{n}"), 16), []
            for _ in range(batch.length):
                number, letter = divmod(number, len(ALPHABET))
                letters.append(ALPHABET[letter])
            text = "".join(letters)
            groups = [text[at : at + _GROUP] for at in range(0, batch.length, _GROUP)]
            yield "-".join([batch.prefix, *groups] if batch.prefix else groups)
            n += 1


def _length_for(count: int) -> int:
    return next(n for n in range(LENGTH_MIN, LENGTH_MAX + 1) if len(ALPHABET) ** n >= count * GUESSES)


_BATCHES = """select id, campaign, play, prefix, length, count, made_by, ready, withdrawn_by, unused,
              (extract(epoch from made_at) * 1000)::bigint as made_ms,
              (extract(epoch from withdrawn_at) * 1000)::bigint as withdrawn_ms from code_batch"""
_STATES = """select code.key, case when code.debits_pending > 0 then 'held'
                                   when gone.credits > 0 or gone.key is not null and code.credits > code.debits then 'withdrawn'
                                   when code.credits > code.debits then 'free' else 'used' end
             from unnest($1::text[], $2::text[]) pair(code, gone)
             join account code on code.key = pair.code left join account gone on gone.key = pair.gone"""
_WITHDRAW = """update code_batch set withdrawn_at = clock_timestamp(), withdrawn_by = $2
               where id = $1 and withdrawn_at is null returning true"""
_UNUSED = """update code_batch set unused = (select coalesce(sum(credits), 0) from account where key = any($2)) where id = $1"""
