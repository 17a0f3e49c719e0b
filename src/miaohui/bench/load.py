"""The driver: `connections` sockets in a process of its own, each with one request under way; every answer is checked.

    python -m miaohui.bench.load   reads a Job as JSON from standard input, prints a Tally as JSON

Each connection plays customers one after another; what a customer does is a story: a generator that yields requests and is told
the answers. Requests are written as bytes and answers cut by their content-length: the driver costs as little of the two cores
as Python can.
"""

import asyncio
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from itertools import count
from typing import Any

import msgspec
import uvloop
from msgspec import Struct

Request = tuple[str, str, str]
"""Path, idempotency key, body."""
Story = Generator[Request, bytes, None]
CAMPAIGN = "bench"
PLAYS = f"/api/v1/plays/{CAMPAIGN}"
BUSY = b"503"


class Job(Struct, frozen=True):
    """Play `story` for `seconds`, or until `stories` have been told; customers are numbered from `first` on. `parties`: those
    that a group story joins. `at_once`: nobody asks before everybody is connected. `again_s`: who was told *busy* asks the same
    again after so long; None: he gives up, and the next one comes."""

    host: str
    port: int
    key: str
    connections: int
    seconds: float
    story: str = "claim"
    first: int = 0
    stories: int = 2**60
    parties: list[str] = []
    at_once: bool = False
    again_s: float | None = None


class Tally(Struct, frozen=True):
    """What came back: answers of each status, latencies in ms (*busy* apart), and how many answers were not what was wanted.
    `told`: stories begun; `made`: what they opened; `by_verb`: granted actions by the last word of their path; `cpu_s`: what the
    driver used."""

    seconds: float
    answers: dict[str, int]
    p50_ms: float
    p99_ms: float
    max_ms: float
    busy_p99_ms: float
    wrong: int
    told: int
    made: list[str]
    by_verb: dict[str, int]
    cpu_s: float

    @property
    def granted(self) -> int:
        """Actions that were answered with 200."""
        return self.answers.get("200", 0)

    @property
    def others(self) -> int:
        """Answers that a story did not hope for."""
        return sum(self.answers.values()) - self.granted + self.wrong

    @property
    def per_second(self) -> float:
        """Granted actions a second."""
        return self.granted / self.seconds


# --- stories ----------------------------------------------------------------------------------------------------------
def claim(n: int, job: Job, made: list[str]) -> Story:
    """Take a coupon."""
    yield f"{PLAYS}/coupon/claim", f"{n}", f'{{"customer":"c{n}"}}'


def flash(n: int, job: Job, made: list[str]) -> Story:
    """Tap in the slot, order, pay: out of one hot pool."""
    answer = yield f"{PLAYS}/flash_sale/token", f"{n}", f'{{"customer":"c{n}"}}'
    yield from _order(n, "flash_sale", _word(answer, b"token"))


def party(n: int, job: Job, made: list[str]) -> Story:
    """Open a group, order, pay: the leader."""
    answer = yield f"{PLAYS}/group_buy/open", f"{n}", f'{{"customer":"c{n}"}}'
    id = _word(answer, b"party")
    yield from _order(n, "group_buy", id)
    made.append(id)


def join(n: int, job: Job, made: list[str]) -> Story:
    """Order and pay in one of the groups that are open."""
    yield from _order(n, "group_buy", job.parties[n % len(job.parties)])


def mix(n: int, job: Job, made: list[str]) -> Story:
    """Of five customers two take a coupon, one taps the flash sale, two join a group."""
    yield from (claim, flash, join, claim, join)[n % 5](n, job, made)


def prices(n: int, job: Job, made: list[str]) -> Story:
    """A customer fills his cart: what it costs, after each change."""
    for step in range(5):
        lines = ",".join(
            f'{{"line":"{m}","sku":"sku-{(n + m) % 30}","quantity":{1 + (n + m + step) % 3},"unit_price_minor":{1990 + 1000 * m}}}'
            for m in range(5)
        )
        cart = f'"currency":"USD","customer":"c{n % 1000}","shipping_minor":800,"codes":["code{n % 20}"]'
        yield "/api/v1/prices", f"{n}.{step}", f'{{{cart},"lines":[{lines}]}}'


STORIES: dict[str, Callable[[int, Job, list[str]], Story]] = {
    story.__name__: story for story in (claim, flash, party, join, mix, prices)
}


def _order(n: int, play: str, instance: str) -> Story:
    claims = f'[{{"campaign":"{CAMPAIGN}","play":"{play}","instance":"{instance}","line":"1"}}]'
    lines = '[{"line":"1","sku":"tea-1","quantity":1,"unit_price_minor":5000}]'
    body = f'{{"customer":"c{n}","currency":"USD","lines":{lines},"claims":{claims}}}'
    yield f"/api/v1/orders/o{n}/placed", f"{n}", body
    yield f"/api/v1/orders/o{n}/paid", f"{n}p", "{}"


