"""Lets it all happen: one queue of what comes next, one time, one process at a time that decides what has arrived.

What arrives within a moment is one batch for the host, timers among it. When the process dies, nobody of that batch gets an
answer; a new one starts on the same storage, and callers send again. At the end the clock runs on until every timer has
fired, what was granted is asked for once more under its old key, and the auditor compares.
"""

import asyncio
import heapq
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import blake2b
from random import Random
from typing import Any, TypeVar

from msgspec import Struct

from miaohui.host.host import BUSY, Busy, Host
from miaohui.host.setup import machine, proofs
from miaohui.host.submission import Answer, Submission
from miaohui.host.timers import submission
from miaohui.simulation import network
from miaohui.simulation.auditor import Finding, audit
from miaohui.simulation.auditor.record import Asked, Record, Version
from miaohui.simulation.drawn import plain
from miaohui.simulation.faults import Faulty
from miaohui.simulation.people import Call, Shop, Visit
from miaohui.simulation.stage import InMemory, Stage
from miaohui.simulation.world import HOUR, MINUTE, Deed, T, World

Log = Callable[[str], None]
R = TypeVar("R")
BATCH_MAX, QUEUE_MAX = 64, 400
AGAIN_MAX = 500
"""How many granted calls are asked once more at the end."""


class Outcome(Struct, frozen=True):
    """What came of a simulation. `digest` is that of its log."""

    seed: int
    hours: float
    customers: int
    requests: int
    granted: int
    refused: int
    unanswered: int
    events: int
    transfers: int
    faults: dict[str, int]
    by_play: dict[str, int]
    digest: str
    findings: tuple[Finding, ...]


