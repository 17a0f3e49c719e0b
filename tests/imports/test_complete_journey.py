"""The import of the Complete Journey: every figure of the data, exactly; bad rows named; the second run changes nothing."""

import csv
import json
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from miaohui.campaign import store
from miaohui.campaign.reader import read
from miaohui.clock import moment_of
from miaohui.customers import complete_journey
from miaohui.customers.complete_journey import FILES, ImportFailed, shift_before, source
from miaohui.customers.identities import customers_of, identity_hash
from miaohui.text import Text
from tests.imports.small_journey import BEGUN_MS, BUYERS, at, silent, write_small

FIGURES = {
    "lines": 1_469_307,
    "households": 2_469,
    "baskets": 155_848,
    "sales_minor": 4_596_039_58,
    "retail_discount_minor": 791_650_64,
    "coupon_discount_minor": 26_359_90,
    "match_discount_minor": 4_542_65,
    "profiles": 801,
    "campaigns": 27,
    "reached": 6_589,
    "reached_households": 1_559,
    "coupons": 981,
    "coupon_products": 116_204,
    "redemptions": 2_102,
    "redeeming_households": 410,
}
ODD = {
    "quantity_0": 8_869,
    "sales_0": 11_246,
    "undescribed_lines": 4_836,
    "undescribed": 17,
    "listed_twice": 4_872,
    "redeemed_again": 27,
}


async def one(place: SimpleNamespace, sql: str) -> dict[str, object]:
    """The one row of a query."""
    (row,) = await place.events.query(sql)
    return row


async def test_the_figures_of_the_data(journey: SimpleNamespace) -> None:
    assert journey.report.figures == FIGURES
    assert journey.report.odd == ODD
    assert (journey.report.changed, journey.report.shift_days, journey.report.rejected) == (True, 0, 0)
    assert Path(journey.report.rejected_file).read_text() == "file,reason,row\n"


async def test_events_as_the_reports_read_them(journey: SimpleNamespace) -> None:
    rows = await journey.events.query(
        """select name, count() as n, uniqExact(id) as ids, uniqExact(customer) as customers, sum(total_minor) as total,
                  sum(discount_minor) as discount, sum(length(lines.sku)) as lines from events group by name order by name"""
    )
    figures = {row.pop("name"): tuple(row.values()) for row in rows}
    orders = (155_848, 155_848, 2_469, 4_596_039_58, 822_553_19, 1_469_307)
    assert figures == {
        "campaign.reached": (6_589, 6_589, 1_559, 0, 0, 0),
        "coupon.redeemed": (2_102, 2_102, 410, 0, 0, 0),
        "customer.profiled": (801, 801, 801, 0, 0, 0),
        "order.paid": orders,
        "order.placed": orders,
    }
    assert 791_650_64 + 26_359_90 + 4_542_65 == 822_553_19
    assert await one(
        journey,
        """select count() as n, countIf(arraySum(lines.total_minor) != total_minor) as wrong,
                  countIf(source != 'import' or schema != 1 or play != '' or received_at != fromUnixTimestamp64Milli(
                    toInt64(1790000000000))) as strange, countIf(substring(toString(id), 15, 1) != '7') as not_uuid7 from events""",
    ) == {"n": 320_388 + 800, "wrong": 0, "strange": 0, "not_uuid7": 0}
    assert BEGUN_MS == 1_790_000_000_000


async def test_the_views_saw_every_event_once(journey: SimpleNamespace) -> None:
    assert await one(journey, "select count() as n from events_by_customer") == {"n": 321_188}
    assert await one(journey, "select sum(events) as n from counters_per_minute") == {"n": 6_589 + 2_102}
    assert await one(journey, "select count() as n, countIf(traits['age'] = '45-54') as age from profiles") == {
        "n": 801, "age": 288,
    }  # fmt: skip


