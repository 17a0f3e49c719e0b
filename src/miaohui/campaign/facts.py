"""What a document is compared with: the shop's products, the people on the team, what the data of
customers holds, the time. None: not asked, so not compared."""

from collections.abc import Mapping

from msgspec import Struct

from miaohui.audiences.known import Known
from miaohui.text import Text


class ShopProduct(Struct, frozen=True, kw_only=True):
    """A product as the shop has it; `stock` is what `sku/<sku>` may still give."""

    sku: str
    title: Text
    currency: str
    list_price_minor: int | None = None
    cost_minor: int | None = None
    stock: int | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """The world around one document. `zone` and `currency` are the workspace's, for documents without their own."""

    products: Mapping[str, ShopProduct] | None = None
    people: frozenset[str] | None = None
    known: Known | None = None
    now_ms: int | None = None
    zone: str = "UTC"
    currency: str = "CNY"
