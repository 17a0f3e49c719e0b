"""Ledger health: the last audit and what it found, a button that runs one, and live figures of host, timers, holds and units.

The figures of the host are those of the process that answers; all others are read from the database and hold for all of them.
"""

import asyncio
from datetime import date, datetime
from typing import Any

from litestar import Response, get, post
from litestar.response import Redirect
from msgspec import Struct

from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.events import outbox
from miaohui.host import audit_runs, durability, retention
from miaohui.host.stages import Figures
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.team import audit
from miaohui.text import Text
from miaohui.workspace import Workspace

PATH = "/ledger/health"
SHOWN = 8
LATE_MS = 5_000
"""A timer is late when its moment is so long ago: the loop looks five times a second."""
UNITS_MAX = 50

CHECKS: dict[str, tuple[Text, Text]] = {
    "units": (Text("单位", "Units"), Text("每种单位合计为 0", "everything that exists was brought in")),
    "balances": (Text("余额", "Balances"), Text("账户等于它的转账之和", "accounts are the sums of their transfers")),
    "limits": (Text("上限", "Limits"), Text("没有透支，没有超限", "nothing overdrawn, no ceiling passed")),
    "pendings": (Text("冻结", "Holds"), Text("每笔冻结都会结束，且只结束一次", "every hold ends, and ends once")),
    "events": (Text("事件", "Events"), Text("池子的变动与事件一致", "pools moved as their events say")),
    "orders": (Text("订单", "Orders"), Text("订单与事件一致", "orders and their events agree")),
    "answers": (Text("回复", "Answers"), Text("给出的回复就是现在的状态", "what was answered is what is stored")),
    "customers": (Text("顾客", "Customers"), Text("每件东西的主人都在册", "whoever something belongs to is stored")),
}
"""Name of a check -> how pages call it, what it says when it holds."""

_TIMERS = """
select count(*) filter (where due_ms < now_ms() - $1) as late, count(*) as waiting,
       coalesce(now_ms() - min(due_ms) filter (where due_ms < now_ms() - $1), 0) as behind_ms
from state where due_ms is not null
"""
_HOLDS = "select count(*) as open, min(at) as oldest from hold"
_UNITS = """
select unit, debits as brought, credits as gone from account where key >= 'world/' and key < 'world0' order by unit limit $1
"""
TABLES = {"reply": Text("回复", "Answers"), "outbox": Text("发件箱", "Outbox")}
"""What is kept by months -> how pages call it."""
_running: set["asyncio.Task[Any]"] = set()


class Unit(Struct, frozen=True):
    """One unit: what was brought in from outside, what went out again, what is here."""

    unit: str
    brought: int
    gone: int

    @property
    def here(self) -> int:
        """What all accounts inside hold together."""
        return self.brought - self.gone


class Kept(Struct, frozen=True):
    """What there is of a table that is kept by months: since which, how many, bytes, and how many may go."""

    table: str
    since: date
    months: int
    size: int
    over: int


class Live(Struct, frozen=True):
    """How it is now. `waiting` and `figures` are of this process; `off`: settings that must be on for answers to be durable."""

    waiting: int
    figures: Figures
    lag_ms: int
    late: int
    behind_ms: int
    timers: int
    holds: int
    oldest_hold: datetime | None
    units: list[Unit]
    kept: list[Kept]
    off: list[str]


async def _context(workspace: Workspace) -> dict[str, Any]:
    async with workspace.db.acquire() as db:
        timers, holds = await db.fetchrow(_TIMERS, LATE_MS), await db.fetchrow(_HOLDS)
        live = Live(
            workspace.host.waiting if workspace.host else 0,
            workspace.host.figures if workspace.host else Figures(),
            await outbox.lag_ms(db),
            timers["late"],
            timers["behind_ms"],
            timers["waiting"],
            holds["open"],
            holds["oldest"],
            [Unit(*row) for row in await db.fetch(_UNITS, UNITS_MAX)],
            await _kept(db),
            await durability.switched_off(db),
        )
        runs = await audit_runs.latest(db, SHOWN)
    last = next((run for run in runs if run.finished_at and not run.failure), None)
    return {
        "live": live,
        "runs": runs,
        "last": last,
        "going": bool(runs) and not runs[0].finished_at,
        "checks": CHECKS,
        "tables": TABLES,
    }


async def _kept(db: Any) -> list[Kept]:
    found: dict[str, list[retention.Month]] = {}
    for month in await retention.months(db):
        found.setdefault(month.table, []).append(month)
    return [
        Kept(table, its[0].first, len(its), sum(m.size for m in its), sum(m.over for m in its))
        for table, its in found.items()
    ]


@get(PATH, guards=[needs("ledger.view")])
async def health(request: AnyRequest, workspace: TheWorkspace) -> Response[str]:
    """The page."""
    return show(request, "console/ledger_health.html", path=PATH, **await _context(workspace))


@get(f"{PATH}/now", guards=[needs("ledger.view")])
async def now(request: AnyRequest, workspace: TheWorkspace) -> Response[str]:
    """What changes by itself; the page asks for it anew every few seconds."""
    return show(request, "console/ledger_health_now.html", path=PATH, **await _context(workspace))


@post(f"{PATH}/audit", guards=[needs("ledger.audit")])
async def begin_audit(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Redirect:
    """Begin an audit, which goes on behind the page; the page shows how it ends."""
    async with workspace.db.acquire() as db, db.transaction():
        id = await audit_runs.begin(db, operator.name)
        if id is not None:
            await audit.record(db, operator.name, "ledger.audited", "ledger", {"audit": id})
    if id is None:
        return see_other(request, PATH, Text("已经有一次对账在进行。", "An audit is running already."), "warn")
    task = asyncio.get_running_loop().create_task(audit_runs.run(workspace.db, id))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return see_other(
        request, PATH, Text("对账已开始，结果会出现在这里。", "The audit has begun; what it finds appears here.")
    )


HANDLERS = [health, now, begin_audit]
