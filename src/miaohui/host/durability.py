"""Whether PostgreSQL keeps what it has answered. The embedded one does; one of your own may be set to be faster."""

from typing import Any

_OFF = "select name from pg_settings where name in ('fsync', 'synchronous_commit') and setting = 'off' order by name"


async def switched_off(c: Any) -> list[str]:
    """The settings that are off and must be on for an answer to be durable: `fsync`, `synchronous_commit`; empty: all is well."""
    return [name for (name,) in await c.fetch(_OFF)]
