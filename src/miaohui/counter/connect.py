"""How the counter is known to Miaohui: an API key and a webhook, as an operator would make them for a real shop.

Both are made when the counter is first used, and kept encrypted in its own table.
"""

from msgspec import Struct

from miaohui.events import webhooks
from miaohui.team import keys
from miaohui.workspace import Workspace

LABEL = "counter"
HEARS = ("refund.requested", "order.cancelled")


class Ties(Struct, frozen=True):
    """The counter's key to the API, and the secret that its webhook is signed with."""

    api_key: str
    webhook_secret: str


async def ties(workspace: Workspace) -> Ties:
    """The counter's key and secret, made now if this is the first time."""
    async with workspace.db.acquire() as connection, connection.transaction():
        rows = await connection.fetch("select name, value from counter_setting")
        if not rows:
            await connection.execute("lock table counter_setting in exclusive mode")  # two first visitors, one key
            rows = await connection.fetch("select name, value from counter_setting")
        if rows:
            return Ties(**{row["name"]: workspace.vault.decrypt(row["value"]) for row in rows})
        _, api_key = await keys.create(connection, LABEL, LABEL)
        url = f"{workspace.url}/counter/webhook"
        _, secret = await webhooks.create(connection, workspace.vault, url, HEARS)
        made = Ties(api_key, secret)
        await connection.executemany(
            "insert into counter_setting (name, value) values ($1, $2)",
            [(name, workspace.vault.encrypt(getattr(made, name))) for name in made.__struct_fields__],
        )
        return made
