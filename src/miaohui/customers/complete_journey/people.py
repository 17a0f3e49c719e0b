"""The data's households as customers: an internal id, the shop's id as identity, "Household 1228" as label, both encrypted.

An id is a uuid7 of the time of the first purchase. A household that is known by its number, from a call of the shop or from an
import that was cut off, keeps the customer it has.
"""

import secrets
from typing import Any
from uuid import UUID

import asyncpg

from miaohui.clock import moment_of
from miaohui.customers.identities import SHOP, customers_of, identity_hash
from miaohui.events.envelope import event_id
from miaohui.events.store import EventStore
from miaohui.vault import Vault


async def keep(store: EventStore, db: "asyncpg.Pool[Any]", vault: Vault) -> None:
    """Make a customer of each staged household and stage who is who (`import_household`)."""
    households = await store.query(
        "select household, toUnixTimestamp64Milli(min(at)) as first_ms from import_line group by household order by household"
    )
    hashes = {row["household"]: identity_hash(vault, SHOP, str(row["household"])) for row in households}
    async with db.acquire() as connection, connection.transaction():
        known = await customers_of(connection, SHOP, list(hashes.values()))
        new = [row for row in households if hashes[row["household"]] not in known]
        ids = [event_id(row["first_ms"], secrets.token_bytes(16), 0) for row in new]
        await connection.execute(
            "insert into customer (id, created_at, label) select * from unnest($1::text[], $2::timestamptz[], $3::bytea[])",
            ids,
            [moment_of(row["first_ms"]) for row in new],
            [vault.encrypt(f"Household {row['household']}") for row in new],
        )
        await connection.execute(
            """insert into identity (kind, hash, value, customer, valid_from)
               select $1, * from unnest($2::text[], $3::bytea[], $4::text[], $5::timestamptz[])""",
            SHOP,
            [hashes[row["household"]] for row in new],
            [vault.encrypt(str(row["household"])) for row in new],
            ids,
            [moment_of(row["first_ms"]) for row in new],
        )
        known = await customers_of(connection, SHOP, list(hashes.values()))
    await store.command("drop table if exists import_household sync")
    await store.command(
        "create table import_household (household Int64, customer UUID) engine = MergeTree order by household"
    )
    pairs = [(household, UUID(known[hash])) for household, hash in hashes.items()]
    await store.insert("import_household", ["household", "customer"], pairs, "import_household")
