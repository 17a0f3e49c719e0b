"""Due timers are fired as ordinary actions: the end of a party, the expiry of an order or a coupon. Late, never lost: a timer is
part of a state's row, and goes with the batch that decides it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from miaohui.host.host import Busy, Host
from miaohui.host.storage import Due
from miaohui.host.submission import Caller, Submission, body_hash

_US = Caller("us")
log = logging.getLogger(__name__)
_DUE = """select key, due_ms, campaign, play, timer, source from state
          where due_ms <= (select now_ms()) order by due_ms, key limit $1"""


async def due_in(db: Any, limit: int) -> list[Due]:
    """Timers of the database whose time has come, the earliest first."""
    return [Due(*row) for row in await db.fetch(_DUE, limit)]


def submission(host: Host, timer: Due) -> Submission:
    """A due timer as something to decide. The same timer with the same time is decided once."""
    return Submission(
        id=host.id(_US, timer.key, timer.campaign, timer.play, f"timer/{timer.due_ms}"),
        hash=body_hash(timer.action),
        what="timer",
        action="expire",
        fields=timer.action,
        campaign=timer.campaign,
        play=timer.play,
        order="" if timer.play else timer.key.removeprefix("order/"),
        timer=timer.key,
        due_ms=timer.due_ms,
        caller=Caller(_US.scope, timer.source),
    )


class Timers:
    """Fires what is due every `tick_s`. A timer whose action fails is tried again after a minute."""

    def __init__(self, host: Host, due: Callable[[int], Awaitable[list[Due]]], *, tick_s: float = 0.2) -> None:
        self.host, self.due, self.tick_s = host, due, tick_s
        self._resting: dict[str, int] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if not await self.fire():
                await asyncio.sleep(self.tick_s)

    async def fire(self, limit: int = 500) -> int:
        """Fire what is due now; how many were decided."""
        due = await self.due(limit + len(self._resting))
        self._resting = {key: left - 1 for key, left in self._resting.items() if left > 1}
        ready = [timer for timer in due if timer.key not in self._resting]
        try:
            answers = await asyncio.gather(*(self.host.submit(submission(self.host, timer)) for timer in ready))
        except Busy:
            return 0
        for timer, answer in zip(ready, answers, strict=True):
            if answer.refusal is not None and answer.refusal.code == "failed":
                log.error("the timer of %s fails", timer.key)
                self._resting[timer.key] = int(60 / self.tick_s)
        return len(ready)