async def test_one_basket_as_an_order(journey: SimpleNamespace) -> None:
    asked = "select at, currency, total_minor, discount_minor, lines.line as line, lines.sku as sku, lines.quantity as quantity, "
    row = await one(
        journey,
        asked
        + "lines.total_minor as amount, properties from events where name = 'order.paid' and `order` = '31198570044'",
    )
    assert row == {
        "at": datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC),
        "currency": "USD",
        "total_minor": 50,
        "discount_minor": 0,
        "line": ["1"],
        "sku": ["1095275"],
        "quantity": [1],
        "amount": [50],
        "properties": {
            "store": "330", "week": "1", "retail_discount_minor": "0", "coupon_discount_minor": "0", "match_discount_minor": "0",
        },
    }  # fmt: skip


async def test_a_household_is_a_customer_known_by_its_number_only_with_the_secret(journey: SimpleNamespace) -> None:
    hash = identity_hash(journey.vault, "shop", "1228")
    customer = (await customers_of(journey.db, "shop", [hash]))[hash]
    row = await journey.db.fetchrow(
        "select label, value from customer join identity on customer = id where id = $1", customer
    )
    assert journey.vault.decrypt(row["label"]) == "Household 1228"
    assert journey.vault.decrypt(row["value"]) == "1228"
    assert b"1228" not in row["label"] + row["value"]
    assert await journey.db.fetchval("select count(*) from customer") == 2_469
    assert await journey.events.query(
        "select count() as n from events where name = 'order.paid' and customer = {who:UUID}", {"who": customer}
    ) == await journey.events.query(
        f"""select uniqExact(basket_id) as n from file('{source.installed()}/transactions.parquet', Parquet)
            where household_id = 1228"""
    )


async def test_staging_is_gone_and_steps_are_told(journey: SimpleNamespace) -> None:
    assert (
        await journey.events.query(
            "select name from system.tables where database = currentDatabase() and name like 'import%'"
        )
        == []
    )
    assert journey.steps[0] == ("read transactions", 0, 28)
    assert journey.steps[-2:] == [("check", 28, 28), ("", 28, 28)]


async def test_products_have_titles(journey: SimpleNamespace) -> None:
    assert await journey.db.fetchval("select count(*) from product") == 92_331 + 17
    rows = await journey.db.fetch(
        "select sku, title_zh, title_en, category, brand from product where sku = any($1) order by sku",
        ["1082185", "26081", "26190", "5978656"],
    )
    assert [tuple(row) for row in rows] == [
        ("1082185", "蔬果·Bananas, 40 lb", "Bananas, 40 lb", "Tropical fruit", "National"),
        ("26081", "其他·Miscellaneous", "Miscellaneous", "", "National"),
        ("26190", "食品杂货·Apple sauce, 50 oz", "Apple sauce, 50 oz", "Fruit, shelf stable", "Private"),
        ("5978656", "Product 5978656", "Product 5978656", "", ""),
    ]


async def test_list_prices_are_the_median_of_the_last_90_days(journey: SimpleNamespace) -> None:
    sold = await journey.events.query(
        f"""with lines as (select * from file('{source.installed()}/transactions.parquet', Parquet)),
                 (select max(transaction_timestamp) from lines) as last,
                 (select groupArray(product_id) from file('{source.installed()}/products.parquet', Parquet)
                  where department = 'FUEL' or product_category = 'FUEL') as fuel
            select toString(product_id) as sku, groupArray((quantity, toInt64(round(sales_value * 100)) +
                     toInt64(round(retail_disc * 100)) + toInt64(round(coupon_match_disc * 100)))) as prices
            from lines where quantity > 0 and transaction_timestamp >= last - interval 90 day and not has(fuel, product_id)
            group by product_id"""
    )
    expected = {
        row["sku"]: floor(median(Fraction(amount, quantity) for quantity, amount in row["prices"]) + Fraction(1, 2))
        for row in sold
    }
    kept = await journey.db.fetch("select sku, list_price_minor from product where list_price_minor is not null")
    assert dict(map(tuple, kept)) == {sku: price for sku, price in expected.items() if price}
    assert (expected["1082185"], expected["1029743"], expected["995242"]) == (100, 279, 189)


