"""The fair, and a browser."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from miaohui.vault import Vault
from tests.browser import chromium
from tests.fair_scene import Scene, fair

__all__ = ["chromium"]


@pytest.fixture
async def scene(database: asyncpg.Pool, vault: Vault) -> AsyncIterator[Scene]:
    async with fair(database, vault) as opened:
        yield opened
