"""What a promotion gives. Amounts in minor units of the cart's currency, percentages in millionths (100_000 is 10 %).

On the wire each is an object whose `give` names it: `{"give": "percent", "off_ppm": 100000, "each": "unit"}`.
No effect gives less than nothing; none takes a unit below its floor.
"""

from typing import Literal

from msgspec import Struct

from miaohui.pricing.conditions import EVERYTHING, Scope

Each = Literal["order", "line", "unit"]
Target = Literal["goods", "shipping"]


def wanted(ok: bool, sentence: str) -> None:
    """ValueError with a sentence that shows the value and the remedy."""
    if not ok:
        raise ValueError(sentence)


def _share(ppm: int) -> None:
    wanted(0 <= ppm <= 1_000_000, f"{ppm / 10_000:g} % off: write 0 to 100")


class Effect(Struct, frozen=True, tag_field="give", kw_only=True):
    """One effect on the units in `scope`."""

    scope: Scope = EVERYTHING


class Percent(Effect, frozen=True, tag="percent"):
    """A percentage off: of what the scope costs together (`order`: rounded once, then split), of each line, or of each unit.

    `units_max`: of at most so many units of a line (0: all). `cap_minor`: at most so much in all. `of`: of the base that `Options`
    names, or of the price after the `activity` lane, whatever was taken since.
    """

    off_ppm: int
    each: Each = "order"
    target: Target = "goods"
    units_max: int = 0
    cap_minor: int | None = None
    of: Literal["base", "activity"] = "base"

    def __post_init__(self) -> None:
        _share(self.off_ppm)
        wanted(min(self.units_max, self.cap_minor or 0) >= 0, "units_max and cap_minor are 0 or more")


class Amount(Effect, frozen=True, tag="amount"):
    """An amount off: once for the scope, once for each line, or for each unit; never more than they cost."""

    off_minor: int
    each: Each = "order"
    target: Target = "goods"
    units_max: int = 0
    cap_minor: int | None = None

    def __post_init__(self) -> None:
        wanted(self.off_minor >= 0, f"{self.off_minor} off: an effect gives 0 or more")
        wanted(min(self.units_max, self.cap_minor or 0) >= 0, "units_max and cap_minor are 0 or more")


class Price(Effect, frozen=True, tag="price"):
    """Units cost `price_minor` where they cost more: limited-time price, member price. `units_max` of a line (0: all)."""

    price_minor: int
    units_max: int = 0

    def __post_init__(self) -> None:
        wanted(self.price_minor >= 0, f"a price of {self.price_minor}: write 0 or more")


class Tier(Struct, frozen=True, kw_only=True):
    """From `at_least` (minor units or pieces) on: an amount or a percentage off."""

    at_least: int
    off_minor: int = 0
    off_ppm: int = 0


class Reduction(Effect, frozen=True, tag="reduction"):
    """Full reduction: the highest tier reached; with `every`, once for each full `at_least` of that tier, `times_max` at most.

    A percentage knows no `every`. The tiers look at what the scope costs when the lane begins (`amount`), or at its pieces.
    """

    tiers: tuple[Tier, ...]
    measure: Literal["amount", "pieces"] = "amount"
    every: bool = False
    times_max: int = 0
    cap_minor: int | None = None

    def __post_init__(self) -> None:
        wanted(bool(self.tiers), "a full reduction has at least one tier")
        for tier in self.tiers:
            _share(tier.off_ppm)
            wanted(tier.at_least > 0 or not self.every, f"every {tier.at_least}: a step is more than 0")
            wanted(tier.off_minor >= 0, f"{tier.off_minor} off: a tier gives 0 or more")
            wanted(not (tier.off_minor and tier.off_ppm), "a tier gives an amount or a percentage, not both")


class Nth(Effect, frozen=True, tag="nth"):
    """Every `nth` unit at `off_ppm` less: dearest first, groups of `nth`, off the cheapest of each; spread over the group."""

    off_ppm: int
    nth: int = 2
    same_sku: bool = False
    times_max: int = 0

    def __post_init__(self) -> None:
        _share(self.off_ppm)
        wanted(self.nth >= 2, f"every {self.nth}. unit: 2 or more")


class Part(Struct, frozen=True, kw_only=True):
    """`quantity` units of `scope` in a bundle."""

    quantity: int
    scope: Scope = EVERYTHING


