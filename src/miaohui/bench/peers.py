"""The peers of a bench: the usual ways to give coupons away, in `benchmarks/` of the checkout, each in processes of its own.

What they need is got at the first use: their libraries (locked, in `benchmarks/.venv`) and Debian's redis-server. A peer that
cannot be had raises `Missing`, with what to do; the bench says so and goes on without it.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from uuid import uuid4

import asyncpg
import httpx

from miaohui.bench.stand import free_port
from miaohui.server.postgres import EmbeddedPostgres

PLACE = Path(__file__).parents[3] / "benchmarks"
KEY = "peer"
START_S = 60
Name = Literal["transaction each", "Redis, always", "Redis, everysec"]
NAMES: tuple[Name, ...] = ("transaction each", "Redis, always", "Redis, everysec")


class Missing(RuntimeError):
    """The peer cannot be had here; the message says why."""


class Peer:
    """A peer with its data, to be started for each measurement: `pids` are its processes while it runs."""

    def __init__(self, name: Name, customers: int, processes: int) -> None:
        self.name, self.port = name, free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="miaohui-peer-")
        self._data = Path(self._folder.name)
        self._data.chmod(0o755)
        self.pids: list[int] = []
        _libraries()
        if name != "transaction each":
            _redis_server()
        self._new, self._customers, self._processes = True, customers, processes

    def close(self) -> None:
        """Its data is not needed any more."""
        self._folder.cleanup()

    @contextmanager
    def running(self) -> Iterator[None]:
        """While it answers at `port`."""
        with self._engine() as (pid, environment):
            command = [
                str(PLACE / ".venv/bin/uvicorn"),
                "--app-dir",
                str(PLACE),
                f"{_module(self.name)}:app",
                "--workers",
                str(self._processes),
            ]
            command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
            server = subprocess.Popen(
                [*command, "--port", str(self.port)], env=os.environ | environment | {"API_KEY": KEY}
            )
            self.pids = [pid, server.pid]
            try:
                _wait(lambda: httpx.get(f"http://127.0.0.1:{self.port}/openapi.json").status_code == 200)
                yield
            finally:
                server.terminate()
                server.wait()

    @contextmanager
    def _engine(self) -> Iterator[tuple[int, dict[str, str]]]:
        if self.name == "transaction each":
            with EmbeddedPostgres(self._data / "postgres") as postgres:
                if self._new:
                    asyncio.run(_tables(postgres.url, self._customers))
                    self._new = False
                assert postgres.pid is not None
                yield postgres.pid, {"DATABASE_URL": postgres.url.replace("postgresql:", "postgresql+asyncpg:")}
            return
        socket, sync = self._data / "redis.sock", self.name.partition(", ")[2]
        command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--dir", str(self._data), "--save", ""]
        redis = subprocess.Popen(
            [*command, "--appendonly", "yes", "--appendfsync", sync, "--loglevel", "warning"], stdout=subprocess.DEVNULL
        )
        try:
            _wait(lambda: b"PONG" in _redis(socket, "ping"))
            if self._new:
                _redis(socket, "mset", "coupons", str(10**9), "budget", str(10**12))
                _redis(socket, "hset", "play", "opens_ms", "0", "ends_ms", str(2**50))
                self._new = False
            yield redis.pid, {"REDIS_SOCKET": str(socket)}
        finally:
            redis.terminate()
            redis.wait()


def _module(name: Name) -> str:
    return "transaction_each" if name == "transaction each" else "redis_lua"


async def _tables(url: str, customers: int) -> None:
    c = await asyncpg.connect(url)
    await c.execute((PLACE / "transaction_each.sql").read_text())
    people = ((uuid4().hex, f"c{n}") for n in range(1, customers + 1))
    await c.copy_records_to_table("customer", records=people, columns=("id", "shop_id"))
    await c.execute("analyze")
    await c.close()


def _redis(socket: Path, *words: str) -> bytes:
    return subprocess.run(["redis-cli", "-s", str(socket), *words], capture_output=True, check=False).stdout


def _wait(ready: Callable[[], bool]) -> None:
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        with contextlib.suppress(httpx.TransportError):
            if ready():
                return
        time.sleep(0.05)
    raise Missing("it does not answer")


def _libraries() -> None:
    """`benchmarks/.venv`, made from `peers.txt` if it is not there."""
    if not PLACE.is_dir():
        raise Missing(f"{PLACE} is not there: run the bench from a checkout")
    venv, lock = PLACE / ".venv", PLACE / "peers.txt"
    made = venv / "made"
    if made.exists() and made.stat().st_mtime > lock.stat().st_mtime:
        return
    print("Making benchmarks/.venv from peers.txt: once", flush=True)
    install = [
        str(venv / "bin/pip"),
        "install",
        "-q",
        "--disable-pip-version-check",
        "--require-hashes",
        "--no-deps",
        "-r",
        str(lock),
    ]
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True, capture_output=True)
        subprocess.run(install, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as e:
        raise Missing(f"its libraries cannot be installed: {str(e.stderr).strip()[-300:]}") from e
    made.touch()


def _redis_server() -> None:
    """Debian's redis-server, installed if we may."""
    if shutil.which("redis-server"):
        return
    script = PLACE.parent / "tests/debian_packages"
    done = (
        subprocess.run([script, "redis-server"], capture_output=True, text=True, check=False)
        if script.exists()
        else None
    )
    if done is None or done.returncode or not shutil.which("redis-server"):
        raise Missing("redis-server is not installed: apt-get install redis-server")
