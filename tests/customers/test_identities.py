"""Identities in a real PostgreSQL: one holder at a time, values only in cipher."""

import asyncio

import asyncpg
import pytest

from miaohui.customers import identities
from miaohui.customers.identities import Identity, IdentityTaken, identity_hash
from miaohui.vault import Vault


async def test_the_shops_customers_are_born_once(database: asyncpg.Pool, vault: Vault) -> None:
    async def meet(*shop_ids: str) -> dict[str, str]:
        async with database.acquire() as connection:
            return await identities.acquaint(connection, vault, shop_ids)

    first = await meet("1", "2", "2")
    assert sorted(first) == ["1", "2"]
    together = await asyncio.gather(*(meet("2", "3", str(n)) for n in range(10)))
    assert {answer["2"] for answer in together} == {first["2"]}
    assert len({answer["3"] for answer in together}) == 1
    assert await database.fetchval("select count(*) from customer") == 10
    assert await database.fetchval("select count(*) from identity") == 10
    assert await meet() == {}


async def test_a_value_is_found_by_its_hash_and_read_with_the_secret(database: asyncpg.Pool, vault: Vault) -> None:
    async with database.acquire() as connection:
        customer = (await identities.acquaint(connection, vault, ["1228"]))["1228"]
        await identities.bind(connection, vault, customer, "phone", "+86 138 0013 8000")
        await identities.bind(connection, vault, customer, "phone", "+8613800138000")
        await identities.bind(connection, vault, customer, "email", "Lin@Example.com")
        assert await identities.find(connection, vault, "phone", "+86-13800138000") == customer
        assert await identities.find(connection, vault, "email", " lin@example.com") == customer
        assert await identities.find(connection, vault, "email", "+8613800138000") is None
        assert await identities.identities_of(connection, vault, customer) == [
            Identity("email", "Lin@Example.com"),
            Identity("phone", "+86 138 0013 8000"),
            Identity("shop", "1228"),
        ]
        rows = await connection.fetch("select hash, value from identity")
        assert not any(value in row["value"] for row in rows for value in (b"1228", b"0013", b"Example"))
        assert {row["hash"] for row in rows} == {
            identity_hash(vault, "shop", "1228"),
            identity_hash(vault, "phone", "+8613800138000"),
            identity_hash(vault, "email", "lin@example.com"),
        }
        with pytest.raises(ValueError, match="restore MIAOHUI_SECRET_FILE"):
            await identities.identities_of(connection, Vault(bytes(32), "test"), customer)


async def test_an_identity_has_one_holder_at_a_time(database: asyncpg.Pool, vault: Vault) -> None:
    async with database.acquire() as connection:
        met = await identities.acquaint(connection, vault, ["1", "2"])
        await identities.bind(connection, vault, met["1"], "phone", "1380")
        with pytest.raises(IdentityTaken, match=f"belongs to customer {met['1']}"):
            await identities.bind(connection, vault, met["2"], "phone", "1380")
        assert await identities.find(connection, vault, "phone", "1380") == met["1"]
        assert await identities.unbind(connection, vault, met["2"], "phone", "1380") is False
        assert await identities.unbind(connection, vault, met["1"], "phone", "1380") is True
        await identities.bind(connection, vault, met["2"], "phone", "1380")
        assert await identities.find(connection, vault, "phone", "1380") == met["2"]
        assert await connection.fetchval("select count(*) from identity where kind = 'phone'") == 2


async def test_labels_are_kept_in_cipher(database: asyncpg.Pool, vault: Vault) -> None:
    async with database.acquire() as connection:
        met = await identities.acquaint(connection, vault, ["1", "2"])
        await identities.name(connection, vault, {met["1"]: "Household 1"})
        assert await identities.labels(connection, vault, list(met.values())) == {met["1"]: "Household 1"}
        assert b"Household" not in await connection.fetchval("select label from customer where id = $1", met["1"])