class Simulation:
    """One run. `log` is given every line of what happens."""

    def __init__(self, world: World, stage: Stage, log: Log) -> None:
        self.world, self.stage, self.log = world, stage, log
        self.chance = Random(f"run/{world.seed}")
        self.shop = Shop(world, Random(f"shop/{world.seed}"), self._spawn)
        self.record = Record(people={v.id: v.identities() for v in world.visitors}, stock=dict(world.stock), budgets={})
        self.now_ms, self._n, self._seen = T, 0, 0
        self._coming: list[tuple[int, int, Callable[[], Any]]] = []
        self._arrived: list[Call] = []
        self._visits: dict[int, Visit] = {}
        self._host: Host
        self._storage: Faulty
        self.faults: Counter[str] = Counter()
        self.requests = 0
        self.trouble: list[Finding] = []
        self._failing: set[str] = set()

    # --- time ---------------------------------------------------------------------------------------------------------
    def at(self, at_ms: int, thing: Callable[[], Any]) -> None:
        """`thing` happens at `at_ms`."""
        self._n += 1
        heapq.heappush(self._coming, (at_ms, self._n, thing))

    async def _time(self, now_ms: int) -> None:
        self.now_ms = max(self.now_ms, now_ms)
        await self.stage.set_time(self.now_ms)

    async def run(self) -> None:
        """From the first deed until nothing is left to happen."""
        await self._time(T)
        await self._start()
        for sku, quantity in self.world.stock.items():
            await self._deed(partial(self.stage.stock, sku=sku, quantity=quantity))
        for visitor in self.world.visitors:
            at_ms = self.chance.randint(self.world.opens_ms - MINUTE, self.world.ends_ms + 10 * MINUTE)
            wanted = None
            if self.chance.random() < 0.4:
                at_ms, wanted = self.chance.choice(self.world.rushes)
                at_ms += self.chance.randint(0, 3_000)
            self.at(at_ms, partial(self._go, self.shop.visit(visitor, wanted)))
        deeds = list(self.world.deeds)
        while self._coming or deeds:
            if deeds and (not self._coming or deeds[0].at_ms <= self._coming[0][0]):
                await self._do(deeds.pop(0))
                continue
            until_ms = self._coming[0][0] + self.chance.choice((0, 5, 50, 400))
            if deeds:
                until_ms = min(until_ms, deeds[0].at_ms)
            await self._time(until_ms)
            while self._coming and self._coming[0][0] <= until_ms:
                heapq.heappop(self._coming)[2]()
            await self._decide()
        await self._wind_up()

    def _spawn(self, delay_ms: int, visit: Visit) -> None:
        self.at(self.now_ms + delay_ms, partial(self._go, visit))

    # --- customers ----------------------------------------------------------------------------------------------------
    def _go(self, visit: Visit, answer: Answer | None = None) -> None:
        """A visit goes on: it waits, or calls."""
        try:
            step = visit.send(answer)
        except StopIteration:
            return
        if isinstance(step, int):
            self.at(self.now_ms + step, lambda: self._go(visit))
        else:
            self._visits[step.n] = visit
            self._send(step)

    def _send(self, call: Call) -> None:
        call.sent += 1
        for delay in network.delays(self.chance):
            self.at(self.now_ms + delay, lambda: self._arrived.append(call))
        self.at(self.now_ms + network.TIMEOUT_MS, lambda: self._time_is_up(call))

    def _time_is_up(self, call: Call) -> None:
        if call.answered:
            return
        if call.sent < network.TRIES:
            self._send(call)
        elif (visit := self._visits.pop(call.n, None)) is not None:
            self._go(visit)

    def _hear(self, call: Call, answer: Answer) -> None:
        """An answer has reached its caller; the first one counts for the visit, all count for the auditor."""
        _hear(call, answer)
        call.answered = True
        if (visit := self._visits.pop(call.n, None)) is not None:
            self._go(visit, answer)

    # --- the process that decides -------------------------------------------------------------------------------------
    async def _start(self) -> None:
        self._storage = Faulty(await self.stage.storage(), self.chance)
        self._host = Host(self._storage, self.world.secret, batch_max=BATCH_MAX, queue_max=QUEUE_MAX, sleep=_at_once)
        await self._host.start()

    async def _restart(self) -> None:
        self.log(f"{self.now_ms} a new process")
        self.faults.update(self._storage.met)
        await self._start()

    async def _decide(self) -> None:
        """What has arrived, with the timers that are due: late ones wait for somebody to arrive, at most for a minute."""
        calls, self._arrived = self._arrived, []
        due = [submission(self._host, timer) for timer in await self.stage.due(100, self._failing)]
        self.requests += len(calls)
        for call, answer in zip(calls, await self._answers([c.submission for c in calls] + due), strict=False):
            self.log(f"{self.now_ms} {call.n} {call.what}: {_said(answer)}")
            if answer is not None:
                for delay in network.delays(self.chance):
                    self.at(self.now_ms + delay, partial(self._hear, call, answer))
        for event in await self.stage.events(self._seen):
            self._seen += 1
            self.record.events.append(event)
            if event.name == "refund.requested":
                self._spawn(0, self.shop.refund(event.order))

    async def _answers(self, submissions: list[Submission]) -> list[Answer | None]:
        """The answers of one process; None where it died before."""
        answers: list[Answer | None] = [None] * len(submissions)
        left, done = len(submissions), asyncio.get_running_loop().create_future()

        def take(n: int, answer: Answer) -> None:
            nonlocal left
            answers[n], left = answer, left - 1
            if not left and not done.done():
                done.set_result(None)

        for n, one in enumerate(submissions):
            try:
                self._host.take(one, partial(take, n))
            except Busy:
                take(n, Answer(refusal=BUSY))
        if submissions:
            await _first(done, self._storage.killed)
        if self._storage.killed.done():
            await self._restart()
        for one, answer in zip(submissions, answers, strict=True):
            if answer is not None and answer.refusal is not None and answer.refusal.code == "failed":
                what = one.order or f"{one.campaign}/{one.play}"
                self.trouble.append(Finding("host", f"{what} {one.action}", "failed", "an answer of the play"))
                self._failing.add(one.timer)
        return answers

    # --- operators ----------------------------------------------------------------------------------------------------
    async def _do(self, deed: Deed) -> None:
        """A deed at a moment of its own, written down for the auditor."""
        await self._time(deed.at_ms + 1)
        stage, campaign = self.stage, deed.campaign
        match deed.what:
            case "open":
                budget = self.world.budgets[campaign]
                refusal = await self._deed(lambda host: stage.open(host, campaign, deed.setups, budget))
            case "pause":
                refusal = await self._deed(lambda host: stage.pause(host, campaign))
            case "resume":
                refusal = await self._deed(lambda host: stage.resume(host, campaign))
            case "stop":
                refusal = await self._deed(lambda host: stage.close(host, campaign, deed.how))
        self.log(f"{self.now_ms} {deed.what} {campaign} {deed.how}: {refusal.code if refusal else 'done'}")
        if refusal is None:
            if deed.what == "open":
                self.record.budgets[campaign] = self.world.budgets[campaign]
            self.record.deeds.append((self.now_ms, deed.what, campaign))
            for setup in deed.setups:
                pools = machine(setup.module).module.pools(setup.rules)
                self.record.versions.append(
                    Version(
                        self.now_ms, campaign, setup.play, setup.module, setup.version, setup.opens_ms, setup.ends_ms,
                        plain(setup.rules), {name: (p.unit, p.amount, p.source) for name, p in pools.items()},
                        {p.account: p.terms for p in proofs(setup)},
                    )
                )  # fmt: skip
        await self._time(self.now_ms + 1)

    async def _deed(self, deed: Callable[[Host], Awaitable[R]]) -> R:
        """Do it, again if the process dies on the way."""
        while True:
            doing: asyncio.Future[R] = asyncio.ensure_future(deed(self._host))
            await _first(doing, self._storage.killed)
            if not self._storage.killed.done():
                return await doing
            doing.cancel()
            await asyncio.wait([doing])
            await self._restart()

    # --- the end ------------------------------------------------------------------------------------------------------
    async def _wind_up(self) -> None:
        """Every timer has its moment, what came back goes home, and old keys get their old answers."""
        while (due_ms := await self.stage.next_due_ms(self._failing)) is not None:
            await self._time(max(self.now_ms, due_ms) + 1)
            await self._decide()
            while self._coming and self._coming[0][0] <= self.now_ms + HOUR:
                await self._time(self._coming[0][0])
                heapq.heappop(self._coming)[2]()
                await self._decide()
        while self._coming:
            await self._time(self._coming[0][0])
            heapq.heappop(self._coming)[2]()
            await self._decide()
        self._storage.calm = True
        for campaign in dict.fromkeys(deed.campaign for deed in self.world.deeds if deed.what == "stop"):
            await self._deed(partial(self.stage.close, campaign=campaign, how="let_run"))
        granted = [call for call in self.shop.calls if call.granted]
        for start in range(0, len(again := self.chance.sample(granted, min(len(granted), AGAIN_MAX))), BATCH_MAX):
            calls = again[start : start + BATCH_MAX]
            for call, answer in zip(calls, await self._answers([c.submission for c in calls]), strict=True):
                assert answer is not None
                _hear(call, answer)
        await self.stage.events(self._seen)
        self.faults.update(self._storage.met)


