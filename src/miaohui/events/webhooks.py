"""Webhooks: addresses of the shop that are told of events, and the deliveries that did not get through (dead letters).

A webhook begins with what happens after it was made. It is archived, never deleted. Its secret is made here, shown once,
and kept encrypted; so are the bodies of deliveries, which name the shop's customers. `delivery` does the sending.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from msgspec import Struct
from uuid_utils import uuid7

from miaohui.events import feed
from miaohui.vault import Vault

LISTED_MAX = 200


class Webhook(Struct, frozen=True):
    """One address; `names` filters (empty: all). `waiting_since` and `last_error` speak of the delivery under way."""

    id: str
    url: str
    names: list[str]
    created_at: datetime
    archived_at: datetime | None
    dead: int
    tries: int
    waiting_since: datetime | None
    last_error: str


class DeadLetter(Struct, frozen=True):
    """A delivery that was given up: how many events it carries, how often it was tried, and why it failed last."""

    id: str
    webhook: str
    url: str
    events: int
    tries: int
    last_error: str
    created_at: datetime


_LIST = """
select w.id, w.url, w.names, w.created_at, w.archived_at, coalesce(o.tries, 0) as tries,
       o.created_at as waiting_since, coalesce(o.last_error, '') as last_error,
       (select count(*) from webhook_delivery d where d.webhook = w.id and d.state = 'dead') as dead
from webhook w left join webhook_delivery o on o.webhook = w.id and o.state = 'open'
where w.archived_at is null and w.id > $1 order by w.id limit $2
"""
_DEAD = """
select d.id, d.webhook, w.url, d.events, d.tries, d.last_error, d.created_at
from webhook_delivery d join webhook w on w.id = d.webhook
where d.state = 'dead' and d.id > $1 order by d.id limit $2
"""


async def create(
    connection: "asyncpg.Connection[Any]", vault: Vault, url: str, names: Iterable[str] = ()
) -> tuple[str, str]:
    """Make a webhook: its id, and the secret that nobody can show again. ValueError names the bad url or name."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise ValueError(f"{url!r} is no address to send to: write one such as https://shop.example/miaohui")
    wanted = list(feed.names(names))
    id, secret = str(uuid7()), secrets.token_hex(32)
    start = await feed.end(connection)
    await connection.execute(
        "insert into webhook (id, url, secret, names, xid, id_in_xid, n) values ($1, $2, $3, $4, $5, $6, $7)",
        id, url, vault.encrypt(secret), wanted, *start,
    )  # fmt: skip
    return id, secret


async def listed(connection: "asyncpg.Connection[Any]", after: str = "", limit: int = LISTED_MAX) -> list[Webhook]:
    """Webhooks in use, oldest first; `after` is the id of the last one seen."""
    return [Webhook(**row) for row in await connection.fetch(_LIST, after, limit)]


async def archive(connection: "asyncpg.Connection[Any]", id: str) -> bool:
    """Send nothing more there; what was under way is dropped. False if there is no such webhook in use."""
    async with connection.transaction():
        done = await connection.fetchval(
            "update webhook set archived_at = now() where id = $1 and archived_at is null returning true", id
        )
        await connection.execute(
            """update webhook_delivery set state = 'dropped', settled_at = now()
               where webhook = $1 and state in ('open', 'again') and $2""",
            id, bool(done),
        )  # fmt: skip
    return bool(done)


async def dead_letters(
    connection: "asyncpg.Connection[Any]", after: str = "", limit: int = LISTED_MAX
) -> list[DeadLetter]:
    """Dead letters of all webhooks, oldest first; `after` is the id of the last one seen."""
    return [DeadLetter(**row) for row in await connection.fetch(_DEAD, after, limit)]


async def retry(connection: "asyncpg.Connection[Any]", id: str) -> bool:
    """Send a dead letter once more, with the same body and delivery id, out of its order. False if there is none."""
    return bool(
        await connection.fetchval(
            """update webhook_delivery set state = 'again', next_try_at = now() where id = $1 and state = 'dead'
               and webhook in (select id from webhook where archived_at is null) returning true""",
            id,
        )
    )


async def drop(connection: "asyncpg.Connection[Any]", id: str) -> bool:
    """Give a dead letter up for good. False if there is none."""
    return bool(
        await connection.fetchval(
            """update webhook_delivery set state = 'dropped', settled_at = now()
               where id = $1 and state = 'dead' returning true""",
            id,
        )
    )


async def dead_body(connection: "asyncpg.Connection[Any]", vault: Vault, id: str) -> str | None:
    """What a dead letter carries, as JSON; None if there is none."""
    sealed = await connection.fetchval("select body from webhook_delivery where id = $1 and state = 'dead'", id)
    return None if sealed is None else vault.decrypt(sealed)
