"""`GET /healthz`: {"ledger": "ok", "events": "ok"}, or 503 with what is wrong. For load balancers and whoever is on call.

The ledger is well when it answers; the event store when it answers and what happened reaches it within `LAG_MAX_S`. A process
that only reads another's event store says how that is, and stays at 200: customers can claim and order without it.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from miaohui.events import outbox
from miaohui.events.remote import EventsAway, RemoteStore
from miaohui.workspace import Workspace

ANSWER_S = 5.0
LAG_MAX_S = 60


@get("/healthz", include_in_schema=False, cache=1)
async def healthz(workspace: NamedDependency[Workspace]) -> Response[dict[str, str]]:
    """How the engines are."""
    ledger, events = await asyncio.gather(_said(_ask_ledger(workspace)), _said(_ask_events(workspace)))
    well = ledger == "ok" and (events == "ok" or isinstance(workspace.events, RemoteStore))
    return Response({"ledger": ledger, "events": events}, status_code=200 if well else 503)


async def _ask_ledger(workspace: Workspace) -> str:
    await workspace.db.fetchval("select now_ms()")
    return "ok"


async def _ask_events(workspace: Workspace) -> str:
    await workspace.events.query("select 1 as one")
    lag_s = await outbox.lag_ms(workspace.db) // 1000
    return "ok" if lag_s <= LAG_MAX_S else f"the newest events are {lag_s} s away from the store"


async def _said(asked: Awaitable[str]) -> str:
    """What an engine says, or that it does not: whatever it was asked is left then, and not waited for until it has ended."""
    asking = asyncio.ensure_future(asked)
    try:
        done, _ = await asyncio.wait([asking], timeout=ANSWER_S)
        return asking.result() if done else f"no answer within {ANSWER_S:.0f} s"
    except EventsAway as e:
        return e.detail
    except Exception as e:  # whatever is wrong is the answer
        return f"{type(e).__name__}: {e}"
    finally:
        asking.cancel()


HANDLERS: list[Any] = [healthz]
