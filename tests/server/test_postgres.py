"""The embedded PostgreSQL: nothing an owner leaves behind, in whatever way he ends, keeps the next one from starting."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from miaohui.host import durability
from miaohui.server.postgres import BECOME, EmbeddedPostgres
from miaohui.server.postgres_folder import PostgresFailed, processes_in, socket_folder

OWNER = """
import os, signal, sys, threading
from pathlib import Path
from miaohui.server.postgres import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1])).start()
print(os.geteuid(), postgres.url, flush=True)
sys.stdin.read()
postgres.stop()
"""


class Owner:
    """Another process that owns the folder; ends with `stop` or `kill`."""

    def __init__(self, data: Path, become: list[str] | None = None) -> None:
        command = [*(become or []), sys.executable, "-c", OWNER, str(data)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.uid, self.url = self.process.stdout.readline().split()

    def stop(self) -> int:
        """Let it end by itself."""
        self.process.communicate("")
        return self.process.returncode

    def kill(self) -> None:
        """End it as the kernel does."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder with a space in its path, short enough to hold a socket; nothing runs in it at the end."""
    with TemporaryDirectory(prefix="miaohui-test-") as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "a folder" / "postgres"
        yield folder
        assert processes_in(folder) == []


async def ask(url: str, sql: str) -> object:
    """One value."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_it_starts_answers_stops_and_starts_again(data: Path) -> None:
    with EmbeddedPostgres(data) as postgres:
        assert await ask(postgres.url, "show data_directory") == str(data)
        connection = await asyncpg.connect(postgres.url)
        assert await durability.switched_off(connection) == []
        await connection.execute("set synchronous_commit = local")  # on this disk, whatever a standby does
        assert await durability.switched_off(connection) == []
        await connection.execute("set synchronous_commit = off")
        assert await durability.switched_off(connection) == ["synchronous_commit"]
        await connection.close()
        assert await ask(postgres.url, "show listen_addresses") == ""
        await ask(postgres.url, "create table kept as select 42 as n")
        assert (data / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0
    assert processes_in(data) == []
    postgres.start()
    assert await ask(postgres.url, "select n from kept") == 42
    postgres.stop()
    postgres.stop()


async def test_a_killed_owner_leaves_no_orphan_and_what_was_committed(data: Path) -> None:
    owner = Owner(data)
    await ask(owner.url, "create table kept as select 42 as n")
    owner.kill()
    with EmbeddedPostgres(data) as postgres:  # waits for the one that is going down
        assert await ask(postgres.url, "select n from kept") == 42
        assert processes_in(data) != []


async def test_a_server_killed_with_its_owner_is_recovered(data: Path) -> None:
    owner = Owner(data)
    await ask(owner.url, "create table kept as select 42 as n")
    for process in processes_in(data):
        os.kill(process, signal.SIGKILL)
    owner.kill()
    with EmbeddedPostgres(data) as postgres:
        assert await ask(postgres.url, "select n from kept") == 42


async def test_a_server_that_dies_under_its_owner_is_started_again(data: Path) -> None:
    with EmbeddedPostgres(data) as postgres:
        await ask(postgres.url, "create table kept as select 42 as n")
        first = postgres.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert await answered(postgres.url, "select n from kept") == 42
        assert postgres.pid != first


async def answered(url: str, sql: str) -> object:
    """One value, as soon as there is somebody to give it."""
    while True:
        try:
            return await ask(url, sql)
        except (OSError, asyncpg.PostgresError):
            continue


@pytest.mark.parametrize("content", ["{pid}\n{data}\n", "1\n", "", "not a pid\n"])
async def test_a_stale_pid_file_does_not_block_the_start(data: Path, content: str) -> None:
    with EmbeddedPostgres(data):
        pass
    (data / "postmaster.pid").write_text(
        content.format(pid=os.getpid(), data=data)
    )  # a pid that is somebody else's now
    (data / ".s.PGSQL.5432").touch()
    (data / ".s.PGSQL.5432.lock").write_text("1\n")
    with EmbeddedPostgres(data) as postgres:
        assert await ask(postgres.url, "select 1") == 1


def test_a_second_owner_is_told_who_has_it(data: Path) -> None:
    owner = Owner(data)
    with pytest.raises(PostgresFailed, match=f"is in use by process {owner.process.pid}: stop it"):
        EmbeddedPostgres(data).start()
    assert owner.stop() == 0


def test_the_folder_is_free_after_a_failed_start(data: Path) -> None:
    with pytest.raises(PostgresFailed, match=r"did not start:(?s:.)*no_such_setting"):
        EmbeddedPostgres(data, {"no_such_setting": "1"}).start()
    with EmbeddedPostgres(data):
        assert processes_in(data) != []


def test_a_folder_of_something_else_is_left_alone(data: Path) -> None:
    data.mkdir(parents=True)
    (data / "letters.txt").write_text("mine")
    with pytest.raises(PostgresFailed, match="holds files but no PostgreSQL cluster"):
        EmbeddedPostgres(data).start()
    assert [path.name for path in data.iterdir()] == ["letters.txt"]


def test_a_cluster_of_another_version_is_left_alone(data: Path) -> None:
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresFailed, match=r"was made by PostgreSQL 9, this version runs \d+: dump it"):
        EmbeddedPostgres(data).start()


async def test_a_half_made_cluster_is_made_again(data: Path) -> None:
    side = data.with_name("postgres.init")
    side.mkdir(parents=True)
    (side / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(data) as postgres:
        assert await ask(postgres.url, "select 1") == 1
    assert not side.exists()


async def test_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    data = tmp_path / ("a long name " * 10) / "postgres"
    with EmbeddedPostgres(data) as postgres:
        assert await ask(postgres.url, "select 1") == 1
        sockets = socket_folder(data, (data / "PG_VERSION").stat().st_uid)
        assert sockets.parent != data.parent
        assert (sockets / ".s.PGSQL.5432").is_socket()
    shutil.rmtree(sockets)


def test_an_ordinary_user_and_root(data: Path) -> None:
    """Root's server runs as `nobody`; whoever is no root runs it himself."""
    nobody = pwd.getpwnam("nobody")
    become: list[str] = []
    if os.geteuid() == 0:
        data.parent.mkdir()
        os.chown(data.parent, nobody.pw_uid, nobody.pw_gid)
        become = [sys.executable, "-I", str(BECOME), str(nobody.pw_uid), str(nobody.pw_gid), str(os.getpid()), "0"]
    owner = Owner(data, become)
    assert int(owner.uid) == (nobody.pw_uid if become else os.geteuid())
    assert data.stat().st_uid == int(owner.uid)
    assert owner.stop() == 0


def test_the_server_keeps_no_right_of_root_that_it_does_not_need(data: Path) -> None:
    with EmbeddedPostgres(data) as postgres:
        status = Path(f"/proc/{postgres.pid}/status").read_text()
    facts = dict(line.split(":\t", 1) for line in status.splitlines())
    assert int(facts["Uid"].split()[0]) != 0
    rights = int(facts["CapEff"], 16)
    assert rights in (0, 1 << 1, 1 << 2), f"more than passing through folders: {rights:x}"
