"""Becomes another program: `python -I become.py UID GID PARENT TIE PROGRAM ARGUMENT...`. A script, never imported.

A fresh interpreter does this, so that nothing is run between fork and exec of a process with threads.
- Root becomes UID, because PostgreSQL refuses root. Where PROGRAM or a path in its arguments lies behind folders that
  are closed to UID (/root, `mktemp -d`), the right to pass through closed folders is kept, and no other right.
- With TIE=1 the program gets SIGINT, a fast shutdown for PostgreSQL, when the thread that started it ends, however.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_CAPBSET_READ, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 23, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 4
CAPABILITY_VERSION_3 = 0x20080522
PASS_FOLDERS = (2, 1)  # CAP_DAC_READ_SEARCH; a container that took it away may have left CAP_DAC_OVERRIDE

libc = ctypes.CDLL(None, use_errno=True)


def become(uid: int, gid: int, needed: list[str]) -> None:
    """Give up root for `uid`, so that all paths of `needed` stay reachable."""
    allowed = [right for right in PASS_FOLDERS if libc.prctl(PR_CAPBSET_READ, right, 0, 0, 0) == 1]
    keep = bool(allowed) and not reachable(uid, gid, needed)
    if keep and libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0):
        keep = False
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if keep:
        keep_only(allowed[0])


def reachable(uid: int, gid: int, paths: list[str]) -> bool:
    """Whether `uid` can reach all `paths` as an ordinary user; asked by a child that becomes one."""
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        os._exit(0 if all(os.path.exists(path) for path in paths) else 1)
    return os.waitpid(child, 0)[1] == 0


def keep_only(right: int) -> None:
    """Keep one capability over the coming exec and drop all others."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(1 << right, 1 << right, 1 << right, 0, 0, 0)  # effective, permitted, inheritable
    if libc.capset(header, sets) or libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, right, 0, 0):
        sys.exit(f"capability {right} cannot be kept: {os.strerror(ctypes.get_errno())}")


def main() -> None:
    """Do what the arguments say."""
    uid, gid, parent, tie = map(int, sys.argv[1:5])
    command = sys.argv[5:]
    if os.geteuid() == 0 and uid != 0:
        become(uid, gid, [path for path in command if path.startswith("/")])
    os.umask(0o077)
    os.chdir("/")
    if tie and sys.platform == "linux":
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)  # after setuid, which would clear it
        if os.getppid() != parent:
            os._exit(0)  # the parent was gone before we asked
    try:
        os.execv(command[0], command)
    except OSError as e:
        sys.exit(f"{command[0]} cannot be run by user {uid}: {e.strerror}; open every folder above it to that user")


main()
