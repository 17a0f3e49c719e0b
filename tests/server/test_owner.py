"""One owner of the event store at a time; a broken connection is mended, a taken ownership is told."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest

from miaohui.server import owner as server_owner
from miaohui.server.database import drop_workspace, migrate
from miaohui.server.owner import OwnedElsewhere, Owner

NAMES = count(1)
END_OWNERS = "select pg_terminate_backend(pid, 60000) from pg_stat_activity where application_name like $1"
"""And wait until they are gone: the lock goes with them."""


@pytest.fixture
async def name(postgres_url: str) -> AsyncIterator[str]:
    """A workspace, removed at the end."""
    new = f"o{os.getpid()}_{next(NAMES)}"
    await migrate(postgres_url, new, [])
    yield new
    await drop_workspace(postgres_url, new)


async def test_a_second_owner_waits_for_the_first_to_end(postgres_url: str, name: str) -> None:
    first, second = Owner(postgres_url, name), Owner(postgres_url, name)
    await first.take()
    with pytest.raises(OwnedElsewhere, match=f"is owned by process {os.getpid()} on {socket.gethostname()}: stop that"):
        await second.take()
    await first.release()
    await second.take()
    await second.release()


async def test_owners_of_two_workspaces_do_not_meet(postgres_url: str, name: str) -> None:
    first, second = Owner(postgres_url, name), Owner(postgres_url, f"{name}_b")
    await first.take()
    await second.take()
    await first.release()
    await second.release()


async def test_a_broken_connection_is_mended(postgres_url: str, name: str) -> None:
    owner = Owner(postgres_url, name)
    await owner.take()
    holding = asyncio.create_task(owner.lost())
    broken = await holder(postgres_url, name)
    await end_owners(postgres_url, name)
    while await holder(postgres_url, name) in (None, broken):
        assert not holding.done()
    holding.cancel()
    await owner.release()


@pytest.mark.parametrize("error", [OSError, asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresError])
async def test_a_connection_that_breaks_while_it_is_mended_is_mended_too(
    postgres_url: str, name: str, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    owner, breaks = Owner(postgres_url, name), iter([error("in the middle of it")])
    await owner.take()
    take = owner.take

    async def broken() -> None:
        for e in breaks:
            raise e
        await take()

    monkeypatch.setattr(owner, "take", broken)
    monkeypatch.setattr(server_owner, "RETRY_S", 0.01)
    holding = asyncio.create_task(owner.lost())
    await end_owners(postgres_url, name)
    while await holder(postgres_url, name) is None:
        assert not holding.done()
    assert list(breaks) == []  # it did break
    holding.cancel()
    await owner.release()


async def test_whoever_stands_by_takes_over(postgres_url: str, name: str) -> None:
    first, second = Owner(postgres_url, name), Owner(postgres_url, name)
    await first.take()
    waiting = asyncio.create_task(second.wait())
    held = await holder(postgres_url, name)
    assert not waiting.done()
    await first.release()
    await waiting
    assert await holder(postgres_url, name) not in (None, held)
    await second.release()


async def test_ownership_taken_meanwhile_is_told(postgres_url: str, name: str) -> None:
    owner, thief = Owner(postgres_url, name), Owner(postgres_url, name)
    await owner.take()
    await end_owners(postgres_url, name)
    await thief.take()
    assert "is owned by process" in await owner.lost()
    await thief.release()


async def end_owners(url: str, name: str) -> None:
    """Break the connections of the owners, as a restart of PostgreSQL does."""
    connection = await asyncpg.connect(url)
    await connection.fetch(END_OWNERS, f"miaohui/events/{name} %")
    await connection.close()


async def holder(url: str, name: str) -> int | None:
    """The connection that has it. Only looks: a probe that took the lock would be taken for a thief."""
    connection = await asyncpg.connect(url)
    pid: int | None = await connection.fetchval(
        """select pid from pg_locks where locktype = 'advisory' and granted
             and (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 0)""",
        f"miaohui/events/{name}",
    )
    await connection.close()
    return pid