async def test_past_campaigns_stand_in_the_list_with_a_sound_document(journey: SimpleNamespace) -> None:
    async with journey.db.acquire() as c:
        listed = await store.campaigns(c, limit=100)
        version = await store.version(c, "cj-13")
    assert len(listed) == 27
    assert {campaign.status.state for campaign in listed} == {"reviewed"}
    assert [campaign.id for campaign in listed][:2] == ["cj-23", "cj-22"]
    found = read(version.text)
    assert (found.sound, version.by, version.version) == (True, "import", 1)
    assert found.document is not None
    assert found.document.name == Text("历史活动 13（A 类）", "Past campaign 13 (type A)")
    assert moment_of(found.document.phases.live_ms) == datetime(2017, 8, 8, 4, tzinfo=UTC)
    assert moment_of(found.document.phases.wrap_up_ms) == datetime(2017, 9, 25, 4, tzinfo=UTC)
    (mine,) = [campaign for campaign in listed if campaign.id == "cj-13"]
    assert (mine.live_ms, mine.wrap_up_ms) == (found.document.phases.live_ms, found.document.phases.wrap_up_ms)


async def test_the_second_run_changes_nothing(journey: SimpleNamespace, tmp_path: Path) -> None:
    again = await complete_journey.run(journey, silent, folder=tmp_path)
    assert again.changed is False
    assert again.figures == FIGURES
    assert list(tmp_path.iterdir()) == []
    assert await one(journey, "select count() as n from events") == {"n": 321_188}


async def test_another_shift_is_refused(journey: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="was imported here moved by 0 days, not 364"):
        await complete_journey.run(journey, silent, folder=tmp_path, shift_days=364)


async def test_files_that_are_not_there_are_named(database, store, vault, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"the event store cannot read .*nowhere/transactions\.parquet"):
        await complete_journey.run(at(database, store, vault), silent, folder=tmp_path, files=tmp_path / "nowhere")
    assert await database.fetchval("select count(*) from customer") == 0
    assert await store.query("select count() as n from events") == [{"n": 0}]


async def test_bad_rows_are_turned_away_with_a_reason(database, store, vault, tmp_path: Path) -> None:
    line = "select {}, 330, 1, 1095275, {}, {}, 0., 0., 0., {}, toDateTime64('2017-01-01 12:00:00', 9, 'UTC')"
    files = await write_small(
        store,
        tmp_path,
        {
            "transactions": " union all ".join(
                line.format(*spoilt)
                for spoilt in (
                    (3, 1, "-0.5", 1),
                    ("null", 1, "0.5", 1),
                    (3, -1, "0.5", 1),
                    (3, 1, "nan", 1),
                    (3, 1, "1.", 54),
                )
            ),
            "demographics": "select 99999, '65+', null, null, null, null, null, null",
            "campaigns": "select 24, 99999 union all select 99, 3 union all select min(campaign_id), min(household_id) "
            f"from file('{source.installed()}/campaigns.parquet', Parquet) where campaign_id = 24 and {BUYERS}",
            "campaign_descriptions": "select 28, 'A', toDateTime64('2017-02-02', 9, 'UTC'), toDateTime64('2017-02-01', 9, 'UTC')",
            "coupons": "select 1, 2, 77",
            "coupon_redemptions": "select 3, 1, 24, toDateTime64('2017-02-02', 9, 'UTC')",
        },
    )
    report = await complete_journey.run(at(database, store, vault), silent, folder=tmp_path, files=files)
    header, *rows = csv.reader(Path(report.rejected_file).read_text().splitlines())
    assert header == ["file", "reason", "row"]
    assert sorted((file, reason) for file, reason, _ in rows) == [
        ("campaign_descriptions.parquet", "end_date is before start_date"),
        ("campaigns.parquet", "campaign_id is not in campaign_descriptions"),
        ("campaigns.parquet", "campaign_id, household_id: the row repeats another"),
        ("campaigns.parquet", "household_id never bought anything"),
        ("coupon_redemptions.parquet", "the campaign has no such coupon"),
        ("coupons.parquet", "campaign_id is not in campaign_descriptions"),
        ("demographics.parquet", "household_id never bought anything"),
        ("transactions.parquet", "household_id is missing"),
        ("transactions.parquet", "quantity is below zero or no number"),
        ("transactions.parquet", "sales_value is below zero or no number"),
        ("transactions.parquet", "sales_value is below zero or no number"),
        ("transactions.parquet", "week is not 1 to 53"),
    ]
    assert report.rejected == 12
    spoilt = json.loads(next(row for file, reason, row in rows if reason == "quantity is below zero or no number"))
    assert (spoilt["household_id"], spoilt["quantity"], spoilt["sales_value"]) == (3, -1, 0.5)
    assert report.figures["campaigns"] == 3


