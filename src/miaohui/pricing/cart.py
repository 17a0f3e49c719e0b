"""A cart as a shop sends it, with the facts that conditions ask about. Amounts in minor units; percentages in millionths (`_ppm`).

Nothing here is looked up: the host fills in the customer's audiences, his orders so far and what the ledger says is used.
"""

from typing import Literal

from msgspec import Struct


class CartLine(Struct, frozen=True, kw_only=True):
    """`quantity` units of one product, each at the list price `unit_price_minor`.

    A unit is never sold under `min_price_minor`, nor under what the margin floor of `Options` makes of `cost_minor`, unless its
    list price is lower already. `deposits`: units whose deposit is paid. `tax_ppm`: the rate of its tax.
    """

    line: str
    sku: str
    quantity: int
    unit_price_minor: int
    categories: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    min_price_minor: int = 0
    cost_minor: int | None = None
    tax_ppm: int = 0
    deposits: int = 0


class ShippingMethod(Struct, frozen=True, kw_only=True):
    """One way of shipping that the order uses, and its fee."""

    id: str
    fee_minor: int
    attributes: dict[str, str] = {}
    tax_ppm: int = 0

    def as_line(self) -> CartLine:
        """The same as a line of one unit, so that effects need not know which it is."""
        return CartLine(
            line=self.id,
            sku="",
            quantity=1,
            unit_price_minor=self.fee_minor,
            attributes=self.attributes,
            tax_ppm=self.tax_ppm,
        )


class Customer(Struct, frozen=True, kw_only=True):
    """Who buys: his audiences, his traits (`{"tier": "gold"}`), his paid orders before this one, the points he owns."""

    id: str = ""
    audiences: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    orders: int = 0
    points: int = 0


class Used(Struct, frozen=True, kw_only=True):
    """What the ledger says of a promotion's limits: uses by all, uses by this customer, both also today, money given."""

    uses: int = 0
    by_customer: int = 0
    today: int = 0
    by_customer_today: int = 0
    spent_minor: int = 0


class Carried(Struct, frozen=True):
    """An adjustment the shop's cart still carries from an earlier pricing: its id there, and the promotion it came from."""

    id: str
    promotion: str


class Cart(Struct, frozen=True, kw_only=True):
    """What is priced. Lines keep their order: ties go to the earlier unit.

    `attributes` are facts of the sale (`{"channel": "app", "region": "CN-31"}`); `now_ms` is the time that windows are judged by.
    `tax`: whether prices hold the tax already. `points`: how many the customer wants to spend (None: none). `gifts`: the skus he
    chose, by promotion. `used`: by promotion; none means nothing is used. `sold_out`: gift skus that are out of stock.
    """

    currency: str
    lines: tuple[CartLine, ...]
    shipping: tuple[ShippingMethod, ...] = ()
    customer: Customer = Customer()
    codes: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    now_ms: int = 0
    tax: Literal["inclusive", "exclusive"] = "inclusive"
    points: int = 0
    gifts: dict[str, tuple[str, ...]] = {}
    sold_out: tuple[str, ...] = ()
    used: dict[str, Used] = {}
    carried: tuple[Carried, ...] = ()