class Bundle(Effect, frozen=True, tag="bundle"):
    """N for X, or a set: units for all `parts` together cost `price_minor`, or are so much cheaper; exactly one of the three.

    Dearest units first. A bundle that would cost more than its units is not made.
    """

    parts: tuple[Part, ...]
    price_minor: int | None = None
    off_minor: int = 0
    off_ppm: int = 0
    times_max: int = 0

    def __post_init__(self) -> None:
        _share(self.off_ppm)
        wanted(
            bool(self.parts) and min(part.quantity for part in self.parts) > 0, "a bundle has parts of 1 unit or more"
        )
        ways = (self.price_minor is not None, bool(self.off_minor), bool(self.off_ppm))
        wanted(sum(ways) == 1, "a bundle has a price, an amount off or a percentage off: one of them")
        wanted((self.price_minor or 0) >= 0 and self.off_minor >= 0, "the price or amount of a bundle is 0 or more")


class BuyGet(Effect, frozen=True, tag="buy_get"):
    """Buy `buy` units of `scope`, get `get` units of `get_scope` at `off_ppm` less (1_000_000: free).

    Buys are the dearest; gets the `cheapest` or `dearest` of the rest, all of them or none. `spread`: `group` lays the saving on
    bought and got units alike (nobody keeps the gift by returning what he bought), `got` on the got units alone.
    """

    buy: int
    get: int
    get_scope: Scope = EVERYTHING
    off_ppm: int = 1_000_000
    times_max: int = 0
    take: Literal["cheapest", "dearest"] = "cheapest"
    spread: Literal["group", "got"] = "group"

    def __post_init__(self) -> None:
        _share(self.off_ppm)
        wanted(self.buy >= 1 and self.get >= 1, f"buy {self.buy}, get {self.get}: 1 or more of each")


class GiftItem(Struct, frozen=True, kw_only=True):
    """A gift: `quantity` of `sku`, of declared value `value_minor` each (what is charged if it is not returned)."""

    sku: str
    quantity: int = 1
    value_minor: int = 0


class Gift(Effect, frozen=True, tag="gift"):
    """Full gift: `choose` of `items` (the first in stock unless the customer chose); again for each full `every_minor`."""

    items: tuple[GiftItem, ...]
    choose: int = 1
    every_minor: int = 0
    times_max: int = 0

    def __post_init__(self) -> None:
        wanted(bool(self.items) and self.choose >= 1, "a gift has items, and at least one of them is given")
        wanted(self.every_minor >= 0, f"again for each {self.every_minor}: 0 (once) or more")


class PayPoints(Effect, frozen=True, tag="points"):
    """Points pay: each full `points` takes `off_minor` off, up to `share_max_ppm` of what the scope costs."""

    points: int
    off_minor: int
    share_max_ppm: int = 1_000_000

    def __post_init__(self) -> None:
        _share(self.share_max_ppm)
        wanted(
            self.points >= 1 and self.off_minor >= 1, f"{self.points} points for {self.off_minor}: 1 or more of each"
        )


class Deposit(Effect, frozen=True, tag="deposit"):
    """Deposit inflation: of a unit whose deposit is paid, `deposit_minor` counts as `worth_minor`; the difference is a discount. A
    deposit is counted by one promotion only."""

    deposit_minor: int
    worth_minor: int

    def __post_init__(self) -> None:
        wanted(
            0 <= self.deposit_minor <= self.worth_minor,
            f"a deposit of {self.deposit_minor} worth {self.worth_minor}: at least itself",
        )


class Reward(Effect, frozen=True, tag="reward"):
    """Cash-back or points given after the order, on what the scope costs in the end: a percentage, or an amount for each full
    `every_minor` (0: once). Changes no price."""

    to: Literal["balance", "points", "coupon"] = "balance"
    off_ppm: int = 0
    amount: int = 0
    every_minor: int = 0
    cap: int | None = None

    def __post_init__(self) -> None:
        _share(self.off_ppm)
        wanted(self.amount >= 0 and self.every_minor >= 0, "a reward is 0 or more")


AnyEffect = Percent | Amount | Price | Reduction | Nth | Bundle | BuyGet | Gift | PayPoints | Deposit | Reward
