"""`miaohui run` as a process: it starts, says where it is, tells its health, and leaves nothing running."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from miaohui.server.postgres import EmbeddedPostgres
from miaohui.server.postgres_folder import processes_in

MIAOHUI = Path(sys.executable).with_name("miaohui")
WELL = {"ledger": "ok", "events": "ok"}


class Run:
    """One `miaohui run` on a free port, with a data folder of its own."""

    def __init__(self, data: Path, *, part: str = "run", **settings: str) -> None:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("MIAOHUI_")}
        ours = {"MIAOHUI_PORT": "0", "MIAOHUI_DATA": str(data), "MIAOHUI_DEMO": "false"} | settings
        self.data = data
        self.process = subprocess.Popen(
            [MIAOHUI, part],
            env=plain | ours,
            cwd=data.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def url(self) -> str:
        """Where it answers, once it does."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "http://" in line:
                return line.split()[-1]
        raise AssertionError(self.process.communicate()[1])

    def health(self) -> tuple[int, dict[str, str]]:
        """What it says of its engines, once it answers."""
        return health(self.url())

    def stop(self, sign: signal.Signals) -> int:
        """Its exit code after a signal."""
        self.process.send_signal(sign)
        return self.process.wait()

    def sentence(self) -> str:
        """What it says when it cannot start."""
        said = self.process.communicate()[1].strip()
        assert self.process.returncode == 1, said
        return said.splitlines()[-1]