def _hear(call: Call, answer: Answer) -> None:
    if answer.refusal is None:
        call.granted.add(answer.body)
    else:
        call.refused.append(answer.refusal.code)


def _said(answer: Answer | None) -> str:
    if answer is None:
        return "no answer"
    return answer.body.decode() if answer.refusal is None else answer.refusal.code


async def _first(*futures: "asyncio.Future[Any]") -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


async def _at_once(_: float) -> None:
    """Waiting costs no time here."""
    await asyncio.sleep(0)


async def simulate(
    seed: int, *, hours: float = 24, customers: int = 2000, log: Log | None = None, stage: Stage | None = None
) -> Outcome:
    """Run one seed and audit it."""
    world = World(seed, hours, customers)
    digest = blake2b(digest_size=16)

    def note(line: str) -> None:
        digest.update(line.encode() + b"\n")
        if log is not None:
            log(line)

    simulation = Simulation(world, stage or InMemory(world), note)
    logging.getLogger("miaohui.host.host").setLevel(logging.ERROR)
    await simulation.run()
    shop, record = simulation.shop, simulation.record
    record.asked = [
        Asked(
            c.submission.id,
            c.submission.hash,
            c.what,
            c.submission.order,
            c.submission.action,
            c.body,
            c.granted,
            c.refused,
        )
        for c in shop.calls
    ]
    stored = await simulation.stage.stored()
    for event in record.events:
        note(repr(event))
    findings = (*simulation.trouble, *audit(record, stored))
    by_play = Counter(f"{e.campaign}/{e.play}" for e in record.events if e.play)
    return Outcome(
        seed, hours, customers, simulation.requests,
        sum(bool(c.granted) for c in shop.calls), sum(bool(c.refused) and not c.granted for c in shop.calls),
        sum(not c.granted and not c.refused for c in shop.calls), len(record.events), len(stored.transfers),
        dict(sorted(simulation.faults.items())), dict(sorted(by_play.items())), digest.hexdigest(), findings,
    )  # fmt: skip
