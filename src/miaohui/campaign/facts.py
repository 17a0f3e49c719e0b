"""What a document is compared with: the shop's products, the people on the team, other campaigns, what the data of customers holds,
the time. None: not asked, so not compared."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct

from miaohui.audiences.known import Known
from miaohui.calendar.almanac import Class
from miaohui.calendar.lead import Lead
from miaohui.calendar.workdays import Stated, Workdays
from miaohui.campaign.document import Document
from miaohui.text import Text


class ShopProduct(Struct, frozen=True, kw_only=True):
    """A product as the shop has it; `stock` is what `sku/<sku>` may still give."""

    sku: str
    title: Text
    currency: str
    list_price_minor: int | None = None
    cost_minor: int | None = None
    stock: int | None = None


class Past(Struct, frozen=True, kw_only=True):
    """What was: the median of the shop's paid orders, and measure -> what archived campaigns reached (`k1`: the K of their shares'
    first wave)."""

    median_order_minor: int | None = None
    cases: Mapping[str, tuple[Decimal, ...]] = {}


class Facts(Struct, frozen=True, kw_only=True):
    """The world around one document. `zone` and `currency` are the workspace's, for documents without their own.

    `limits`: thresholds of the preflight that this workspace has replaced. `editions`: how many campaigns of its class and occasion
    have ended. `others`: campaigns that are approved or run. `done_tasks`: ids of its tasks that are done.
    `coded`: its plays for which there are codes that work once. `leads` and `stated_days`: lead times and days off as operators
    have changed them.
    """

    products: Mapping[str, ShopProduct] | None = None
    people: frozenset[str] | None = None
    departments: frozenset[str] = frozenset()
    known: Known | None = None
    now_ms: int | None = None
    zone: str = "UTC"
    currency: str = "CNY"
    limits: Mapping[str, Decimal] = {}
    others: tuple[Document, ...] | None = None
    editions: int | None = None
    done_tasks: frozenset[str] | None = None
    coded: frozenset[str] | None = None
    past: Past = Past()
    leads: Mapping[Class, Lead] = {}
    stated_days: Mapping[date, Stated] = {}

    def workdays(self, country: str) -> Workdays:
        """Who works when in `country`."""
        return Workdays(country, self.stated_days)
