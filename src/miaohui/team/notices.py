"""Notices: what an operator is told, written in the transaction of what happened. The console shows them behind a bell with the
number of unread ones; `mail` sends them to those who have an e-mail address."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.text import Text

PAGE = 50


class Notice(Struct, frozen=True, kw_only=True):
    """One notice; `mail`: none (no address), waiting, sent, failed (given up)."""

    id: int
    at: datetime
    kind: str
    title: Text
    path: str
    read: bool
    mail: str
    mail_error: str = ""


async def notify(
    c: "asyncpg.Connection[Any]", by: str, names: Iterable[str], kind: str, title: Text, path: str
) -> list[str]:
    """Tell operators by name, but not the one who did it; the names of those who are told."""
    rows = await c.fetch(
        """insert into notice (operator, kind, title_zh, title_en, path, mail)
           select o.id, $3, $4, $5, $6, case when o.email = '' then 'none' else 'waiting' end
           from operator o where o.name = any($1) and o.name <> $2 and o.archived_at is null
           order by o.name returning (select name from operator where id = operator)""",
        sorted(set(names)), by, kind, title.zh, title.en, path,
    )  # fmt: skip
    return [row["name"] for row in rows]


async def unread(c: "asyncpg.Connection[Any]", operator: str) -> int:
    """How many notices the operator (by id) has not read."""
    return int(await c.fetchval("select count(*) from notice where operator = $1 and read_at is null", operator))


async def notices(c: "asyncpg.Connection[Any]", operator: str, before: int = 0, limit: int = PAGE) -> list[Notice]:
    """An operator's notices, newest first; `before`: the last one already shown."""
    rows = await c.fetch(
        """select id, at, kind, title_zh, title_en, path, read_at is not null as read, mail, mail_error from notice
           where operator = $1 and ($2 = 0 or id < $2) order by id desc limit $3""",
        operator, before, limit,
    )  # fmt: skip
    same = ("id", "at", "kind", "path", "read", "mail", "mail_error")
    return [Notice(title=Text(row["title_zh"], row["title_en"]), **{key: row[key] for key in same}) for row in rows]


async def read(c: "asyncpg.Connection[Any]", operator: str, upto: int) -> None:
    """All notices up to `upto` are read."""
    await c.execute(
        "update notice set read_at = now() where operator = $1 and id <= $2 and read_at is null", operator, upto
    )
