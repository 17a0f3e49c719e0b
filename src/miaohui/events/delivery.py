"""Delivers events to webhooks: at least once, in their order for each webhook, signed.

A delivery is up to `EVENTS_MAX` events that the webhook's filter lets through, as `{"delivery": id, "events": [...]}`. It is
written down before it is sent, so that every try, also after a crash, carries the same id and the same bytes; the receiver
de-duplicates by the header `Miaohui-Delivery` or by the events' ids. Any answer 2xx within `TIMEOUT_S` settles it. Anything
else is tried again after 1, 2, 4 ... at most 600 seconds; after `TRIES` it becomes a dead letter, and the next one goes out.
While one webhook waits, the others go on.
"""

import asyncio
import logging
from typing import Any

import asyncpg
import httpx
import msgspec
from uuid_utils import uuid7

from miaohui.clock import Clock, system_clock
from miaohui.events import feed, outbox
from miaohui.events.feed import Cursor, ShopIds
from miaohui.events.signature import DELIVERY_HEADER, HEADER, sign
from miaohui.vault import Vault

EVENTS_MAX = 100
TRIES = 15
BACK_OFF_MAX_S = 600
TIMEOUT_S = 10.0
TICK_S = 0.5

log = logging.getLogger(__name__)

_WEBHOOK = "select url, secret, names, xid, id_in_xid, n from webhook where id = $1 and archived_at is null"
_UNDER_WAY = """
select id, body, state, tries, xid, id_in_xid, n, next_try_at <= now() as due from webhook_delivery
where webhook = $1 and state in ('again', 'open') order by next_try_at <= now() desc, state, id limit 1
"""
_BEGIN = """
insert into webhook_delivery (id, webhook, state, body, events, xid, id_in_xid, n) values ($1, $2, 'open', $3, $4, $5, $6, $7)
"""
_MOVE = "update webhook set xid = $2, id_in_xid = $3, n = $4 where id = $1"
_TRY_LATER = """
update webhook_delivery set tries = $2, last_error = $3, next_try_at = now() + make_interval(secs => $4) where id = $1
"""
_DIE = "update webhook_delivery set tries = $2, last_error = $3, state = 'dead' where id = $1"


class DeliveryFailed(Exception):
    """The receiver did not take it; the message says why."""


class Deliveries:
    """The one that sends. Any process may make one; only the one that holds the lock works."""

    def __init__(
        self,
        db: "asyncpg.Pool[Any]",
        vault: Vault,
        shop_ids: ShopIds,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._db, self._vault, self._shop_ids, self._clock = db, vault, shop_ids, clock
        self._http = httpx.AsyncClient(transport=transport, timeout=TIMEOUT_S, trust_env=False)
        self._serving: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with outbox.alone(self._db, "webhooks") as connection:
            try:
                while True:
                    for row in await connection.fetch("select id from webhook where archived_at is null"):
                        if row["id"] not in self._serving:
                            self._serving[row["id"]] = asyncio.create_task(self._serve(row["id"]))
                    await asyncio.sleep(TICK_S)
            finally:
                serving = list(self._serving.values())
                for task in serving:
                    task.cancel()
                await asyncio.gather(*serving, return_exceptions=True)

    async def _serve(self, webhook: str) -> None:
        try:
            while await self.step(webhook):
                pass
        except Exception:
            log.exception("webhook %s could not be served; next try in %s s", webhook, TICK_S)
        finally:
            del self._serving[webhook]

    async def step(self, webhook: str) -> bool:
        """Prepare or send one delivery of a webhook; whether there is more to do at once."""
        async with self._db.acquire() as connection:
            hook = await connection.fetchrow(_WEBHOOK, webhook)
            letter = await connection.fetchrow(_UNDER_WAY, webhook)
            if hook is None:
                return False
            if letter is None:
                return await self._prepare(connection, webhook, hook)
        if not letter["due"]:
            return False
        try:
            await self._send(hook, letter)
        except DeliveryFailed as failure:
            await self._failed(webhook, letter, str(failure))
        else:
            await self._delivered(webhook, letter)
        return True

    async def _prepare(self, connection: "asyncpg.Connection[Any]", webhook: str, hook: "asyncpg.Record") -> bool:
        here = Cursor(hook["xid"], hook["id_in_xid"], hook["n"])
        page = await feed.read(connection, here, hook["names"], EVENTS_MAX)
        if page.events:
            id = str(uuid7())
            events = await feed.written(connection, page.events, self._shop_ids)
            body = msgspec.json.encode({"delivery": id, "events": events}).decode()
            await connection.execute(_BEGIN, id, webhook, self._vault.encrypt(body), len(events), *page.cursor)
        elif page.cursor != here:
            await connection.execute(_MOVE, webhook, *page.cursor)
        return bool(page.events) or page.more

    async def _send(self, hook: "asyncpg.Record", letter: "asyncpg.Record") -> None:
        body = self._vault.decrypt(letter["body"]).encode()
        headers = {
            "Content-Type": "application/json",
            DELIVERY_HEADER: letter["id"],
            HEADER: sign(self._vault.decrypt(hook["secret"]), self._clock() // 1000, body),
        }
        try:
            answer = await self._http.post(hook["url"], content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as e:
            raise DeliveryFailed(f"{type(e).__name__}: {e}"[:300]) from e
        if not answer.is_success:
            raise DeliveryFailed(f"HTTP {answer.status_code}")

    async def _delivered(self, webhook: str, letter: "asyncpg.Record") -> None:
        async with self._db.acquire() as connection, connection.transaction():
            if letter["state"] == "again":
                await connection.execute(
                    "update webhook_delivery set state = 'delivered', settled_at = now() where id = $1", letter["id"]
                )
            else:
                await connection.execute("delete from webhook_delivery where id = $1 and state = 'open'", letter["id"])
                await connection.execute(_MOVE, webhook, letter["xid"], letter["id_in_xid"], letter["n"])

    async def _failed(self, webhook: str, letter: "asyncpg.Record", why: str) -> None:
        tries = letter["tries"] + 1
        async with self._db.acquire() as connection, connection.transaction():
            if letter["state"] == "open" and tries < TRIES:
                wait_s = min(2.0 ** (tries - 1), BACK_OFF_MAX_S)
                await connection.execute(_TRY_LATER, letter["id"], tries, why, wait_s)
                return
            log.warning("webhook %s: delivery %s is a dead letter: %s", webhook, letter["id"], why)
            await connection.execute(_DIE, letter["id"], tries, why)
            if letter["state"] == "open":
                await connection.execute(_MOVE, webhook, letter["xid"], letter["id_in_xid"], letter["n"])
