"""The audit log as a page and as a file: who did what, when, filtered by each."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Stream

from miaohui.console.frame import show
from miaohui.console.guard import TheWorkspace, needs
from miaohui.pages.language import AnyRequest
from miaohui.pages.sheets import Cell, sheet
from miaohui.team import audit
from miaohui.workspace import Workspace


def _filter(workspace: Workspace, who: str, what: str, subject: str, since: str, until: str) -> audit.Filter:
    """Days are the workspace's; `until` is the last day that is shown. What is no day is left out."""

    def begin(day: str, plus: int) -> datetime | None:
        try:
            on = date.fromisoformat(day) + timedelta(days=plus)
        except (ValueError, OverflowError):
            return None
        return datetime.combine(on, time(), ZoneInfo(workspace.zone))

    return audit.Filter(who, what, subject.strip(), begin(since, 0), begin(until, 1))


@get("/audit", guards=[needs("audit.view")])
async def audit_log(
    request: AnyRequest,
    workspace: TheWorkspace,
    who: FromQuery[str] = "",
    what: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    before: FromQuery[int | None] = None,
) -> Response[str]:
    """The log, newest first."""
    wanted = _filter(workspace, who, what, subject, since, until)
    async with workspace.db.acquire() as db:
        found = await audit.entries(db, wanted, before=before, limit=audit.PAGE + 1)
        people, actions = await audit.choices(db)
    chosen = {"who": who, "what": what, "subject": subject, "since": since, "until": until}
    query = {name: value for name, value in chosen.items() if value}
    shown = found[: audit.PAGE]
    older = f"/audit?{urlencode(query | {'before': shown[-1].seq})}" if len(found) > audit.PAGE else ""
    return show(
        request,
        "console/audit.html",
        entries=[(entry, _said(entry)) for entry in shown],
        people=people,
        actions=actions,
        chosen=chosen,
        older=older,
        file=f"/audit.csv?{urlencode(query)}",
    )


@get("/audit.csv", guards=[needs("audit.view")])
async def audit_file(
    workspace: TheWorkspace,
    who: FromQuery[str] = "",
    what: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
) -> Stream:
    """All entries of the filter."""
    wanted = _filter(workspace, who, what, subject, since, until)

    async def rows() -> AsyncIterator[Sequence[Cell]]:
        async for entry in audit.all_entries(workspace.db, wanted):
            at = entry.at.astimezone(ZoneInfo(workspace.zone)).isoformat(timespec="seconds")
            yield entry.seq, at, entry.operator, entry.action, entry.subject, msgspec.json.encode(entry.detail).decode()

    return sheet("audit.csv", ("seq", "at", "operator", "action", "subject", "detail"), rows())


def _said(entry: audit.Entry) -> str:
    """The detail as people read it: "from: viewer, to: operator"."""
    return ", ".join(f"{name}: {_value(name, value)}" for name, value in entry.detail.items())


def _value(name: str, value: Any) -> str:
    if name == "changes" and isinstance(value, list):  # of an edited document: field, from what to what
        return "; ".join(f"{one['field']} {one['from'] or '—'} → {one['to'] or '—'}" for one in value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


HANDLERS = [audit_log, audit_file]
