"""`miaohui bench overload`: more than the server can take, and clients that do it harm by being slow.

Steps of connections, each of which claims a coupon and asks again at once whatever it hears (a script that ignores Retry-After);
a burst, where everybody asks at the same moment and whoever hears *busy* comes back after the second he was told; and the first
step again beside a crowd of slow clients. Meanwhile an operator logs in and opens the console's first page again and again.

`goodput_kept` is the least that any line grants, of what the first one does. Afterwards the books are compared with the answers
and audited, as in `bench claims`.
"""

import asyncio
import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx
from msgspec import Struct, structs
from rich.console import Console
from rich.table import Table

from miaohui.bench.claims import one_coupon
from miaohui.bench.load import CAMPAIGN, Job
from miaohui.bench.rounds import Round, books, cpu_us, drive, shares
from miaohui.bench.stand import OPERATOR, PASSWORD, Stand, hire, prepare, sign_up

BURST, CROWD = "a burst, all at once", "beside slow clients"
BACK_S, BURST_S = 1.0, 60.0
SETTLE_S = 3.0
"""What a crowd asks for before its connections are full is not part of what is measured."""
PAGE_EVERY_S = 0.2


class Step(Struct, frozen=True):
    """One measurement: the driver's, the most memory the server had, and how long pages of the console took."""

    round: Round
    memory_mb: float
    login_ms: float
    pages_ms: list[float]


class Line(Struct, frozen=True):
    """One line of the table, over its repeats: medians, the least and the most of the rate, and for memory and pages the most."""

    name: str
    connections: int
    per_second: float
    least: float
    most: float
    busy: float
    p99_ms: float
    busy_p99_ms: float
    memory_mb: float
    login_ms: float
    page_p50_ms: float
    page_max_ms: float
    others: int
    elsewhere: float
    cpu_us: dict[str, float]

    @classmethod
    def of(cls, name: str, connections: int, steps: list[Step]) -> Self:
        """The line of its repeats."""
        tallies = [step.round.tally for step in steps]
        rates = [tally.per_second for tally in tallies]
        busy = sum(tally.answers.get("503", 0) for tally in tallies)
        answers = sum(sum(tally.answers.values()) for tally in tallies)
        pages = [ms for step in steps for ms in step.pages_ms]
        return cls(
            name,
            connections,
            round(statistics.median(rates), 1),
            round(min(rates), 1),
            round(max(rates), 1),
            busy=round(busy / max(1, answers), 4),
            p99_ms=statistics.median(tally.p99_ms for tally in tallies),
            busy_p99_ms=statistics.median(tally.busy_p99_ms for tally in tallies),
            memory_mb=max(step.memory_mb for step in steps),
            login_ms=max(step.login_ms for step in steps),
            page_p50_ms=round(statistics.median(pages), 1),
            page_max_ms=max(pages),
            others=sum(tally.others for tally in tallies) - busy,
            elsewhere=round(statistics.median(step.round.load.elsewhere for step in steps), 2),
            cpu_us=cpu_us([step.round for step in steps]),
        )


class Outcome(Struct, frozen=True):
    """What the bench found; `per_second` is that of the first step, the rest the worst of all lines."""

    per_second: float
    goodput_kept: float
    busy_p99_ms: float
    memory_mb: float
    page_max_ms: float
    oversold: int
    lost: int
    doubled: int
    audit_findings: int
    lines: tuple[Line, ...]


