"""A server of its own in a folder of its own, with a campaign that is open: to be measured, or killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Self

import httpx
from uuid_utils import uuid7

from miaohui.customers.identities import SHOP, identity_hash
from miaohui.host.fairground import Fairground
from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from miaohui.host.setup import Setup
from miaohui.server.database import connect, open_database
from miaohui.server.postgres import EmbeddedPostgres
from miaohui.team import keys, operators
from miaohui.vault import Vault

WORKSPACE = "main"
OPERATOR, PASSWORD = "operator", "a password for benches"
START_S = 120


async def prepare(data: Path, setups: Sequence[Setup], *, stock: dict[str, int], budget_minor: int) -> str:
    """Make a workspace in the folder `data` in which `setups` (of one campaign) are open; the shop's API key."""
    data.mkdir(parents=True, exist_ok=True)
    with EmbeddedPostgres(data / "postgres") as postgres:
        db = await open_database(postgres.url, WORKSPACE)
        vault = Vault.open(data / "secret", WORKSPACE)
        host = Host(Postgres(partial(connect, postgres.url, WORKSPACE), vault.encrypt), vault.key("host"))
        await host.start()
        ground = Fairground(host, db)
        for sku, quantity in stock.items():
            await ground.stock(sku, quantity, "first")
        refusal = await ground.open(setups[0].campaign, setups, setups[0].currency, budget_minor)
        assert refusal is None, refusal
        async with db.acquire() as c:
            _, key = await keys.create(c, "stand", "stand")
        await host.stop()
        await db.close()
    return key


async def sign_up(data: Path, customers: int) -> None:
    """Make the shop's customers `c1`, `c2` ... known in the folder `data`, as they would be after their first action."""
    vault = Vault.open(data / "secret", WORKSPACE)
    sealed = vault.encrypt("c")
    with EmbeddedPostgres(data / "postgres") as postgres:
        c = await connect(postgres.url, WORKSPACE)
        ids = [str(uuid7()) for _ in range(customers)]
        await c.copy_records_to_table("customer", records=((id,) for id in ids), columns=("id",))
        rows = ((SHOP, identity_hash(vault, SHOP, f"c{n}"), sealed, id) for n, id in enumerate(ids, 1))
        await c.copy_records_to_table("identity", records=rows, columns=("kind", "hash", "value", "customer"))
        await c.close()


async def hire(data: Path) -> None:
    """Let `OPERATOR` work in the folder `data`."""
    with EmbeddedPostgres(data / "postgres") as postgres:
        c = await connect(postgres.url, WORKSPACE)
        await operators.add(c, "stand", OPERATOR, "admin", PASSWORD)
        await c.close()


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Stand:
    """`miaohui run` on a folder, in so many processes; `environment` changes settings."""

    def __init__(self, data: Path, *, processes: int = 1, **environment: str) -> None:
        self._processes, self.port = processes, free_port()
        self.data, self.url = data, f"http://127.0.0.1:{self.port}"
        without = ("MIAOHUI_", "PYTHONDONTWRITEBYTECODE")  # it is started again and again
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(without)}
        self._environment = {
            **inherited,
            "MIAOHUI_DATA": str(data),
            "MIAOHUI_PORT": str(self.port),
            "MIAOHUI_PROCESSES": str(processes),
            "MIAOHUI_DEMO": "false",
            "MIAOHUI_SECRET_FILE": str(data / "secret"),
            **environment,
        }
        self.log = data / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the server."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> Self:
        """Start it and wait until all of it answers; RuntimeError with the end of its log if it does not."""
        begun = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "miaohui", "run"], env=self._environment, stdout=log, stderr=log
            )
        until_s = time.monotonic() + START_S
        while time.monotonic() < until_s and self.process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                answering = self.log.read_bytes()[begun:].count(b"Miaohui answers at")
                if answering == self._processes and httpx.get(f"{self.url}/healthz").status_code == 200:
                    return self
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"the server does not answer: {self.log.read_text()[-3000:]}")

    def kill(self, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """End it: at once, or by another signal."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(with_signal)
        self.process.wait()
