"""All handlers of the API in one router."""

from typing import Any

from litestar import Router

from miaohui.api import audiences, campaigns, codes, events, prices, reviews, webhooks
from miaohui.api.refusals import EXCEPTION_HANDLERS

ROOMS: tuple[Any, ...] = (audiences, campaigns, codes, events, prices, reviews, webhooks)
"""The modules of the API's rooms; each has HANDLERS."""

API = Router(
    path="/api/v1",
    route_handlers=[handler for room in ROOMS for handler in room.HANDLERS],
    exception_handlers=EXCEPTION_HANDLERS,
)
