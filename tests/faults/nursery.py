"""Starts servers in a tenth of a second: what they import is imported once, each is a fork. `python nursery.py`.

Standard input has one JSON object a line, {"part", "environment", "log"}; standard output answers with the process id. All
of them end with this process. The event store's engine, which does not survive a fork, is imported by who opens it.
"""

import ctypes
import json
import os
import signal
import sys
import traceback

from miaohui.server.serve import PROBLEMS, run
from miaohui.server.settings import read_settings

PR_SET_PDEATHSIG = 1


def become(order: dict) -> None:
    """One server, from its settings to its end."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(0)
    try:
        run(read_settings(order["environment"]), lambda *_: print("ready", flush=True), order["part"])
    except PROBLEMS as e:
        print(f"miaohui: {e}", flush=True)
        os._exit(1)
    except BaseException:
        traceback.print_exc()
        os._exit(2)
    os._exit(0)


signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("open", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        become(json.loads(line))
    print(child, flush=True)
