"""A promotion: conditions, effects, its lane, and how it stacks. And the options of a workspace or campaign that prices by them.

Lanes, in their order: activity price -> item -> unit groups -> order -> coupon -> points -> shipping; rewards come last and
change no price. In a lane promotions go by priority (higher first, none last), then by id.
"""

from typing import Literal

from msgspec import Struct

from miaohui.pricing.conditions import AnyCondition, AnyOf, Code
from miaohui.pricing.effects import (
    Amount,
    AnyEffect,
    Bundle,
    BuyGet,
    Deposit,
    Nth,
    PayPoints,
    Percent,
    Price,
    Reward,
)
from miaohui.text import Text

LaneName = Literal["activity", "item", "units", "order", "coupon", "points", "shipping", "rewards"]
LANES: tuple[LaneName, ...] = ("activity", "item", "units", "order", "coupon", "points", "shipping", "rewards")


class Limits(Struct, frozen=True, kw_only=True):
    """How often and for how much, in all and per customer, ever and a day (None: without limit). What is used already stands in
    `Cart.used`.

    `on_end`: what happens when the next discount would go over `spend_minor`: none at all, the part that is left, or this one
    last time in full. `back_on_cancel`: whether an order cancelled after payment gives its use back.
    """

    uses: int | None = None
    per_customer: int | None = None
    per_day: int | None = None
    per_customer_per_day: int | None = None
    spend_minor: int | None = None
    on_end: Literal["refuse", "partial", "let_last_exceed"] = "refuse"
    back_on_cancel: bool = True


class Promotion(Struct, frozen=True, kw_only=True):
    """One promotion. `when` must all hold, judged once, when its first effect's turn comes.

    `lane`: where its effects go, unless they belong elsewhere by nature (None: by effect, see `lane_of`). `exclusive`: applies
    alone in its `lane`, or in the whole `cart`; of several the first by priority. `exclusive_with`: ids or groups of promotions
    that it does not go together with. `groups`: names that others may exclude.
    """

    id: str
    effects: tuple[AnyEffect, ...]
    title: Text = Text(zh="", en="")
    when: tuple[AnyCondition, ...] = ()
    lane: LaneName | None = None
    priority: int | None = None
    exclusive: Literal["", "lane", "cart"] = ""
    exclusive_with: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    limits: Limits = Limits()

    def needs_code(self) -> bool:
        """Whether a code must be entered for it."""
        return any(
            isinstance(c, Code) or (isinstance(c, AnyOf) and all(isinstance(x, Code) for x in c.conditions))
            for c in self.when
        )

    def lane_of(self, effect: AnyEffect) -> LaneName:
        """The lane of one of its effects.

        Shipping, points and rewards stay where they are; else `lane`; else prices and deposits: activity; unit groups: units;
        per unit or line: item; what is left: coupon if a code is needed, order if not.
        """
        match effect:
            case Percent(target="shipping") | Amount(target="shipping"):
                return "shipping"
            case PayPoints():
                return "points"
            case Reward():
                return "rewards"
            case _ if self.lane is not None:
                return self.lane
            case Price() | Deposit():
                return "activity"
            case Nth() | Bundle() | BuyGet():
                return "units"
            case Percent(each="unit" | "line") | Amount(each="unit" | "line"):
                return "item"
            case _:
                return "coupon" if self.needs_code() else "order"


class Lane(Struct, frozen=True, kw_only=True):
    """How promotions of one lane go together.

    `stack`: all that apply; `first`: the first that applies; `best`: the set that saves most (unit groups go first then, and
    conditions are judged when the lane begins). `at_most`: so many of them at most
    (0: any number; `first` means 1). `each`: `line` lets every line choose for itself. `exclusive_with`: lanes that give nothing
    to this cart once this one has.
    """

    mode: Literal["stack", "first", "best"] = "stack"
    at_most: int = 0
    each: Literal["cart", "line"] = "cart"
    exclusive_with: tuple[LaneName, ...] = ()

    def __post_init__(self) -> None:
        if self.each == "line" and (self.mode == "stack" or self.at_most > 1):
            raise ValueError("a line chooses one promotion for itself: mode first or best, at_most 0 or 1")


class Options(Struct, frozen=True, kw_only=True):
    """How carts are priced.

    `order`: by lanes, or by priority alone, each promotion with all its effects before the next. `base`: a percentage or
    threshold looks at what units cost when its `lane` begins, or at what they cost now (`running`; always so by priority).
    `split`: a discount on a line lies on its units in proportion, or on the `first` units until they are at their floor.
    `margin_floor_ppm`: a unit with a known cost keeps at least this share of its price. `search_max`: how many candidate sets
    `best` may look at when it has more than 12 candidates. `units_once`: a unit is used by one unit-group offer only.
    `budget`: whether a spent budget refuses a promotion's discount as a whole, `line` by line, or each `line_alone`, as if the
    other lines of this cart gave nothing (together they may then go over it). `unknown_carried`: what the cart carries of a
    promotion that is not there. `replace_carried`: all it carries is void, not only what is not given again.
    """

    order: Literal["lanes", "priority"] = "lanes"
    base: Literal["lane", "running"] = "lane"
    lanes: dict[LaneName, Lane] = {}
    split: Literal["proportional", "first"] = "proportional"
    margin_floor_ppm: int | None = None
    search_max: int = 4096
    units_once: bool = True
    budget: Literal["whole", "line", "line_alone"] = "whole"
    unknown_carried: Literal["remove", "refuse"] = "remove"
    replace_carried: bool = False

    def __post_init__(self) -> None:
        for name, lane in self.lanes.items():
            if lane.each == "line" and name not in ("activity", "item"):
                raise ValueError(f"lane {name} cannot choose by line: only activity and item can")
        if self.margin_floor_ppm is not None and not 0 <= self.margin_floor_ppm < 1_000_000:
            raise ValueError(f"a margin floor of {self.margin_floor_ppm / 10_000:g} %: write 0 to less than 100")