@pytest.mark.parametrize("shift_days", [364, 371, 3_248])
async def test_a_move_keeps_the_clock_on_the_wall(store, shift_days: int) -> None:
    await source.stage(store, source.installed(), FILES[0], shift_days)
    moved = await store.query("select basket, any(at) as at from import_line group by basket order by basket")
    kept = await store.query(
        f"""select basket_id as basket, toDateTime64(any(transaction_timestamp), 3, 'UTC') as at
            from file('{source.installed()}/transactions.parquet', Parquet) group by basket order by basket"""
    )
    assert len(moved) == len(kept) == 155_848
    for there, here in zip(moved, kept, strict=True):
        assert there["at"] == wall(here["at"], shift_days), here


async def test_campaigns_and_redemptions_move_by_days(database, store, vault, tmp_path: Path) -> None:
    files = await write_small(store, tmp_path)
    await complete_journey.run(at(database, store, vault), silent, folder=tmp_path, files=files, shift_days=3_248)
    assert list(
        map(tuple, await database.fetch("select id, type, starts_on, ends_on, shift_days from past_campaign"))
    ) == [
        ("cj-24", "C", date(2025, 10, 6), date(2025, 12, 8), 3_248),
        ("cj-25", "B", date(2025, 10, 28), date(2025, 12, 28), 3_248),
        ("cj-26", "B", date(2025, 11, 19), date(2026, 1, 11), 3_248),
    ]
    assert date(2016, 11, 14) + timedelta(3_248) == date(2025, 10, 6)
    assert await store.query(
        """select name, min(at) as first from events where name in ('campaign.reached', 'coupon.redeemed')
           group by name order by name"""
    ) == [
        {"name": "campaign.reached", "first": datetime(2025, 10, 6, 4, tzinfo=UTC)},
        {"name": "coupon.redeemed", "first": datetime(2025, 11, 23, 17, tzinfo=UTC)},
    ]


def wall(at: datetime, days: int) -> datetime:
    """The same time of day in New York `days` later; a time that the clocks skip is an hour later."""
    zone = ZoneInfo("America/New_York")
    return (at.astimezone(zone).replace(tzinfo=None) + timedelta(days)).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("first_day", "last_sunday"),
    [
        (date(2018, 1, 1), date(2017, 12, 31)),
        (date(2018, 1, 7), date(2017, 12, 31)),
        (date(2018, 1, 8), date(2018, 1, 7)),
        (date(2026, 11, 22), date(2026, 11, 15)),
        (date(2026, 11, 23), date(2026, 11, 22)),
    ],
)
def test_the_last_day_falls_on_the_last_sunday_before_the_start(first_day: date, last_sunday: date) -> None:
    assert date(2017, 12, 31) + timedelta(shift_before(first_day)) == last_sunday