def health(url: str) -> tuple[int, dict[str, str]]:
    """The status and what it says."""
    answer = httpx.get(url + "/healthz", timeout=None)
    return answer.status_code, answer.json()


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder in which nothing runs at the end."""
    folder = tmp_path / "the data"
    yield folder
    assert processes_in(folder / "postgres") == []


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_and_a_signal_stops_everything(data: Path, sign: signal.Signals) -> None:
    run = Run(data)
    assert run.health() == (200, WELL)
    assert processes_in(data / "postgres") != []
    assert run.stop(sign) == 0
    assert processes_in(data / "postgres") == []


def test_a_signal_while_it_starts_stops_it_too(data: Path) -> None:
    run = Run(data)
    while not processes_in(data / "postgres"):
        assert run.process.poll() is None, run.sentence()
    assert run.stop(signal.SIGTERM) in (0, 130)  # 130: it was so early that nothing was there to be closed


def test_a_killed_server_starts_again(data: Path) -> None:
    run = Run(data)
    run.url()
    run.process.kill()
    run.process.communicate()
    again = Run(data)
    assert again.health() == (200, WELL)
    assert again.stop(signal.SIGINT) == 0


def test_it_is_well_again_after_the_database_was_killed(data: Path) -> None:
    run = Run(data)
    url = run.url()
    for process in processes_in(data / "postgres"):
        os.kill(process, signal.SIGKILL)
    while (answer := health(url)) != (200, WELL):
        assert answer[0] == 503
    assert run.stop(signal.SIGINT) == 0


def test_a_port_that_is_taken(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = Run(data, MIAOHUI_PORT=str(port)).sentence()
    assert said == (
        f"miaohui: port {port} of 127.0.0.1 cannot be taken: Address already in use; "
        "stop who has it, or set MIAOHUI_PORT or MIAOHUI_HOST to another"
    )
    assert not (data / "postgres").exists()


def test_two_processes_share_a_port(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    worker = Run(data, part="worker")
    assert worker.process.stdout is not None
    assert worker.process.stdout.readline() == "The worker of main works\n"
    webs = [Run(data, part="web", MIAOHUI_PORT=port, MIAOHUI_SHARED_PORT="true") for _ in range(2)]
    url = f"http://127.0.0.1:{port}"
    assert [web.url() for web in webs] == [url, url]
    assert "cannot be taken" in Run(data, part="web", MIAOHUI_PORT=port).sentence()
    for left in (2, 1):
        assert [health(url) for _ in range(9)] == [(200, WELL)] * 9, left
        assert webs.pop().stop(signal.SIGINT) == 0
    with pytest.raises(httpx.ConnectError):
        health(url)
    assert worker.stop(signal.SIGINT) == 0


def web_beside(run: Run) -> int:
    """The process id of the next web process that `run` says it has beside itself."""
    assert run.process.stderr is not None
    for line in run.process.stderr:
        if said := re.search(r"web process 2 of 2, pid (\d+): Miaohui answers at ", line):
            return int(said[1])
    raise AssertionError("it says nothing of a web process")


def test_it_keeps_web_processes_beside_itself(data: Path) -> None:
    run = Run(data, MIAOHUI_PROCESSES="2")
    url, first = run.url(), web_beside(run)
    assert [health(url) for _ in range(9)] == [(200, WELL)] * 9
    os.kill(first, signal.SIGKILL)
    assert web_beside(run) != first
    assert [health(url) for _ in range(9)] == [(200, WELL)] * 9
    assert "cannot be taken" in Run(data.parent / "other", MIAOHUI_PORT=url.rpartition(":")[2]).sentence()
    others = Run(data.parent / "other", MIAOHUI_PORT=url.rpartition(":")[2], MIAOHUI_PROCESSES="2")
    assert "cannot be taken" in others.sentence()
    assert run.stop(signal.SIGINT) == 0
    with pytest.raises(httpx.ConnectError):
        health(url)


def test_web_processes_end_with_the_one_that_started_them(data: Path) -> None:
    run = Run(data, MIAOHUI_PROCESSES="2")
    url, web = run.url(), web_beside(run)
    run.process.kill()
    while Path(f"/proc/{web}").exists():
        pass
    with pytest.raises(httpx.ConnectError):
        health(url)
    run.process.communicate()
    again = Run(data, MIAOHUI_PROCESSES="2", MIAOHUI_PORT=url.rpartition(":")[2])
    assert again.health() == (200, WELL)
    assert again.stop(signal.SIGTERM) == 0


async def owner_url(data: Path) -> str:
    """Where web processes ask for events."""
    c = await asyncpg.connect(EmbeddedPostgres(data / "postgres").url, server_settings={"search_path": "main"})
    url: str = await c.fetchval("select owner_url from workspace")
    await c.close()
    return url


def test_who_asks_for_events_finds_their_owner_where_several_share_the_port(data: Path) -> None:
    run = Run(data, MIAOHUI_PROCESSES="2")
    url, owner = run.url(), asyncio.run(owner_url(data))
    assert owner != url
    assert [httpx.get(f"{place}/wallet").status_code for place in (owner, url)] == [404, 303]
    assert httpx.post(f"{owner}/inside/events").status_code == 403  # there, and not signed
    assert run.stop(signal.SIGINT) == 0


def test_a_wrong_setting_stops_the_start(data: Path) -> None:
    said = Run(data, MIAOHUI_PORT="x").sentence()
    assert said == "miaohui: MIAOHUI_PORT = 'x' does not hold: write a whole number from 0 to 65535"


def test_a_second_server_in_the_same_folder_is_told_of_the_first(data: Path) -> None:
    run = Run(data)
    run.url()
    said = Run(data).sentence()
    assert said == (
        f"miaohui: {data}/postgres is in use by process {run.process.pid}: stop it, or name another data folder"
    )
    assert run.stop(signal.SIGINT) == 0


async def test_a_second_owner_of_the_events_is_told_of_the_first(data: Path, tmp_path: Path, postgres_url: str) -> None:
    settings = {
        "MIAOHUI_DATABASE_URL": postgres_url,
        "MIAOHUI_WORKSPACE": f"run_{os.getpid()}",
        "MIAOHUI_SECRET_FILE": str(tmp_path / "secret"),
    }
    run = Run(data, **settings)
    run.url()
    said = Run(tmp_path / "elsewhere", **settings).sentence()
    assert said == (
        f"miaohui: the event store of workspace 'run_{os.getpid()}' is owned by process {run.process.pid} on "
        f"{socket.gethostname()}: stop that process, or give this one another MIAOHUI_WORKSPACE"
    )
    assert run.stop(signal.SIGINT) == 0


def test_a_web_process_uses_the_embedded_database_of_the_one_that_runs(data: Path) -> None:
    said = Run(data, part="web").sentence()
    assert said == (
        f"miaohui: no PostgreSQL runs in {data}/postgres: start `miaohui run` or `miaohui worker` on this data folder "
        "first, or set MIAOHUI_DATABASE_URL"
    )
    run = Run(data)
    run.url()
    web = Run(data, part="web")
    assert web.health() == (200, WELL)
    assert web.stop(signal.SIGTERM) == 0
    assert processes_in(data / "postgres") != []
    assert run.stop(signal.SIGTERM) == 0
