"""The audit log: who did what to which thing, when. Rows are only ever added.

An action is named `thing.past_tense` ("campaign.approved"); `detail` holds what changed, never a secret or a
customer's name.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

PAGE = 50


class Entry(Struct, frozen=True):
    """One line of the log; `seq` grows with time and is the cursor of the list."""

    seq: int
    at: datetime
    operator: str
    action: str
    subject: str
    detail: dict[str, Any]


class Filter(Struct, frozen=True):
    """Which entries: `who` exactly, `what` an action or its first word ("campaign"), `subject` exactly, [since,
    until).
    """

    who: str = ""
    what: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


async def record(
    connection: "asyncpg.Connection[Any]",
    operator: str,
    action: str,
    subject: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write one line; call it in the transaction of the change, so that neither is there without the other."""
    await connection.execute(
        "insert into audit (operator, action, subject, detail) values ($1, $2, $3, $4::text::jsonb)",
        operator, action, subject, msgspec.json.encode(detail or {}).decode(),
    )  # fmt: skip


async def entries(
    connection: "asyncpg.Connection[Any]", wanted: Filter, *, before: int | None = None, limit: int = PAGE
) -> list[Entry]:
    """At most `limit` entries, newest first; `before` is the `seq` of the last one already shown."""
    rows = await connection.fetch(
        """select seq, at, operator, action, subject, detail::text as detail from audit
           where ($1 = '' or operator = $1)
             and ($2 = '' or action = $2 or action like replace($2, '_', '\\_') || '.%')
             and ($3 = '' or subject = $3)
             and ($4::timestamptz is null or at >= $4)
             and ($5::timestamptz is null or at < $5)
             and ($6::bigint is null or seq < $6)
           order by seq desc limit $7""",
        wanted.who, wanted.what, wanted.subject, wanted.since, wanted.until, before, limit,
    )  # fmt: skip
    return [
        Entry(r["seq"], r["at"], r["operator"], r["action"], r["subject"], msgspec.json.decode(r["detail"]))
        for r in rows
    ]


async def all_entries(pool: "asyncpg.Pool[Any]", wanted: Filter) -> AsyncIterator[Entry]:
    """Every entry of the filter, newest first, read in pages: for files."""
    before: int | None = None
    while True:
        async with pool.acquire() as connection:  # none is held while a slow reader reads
            page = await entries(connection, wanted, before=before, limit=500)
        for entry in page:
            yield entry
        if not page:
            return
        before = page[-1].seq


async def choices(connection: "asyncpg.Connection[Any]") -> tuple[list[str], list[str]]:
    """What a filter can choose from: the names and the actions that appear in the log, each in its order."""
    who = await connection.fetch("select distinct operator from audit order by operator limit 200")
    what = await connection.fetch("select distinct action from audit order by action limit 200")
    actions = {row["action"] for row in what}
    return [row["operator"] for row in who], sorted(actions | {action.split(".")[0] for action in actions})
