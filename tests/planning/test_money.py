"""The money of a campaign: lines, alarms, prizes, the expected return; the budget's page; the hard stop."""

import pytest
from playwright.async_api import Browser

from miaohui.campaign.facts import Facts, ShopProduct
from miaohui.campaign.reader import read
from miaohui.planning.money import Line, expected, sheet
from miaohui.planning.prizes import costs, prizes
from miaohui.text import Text
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, chromium, console_app, sign_in, workspace
from tests.console.fair import Fair, document, fair

__all__ = ["chromium", "console_app", "fair", "workspace"]

LINES = '\n[[budget.lines]]\nfor = "sms"\nkind = "channel"\namount = 20.00\n'


def test_planned_promised_spent_and_free() -> None:
    lines = [
        Line(name="coupon", kind="play", planned_minor=4_000_000, promised_minor=1_200_000, spent_minor=800_000),
        Line(name="sms", kind="channel", planned_minor=600_000, spent_minor=250_000),
    ]
    found = sheet(9_600_000, lines, (20, 50, 80, 100))
    assert (found.promised_minor + found.spent_minor, found.free_minor) == (2_250_000, 7_350_000)
    assert found.set_aside_minor == 350_000
    assert round(found.used, 3) == 0.234
    assert found.alarms == ((20, True), (50, False), (80, False), (100, False))
    assert sheet(0, [], (50,)).alarms == ((50, False),)


@pytest.mark.parametrize(("gone", "rung"), [(49, 0), (50, 1), (79, 1), (80, 2), (99, 2), (100, 3), (130, 3)])
def test_alarms_ring_at_their_mark(gone: int, rung: int) -> None:
    found = sheet(100, [Line(name="a", kind="other", planned_minor=0, spent_minor=gone)], (50, 80, 100))
    assert sum(reached for _, reached in found.alarms) == rung


def test_what_is_expected_to_come_back() -> None:
    found = expected(120_000_000, 310_000, 4_000_000, 600_000)
    assert (found.profit_minor, found.cost_minor, found.break_even_minor) == (41_200_000, 4_600_000, 1_935_484)
    assert found.times is not None
    assert round(found.times, 2) == 8.96
    assert expected(100, 300_000, 0, 0).times is None


def test_the_prizes_of_the_plays() -> None:
    goods = {
        "tea-1": ShopProduct(sku="tea-1", title=Text("茶", "Tea"), currency="USD", list_price_minor=5000, stock=200),
        "jam-1": ShopProduct(sku="jam-1", title=Text("酱", "Jam"), currency="USD", list_price_minor=800, stock=200),
    }
    made = read(document(1_790_000_000_000), Facts(products=goods, currency="USD", zone="America/New_York")).document
    assert made is not None
    coupon, noon, table = prizes(made, use=0.25)
    assert (coupon.value_minor, coupon.count, coupon.worst_minor, coupon.expected_minor) == (500, 40, 20_000, 5_000)
    assert (noon.value_minor, noon.count, noon.worst_minor, noon.budgeted) == (2_000, 20, 40_000, False)
    assert (table.value_minor, table.worst_minor) == (1_500, 45_000)
    assert costs(made) == {"welcome": (20_000, True), "noon": (40_000, False), "table": (45_000, False)}


# -- the page --------------------------------------------------------------------------------------------------------------------


def written(now_ms: int) -> str:
    return document(now_ms, **{"margin = 30\n": "margin = 30\n" + LINES})


async def test_the_page_adds_ledger_and_expenses(fair: Fair, console_app: Console) -> None:
    opens = fair.open
    fair.open = lambda text="": opens(written(fair.now_ms))  # type: ignore[method-assign]
    await fair.live()
    db = fair.workspace.db
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")

        async def enter(amount: str, on: str = "2026-11-19") -> int:
            fields = {"line": "sms", "amount": amount, "on": on, "note": "first wave"}
            return (await console_app.send(client, "/campaigns/autumn/budget/expenses", fields)).status_code

        for amount, on in (("12.50", "2026-11-19"), ("many", "2026-11-19"), ("0", "2026-11-19"), ("3", "tomorrow")):
            assert await enter(amount, on) == 303
        assert await db.fetchval("select sum(amount_minor) from expense") == 1250
        page = (await client.get("/campaigns/autumn/budget")).text
        assert "$57.50 <small>/ $100.00</small>" in page  # 25 promised, 5 given, 12.50 entered
        assert "20% reached" in page
        assert "Tea at noon" in page
        assert "not from the budget" in page
        assert await enter("-12.50") == 303
        assert "$70 <small>/ $100</small>" in (await client.get("/campaigns/autumn/budget")).text
    audited = await db.fetch(
        "select detail->>'amount_minor' as n from audit where action = 'budget.spent' order by seq"
    )
    assert [row["n"] for row in audited] == ["1250", "-1250"]
    with pytest.raises(Exception, match="permission denied"):
        await db.execute("update expense set amount_minor = 1")


async def test_the_ledger_is_the_hard_stop(fair: Fair, console_app: Console) -> None:
    text = document(fair.now_ms).replace("total  = 100.00", "total  = 12.00")
    await fair.open(text)
    assert isinstance(await fair.act(0, "welcome", "claim"), dict)
    assert isinstance(await fair.act(1, "welcome", "claim"), dict)
    before = await fair.workspace.db.fetchval("select count(*) from transfer")
    assert await fair.act(2, "welcome", "claim") == "over_budget"
    assert await fair.workspace.db.fetchval("select count(*) from transfer") == before
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/campaigns/autumn/budget")).text
        assert "80% reached" in page
        assert "100% not yet" in page
        assert "Budget nearly used: Harbour autumn" in (await client.get("/")).text


async def test_without_a_budget_the_page_teaches(fair: Fair, console_app: Console) -> None:
    text = document(fair.now_ms)
    await fair.office.create(await fair.actor(), text[: text.index("[budget]")] + text[text.index("[audiences]") :])
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        assert "The document has no [budget]" in (await client.get("/campaigns/autumn/budget")).text
        assert (await console_app.send(client, "/campaigns/autumn/budget/expenses", {})).status_code == 403


@pytest.mark.parametrize(("width", "language"), [(WIDE, "zh"), (NARROW, "en")])
async def test_the_pages_are_sound(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    await fair.open(written(fair.now_ms))
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "operator")
    await visitor.page.goto("/campaigns/autumn/budget")
    await sound(visitor)
    await visitor.leave()
