"""The driver: `connections` sockets in a process of its own, each with one request under way; every answer is checked.

    python -m miaohui.bench.load   reads a Job as JSON from standard input, prints a Tally as JSON

Requests are written as bytes and answers cut by their content-length: the driver costs as little of the two cores as Python can.
"""

import asyncio
import sys
import time
from typing import Any

import msgspec
import uvloop
from msgspec import Struct


class Job(Struct, frozen=True):
    """Send POST `path` (with `{n}` filled: the n-th request's number) with `body` (the same) for `seconds`."""

    host: str
    port: int
    key: str
    path: str
    body: str
    connections: int
    seconds: float
    first: int = 0
    wanted: str = ""


class Tally(Struct, frozen=True):
    """What came back: answers of each status, latencies in ms, and how many answers were not what was wanted."""

    seconds: float
    answers: dict[str, int]
    p50_ms: float
    p99_ms: float
    max_ms: float
    wrong: int
    requests: int


class _Client(asyncio.Protocol):
    def __init__(self, run: "_Run") -> None:
        self.run, self.buffer = run, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        request = self.run.request()
        if request is None:
            self.transport.close()
            return
        self.sent = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.find(b"content-length: ")
        length = int(self.buffer[at + 16 : self.buffer.find(b"\r\n", at)])
        if len(self.buffer) < head + 4 + length:
            return
        self.run.answered(self.buffer[9:12], self.buffer[head + 4 :], time.perf_counter() - self.sent)
        self.buffer = b""
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        self.run.lost()


class _Run:
    def __init__(self, job: Job) -> None:
        self.job, self.n, self.left = job, job.first, job.connections
        self.latencies: list[float] = []
        self.answers: dict[str, int] = {}
        self.wrong = 0
        self.until = time.perf_counter() + job.seconds
        self.done = asyncio.get_running_loop().create_future()
        self.wanted = job.wanted.encode()

    def request(self) -> bytes | None:
        if time.perf_counter() >= self.until:
            return None
        self.n += 1
        job, n = self.job, str(self.n)
        body = job.body.replace("{n}", n)
        return (
            f"POST {job.path.replace('{n}', n)} HTTP/1.1\r\nhost: {job.host}\r\nauthorization: Bearer {job.key}\r\n"
            f"idempotency-key: {n}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def answered(self, status: bytes, body: bytes, seconds: float) -> None:
        self.latencies.append(seconds)
        code = status.decode()
        self.answers[code] = self.answers.get(code, 0) + 1
        self.wrong += status == b"200" and self.wanted not in body

    def lost(self) -> None:
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


async def drive(job: Job) -> Tally:
    """Do a job."""
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    run = _Run(job)
    for _ in range(job.connections):
        await loop.create_connection(lambda: _Client(run), job.host, job.port)
    await run.done
    seconds, latencies = time.perf_counter() - began, sorted(run.latencies)

    def at(share: float) -> float:
        return round(1000 * latencies[min(int(len(latencies) * share), len(latencies) - 1)], 2)

    return Tally(seconds, run.answers, at(0.5), at(0.99), at(1), run.wrong, run.n - job.first)


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(drive(given))))
