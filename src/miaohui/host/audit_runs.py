"""Audits as they are kept: begun by somebody, finished with what they found. One runs at a time, whatever the number of processes.

An audit whose process was killed stays unfinished; after GIVEN_UP another one may begin.
"""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from miaohui.host.audit import Check, audit

GIVEN_UP = timedelta(minutes=30)
COMMAND_LINE = "command line"

_FIELDS = "id, by, started_at, finished_at, checks::text, failure"
_BEGIN = """
insert into ledger_audit (by) select $1
where not exists (select 1 from ledger_audit where finished_at is null and started_at > clock_timestamp() - $2::interval)
returning id
"""
_FINISH = """
update ledger_audit set finished_at = clock_timestamp(), checks = $2::text::jsonb, failure = $3 where id = $1
"""


class Run(Struct, frozen=True):
    """One audit. `checks` is empty while it runs, and if it failed (`failure` says why)."""

    id: int
    by: str
    started_at: datetime
    finished_at: datetime | None
    checks: tuple[Check, ...]
    failure: str | None

    @property
    def findings(self) -> int:
        """How many things did not hold."""
        return sum(len(check.findings) for check in self.checks)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else 0.0


async def begin(connection: "asyncpg.Connection[Any]", by: str) -> int | None:
    """Take the right to audit; None if somebody does already. In a transaction of its own it is seen at once."""
    await connection.execute("lock table ledger_audit in share row exclusive mode")
    id: int | None = await connection.fetchval(_BEGIN, by, GIVEN_UP)
    return id


async def run(db: "asyncpg.Pool[Any]", id: int) -> list[Check]:
    """Audit, and keep what was found under `id`. A failure is kept, too, and raised."""
    try:
        checks = await audit(db)
    except BaseException as e:
        await db.execute(_FINISH, id, None, f"{type(e).__name__}: {e}")
        raise
    await db.execute(_FINISH, id, msgspec.json.encode(checks).decode(), None)
    return checks


async def latest(connection: "asyncpg.Connection[Any] | asyncpg.Pool[Any]", limit: int) -> list[Run]:
    """The last audits, newest first."""
    rows = await connection.fetch(f"select {_FIELDS} from ledger_audit order by id desc limit $1", limit)
    found = [(row, msgspec.json.decode(row["checks"] or "[]", type=tuple[Check, ...])) for row in rows]
    return [Run(r["id"], r["by"], r["started_at"], r["finished_at"], checks, r["failure"]) for r, checks in found]
