"""The disk is full: nothing is answered that is not kept, customers are told to come back, and with room it goes on."""

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
from random import Random

import pytest

from miaohui.events import outbox
from miaohui.server.postgres_folder import processes_in
from tests.faults.books import agree
from tests.faults.customers import Customers
from tests.faults.town import back
from tests.host.stage import CAMPAIGN

CLAIM = f"/api/v1/plays/{CAMPAIGN}/coupon/claim"
NEVER = resource.RLIM_INFINITY


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk; the test below needs no root")
async def test_a_full_disk_of_transfers_and_replies(town, durable, faults_folder):
    await town.open(coupon={"count": 100_000})
    (web,) = await town.started("web")
    customers = Customers(town, [web.port], Random(6))
    async with small_disk(town, durable, faults_folder) as disk:
        async with customers.living("coupon"):
            await customers.more()
            disk.fill()
            while not customers.busy:  # noqa: ASYNC110 - until no claim fits any more into what the tables have
                await asyncio.sleep(0.01)
            disk.free()
            await customers.more()
        assert {(said["code"], said["retry"]) for said in map(json.loads, customers.busy)} == {("busy", True)}
        await agree(customers, events=False)


PARTS = """
select relname, relkind from pg_class
where relname ~ '^(transfer|reply|outbox)_[0-9]{6}' and relnamespace = $1::regnamespace
"""


class SmallDisk:
    """8 MB, for the rows of this month."""

    def __init__(self, folder):
        self.folder, self.ballast = folder, folder / "ballast"

    def fill(self):
        """Leave nothing."""
        with contextlib.suppress(OSError), self.ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self):
        """Make room."""
        self.ballast.unlink()


@contextlib.asynccontextmanager
async def small_disk(town, postgres, folder):
    """A tmpfs of 8 MB as a tablespace, with the tables that grow with every claim."""
    place = folder / "small"
    place.mkdir()
    owner = postgres.data.stat()
    options = f"size=8m,mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
    await asyncio.to_thread(subprocess.run, ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
    try:
        async with town.as_owner() as c:
            await c.execute(f"create tablespace small location '{place}'")
            for name, kind in await c.fetch(PARTS, town.name):
                await c.execute(f"alter {'index' if kind == b'i' else 'table'} {name} set tablespace small")
        yield SmallDisk(place)
        for server in town.servers:
            await server.end()
        async with town.as_owner() as c:
            await c.execute(f"drop schema {town.name} cascade")
            await c.execute("drop tablespace small")
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "-l", place], check=True)


async def test_a_postgres_that_cannot_write_another_byte(town, durable):
    await town.open(coupon={"count": 100_000})
    (web,) = await town.started("web")
    customers = Customers(town, [web.port], Random(7))
    async with customers.living("coupon"):
        await customers.more()
        before = durable.pid
        # its log is full: it stops itself, and its keeper starts it without the limit; who is born meanwhile has the limit too
        limit([before, *processes_in(durable.data)], 0)
        await back(durable, before)
        await customers.more()
    await agree(customers, events=False)


BACKENDS = "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"


async def test_a_table_that_must_not_grow(town, durable):
    await town.open(coupon={"count": 100_000})
    (web,) = await town.started("web")
    customers = Customers(town, [web.port], Random(9))
    async with town.as_owner() as c:
        backends = [pid for (pid,) in await c.fetch(BACKENDS)]
    limit(backends, 0)
    status, answer = await customers.once(web.port, CLAIM, "full", b'{"customer":"full"}')
    assert (status, json.loads(answer)["code"]) == (503, "busy")
    limit(backends, NEVER)
    await customers.ask(CLAIM, "full", {"customer": "full"}, "coupon")
    assert list(customers.granted) == ["full"]
    await agree(customers, events=False)


async def test_an_event_store_that_cannot_write_catches_up(town):
    await town.open(coupon={"count": 100_000})
    worker, web = await town.started("worker", "web")
    customers = Customers(town, [web.port], Random(8))
    async with customers.living("coupon", people=4):
        await customers.more()
        await worker.says("ready")
        limit([worker.pid], 0)
        while await outbox.lag_ms(town.db) < 1500:  # noqa: ASYNC110 - the relay has to fail first
            await asyncio.sleep(0.05)
        await customers.more(20)
        limit([worker.pid], NEVER)
    await agree(customers)


def limit(processes, bytes_max):
    """No file of these processes may grow beyond `bytes_max`."""
    for pid in processes:
        with contextlib.suppress(FileNotFoundError):  # it has ended
            uid = os.stat(f"/proc/{pid}").st_uid  # the limit of a process is set by its own user
            command = [sys.executable, "-c", LIMIT, str(uid), str(pid), str(bytes_max)]
            subprocess.run(command, check=True)


LIMIT = """
import contextlib, os, resource, sys
uid, pid, bytes_max = map(int, sys.argv[1:])
if uid != os.getuid():
    os.setgroups([])
    os.setresgid(*[__import__("pwd").getpwuid(uid).pw_gid] * 3)
    os.setresuid(uid, uid, uid)
with contextlib.suppress(ProcessLookupError):
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (bytes_max, resource.RLIM_INFINITY))
"""
