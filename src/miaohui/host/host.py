"""The host: a bounded queue, one batch in flight, answers that are true.

Natural batching: whatever has come in while a batch was being stored is the next batch; there is no timer. It is planned while
the one before is committed. The answers of a batch leave while the next one is being stored, so that sockets and database work
at the same time. A batch whose commit has
an unknown outcome (the connection broke) is simply run again: the stored replies make that safe.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from miaohui.host.acquaintances import Acquaintances
from miaohui.host.batch import FAILED, Batch
from miaohui.host.draft import Stale
from miaohui.host.orders import order_key
from miaohui.host.plan import Plan, plan
from miaohui.host.rate import Rate
from miaohui.host.setup import Register
from miaohui.host.storage import Broken, Full, Raced, Storage
from miaohui.host.submission import Answer, Caller, Customer, Submission, action_id
from miaohui.plays._contract import Refusal

log = logging.getLogger(__name__)
Sink = Callable[[Answer], None]
BUSY = Refusal("busy")


class Busy(Exception):
    """The queue is full: nothing was taken in; try again in a second."""


@dataclass
class Figures:
    """What the host has done since it started; the seconds are those of batches that were committed, step by step."""

    submissions: int = 0
    batches: int = 0
    retries: int = 0
    failed: int = 0
    planned_s: float = 0
    loaded_s: float = 0
    decided_s: float = 0
    stored_s: float = 0
    committed_s: float = 0


class Planned(NamedTuple):
    """What a batch will touch: the plays it was planned with, its customers, a plan for each submission."""

    register: Register
    customers: list[Customer]
    plans: list[Plan]


def _seen(task: "asyncio.Task[Any]") -> None:
    """Whoever waits for the task handles its failure; if nobody comes to wait, nothing is to be said."""
    if not task.cancelled():
        task.exception()


class Host:
    """Runs the plays of one workspace. `secret` keys the ids and draws."""

    def __init__(
        self,
        storage: Storage,
        secret: bytes,
        *,
        batch_max: int = 512,
        queue_max: int = 4096,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self.storage, self.secret = storage, secret
        self.batch_max, self.queue_max, self._sleep = batch_max, queue_max, sleep
        self.rate, self.register, self.figures = Rate(), Register(), Figures()
        self.known = Acquaintances()
        self._queue: deque[tuple[Submission, Sink]] = deque()
        self._answers: list[tuple[Sink, Answer]] = []
        self._task: asyncio.Task[None] | None = None
        self._asking: list[asyncio.Future[bool]] = []
        self._ahead: tuple[list[tuple[Submission, Sink]], asyncio.Task[Planned]] | None = None
        self._stopping = False

    @property
    def waiting(self) -> int:
        """How many submissions are queued."""
        return len(self._queue)

    async def start(self) -> None:
        """Read the plays."""
        self.register = await self.storage.register()

    async def stop(self) -> None:
        """Decide what was taken in, then close the storage."""
        self._stopping = True
        if self._task is not None:
            await self._task
        log.info("what the host did: %s", self.figures)
        await self.storage.close()

    async def submit(self, submission: Submission) -> Answer:
        """The answer, after it is durable. Busy if the queue is full."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def answer(a: Answer) -> None:
            if not future.done():
                future.set_result(a)

        self.take(submission, answer)
        return await future

    def take(self, submission: Submission, sink: Sink) -> None:
        """Queue a submission; `sink` gets the answer after it is durable."""
        if len(self._queue) >= self.queue_max or self._stopping:
            raise Busy
        self._queue.append((submission, sink))
        self._wake()

    async def refresh(self) -> bool:
        """Read the plays anew if they have changed, between two batches; False if the storage does not answer."""
        asked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asking.append(asked)
        self._wake()
        return await asked

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    def id(self, caller: Caller, customer: str, campaign: str, play: str, key: str) -> bytes:
        """The id of an action, from the scope of its idempotency key."""
        return action_id(self.secret, caller.scope, customer, campaign, play, key)

    # --- the loop that owns the storage -------------------------------------------------------------------------------
    async def _work(self) -> None:
        try:
            while self._queue or self._asking or self._ahead:
                if self._asking:
                    await self._reread()
                ahead, self._ahead = self._ahead, None
                batch, planning = ahead or (self._next(), None)
                if not batch:
                    continue
                try:
                    answers = await self._run([submission for submission, _ in batch], planning)
                except Exception:
                    log.exception("a batch of %d failed", len(batch))
                    answers = await self._halves([submission for submission, _ in batch])
                self._answers += [(sink, answer) for (_, sink), answer in zip(batch, answers, strict=True)]
                self.figures.submissions += len(batch)
                self.figures.batches += 1
                if not self._queue:
                    self._send()
        finally:
            self._send()

    async def _reread(self) -> None:
        asking, self._asking = self._asking, []
        read = False
        with contextlib.suppress(Broken):
            if await self.storage.moved(self.register.epoch):
                self.register = await self.storage.register()
            read = True
        for asked in asking:
            if not asked.done():
                asked.set_result(read)

    def _next(self) -> list[tuple[Submission, Sink]]:
        """The next batch: what waits, up to `batch_max`, cut before a second verb of the same order (its keys depend on what
        the first one leaves)."""
        batch: list[tuple[Submission, Sink]] = []
        orders: set[str] = set()
        while self._queue and len(batch) < self.batch_max:
            order = self._queue[0][0].order
            if order and order in orders:
                break
            orders.add(order)
            batch.append(self._queue.popleft())
        return batch

    async def _halves(self, batch: list[Submission]) -> list[Answer]:
        """A batch that cannot be stored: each half of it, and so on down to the submission that is to blame, so that all others
        go on, in their order."""
        if len(batch) == 1:
            log.error("%s/%s %s cannot be stored", batch[0].campaign, batch[0].play, batch[0].action)
            self.figures.failed += 1
            return [Answer(refusal=FAILED)]
        answers: list[Answer] = []
        for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
            try:
                answers += await self._run(half)
            except Exception as e:
                log.debug("%d of %d cannot be stored: %s", len(half), len(batch), e)
                answers += await self._halves(half)
        return answers

    def _send(self) -> None:
        answers, self._answers = self._answers, []
        for sink, answer in answers:
            sink(answer)

    async def _run(self, batch: list[Submission], planning: asyncio.Task[Planned] | None = None) -> list[Answer]:
        """Decide and commit one batch; again if somebody else was faster."""
        for attempt in range(20):
            try:
                planning, planned = None, await (planning or self._plan(batch))
                return await self._attempt(batch, planned)
            except (Raced, Stale) as e:
                log.debug("a batch of %d is run again: %s", len(batch), e)
                await self._again(batch, 0.001 * attempt)
            except Broken:
                log.warning("the storage does not answer; attempt %d", attempt + 1)
                await self._again(batch, min(0.1 * (attempt + 1), 2))
            except Full as e:
                log.error("the storage has no room for a batch of %d: %s", len(batch), e)
                await self._forget(batch)
                break
            except BaseException:
                await self._forget(batch)
                raise
        else:
            log.error("a batch of %d was given up", len(batch))
        return [Answer(refusal=BUSY)] * len(batch)

    async def _forget(self, batch: list[Submission]) -> None:
        """Nothing of the batch has happened: neither its customers nor what they did."""
        if self._ahead is not None:
            await asyncio.wait([self._ahead[1]])  # it asks on the connection that is needed now
        self.known.forget(s.customer for s in batch)
        await self.storage.rollback()

    async def _again(self, batch: list[Submission], wait_s: float) -> None:
        self.figures.retries += 1
        await self._forget(batch)
        await self._sleep(wait_s)
        with contextlib.suppress(Broken):
            self.register = await self.storage.register()

    async def _plan(self, batch: list[Submission]) -> Planned:
        """What the batch will touch, as far as is known before anything is locked."""
        register, known, begin_s = self.register, self.known, time.perf_counter()
        customers = [s.customer for s in batch if s.customer.id or s.customer.shop_hash]
        strangers = known.strangers(customers)
        verbs = [order_key(s.order) for s in batch if s.order and s.action != "placed"]
        if strangers or verbs:
            known.learn(await self.storage.acquaint(strangers, verbs), strangers)
        plans = [plan(s, register, known) for s in batch]
        self.figures.planned_s += time.perf_counter() - begin_s
        return Planned(register, customers, plans)

    def _look_ahead(self, batch: list[Submission]) -> None:
        """Plan the next batch while this one is committed, unless it has a verb of an order that this one writes."""
        if self._ahead is None and self._queue:
            orders = {s.order for s in batch if s.order}
            if any(s.order in orders for s, _ in islice(self._queue, self.batch_max)):
                return
            coming = self._next()
            task = asyncio.get_running_loop().create_task(self._plan([submission for submission, _ in coming]))
            task.add_done_callback(_seen)
            self._ahead = coming, task

    async def _attempt(self, batch: list[Submission], planned: Planned) -> list[Answer]:
        storage, register, known, figures = self.storage, planned.register, self.known, self.figures
        plans, customers = planned.plans, planned.customers
        planned_s = time.perf_counter()
        loaded = await storage.load(
            list(dict.fromkeys(key for p in plans for key in p.states)),
            list(dict.fromkeys(key for p in plans for key in p.accounts)),
            [s.id for s in batch],
            list(dict.fromkeys(known.id(customer) for customer in customers)),
        )
        if loaded.epoch != register.epoch or not known.hold(loaded.known, customers):
            raise Stale
        loaded_s = time.perf_counter()
        decided = Batch(loaded, register, self.rate, self.secret)
        answers = [decided.decide(p) for p in plans]
        changes = decided.changes()
        decided_s = time.perf_counter()
        if changes is None:
            self._send()
        else:
            storing = asyncio.ensure_future(storage.store(changes))
            asyncio.get_running_loop().call_soon(self._send)
            await storing
        stored_s = time.perf_counter()
        self._look_ahead(batch)
        await storage.commit()
        figures.loaded_s += loaded_s - planned_s
        figures.decided_s += decided_s - loaded_s
        figures.stored_s += stored_s - decided_s
        figures.committed_s += time.perf_counter() - stored_s
        return answers
