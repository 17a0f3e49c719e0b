"""A whole server in this process without a socket: the app of a workspace, a shop's key, customers; for tests of the API."""

from contextlib import asynccontextmanager
from functools import partial

import httpx

from miaohui.host.host import Host
from miaohui.host.postgres import Postgres
from miaohui.server.app import build
from miaohui.team import keys
from miaohui.workspace import Workspace
from tests.host.stage import direct


@asynccontextmanager
async def serving(database, store, vault, *, source="live"):
    """(workspace, client with a shop's key)."""
    host = Host(Postgres(partial(direct, database), vault.encrypt), vault.key("host"))
    await host.start()
    workspace = Workspace(
        name="test",
        title="Test",
        zone="America/New_York",
        currency="USD",
        language="en",
        url="http://miaohui.test",
        demo=True,
        db=database,
        events=store,
        host=host,
        vault=vault,
    )
    async with database.acquire() as c:
        _, key = await keys.create(c, "tests", "shop", source)
    app = httpx.ASGITransport(build(workspace))
    headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
    async with httpx.AsyncClient(transport=app, base_url=workspace.url, headers=headers) as client:
        yield workspace, client
    await host.stop()
