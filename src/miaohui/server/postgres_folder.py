"""The folder of the embedded PostgreSQL: whose it is, who holds it, who still works in it, where its socket lies."""

import fcntl
import hashlib
import os
import pwd
import signal
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

SOCKET_PATH_MAX = 85  # a socket's path has 108 bytes, its name takes some


class PostgresFailed(RuntimeError):
    """The embedded PostgreSQL cannot be started; the message names the cause and the remedy."""


def server_user(data: Path) -> tuple[int, int]:
    """User and group the server runs as: ourselves; for root the owner of `data`, or `nobody` while there is none."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    owner = data.stat().st_uid if data.exists() else 0
    user = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    return user.pw_uid, user.pw_gid


def socket_folder(data: Path, uid: int) -> Path:
    """Where the socket lies: in the data folder, or for a path too long for a socket in a private temporary folder."""
    if len(os.fsencode(data)) <= SOCKET_PATH_MAX:
        return data
    return Path(tempfile.gettempdir()) / f"miaohui-{uid}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"


def take_lock(data: Path) -> IO[str]:
    """Become the owner of `data`. The lock is not inherited by children and is gone when the owner dies."""
    lock = open(data.with_name(data.name + ".lock"), "a+")  # noqa: SIM115 - open as long as we own the folder
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        owner = lock.read().strip()
        lock.close()
        raise PostgresFailed(f"{data} is in use by process {owner}: stop it, or name another data folder") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def processes_in(data: Path) -> list[int]:
    """The PostgreSQL processes of this folder that are alive: all of them work in it."""
    folder, found = os.path.realpath(data), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (
                os.readlink(process / "cwd") != folder
                or Path(os.readlink(process / "exe")).name.split()[0] != "postgres"
            ):
                continue
            if (process / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                found.append(int(process.name))
        except OSError:
            continue  # it ended, or belongs to somebody else
    return found


def send(sign: signal.Signals, processes: Iterable[int]) -> None:
    """Send a signal to those that are still there."""
    for process in processes:
        try:
            os.kill(process, sign)
        except ProcessLookupError:
            continue
