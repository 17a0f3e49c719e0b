"""The review as a page and as a file: of a campaign that runs, and of one from the imported history."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from playwright.async_api import Browser

from miaohui.events.envelope import event_id
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, sign_in
from tests.console.fair import PEOPLE, Fair, fair

__all__ = ["fair"]


async def past(fair: Fair) -> None:
    """A past campaign: three were reached, two bought a promoted product, one used a coupon."""
    db, store = fair.workspace.db, fair.workspace.events
    await db.execute("insert into import_run (source, started_at, shift_days) values ('journey', now(), 3234)")
    await db.execute(
        """insert into past_campaign (id, source, type, starts_on, ends_on, zone, currency, shift_days)
           values ('cj-13', 'journey', 'A', $1, $2, 'America/New_York', 'USD', 3234)""",
        date(2026, 8, 8), date(2026, 8, 10),
    )  # fmt: skip
    noon = datetime(2026, 8, 9, 16, tzinfo=UTC)
    columns = ["id", "name", "at", "source", "customer", "campaign", "total_minor", "lines.line", "lines.sku"]
    rows = [("campaign.reached", PEOPLE[n], "cj-13", 0, [], []) for n in range(3)]
    rows += [("order.paid", PEOPLE[n], "", 1200 + n, ["1"], ["tea-1"]) for n in range(2)]
    rows += [("coupon.redeemed", PEOPLE[0], "cj-13", 0, [], [])]
    columns = [*columns, "lines.quantity", "lines.total_minor"]
    await store.insert(
        "events",
        columns,
        [
            (
                event_id(0, b"past" * 4, n),
                name,
                noon,
                "import",
                who,
                of,
                total,
                ls,
                skus,
                [1] * len(ls),
                [total] * len(ls),
            )
            for n, (name, who, of, total, ls, skus) in enumerate(rows)
        ],
        "past",
    )
    await store.command(
        "create table coupon_product (campaign String, coupon String, sku String) engine = MergeTree order by campaign"
    )
    await store.insert("coupon_product", ["campaign", "coupon", "sku"], [("cj-13", "51", "tea-1")], "coupons")


async def read(console: Console, path: str, language: str = "en") -> str:
    async with console.client(language) as client:
        await console.log_in(client, "viewer")
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text


async def test_a_running_campaign_beside_its_ledger(fair: Fair, console_app: Console) -> None:
    await fair.live()
    page = await read(console_app, "/campaigns/autumn/review")
    assert "ledger and events agree" in page
    assert "play/autumn/welcome/coupons" in page
    assert page.count('<b class="green">') >= 6
    assert "not measured by this version" in page  # the goal that nobody measures yet
    assert "Coupon claimed" in page
    assert "Simulated customers" in page
    assert "In one sentence" in page


async def test_the_file_has_every_figure(fair: Fair, console_app: Console) -> None:
    await fair.live()
    text = await read(console_app, "/campaigns/autumn/review.csv")
    rows = {(r["section"], r["name"], r["field"]): r for r in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))}
    assert rows["total", "", "sales_minor"]["value"] == "140.00"
    assert rows["total", "", "orders"]["value"] == "4"
    assert rows["total", "", "bought_promoted"]["value"] == ""
    assert rows["total", "", "bought_promoted"]["evidence_or_reason"] == "not measured by this version"
    assert rows["goal", "gmv", "actual"]["value"] == "140.00"
    assert rows["check", "play/autumn/welcome/coupons", "difference"]["value"] == "0"
    assert rows["check", "play/autumn/welcome/spent", "ledger"]["value"] == "5.00"
    assert rows["play", "noon", "sales_minor"]["value"] == "60.00"


async def test_a_past_campaign_says_what_the_data_does_not_hold(fair: Fair, console_app: Console) -> None:
    await past(fair)
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        assert "Past campaign 13 (type A)" in (await client.get("/campaigns?stage=past")).text
        assert (await client.get("/campaigns/cj-13")).headers["location"] == "/campaigns/cj-13/review"
        missing = await client.get("/campaigns/none/review")
        assert missing.status_code == 404
    page = await read(console_app, "/campaigns/cj-13/review", "zh")
    assert "历史数据" in page
    assert "日期移后 3,234 天" in page
    assert "- 数据中没有" in page
    assert "触达的 3 户中，2 户（66.7%）在活动期间买过活动商品" in page
    rows = {
        r["field"]: r["value"]
        for r in csv.DictReader(io.StringIO((await read(console_app, "/campaigns/cj-13/review.csv"))[1:]))
    }
    assert (rows["reached"], rows["bought_promoted"], rows["redeemed"]) == ("3", "2", "1")


@pytest.mark.parametrize(("width", "language"), [(WIDE, "en"), (NARROW, "zh")])
async def test_the_pages_are_sound(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    await fair.live()
    await past(fair)
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "viewer")
    for path in ("/campaigns/autumn/review", "/campaigns/cj-13/review"):
        await visitor.page.goto(path)
        await sound(visitor)
    await visitor.leave()
