"""How the counter is known to Miaohui: an API key and a webhook, as an operator would make them for a real shop.

Both are made when they are first needed, and kept encrypted in the counter's own table. When the server answers at another
address than before, the webhook is made anew.
"""

from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.events import webhooks
from miaohui.team import keys
from miaohui.workspace import Workspace

LABEL = "counter"
HEARS = ("refund.requested", "order.cancelled")


class Ties(Struct, frozen=True):
    """The counter's key to the API; its webhook: id, address, and the secret that it is signed with."""

    api_key: str
    webhook: str
    webhook_url: str
    webhook_secret: str


async def ties(workspace: Workspace) -> Ties:
    """The counter's key and webhook, made now if this is the first time."""
    url = f"{workspace.url}/counter/webhook"
    async with workspace.db.acquire() as connection, connection.transaction():
        kept = await _kept(connection, workspace)
        if kept is None or kept.webhook_url != url:
            await connection.execute("lock table counter_setting in exclusive mode")  # two first visitors, one key
            kept = await _kept(connection, workspace)
        if kept is not None and kept.webhook_url == url:
            return kept
        if kept is None:
            _, api_key = await keys.create(connection, LABEL, LABEL)
        else:
            api_key = kept.api_key
            await webhooks.archive(connection, kept.webhook)
        id, secret = await webhooks.create(connection, workspace.vault, url, HEARS)
        made = Ties(api_key, id, url, secret)
        await connection.executemany(
            "insert into counter_setting values ($1, $2) on conflict (name) do update set value = excluded.value",
            [(name, workspace.vault.encrypt(getattr(made, name))) for name in made.__struct_fields__],
        )
        return made


async def _kept(connection: "asyncpg.Connection[Any]", workspace: Workspace) -> Ties | None:
    rows = await connection.fetch("select name, value from counter_setting")
    return Ties(**{row["name"]: workspace.vault.decrypt(row["value"]) for row in rows}) if rows else None
