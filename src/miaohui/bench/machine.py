"""What the machine was doing meanwhile: a figure without it says little on a machine that others use too."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from msgspec import Struct

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Load(Struct, frozen=True):
    """Cores kept busy by others (the noise), and CPU seconds of each of ours: server, postgres, redis, client."""

    elsewhere: float
    ours: dict[str, float]


class Watch:
    """Counts CPU from `start` to `stop` for the processes below `roots` and everything else."""

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = list(roots)

    def start(self) -> Self:
        """Now."""
        self._total, self._ours, self._uptime = _busy_s(), self._count(), _uptime_s()
        return self

    def stop(self, client_s: float) -> Load:
        """Since then; the driver has ended meanwhile and says himself what he used."""
        before, after = self._ours, self._count()
        ours = {name: after[name] - before.get(name, 0.0) for name in after} | {"client": client_s}
        seconds = _uptime_s() - self._uptime
        elsewhere = (_busy_s() - self._total - sum(ours.values())) / seconds
        return Load(round(max(0.0, elsewhere), 2), {name: round(s, 3) for name, s in ours.items()})

    def _count(self) -> dict[str, float]:
        processes = {pid: _stat(pid) for pid in (int(p.name) for p in Path("/proc").glob("[0-9]*"))}
        found, todo = {"server": 0.0}, list(self._roots)
        while todo:
            pid = todo.pop()
            todo += [child for child, stat in processes.items() if stat and stat[0] == pid]
            if stat := processes.get(pid):
                name = next((n for n in ("postgres", "redis") if n in stat[2]), "server")
                found[name] = found.get(name, 0.0) + stat[1]
        return found


def _stat(pid: int) -> tuple[int, float, str] | None:
    """(parent, CPU seconds, name) of a process; None if it is gone."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return None
    fields = rest.split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) * _TICK_S, name


def _busy_s() -> float:
    user, nice, system, _, _, irq, softirq, *_ = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(map(int, (user, nice, system, irq, softirq))) * _TICK_S


def _uptime_s() -> float:
    return float(Path("/proc/uptime").read_text().split()[0])
