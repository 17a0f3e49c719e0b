"""The fair, and a browser. `standing` is one fair for all tests that leave it as it is."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from miaohui.vault import Vault
from tests.browser import chromium
from tests.conftest import FreshDatabase
from tests.fair_scene import Scene, fair

__all__ = ["chromium"]


@pytest.fixture
async def scene(database: asyncpg.Pool, vault: Vault) -> AsyncIterator[Scene]:
    async with fair(database, vault) as opened:
        yield opened


@pytest.fixture(scope="module")
async def standing(fresh_database: FreshDatabase) -> AsyncIterator[Scene]:
    async with fresh_database() as database, fair(database, Vault(bytes(range(32)), "test")) as opened:
        yield opened