def _word(answer: bytes, field: bytes) -> str:
    return answer.partition(b'"' + field + b'":"')[2].partition(b'"')[0].decode()


_WANTED = {
    "claim": b'"coupon"',
    "token": b'"token"',
    "open": b'"party"',
    "placed": b'"placed"',
    "paid": b'"paid"',
    "prices": b'"total_minor"',
}
"""What a granted answer must hold, by the last word of the path."""


# --- sockets ----------------------------------------------------------------------------------------------------------
class _Client(asyncio.Protocol):
    def __init__(self, run: "_Run") -> None:
        self.run, self.buffer = run, b""
        self.story: Iterator[Any] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.run.connected(self)

    def go_on(self, answer: bytes | None) -> None:
        """The next request of the story, or of the next one."""
        request = self.run.next(self, answer)
        if request is None:
            self.transport.close()
            return
        path, key, body = request
        self.verb = path.rpartition("/")[2]
        self.request = (
            f"POST {path} HTTP/1.1\r\n{self.run.head}idempotency-key: {key}\r\ncontent-length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self.send()

    def send(self) -> None:
        """Send the request, if there is time for an answer."""
        self.sent = time.perf_counter()
        if self.sent < self.run.until:
            self.transport.write(self.request)
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.find(b"content-length: ")
        length = int(self.buffer[at + 16 : self.buffer.find(b"\r\n", at)])
        if len(self.buffer) < head + 4 + length:
            return
        body, status = self.buffer[head + 4 :], self.buffer[9:12]
        self.buffer = b""
        self.run.latencies[status].append(time.perf_counter() - self.sent)
        if status == BUSY and self.run.job.again_s is not None:
            self.run.loop.call_later(self.run.job.again_s, self.send)
            return
        if status != b"200":
            self.story = None  # the customer gives up
        elif _WANTED[self.verb] not in body:
            self.run.wrong += 1
        else:
            self.run.by_verb[self.verb] = self.run.by_verb.get(self.verb, 0) + 1
        self.go_on(body)

    def connection_lost(self, error: Exception | None) -> None:
        self.run.lost()


class _Run:
    def __init__(self, job: Job) -> None:
        self.job, self.left, self.loop = job, job.connections, asyncio.get_running_loop()
        self.clients: list[_Client] = []
        self.tell, self.numbers, self.told = STORIES[job.story], count(job.first + 1), 0
        self.head = f"host: {job.host}\r\nauthorization: Bearer {job.key}\r\ncontent-type: application/json\r\n"
        self.latencies: dict[bytes, list[float]] = defaultdict(list)
        self.made: list[str] = []
        self.by_verb: dict[str, int] = {}
        self.wrong = 0
        self.began = time.perf_counter()
        self.until = self.began + job.seconds
        self.done = self.loop.create_future()

    def connected(self, client: _Client) -> None:
        """Let it begin, or all of them once the last one is there."""
        self.clients.append(client)
        if not self.job.at_once:
            client.go_on(None)
        elif len(self.clients) == self.job.connections:
            self.began = time.perf_counter()
            self.until = self.began + self.job.seconds
            for each in self.clients:
                each.go_on(None)

    def next(self, client: _Client, answer: bytes | None) -> Request | None:
        """What a client sends next; None: every story has been told."""
        if client.story is not None:
            try:
                return client.story.send(answer)  # type: ignore[attr-defined, no-any-return]
            except StopIteration:
                pass
        if self.told >= self.job.stories:
            return None
        self.told += 1
        client.story = self.tell(next(self.numbers), self.job, self.made)
        return next(client.story)

    def lost(self) -> None:
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


async def drive(job: Job) -> Tally:
    """Do a job."""
    run = _Run(job)
    for _ in range(job.connections):
        await run.loop.create_connection(lambda: _Client(run), job.host, job.port)
    await run.done
    seconds = time.perf_counter() - run.began
    busy = sorted(run.latencies.get(BUSY, ()))
    served = sorted(s for status, took in run.latencies.items() if status != BUSY for s in took)

    def at(share: float, latencies: list[float] = served) -> float:
        return round(1000 * latencies[min(int(len(latencies) * share), len(latencies) - 1)], 2) if latencies else 0.0

    answers = {status.decode(): len(took) for status, took in run.latencies.items()}
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = used.ru_utime + used.ru_stime
    return Tally(
        seconds,
        answers,
        p50_ms=at(0.5),
        p99_ms=at(0.99),
        max_ms=at(1),
        busy_p99_ms=at(0.99, busy),
        wrong=run.wrong,
        told=run.told,
        made=run.made,
        by_verb=run.by_verb,
        cpu_s=cpu_s,
    )


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(drive(given))))
