"""The host: a bounded queue, batches decided ahead, answers that are true.

Natural batching: whatever has come in is the next batch; there is no timer. While one batch is written by the database, the next
one is decided on what was read and, laid over it, the outcome of the batches before it (`overlay`); the database reads for a third
one meanwhile. A batch is written when the one before is durable, and the answers of that one leave: sockets, plays and database
work at the same time. A batch that is not written because somebody else was faster, or whose outcome is unknown because the
connection broke, is decided again under locks, and so are those that were decided on it; stored replies make that safe. While
others change the same rows, batches are decided under locks from the start.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from miaohui.host.acquaintances import Acquaintances
from miaohui.host.batch import FAILED, Batch
from miaohui.host.draft import Stale
from miaohui.host.orders import order_key
from miaohui.host.overlay import Overlay, unseen
from miaohui.host.plan import Plan, plan
from miaohui.host.rate import Rate
from miaohui.host.setup import Register
from miaohui.host.stages import Ahead, Decided, Figures, Flight, Planned, Sink, Taken
from miaohui.host.storage import Broken, Full, Loaded, Raced, Storage
from miaohui.host.submission import Answer, Caller, Customer, Submission, action_id
from miaohui.plays._contract import Refusal

log = logging.getLogger(__name__)
BUSY = Refusal("busy")


class Busy(Exception):
    """The queue is full: nothing was taken in; try again in a second."""


LEAST = 64
"""A batch takes half of all that is under way, and at least so many if they are there: when one batch took all of them, the
plays would wait for the database, and the database for the plays."""
RIVALS = 64
"""So many batches are decided under locks after somebody else was faster."""


_PASSING = (Raced, Stale, Broken, Full)
"""Troubles that pass: the batch is decided again as a whole."""
_DECIDED_AGAIN = "the batch before was decided again"


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
        self._task: asyncio.Task[None] | None = None
        self._asking: list[asyncio.Future[bool]] = []
        self._ahead: Ahead | None = None
        self._flight: Flight | None = None
        self._departing: deque[Flight] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._more: tuple[int, asyncio.Future[None]] | None = None
        self._unmet: list[Submission] = []
        self._met: dict[int, Submission] = {}
        self._meeting: asyncio.Task[None] | None = None
        self._asking_lock = asyncio.Lock()
        self._rivals = 0
        self._mark = int.from_bytes(os.urandom(7), "big")
        self._paced: dict[bytes, bool] = {}
        self._stopping = False

    @property
    def waiting(self) -> int:
        """How many submissions are queued."""
        return len(self._queue)

    @property
    def is_full(self) -> bool:
        """Whether nothing is taken in."""
        return len(self._queue) >= self.queue_max or self._stopping

    async def start(self) -> None:
        """Read the plays."""
        self.register = await self.storage.register()

    async def stop(self) -> None:
        """Decide what was taken in, then close the storage."""
        self._stopping = True
        for task in (self._task, self._meeting):
            if task is not None:
                await task
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
        if self.is_full:
            raise Busy
        self._queue.append((submission, sink))
        if not self.known.know(submission):
            self._unmet.append(submission)
            if self._meeting is None:
                self._meeting = asyncio.get_running_loop().create_task(self._meet())
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
        elif self._more is not None:
            enough, more = self._more
            if (len(self._queue) >= enough or self._asking) and not more.done():
                more.set_result(None)

    def id(self, caller: Caller, customer: str, campaign: str, play: str, key: str) -> bytes:
        """The id of an action, from the scope of its idempotency key."""
        return action_id(self.secret, caller.scope, customer, campaign, play, key)

    # --- the loop that owns the storage -------------------------------------------------------------------------------
    async def _work(self) -> None:
        try:
            while self._queue or self._asking or self._flight or self._ahead:
                if self._ahead is None:
                    await self._begin()
                ahead, self._ahead = self._ahead, None
                if ahead is not None:
                    await self._fly(ahead)
        finally:
            self.known.orders.clear()
            self._met.clear()

    async def _begin(self) -> None:
        """Take a batch and begin to read for it; if it cannot be decided ahead, settle it."""
        if self._flight is not None:
            await self._gather(self._flight)
        if self._asking:
            await self._land()
            await self._reread()
        taken = self._next()
        if taken and not self._rivals:
            self._ahead = self._look(taken)
            return
        await self._land()
        if taken:
            self._rivals -= 1
            await self._settle(taken)

    async def _meet(self) -> None:
        """Ask about the customers and orders of those who wait in the queue, so that their batch need not wait for it. What is not
        known when it is planned is asked again then; whose customer was asked about here, after he came, need not be proved."""
        try:
            while self._unmet:
                unmet, self._unmet = self._unmet, []
                asked = await self._ask([s.customer for s in unmet], [order_key(s.order) for s in unmet if s.is_verb])
                names = {c.id or c.shop_hash for c in asked}
                self._met |= {id(s): s for s in unmet if (s.customer.id or s.customer.shop_hash) in names}
        except Exception as e:
            log.debug("those who wait could not be asked about: %s", e)
        finally:
            self._meeting = None

    async def _ask(self, customers: list[Customer], orders: list[str]) -> list[Customer]:
        """Learn what is not known yet of these customers and orders; which customers were asked about."""
        known, strangers = self.known, list[Customer]()
        if known.strangers(customers) or not known.orders.keys() >= set(orders):
            async with self._asking_lock:  # whoever was here before may have asked
                strangers, unread = known.strangers(customers), [key for key in orders if key not in known.orders]
                if strangers or unread:
                    known.learn(await self.storage.acquaint(strangers, unread), strangers)
        return strangers

    async def _gather(self, flight: Flight) -> None:
        """Wait until the batch in flight is written, or half as many as are in it have come in meanwhile."""
        enough = (len(flight.taken) + 1) // 2
        if len(self._queue) < enough and not self._asking and not flight.written.done():
            more = asyncio.get_running_loop().create_future()
            self._more = enough, more
            await asyncio.wait((more, flight.written), return_when=asyncio.FIRST_COMPLETED)
            self._more = None

    def _look(self, taken: Taken) -> Ahead:
        """Begin to plan and read a batch."""
        overlays = [self._flight.overlay] if self._flight is not None and self._flight.overlay is not None else []
        batch = [submission for submission, _ in taken]
        return Ahead(taken, overlays, asyncio.get_running_loop().create_task(self._read(batch, overlays)))

    async def _read(self, batch: list[Submission], overlays: list[Overlay]) -> tuple[Planned, Loaded]:
        begin_s = time.perf_counter()
        planned = await self._plan(batch, overlays)
        planned_s = time.perf_counter()
        loaded = await self._peek(planned)
        self.figures.planned_s += planned_s - begin_s
        self.figures.read_s += time.perf_counter() - planned_s
        return planned, loaded

    async def _follow(self, undecided: Taken) -> None:
        """Begin to read the next batch before this one is decided, if enough have come in that are known. A few would go to the
        disk alone, and all others wait for that."""
        enough = (len(undecided) + 1) // 2
        if self._asking or len(self._queue) < enough:
            return
        taken = self._next(undecided)
        if len(taken) < enough:
            self._queue.extendleft(reversed(taken))
            return
        self._ahead = self._look(taken)
        for _ in range(3):  # then the question is on its way to the database
            await asyncio.sleep(0)

    async def _fly(self, ahead: Ahead) -> None:
        """Decide a batch while the one before is being written; it departs when that one has landed."""
        planned = flight = why = None
        try:
            planned, loaded = await ahead.read
            if ahead.stale:
                raise Stale(_DECIDED_AGAIN)
            await self._follow(ahead.taken)
            flight = self._depart(ahead.taken, self._decide(planned, loaded, ahead.overlays))
        except Exception as e:
            why = e
        begin_s = time.perf_counter()
        landed = await self._land()
        self.figures.waited_s += time.perf_counter() - begin_s
        if flight is None or not landed:
            if self._ahead is not None:
                self._ahead.stale = True
            if planned is not None:
                self._keep_pace(planned.plans)
            await self._settle(ahead.taken, why or Stale(_DECIDED_AGAIN))
            return
        self.figures.ahead += 1
        if flight.overlay is not None and self._ahead is not None:
            self._ahead.overlays.append(flight.overlay)
        self._flight = flight

    def _depart(self, taken: Taken, decided: Decided) -> Flight:
        """Make a batch ready, and have it written as soon as the one before is durable."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        written.add_done_callback(partial(self._written, taken, decided.answers))
        changes, prepared, overlay = decided.changes, None, None
        if changes is not None:
            prepared, overlay = self.storage.prepare(changes), Overlay(changes)
        flight = Flight(taken, decided, prepared, overlay, written)
        if self._flight is not None and self._flight.failed():
            raise Stale(_DECIDED_AGAIN)
        self._departing.append(flight)
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())
        return flight

    async def _write(self) -> None:
        """Write one batch after another, while one is ready: it is on its way before the answers of the one before leave. Where one
        fails, the next stays."""
        while self._departing:
            flight = self._departing.popleft()
            try:
                if flight.prepared is not None:
                    await self.storage.write(flight.prepared)
            except Exception as e:
                flight.written.set_exception(e)
                self._departing.clear()
                break
            except BaseException:
                flight.written.cancel()
                raise
            flight.written.set_result(None)
        self._writing = None

    def _written(self, taken: Taken, answers: list[Answer], written: "asyncio.Future[None]") -> None:
        """A batch is durable: its answers leave, whatever the host is doing. If it is not, `_land` sees to it."""
        if not written.cancelled() and written.exception() is None:
            self._answer(taken, answers)

    async def _land(self) -> bool:
        """Wait until the batch in flight is written; False if it had to be settled in another way."""
        flight, self._flight = self._flight, None
        if flight is None:
            return True
        try:
            await flight.written
        except Exception as e:
            if isinstance(e, Raced):
                self._rivals = RIVALS
            self._keep_pace(flight.decided.plans)
            await self._settle(flight.taken, e)
            return False
        return True

    async def _settle(self, taken: Taken, why: Exception | None = None) -> None:
        """Decide and write a batch under locks; `why` it could not be done ahead."""
        batch = [submission for submission, _ in taken]
        try:
            if why is not None and not isinstance(why, _PASSING):
                raise why
            if why is not None:
                log.debug("a batch of %d is decided again, under locks: %s", len(batch), why)
                await self._again(batch, 0)
            answers = await self._run(batch)
        except Exception:
            log.exception("a batch of %d failed", len(batch))
            await self._forget(batch)
            answers = await self._halves(batch)
        self._paced.clear()
        self._answer(taken, answers)

    def _answer(self, taken: Taken, answers: list[Answer]) -> None:
        self.figures.submissions += len(taken)
        self.figures.batches += 1
        for (_, sink), answer in zip(taken, answers, strict=True):
            try:
                sink(answer)
            except Exception:  # nobody else's answer is lost for it
                log.exception("an answer could not be given")

    def _keep_pace(self, plans: list[Plan]) -> None:
        """What was counted against a rate is not counted again when the batch is."""
        self._paced |= {p.submission.id: p.fast_enough for p in plans if p.fast_enough is not None}

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

    def _next(self, undecided: Taken = ()) -> Taken:
        """The next batch: what waits, cut before a second verb of the same order (its keys depend on what the first one leaves);
        while a batch is `undecided`, also before whoever is not known yet."""
        batch: list[tuple[Submission, Sink]] = []
        orders: set[str] = set()
        flight = self._flight
        under_way = len(self._queue) + len(undecided) + (len(flight.taken) if flight is not None else 0)
        most = min(self.batch_max, max(LEAST, under_way // 2))
        while self._queue and len(batch) < most:
            submission = self._queue[0][0]
            if submission.order and submission.order in orders:
                break
            if undecided and not self.known.know(submission):
                break
            orders.add(submission.order)
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

    async def _run(self, batch: list[Submission]) -> list[Answer]:
        """Decide and write one batch under locks; again if somebody else was faster."""
        for attempt in range(20):
            try:
                return await self._attempt(batch)
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

    async def _attempt(self, batch: list[Submission]) -> list[Answer]:
        planned = await self._plan(batch, [])
        await self.storage.lock(planned.states, planned.accounts)
        decided = self._decide(planned, await self._peek(planned, locked=True), [])
        self._keep_pace(decided.plans)
        if decided.changes is not None:
            await self.storage.write(self.storage.prepare(decided.changes))
        else:
            await self.storage.rollback()
        return decided.answers

    async def _forget(self, batch: list[Submission]) -> None:
        """Nothing of the batch has happened: neither its customers nor what they did."""
        self.known.forget(s.customer for s in batch)
        await self.storage.rollback()

    async def _again(self, batch: list[Submission], wait_s: float) -> None:
        self.figures.retries += 1
        await self._forget(batch)
        await self._sleep(wait_s)
        with contextlib.suppress(Broken):
            self.register = await self.storage.register()

    # --- one batch ----------------------------------------------------------------------------------------------------
    async def _plan(self, batch: list[Submission], overlays: list[Overlay]) -> Planned:
        """What the batch will touch, as far as is known before it is read."""
        register, known = self.register, self.known
        customers = [s.customer for s in batch if s.customer.id or s.customer.shop_hash]
        verbs = [order_key(s.order) for s in batch if s.is_verb]
        for overlay in overlays:
            known.orders |= overlay.orders(verbs)
        await self._ask(customers, verbs)
        remembered = [s.customer for s in batch if self._met.pop(id(s), None) is None]
        plans = [plan(s, register, known) for s in batch]
        for key in verbs:
            known.orders.pop(key, None)  # the next verb asks anew
        for p in plans if self._paced else ():
            p.fast_enough = self._paced.get(p.submission.id)
        states = list(dict.fromkeys(key for p in plans for key in p.states))
        accounts = list(dict.fromkeys(key for p in plans for key in p.accounts))
        return Planned(
            register, [c for c in remembered if c.id or c.shop_hash], plans, states, accounts, [s.id for s in batch]
        )

    async def _peek(self, planned: Planned, *, locked: bool = False) -> Loaded:
        """What is stored of all that it touches."""
        customers = list(dict.fromkeys(self.known.id(customer) for customer in planned.customers))
        return await self.storage.peek(planned.states, planned.accounts, planned.replies, customers, locked=locked)

    def _decide(self, planned: Planned, loaded: Loaded, overlays: list[Overlay]) -> Decided:
        """The answers of a batch and what it changes, from what was read and the outcome of the batches before."""
        begin_s = time.perf_counter()
        plans = planned.plans
        if loaded.epoch != planned.register.epoch or not self.known.hold(loaded.known, planned.customers):
            raise Stale
        for overlay in unseen(overlays, loaded):
            overlay.cover(loaded, planned.states, planned.accounts, planned.replies)
        batch = Batch(loaded, planned.register, self.rate, self.secret)
        answers = [batch.decide(p) for p in plans]
        self._mark += 1
        changes = batch.changes(self._mark)
        self.figures.decided_s += time.perf_counter() - begin_s
        return Decided(plans, answers, changes)
