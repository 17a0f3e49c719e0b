"""`miaohui bench history`: what an action costs on a young database and on one with ten million rows behind it.

History is laid down by SQL as the host would have left it: for each coupon of the past a state with its timer, two accounts,
three transfers and an answer, spread over the last two months. After each step the same rush is measured, in turns with one on a
workspace that stays young, so that both see the same machine. Between two steps nothing is vacuumed or analysed by hand;
checkpoints come as they come, and how many came is shown.
"""

import asyncio
import contextlib
import tempfile
from pathlib import Path

import asyncpg
from msgspec import Struct
from rich.console import Console

from miaohui.bench.claims import one_coupon
from miaohui.bench.load import CAMPAIGN, Job
from miaohui.bench.rounds import Line, Round, drive, table
from miaohui.bench.stand import WORKSPACE, Stand, prepare, sign_up
from miaohui.server.postgres import EmbeddedPostgres

STEPS = (1_000, 100_000, 1_000_000, 10_000_000)
"""Rows of history, all tables together."""
ROWS_OF_A_COUPON = 7

FILL = """
with n as (select g, md5(g::text) || md5(g::text) as id, uuid_of(g) as customer,
                  now() - (random() * interval '25 days') as at
           from generate_series($1::bigint + 1, $2::bigint) g),
     born as (insert into state (key, version, campaign, play, terms, customer, body, due_ms, timer, source)
              select 'play/bench/coupon/coupon/' || left(id, 32), 1, 'bench', 'coupon', 1, customer, $3, 1::bigint << 50, $3, 'live'
              from n),
     accounts as (insert into account (key, unit, debits, credits, overdraft, ceiling)
              select 'wallet/' || customer || '/coupon:bench/coupon', 'coupon:bench/coupon', 0, 1, false, null::bigint from n
              union all select 'limit/bench/coupon/account/' || customer, 'use', 0, 1, false, 1 from n),
     moved as (insert into transfer (at, id, debit, credit, amount, kind, action)
              select at, decode(left(id, 32), 'hex'), d, c, a, 0, 'bench/coupon/claim' from n,
              lateral (values ('play/bench/coupon/coupons', 'wallet/' || customer || '/coupon:bench/coupon', 1::bigint),
                              ('budget/bench', 'play/bench/coupon/promised', 500),
                              ('world/use', 'limit/bench/coupon/account/' || customer, 1)) as m(d, c, a)),
     answered as (insert into reply (key, at, hash, campaign, body)
              select decode(left(id, 32), 'hex'), at, decode(left(id, 16), 'hex'), 'bench',
                     convert_to(repeat('x', 150), 'UTF8') from n)
select count(*) from n
"""
_HELPERS = """
create or replace function uuid_of(n bigint) returns text language sql immutable as
  $$ select md5('customer ' || n)::uuid::text $$
"""
_CHECKPOINTS = "select num_timed + num_requested from pg_stat_checkpointer"


class Step(Struct, frozen=True):
    """One size of the past: its rows, the megabytes of the database, checkpoints while it was measured; `young`: the workspace
    without a past in the same turns, and what an action costs (CPU of server and PostgreSQL) and how fast they are beside it."""

    rows: int
    megabytes: int
    checkpoints: int
    line: Line
    young: Line
    ratio_cost: float
    ratio_per_second: float


class Outcome(Struct, frozen=True):
    """Ratios at the most rows; 1 is flat."""

    ratio_cost: float
    ratio_per_second: float
    steps: tuple[Step, ...]


class Place:
    """A workspace in a folder of its own, with customers who have not had their turn."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.data, self.coupons, self.told = folder / "data", 0, 0
        self.key = asyncio.run(prepare(self.data, [one_coupon(50_000_000)], stock={}, budget_minor=50_000_000 * 500))
        asyncio.run(sign_up(self.data, 500_000))

    def fill(self, rows: int) -> None:
        """Lay down history until there are so many rows of it."""
        asyncio.run(_fill(self.data, self.coupons, rows // ROWS_OF_A_COUPON))
        self.coupons = rows // ROWS_OF_A_COUPON

    def drive(self, stand: Stand, connections: int, seconds: float) -> Round:
        """One rush."""
        done = drive(Job("127.0.0.1", stand.port, self.key, connections, seconds, first=self.told), [stand.pid])
        self.told += done.tally.told
        return done


def run(*, seconds: float, repeats: int, connections: int, steps: tuple[int, ...]) -> Outcome:
    """Fill, measure, fill more, measure."""
    with tempfile.TemporaryDirectory(prefix="miaohui-bench-") as folder:
        Path(folder).chmod(0o755)
        young, old = Place(Path(folder) / "young"), Place(Path(folder) / "old")
        young.fill(steps[0])
        found = []
        for rows in steps:
            old.fill(rows)
            found.append(_step(young, old, rows, seconds, repeats, connections))
    return Outcome(found[-1].ratio_cost, found[-1].ratio_per_second, tuple(found))


def _step(young: Place, old: Place, rows: int, seconds: float, repeats: int, connections: int) -> Step:
    rounds: dict[Place, list[Round]] = {young: [], old: []}
    with contextlib.ExitStack() as stack:
        stands = {}
        for place in rounds:
            stands[place] = Stand(place.data, MIAOHUI_LANGUAGE="en").start()
            stack.callback(stands[place].kill)
            place.drive(stands[place], connections, 1)
        before = asyncio.run(_asked(old.data, _CHECKPOINTS))
        for _ in range(repeats):
            for place, found in rounds.items():
                found.append(place.drive(stands[place], connections, seconds))
        after = asyncio.run(_asked(old.data, _CHECKPOINTS))
        size = asyncio.run(_asked(old.data, "select pg_database_size(current_database()) / 1000000"))
    aged = Line.of(f"{rows:,} rows", connections, rounds[old])
    fresh = Line.of("young, in turns", connections, rounds[young])
    cost, speed = round(_cost(aged) / _cost(fresh), 2), round(aged.per_second / fresh.per_second, 2)
    return Step(rows, size, after - before, aged, fresh, cost, speed)


def _cost(line: Line) -> float:
    return line.cpu_us["server"] + line.cpu_us["postgres"]


async def _fill(data: Path, first: int, last: int) -> None:
    with EmbeddedPostgres(data / "postgres") as postgres:
        c = await asyncpg.connect(postgres.url, server_settings={"search_path": WORKSPACE})
        await c.execute(_HELPERS)
        for begin in range(first, last, 100_000):
            await c.execute("set work_mem = '64MB'")
            await c.fetch(FILL, begin, min(begin + 100_000, last), b"x" * 120)
        await c.execute("drop function uuid_of")
        await c.close()


async def _asked(data: Path, sql: str) -> int:
    """One number from the server that runs on `data`."""
    c = await asyncpg.connect(EmbeddedPostgres(data / "postgres").url)
    found = int(await c.fetchval(sql))
    await c.close()
    return found


def show(outcome: Outcome) -> None:
    """The table, and how much dearer an action has become."""
    lines = [line for step in outcome.steps for line in (step.line, step.young)]
    Console(width=180).print(table("coupon claims on a past of so many rows", lines))
    for step in outcome.steps:
        print(
            f"{step.rows:,} rows of history: {step.megabytes:,} MB, {step.checkpoints} checkpoints while measured; "
            f"beside the young one: CPU of an action {step.ratio_cost}, actions a second {step.ratio_per_second}"
        )


assert CAMPAIGN == "bench"