def run(*, seconds: float, repeats: int, connections: tuple[int, ...], crowd: int, customers: int) -> Outcome:
    """Measure each step, a burst of the most connections, and the first step beside `crowd` slow clients."""
    with tempfile.TemporaryDirectory(prefix="miaohui-bench-") as folder:
        Path(folder).chmod(0o755)
        data, coupons = Path(folder) / "data", 5_000_000
        key = asyncio.run(prepare(data, [one_coupon(coupons)], stock={}, budget_minor=coupons * 500))
        asyncio.run(sign_up(data, customers))
        asyncio.run(hire(data))
        steps: dict[tuple[str, int], list[Step]] = defaultdict(list)
        told = granted = 0
        for _ in range(repeats):
            stand = Stand(data, MIAOHUI_LANGUAGE="en").start()

            def measure(name: str, stand: Stand, n: int, *, warm: bool = False) -> None:
                nonlocal told, granted
                job = Job("127.0.0.1", stand.port, key, n, seconds, first=told, at_once=True, again_s=0.0)
                if name == BURST:
                    job = structs.replace(job, seconds=BURST_S, stories=n, again_s=BACK_S)
                found = _step(stand, job)
                told += found.round.tally.told
                granted += found.round.tally.granted
                if not warm:
                    steps[name, n].append(found)

            try:
                measure("", stand, 32, warm=True)
                for n in connections:
                    measure("", stand, n)
                measure(BURST, stand, max(connections))
                with _crowd(stand, crowd, key):
                    measure(CROWD, stand, min(connections))
            finally:
                stand.kill()
        there = asyncio.run(books(data, CAMPAIGN))
    lines = [Line.of(*at, found) for at, found in steps.items()]
    return Outcome(
        lines[0].per_second,
        round(min(line.per_second for line in lines if line.name != BURST) / lines[0].per_second, 2),
        busy_p99_ms=max(line.busy_p99_ms for line in lines),
        memory_mb=max(line.memory_mb for line in lines),
        page_max_ms=max(line.page_max_ms for line in lines),
        oversold=max(0, there.coupons - coupons),
        lost=max(0, granted - there.coupons),
        doubled=there.coupons - there.customers_with_coupons,
        audit_findings=there.audit_findings,
        lines=tuple(lines),
    )


def _step(stand: Stand, job: Job) -> Step:
    Path(f"/proc/{stand.pid}/clear_refs").write_text("5")  # the most memory is that from now on
    with Visits(stand.url) as visits:
        found = drive(job, [stand.pid])
    (most_kb,) = re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{stand.pid}/status").read_text())
    return Step(found, round(int(most_kb) / 1024, 1), visits.login_ms, visits.pages_ms)


class Visits:
    """An operator who logs in once and then opens the first page of the console every `PAGE_EVERY_S`."""

    def __init__(self, url: str) -> None:
        self._url, self._ended = url, threading.Event()
        self.login_ms, self.pages_ms = 0.0, [0.0]
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._visit)

    def __enter__(self) -> Self:
        """He comes."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """He leaves; a page that was not served is the bench's failure."""
        self._ended.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _visit(self) -> None:
        try:
            with httpx.Client(base_url=self._url, timeout=60) as client:
                began = time.perf_counter()
                form = client.get("/login").raise_for_status().text
                (token,) = re.findall(r'name="_csrf" value="([^"]+)"', form)
                said = client.post("/login", data={"name": OPERATOR, "password": PASSWORD, "_csrf": token})
                assert said.status_code == 303, said.text
                self.login_ms, self.pages_ms = _ms_since(began), []
                while not self.pages_ms or not self._ended.wait(PAGE_EVERY_S):
                    began = time.perf_counter()
                    client.get("/").raise_for_status()
                    self.pages_ms.append(_ms_since(began))
        except Exception as why:
            self._failed = why


def _ms_since(began: float) -> float:
    return round(1000 * (time.perf_counter() - began), 1)


@contextlib.contextmanager
def _crowd(stand: Stand, connections: int, key: str) -> Iterator[None]:
    arguments = [str(stand.port), str(connections), key]
    crowd = subprocess.Popen([sys.executable, "-m", "miaohui.bench.crowd", *arguments], stdout=subprocess.PIPE)
    assert crowd.stdout is not None
    try:
        crowd.stdout.readline()
        time.sleep(SETTLE_S)
        assert crowd.poll() is None
        yield
    finally:
        crowd.kill()
        crowd.wait()


def show(outcome: Outcome) -> None:
    """The table and a sentence about the books."""
    shown = Table(
        *("", "connections", "granted/s", "least-most", "503", "p99 ms", "p99 ms of 503", "server MB"),
        *("log-in ms", "page ms, p50", "page ms, max", "CPU of a granted action, us", "other load"),
        title="beyond capacity",
    )
    for x in outcome.lines:
        shown.add_row(
            *(x.name, f"{x.connections:,}", f"{x.per_second:,.0f}", f"{x.least:,.0f}-{x.most:,.0f}", f"{x.busy:.1%}"),
            *(f"{x.p99_ms:,.0f}", f"{x.busy_p99_ms:,.0f}", f"{x.memory_mb:,.0f}", f"{x.login_ms:,.0f}"),
            *(f"{x.page_p50_ms:,.0f}", f"{x.page_max_ms:,.0f}", shares(x.cpu_us), f"{x.elsewhere} cores"),
        )
    Console(width=200).print(shown)
    print(
        f"goodput kept {outcome.goodput_kept}; oversold {outcome.oversold}, lost {outcome.lost}, "
        f"doubled {outcome.doubled}, audit findings {outcome.audit_findings}"
    )
