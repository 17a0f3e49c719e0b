"""A storage that fails as storages do. Which batch meets what is drawn from the seed.

raced       somebody else was faster: the batch is rolled back and decided again
broken      the connection broke before the commit: nothing was stored, and the host does not know it
lost        the connection broke after the commit: everything was stored, and the host does not know it
killed      the process dies between decide and store
unanswered  the process dies between store and answer
"""

import asyncio
from random import Random
from typing import Any

from miaohui.host.setup import Register
from miaohui.host.storage import Acquaintance, Broken, Changes, Loaded, Raced, Storage
from miaohui.host.submission import Customer

FATES = {"raced": 0.02, "broken": 0.01, "lost": 0.01, "killed": 0.008, "unanswered": 0.008}


class Faulty:
    """`storage` as one process uses it. When the process dies, `killed` is set and its task is cancelled."""

    def __init__(self, storage: Storage, chance: Random, *, calm: bool = False) -> None:
        self.storage, self.chance, self.calm = storage, chance, calm
        self.killed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.met: list[str] = []

    async def moved(self, epoch: int) -> bool:
        """See `Storage`."""
        return await self.storage.moved(epoch)

    async def register(self) -> Register:
        """See `Storage`."""
        return await self.storage.register()

    async def acquaint(self, customers: list[Customer], orders: list[str]) -> Acquaintance:
        """See `Storage`."""
        return await self.storage.acquaint(customers, orders)

    async def lock(self, states: list[str], accounts: list[str]) -> None:
        """See `Storage`."""
        await self.storage.lock(states, accounts)

    async def peek(
        self,
        states: list[str],
        accounts: list[str],
        replies: list[bytes],
        customers: list[str],
        *,
        locked: bool = False,
    ) -> Loaded:
        """See `Storage`."""
        return await self.storage.peek(states, accounts, replies, customers, locked=locked)

    def prepare(self, changes: Changes) -> Any:
        """See `Storage`."""
        return self.storage.prepare(changes)

    async def write(self, prepared: Any) -> None:
        """See `Storage`; here the fate of the batch is drawn."""
        fate = "" if self.calm else self.chance.choices((*FATES, ""), (*FATES.values(), 1 - sum(FATES.values())))[0]
        if fate:
            self.met.append(fate)
        match fate:
            case "raced":
                raise Raced("simulated")
            case "broken":
                raise Broken("simulated, before the commit")
            case "killed":
                self._die()
        await self.storage.write(prepared)
        match fate:
            case "lost":
                raise Broken("simulated, after the commit")
            case "unanswered":
                self._die()

    def _die(self) -> None:
        self.killed.set_result("killed")
        raise asyncio.CancelledError

    async def rollback(self) -> None:
        """See `Storage`. The dead do nothing: their connection is closed."""
        if not self.killed.done():
            await self.storage.rollback()

    async def close(self) -> None:
        """See `Storage`."""
        await self.storage.close()
