"""A console of this test's own: a workspace with three operators and a ledger in which something happened."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import asyncpg
import httpx
import pytest
from litestar import Litestar, Response, get
from litestar.datastructures import State
from litestar.di import Provide

from miaohui.clock import ms_of
from miaohui.console import site as console
from miaohui.console.frame import show
from miaohui.console.guard import operator_of, signed_in
from miaohui.pages import site
from miaohui.pages.language import AnyRequest
from miaohui.team import operators
from miaohui.team.roles import ROLES
from miaohui.vault import Vault
from miaohui.workspace import Workspace
from tests.browser import Visitor, chromium, serve
from tests.ledger_scene import NOON, book, tea

__all__ = ["chromium"]

PASSWORD = "ten letters"
HOUSEHOLD = "0190a000-0000-7000-8000-000000000001"


@dataclass
class Console:
    """The served pages; operators are called as their roles are."""

    url: str
    workspace: Workspace
    now_ms: int

    @property
    def db(self) -> "asyncpg.Pool[Any]":
        return self.workspace.db

    def client(self, language: str = "en") -> httpx.AsyncClient:
        """A browser without a screen: keeps cookies, follows no redirect."""
        headers = {"Accept": "text/html", "Accept-Language": language, "Origin": self.url}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=None)

    async def log_in(self, client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
        """Send the log-in form as the page has it."""
        return await self.send(client, "/login", {"name": name, "password": password}, page="/login")

    async def send(
        self, client: httpx.AsyncClient, path: str, fields: dict[str, str], *, page: str = "/me"
    ) -> httpx.Response:
        """Post a form with the token of `page`."""
        return await client.post(path, data=fields | {"_csrf": token_of((await client.get(page)).text)})


def token_of(html: str) -> str:
    """The CSRF token of a page."""
    return html.split('<meta name="csrf-token" content="')[1].split('"')[0]


async def sign_in(console: Console, visitor: Visitor, name: str) -> None:
    """Log the visitor in as a person would."""
    await visitor.page.goto("/login")
    await visitor.page.locator("#f-name").fill(name)
    await visitor.page.locator("#f-password").fill(PASSWORD)
    await visitor.page.locator("form[action='/login'] button").click()
    await visitor.page.wait_for_url("**/")


@get("/", guards=[signed_in], dependencies={"operator": Provide(operator_of, sync_to_thread=False)})
async def first_page(request: AnyRequest) -> Response[str]:
    return show(request, "console/search.html", q="", hits=[])


@pytest.fixture
async def workspace(database: "asyncpg.Pool[Any]", vault: Vault) -> Workspace:
    """A shop in New York with a viewer, an operator and an admin; the event store and host are not asked."""
    async with database.acquire() as connection:
        for role in ROLES:
            await operators.add(connection, "setup", role, role, PASSWORD)
        await book(connection, tea(), NOON)
        await connection.execute(
            "insert into customer (id, label) values ($1, $2)", HOUSEHOLD, vault.encrypt("Household 1228")
        )
        await connection.execute(
            "insert into identity (kind, hash, customer) values ('shop', $1, $2)",
            vault.hash("identity/shop", "1228"), HOUSEHOLD,
        )  # fmt: skip
    return Workspace(
        name="tea",
        title="Harbour Grocer",
        zone="America/New_York",
        currency="USD",
        language="en",
        url="http://127.0.0.1",
        demo=False,
        db=database,
        events=cast(Any, None),
        host=cast(Any, None),
        vault=vault,
    )


@pytest.fixture
async def console_app(workspace: Workspace) -> AsyncIterator[Console]:
    """The console on a port, at half past twelve of the story's day."""
    now_ms = ms_of(NOON) + 30 * 60_000
    workspace.clock = lambda: now_ms
    handlers = [*site.HANDLERS, *console.HANDLERS]
    if not any(getattr(page, "__name__", "") == "miaohui.console.home" for page in console.PAGES):
        handlers.append(first_page)
    app = Litestar(
        handlers,
        dependencies={"workspace": Provide(lambda: workspace, sync_to_thread=False)},
        state=State({"workspace": workspace}),
        before_send=[site.secure],
        exception_handlers=site.EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
    )
    async with serve(app) as url:
        yield Console(url, workspace, now_ms)
