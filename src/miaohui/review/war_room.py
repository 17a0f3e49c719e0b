"""One answer for everybody who watches a campaign: computed every 500 ms while somebody does, and not at all otherwise.

A hundred open war rooms cost what one costs. When a computation fails, the loop logs it and tries again; watchers keep the last
answer, whose time says how old it is.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from miaohui.review.moment import Moment

TICK_S = 0.5

Compute = Callable[[str], Awaitable[Moment]]
"""campaign -> its figures now."""

log = logging.getLogger(__name__)


class WarRoom:
    """The war rooms of a workspace, one for each campaign that is watched."""

    def __init__(self, compute: Compute, *, tick_s: float = TICK_S) -> None:
        self._compute, self._tick_s = compute, tick_s
        self._rooms: dict[str, _Room] = {}
        self.failures = 0

    @property
    def watched(self) -> list[str]:
        """The campaigns that somebody watches."""
        return sorted(self._rooms)

    async def watch(self, campaign: str) -> AsyncIterator[Moment]:
        """Each new answer from now on; close the iterator to leave."""
        room = self._rooms.get(campaign)
        if room is None:
            room = self._rooms[campaign] = _Room()
            room.task = asyncio.create_task(self._keep(campaign, room))
        room.watchers += 1
        try:
            seen = 0
            while True:
                async with room.news:
                    while room.number == seen:
                        await room.news.wait()
                    seen, latest = room.number, room.latest
                assert latest is not None
                yield latest
        finally:
            room.watchers -= 1
            if not room.watchers:
                assert room.task is not None
                room.task.cancel()
                del self._rooms[campaign]

    async def _keep(self, campaign: str, room: "_Room") -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                latest = await self._compute(campaign)
            except Exception:
                self.failures += 1
                log.exception("the war room of %s cannot be computed", campaign)
            else:
                async with room.news:
                    room.latest, room.number = latest, room.number + 1
                    room.news.notify_all()
            await asyncio.sleep(max(0.0, begun + self._tick_s - loop.time()))


class _Room:
    """One campaign's latest answer, its number, and who waits for the next."""

    def __init__(self) -> None:
        self.watchers, self.number = 0, 0
        self.latest: Moment | None = None
        self.news = asyncio.Condition()
        self.task: asyncio.Task[None] | None = None
