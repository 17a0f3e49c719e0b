"""The ledger's pages: accounts, statements, files, and the search."""

import re
from urllib.parse import quote

from tests.console.conftest import HOUSEHOLD, Console
from tests.ledger_scene import BUDGET, LIN, POOL, TEA


def rows(html: str, table: int = -1) -> list[list[str]]:
    """The cells of a table's body, as text."""
    body = re.findall(r"<tbody>(.*?)</tbody>", html, re.S)[table]
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td.*?>(.*?)</td>", row, re.S)]
        for row in body.split("</tr>")[:-1]
    ]


async def test_accounts_are_listed_with_their_units(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        assert rows((await client.get("/ledger")).text) == [
            [BUDGET, "USD", "$500.00", "$0.00", "$0.00", "—"],
            [POOL, "USD", "$492.50", "$5.00", "$0.00", "—"],
            [TEA, "piece:1078362", "500", "0", "0", "—"],
            [LIN, "USD", "$7.50", "$0.00", "$5.00", "—"],
            ["world/USD", "USD", "−$1,000.00", "$0.00", "$0.00", "—"],
            ["world/piece:1078362", "piece:1078362", "−500", "0", "0", "—"],
        ]
        exact = await client.get("/ledger", params={"prefix": TEA})
        assert (exact.status_code, exact.headers["location"]) == (303, "/ledger/account?key=sku%2F1078362")
        assert "Accounts that begin with nothing/ will stand here" in (await client.get("/ledger?prefix=nothing/")).text


async def test_a_statement_shows_holds_lines_and_balances(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get(f"/ledger/account?key={quote(POOL)}")).text
        assert rows(page, 0) == [["today 12:08", LIN, "−$5.00"]]
        assert rows(page) == [
            ["today 12:09:00", "moved", "tea/coupon/close", BUDGET, "−$100.00", "$492.50"],
            ["today 12:08:00", "held", "tea/coupon/place", LIN, "−$5.00", "$592.50"],
            ["today 12:07:00", "hold released", "tea/coupon/release", LIN, "−$20.00", "$592.50"],
            ["today 12:06:00", "held", "tea/coupon/place", LIN, "−$20.00", "$592.50"],
            ["today 12:05:00", "taken from hold", "tea/coupon/pay", LIN, "−$7.50", "$592.50"],
            ["today 12:04:00", "held", "tea/coupon/place", LIN, "−$10.00", "$600.00"],
            ["today 12:03:00", "moved", "tea/coupon/open", BUDGET, "+$600.00", "$600.00"],
        ]
        client.headers["Accept-Language"] = "zh"
        zh = (await client.get(f"/ledger/account?key={quote(POOL)}")).text
        assert rows(zh)[0] == ["今天 12:09:00", "转账", "tea/coupon/close", BUDGET, "−US$100.00", "US$492.50"]
        answer = await client.get("/ledger/account?key=sku/none")
        assert (answer.status_code, "账本里没有账户 sku/none" in answer.text) == (404, True)


async def test_the_file_holds_the_statement(console_app: Console) -> None:
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        file = await client.get(f"/ledger/account.csv?key={quote(POOL)}")
        lines = file.text.lstrip("\ufeff").split("\r\n")
        assert lines[0] == "seq,at,kind,amount,balance,unit,other_account,action,transfer"
        assert lines[1].split(",", 1)[1] == (
            f"2026-11-20T12:09:00.000-05:00,posted,-100.00,492.50,USD,{BUDGET},tea/coupon/close,{9:032x}"
        )
        assert len(lines) == 1 + 7 + 1
        assert (await client.get("/ledger/account.csv?key=none")).status_code == 404


async def test_the_search_finds_what_the_role_may_see(console_app: Console) -> None:
    async def found(role: str, q: str) -> list[tuple[str, str]]:
        async with console_app.client() as client:
            await console_app.log_in(client, role)
            page = (await client.get("/search", params={"q": q})).text
        return re.findall(r'<a class="t key-or-name" href="([^"]+)">([^<]+)</a>', page)

    async with console_app.db.acquire() as db:
        await db.execute(
            """insert into campaign (id, state, version, name_zh, name_en, zone, opens_ms, live_ms, wrap_up_ms)
               values ('mid-autumn', 'live', 1, '中秋茶礼', 'Mid-autumn 100% tea', 'UTC', 1, 2, 3)"""
        )
    for words in ("mid-autumn", "茶礼", "100% TEA", "autumn"):
        assert await found("viewer", words) == [("/campaigns/mid-autumn", "Mid-autumn 100% tea")], words
    assert await found("viewer", "10_% tea") == []
    household = (f"/ledger?prefix=wallet/{HOUSEHOLD}/", "Household 1228")
    assert await found("operator", "1228") == [household]
    assert await found("operator", " household 1228 ") == [household]
    assert await found("operator", HOUSEHOLD) == [household]
    assert await found("viewer", "1228") == []
    assert await found("viewer", "play/") == [("/ledger/account?key=play%2Ftea%2Fcoupon%2Fmoney", POOL)]
    assert await found("operator", "zzz") == []
    assert await found("operator", "") == []
