"""A priced cart: what every unit costs, which promotion took what from it, and why each promotion did or did not apply.

At every level the parts sum to the whole: units to lines, lines to the cart, promotions to the discount, net and tax to gross.
"""

from typing import Literal

from msgspec import Struct

from miaohui.pricing.allocation import allocate


class Units(Struct, frozen=True, gc=False):
    """`count` equal units of a line, next to each other: list price, price to pay, and what each promotion took off ONE of them."""

    count: int
    list_minor: int
    due_minor: int
    parts: tuple[tuple[str, int], ...] = ()


class PricedLine(Struct, frozen=True, kw_only=True, gc=False):
    """A line of the cart (or a shipping method: one unit). `given_minor`: promotion -> what it took off the line."""

    line: str
    sku: str
    quantity: int
    list_minor: int
    due_minor: int
    tax_minor: int
    given_minor: dict[str, int]
    units: tuple[Units, ...]

    @property
    def discount_minor(self) -> int:
        """List less due."""
        return self.list_minor - self.due_minor

    def dues(self) -> list[int]:
        """What each unit costs, in their order: the customer gets exactly this back for it."""
        return [units.due_minor for units in self.units for _ in range(units.count)]

    def taxes(self) -> list[int]:
        """The tax of each unit, in their order; they sum to `tax_minor`."""
        return allocate(self.tax_minor, self.dues())


class Given(Struct, frozen=True, kw_only=True):
    """A gift that goes with the order, at 0; `value_minor` each is its declared value."""

    promotion: str
    sku: str
    quantity: int
    value_minor: int


class Earned(Struct, frozen=True, kw_only=True):
    """A reward the customer gets once the order is his: `amount` in minor units (`balance`) or in points or coupons."""

    promotion: str
    to: Literal["balance", "points", "coupon"]
    amount: int


class Outcome(Struct, frozen=True, kw_only=True, gc=False):
    """What became of one promotion.

    `code` says why: "applied", or a code of `miaohui.pricing.explain.SENTENCES`, with its `data`. `by`: the promotions that kept
    it out. `saved_minor`: discount on goods and shipping together, by line in `lines`.
    """

    promotion: str
    status: Literal["applied", "skipped", "not_eligible"]
    code: str
    data: dict[str, int | str] = {}
    by: tuple[str, ...] = ()
    saved_minor: int = 0
    lines: dict[str, int] = {}


class CodeAnswer(Struct, frozen=True, kw_only=True):
    """What became of a code the customer entered; `promotion` is "" and `reason` unknown_code if it belongs to none."""

    code: str
    accepted: bool
    promotion: str = ""
    reason: str = ""


class Search(Struct, frozen=True, kw_only=True):
    """How a `best` lane was decided: candidates, sets looked at, and whether it is proven that no set saves more."""

    lane: str
    candidates: int
    evaluated: int
    proven: bool


class Priced(Struct, frozen=True, kw_only=True):
    """The whole cart. `total_minor` = goods + shipping, and the tax if prices are without it; `prepaid_minor` of it is paid by
    deposit; `points` are spent, through the promotions `paying_points`. `outcomes`: one for every promotion, in the order of their
    turns. `removed`: ids of carried adjustments that are void.
    """

    currency: str
    tax: Literal["inclusive", "exclusive"]
    list_minor: int
    discount_minor: int
    goods_minor: int
    shipping_list_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    prepaid_minor: int = 0
    points: int = 0
    paying_points: tuple[str, ...] = ()
    lines: tuple[PricedLine, ...]
    shipping: tuple[PricedLine, ...] = ()
    gifts: tuple[Given, ...] = ()
    rewards: tuple[Earned, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    codes: tuple[CodeAnswer, ...] = ()
    searches: tuple[Search, ...] = ()
    removed: tuple[str, ...] = ()

    def outcome(self, promotion: str) -> Outcome:
        """What became of `promotion`."""
        return next(x for x in self.outcomes if x.promotion == promotion)
