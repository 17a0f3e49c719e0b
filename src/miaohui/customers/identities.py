"""How customers are known: (kind, keyed hash, encrypted value) -> customer. Values never leave the table `identity` in clear."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from miaohui.vault import Vault

SHOP = "shop"
"""The kind of the shop's own customer ids."""


def identity_hash(vault: Vault, kind: str, value: str) -> str:
    """What an identity is found by; the same value of another kind has another hash."""
    return vault.hash(f"identity/{kind}", value)


async def customers_of(connection: "asyncpg.Connection[Any]", kind: str, hashes: Sequence[str]) -> dict[str, str]:
    """hash -> internal customer id, of the identities that are valid now; who is not in the answer is unknown."""
    rows = await connection.fetch(
        "select hash, customer from identity where kind = $1 and hash = any($2) and valid_until is null", kind, hashes
    )
    return {row["hash"]: row["customer"] for row in rows}
