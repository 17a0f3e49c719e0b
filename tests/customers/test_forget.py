"""Consent, profiles, and forgetting a customer."""

import asyncpg
import pytest

from miaohui.customers import consent, identities, profiles
from miaohui.customers.forget import Forgotten, UnknownCustomer, forget
from miaohui.customers.profiles import Profile
from miaohui.events import envelope
from miaohui.events.store import EventStore
from miaohui.vault import Vault

NOW_MS = 1_790_000_000_000


async def written(connection: asyncpg.Connection) -> list[envelope.Event]:
    rows = await connection.fetch("select events from outbox order by id")
    return [event for row in rows for event in envelope.unpack(row["events"])]


async def test_a_profile_is_an_event_that_the_store_reads(
    database: asyncpg.Pool, store: EventStore, vault: Vault
) -> None:
    async with database.acquire() as connection:
        met = await identities.acquaint(connection, vault, ["1", "2"])
        given = Profile(met["1"], {"tier": "gold"}, ("vip", "do not disturb"))
        await profiles.write(connection, [given], now_ms=NOW_MS)
        [event] = await written(connection)
    assert (event.name, event.customer, event.at_ms, event.source) == ("customer.profiled", met["1"], NOW_MS, "live")
    assert event.properties == {"tier": "gold", "_tags": "vip|do not disturb"}

    rows = [[event.id, event.name, met["1"], event.properties]]
    await store.insert("events", ["id", "name", "customer", "properties"], rows, "one")
    assert await profiles.read(store, list(met.values())) == {met["1"]: given}


async def test_a_tag_with_a_bar_is_refused(database: asyncpg.Pool) -> None:
    async with database.acquire() as connection:
        with pytest.raises(ValueError, match="matching regex"):
            await profiles.write(connection, [Profile("c", {}, ("a|b",))], now_ms=NOW_MS)
        assert await written(connection) == []


async def test_consent_is_kept_with_its_history(database: asyncpg.Pool, vault: Vault) -> None:
    async with database.acquire() as connection:
        met = await identities.acquaint(connection, vault, ["1", "2", "3"])
        one, two, three = met["1"], met["2"], met["3"]
        await consent.give(connection, [one, two, two], "sms")
        await consent.give(connection, [one], "sms")
        await consent.give(connection, [one, three], "email")
        assert await consent.agreeing(connection, [one, two]) == {"email": 1, "sms": 2}
        await consent.withdraw(connection, one, "sms")
        assert await consent.consents_of(connection, one) == {"email"}
        changes = await connection.fetch("select name, given from consent_change where customer = $1 order by seq", one)
        assert [tuple(row) for row in changes] == [("sms", True), ("email", True), ("sms", False)]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from consent_change")


async def test_who_is_forgotten_has_no_name_and_the_sums_stay(database: asyncpg.Pool, vault: Vault) -> None:
    async with database.acquire() as connection:
        met = await identities.acquaint(connection, vault, ["1228", "7"])
        customer, other = met["1228"], met["7"]
        await identities.bind(connection, vault, customer, "phone", "13800138000")
        await identities.name(connection, vault, {customer: "Lin", other: "He"})
        await consent.give(connection, [customer, other], "sms")
        await connection.execute(
            "insert into account (key, unit, credits) values ($1, 'points', 50)", f"wallet/{customer}/points"
        )

        async with connection.transaction():
            assert await forget(connection, customer, now_ms=NOW_MS) == Forgotten(customer, 2, False)

        assert await identities.identities_of(connection, vault, customer) == []
        assert await identities.find(connection, vault, "phone", "13800138000") is None
        assert await identities.labels(connection, vault, [customer, other]) == {other: "He"}
        assert await consent.agreeing(connection, [customer, other]) == {"sms": 1}
        left = await connection.fetch("select hash, value, valid_until from identity where customer = $1", customer)
        assert all(r["value"] is None and r["valid_until"] and r["hash"].startswith("forgotten/") for r in left)
        assert await connection.fetchval("select credits from account") == 50
        [event] = await written(connection)
        assert (event.customer, event.properties) == (customer, {"_tags": ""})

        await identities.name(connection, vault, {customer: "Lin"})
        assert await identities.labels(connection, vault, [customer]) == {}
        assert (await identities.acquaint(connection, vault, ["1228"]))["1228"] != customer

        async with connection.transaction():
            assert await forget(connection, customer, now_ms=NOW_MS) == Forgotten(customer, 0, True)
        assert len(await written(connection)) == 1


async def test_who_is_not_known_cannot_be_forgotten(database: asyncpg.Pool) -> None:
    async with database.acquire() as connection:
        with pytest.raises(UnknownCustomer, match="there is no customer 1228: give his internal id"):
            await forget(connection, "1228", now_ms=NOW_MS)
        assert await written(connection) == []
