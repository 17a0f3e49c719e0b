"""`miaohui forget`: found by either id, written into the audit log, said in one line."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from miaohui.customers import identities
from miaohui.server import command
from miaohui.vault import Vault


async def test_forget_by_the_shops_id_or_the_internal_one(
    database: asyncpg.Pool,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    workspace = await database.fetchval("select current_schema()")
    for key, value in {
        "DATABASE_URL": postgres_url,
        "WORKSPACE": workspace,
        "DATA": str(tmp_path),
        "SECRET_FILE": str(tmp_path / "secret"),
    }.items():
        monkeypatch.setenv(f"MIAOHUI_{key}", value)
    vault = Vault.open(tmp_path / "secret", workspace)
    async with database.acquire() as connection:
        met = await identities.acquaint(connection, vault, ["1228", "7"])
        await identities.bind(connection, vault, met["1228"], "phone", "1380")

    await asyncio.to_thread(command.forget, "shop:1228")
    assert capsys.readouterr().out == f"{met['1228']}: 2 identities erased\n"
    await asyncio.to_thread(command.forget, met["1228"])
    assert capsys.readouterr().out == f"{met['1228']}: was forgotten before\n"
    for stranger in ("shop:1228", "1228"):
        with pytest.raises(SystemExit, match=f"miaohui: there is no customer {stranger}: give his internal id"):
            await asyncio.to_thread(command.forget, stranger)

    log = await database.fetch("select operator, action, subject, detail::text from audit")
    assert [tuple(row) for row in log] == [("command", "customer.forgotten", met["1228"], '{"identities": 2}')]
    forgotten = await database.fetch("select id from customer where forgotten_at is not null")
    assert [row["id"] for row in forgotten] == [met["1228"]]
