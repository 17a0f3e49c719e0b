"""All pages of the console in one router: who is not logged in is sent to the log-in page, foreign forms are refused."""

from litestar import Router
from litestar.di import Provide

from miaohui.console import (
    audiences,
    audit,
    begin,
    budget,
    calendar,
    calendar_days,
    calendar_feed,
    calendar_move,
    campaigns,
    codes,
    comments,
    editor,
    fission,
    goals,
    home,
    keys,
    ledger,
    ledger_health,
    login,
    material,
    notices,
    operators,
    plan_edits,
    preflight,
    promotions,
    review,
    search,
    tasks,
    try_cart,
    war_room,
    webhooks,
)
from miaohui.console.guard import LogInFirst, operator_of, signed_in, to_log_in
from miaohui.pages.forms import from_this_site

PAGES = (
    login,
    home,
    notices,
    calendar,
    calendar_days,
    calendar_move,
    campaigns,
    begin,
    comments,
    preflight,
    plan_edits,
    editor,
    promotions,
    codes,
    try_cart,
    goals,
    tasks,
    material,
    budget,
    fission,
    audiences,
    war_room,
    review,
    search,
    ledger,
    ledger_health,
    operators,
    keys,
    webhooks,
    audit,
)
"""The modules of the console's pages; each has HANDLERS."""

CONSOLE = Router(
    path="/",
    route_handlers=[handler for module in PAGES for handler in module.HANDLERS],
    guards=[signed_in, from_this_site],
    dependencies={"operator": Provide(operator_of, sync_to_thread=False)},
    exception_handlers={LogInFirst: to_log_in},
    include_in_schema=False,
)

HANDLERS = [*login.OPEN, *calendar_feed.OPEN, CONSOLE]
