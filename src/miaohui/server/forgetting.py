"""`miaohui forget CUSTOMER` on a workspace, beside a running server or without one."""

import asyncio

from miaohui.customers import identities
from miaohui.customers.forget import Forgotten, UnknownCustomer, forget
from miaohui.server.auditing import database_of
from miaohui.server.database import connect
from miaohui.server.settings import Settings
from miaohui.team import audit
from miaohui.vault import Vault

BY = "command"
"""Who the audit log names."""


def forget_customer(settings: Settings, named: str) -> Forgotten:
    """Forget the customer with this internal id, or `shop:<the shop's id>`, and say so in the audit log. UnknownCustomer."""
    with database_of(settings) as url:
        return asyncio.run(_forget(settings, url, named))


async def _forget(settings: Settings, url: str, named: str) -> Forgotten:
    connection = await connect(url, settings.workspace)
    try:
        customer: str | None = named
        if named.startswith("shop:"):
            vault = Vault.open(settings.secret, settings.workspace)
            customer = await identities.find(connection, vault, identities.SHOP, named.removeprefix("shop:"))
        if customer is None:
            raise UnknownCustomer(named)
        async with connection.transaction():
            done = await forget(connection, customer, now_ms=await connection.fetchval("select now_ms()"))
            if not done.before:
                await audit.record(connection, BY, "customer.forgotten", customer, {"identities": done.identities})
        return done
    finally:
        await connection.close()
