"""Ledger health: what was audited, who may audit, what stands on the page while it runs and when something is wrong."""

import asyncio

import pytest
from playwright.async_api import Browser, expect

from miaohui.console import ledger_health
from miaohui.host import audit_runs, retention
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, sign_in
from tests.console.test_ledger_pages import rows
from tests.ledger_scene import POOL


async def settled() -> None:
    """The audit that the page began has ended."""
    await asyncio.gather(*ledger_health._running)


async def test_an_audit_is_begun_once_by_whom_may_and_kept(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/ledger/health")).text
        assert ("There was none yet" in page, "Audit now</button>" in page) == (True, False)
        refused = await console_app.send(client, "/ledger/health/audit", {})
        assert (refused.status_code, "ledger.audit" in refused.text) == (403, True)
    assert await audit_runs.latest(console_app.db, 10) == []
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        begun = await console_app.send(client, "/ledger/health/audit", {})
        assert (begun.status_code, begun.headers["location"]) == (303, "/ledger/health")
        await settled()
        (run,) = await audit_runs.latest(console_app.db, 10)
        assert (run.by, run.failure, [check.name for check in run.checks]) == (
            "operator",
            None,
            list(ledger_health.CHECKS),
        )
        page = (await client.get("/ledger/health")).text
    assert [row[0] for row in rows(page, 0) if len(row) == 4] == [
        "Units", "Balances", "Limits", "Holds", "Events", "Orders", "Answers", "Customers",
    ]  # fmt: skip
    assert rows(page, -2) == [
        ["USD", "$1,000.00", "$0.00", "$1,000.00"],
        ["piece:1078362", "500", "0", "500"],
    ]
    begin = f"{(await retention.months(console_app.db))[0].first:%Y-%m}"
    assert [row[:3] + row[4:] for row in rows(page)] == [
        ["Outbox", begin, "2", "0"],
        ["Answers", begin, "2", "0"],
    ]
    logged = await console_app.db.fetch("select operator, action from audit where action like 'ledger.%'")
    assert [tuple(row) for row in logged] == [("operator", "ledger.audited")]


async def test_a_postgres_that_may_lose_answers_is_named(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/ledger/health")).text
    assert (
        "PostgreSQL has fsync, synchronous_commit off: what was answered can be lost" in page
    )  # these tests are in haste


async def test_a_finding_is_shown_with_what_should_be(console_app: Console) -> None:
    await console_app.db.execute("update account set credits = credits + 1 where key = $1", POOL)
    async with console_app.db.acquire() as db, db.transaction():
        id = await audit_runs.begin(db, audit_runs.COMMAND_LINE)
    await audit_runs.run(console_app.db, id)
    async with console_app.client("zh") as client:
        await console_app.log_in(client, "viewer")
        page = " ".join((await client.get("/ledger/health/now")).text.split())
    assert "单位 USD".replace("单位", "unit") in page
    assert "0 over all accounts" in page
    assert f"account {POOL}" in page
    assert "处不符" in page
    assert "命令行" in page


async def test_one_runs_at_a_time_and_a_dead_one_is_given_up(console_app: Console) -> None:
    async with console_app.db.acquire() as db, db.transaction():
        first = await audit_runs.begin(db, "operator")
        assert first is not None
        assert await audit_runs.begin(db, "admin") is None
    async with console_app.client() as client:
        await console_app.log_in(client, "admin")
        await console_app.send(client, "/ledger/health/audit", {})
        page = (await client.get("/ledger/health")).text
        assert "An audit is running already." in page
        assert "an audit is running …" in page
    assert await console_app.db.fetchval("select count(*) from audit where action like 'ledger.%'") == 0
    await console_app.db.execute("update ledger_audit set started_at = started_at - interval '31 minutes'")
    async with console_app.db.acquire() as db, db.transaction():
        assert await audit_runs.begin(db, "admin") is not None


@pytest.mark.parametrize(("width", "language"), [(WIDE, "zh"), (NARROW, "en")])
async def test_the_page_is_sound_and_shows_the_end_by_itself(
    console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "operator")
    await visitor.page.goto("/ledger/health")
    await sound(visitor)
    await visitor.page.locator("form[action$='/audit'] button").click()
    last = visitor.page.locator("section[aria-labelledby=h-last]")
    await expect(last).to_contain_text("用时" if language == "zh" else "took")
    await sound(visitor)
    await visitor.page.context.close()
