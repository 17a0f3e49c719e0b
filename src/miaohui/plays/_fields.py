"""Types of the fields of a play's `Rules`, and how a campaign document writes them.

name ends in `_minor`   int       money, written as a decimal without the ending: price_minor <- price = 99.00
name ends in `_ppm`     int       percent in millionths, written in percent: share_ppm <- share = 2.5
Product                 Struct    product = "mooncake-box": a name of [products]
Offer                   Struct    "40.00 off 199.00", "5.00 off"
tuple[Given, ...]       Struct    give = { vip = "40.00 off 199.00", everybody = "20.00 off 169.00" }: first match wins
tuple[Span, ...]        Struct    slots = ["live 20:00 for 30 minutes", "live + 1 day 20:00 for 30 minutes"]
Validity                Struct    valid = { from = "warm_up", days = 7 };  from = "claim" counts from taking it
everything else as it is. `id`, `opens_ms`, `ends_ms`, `currency` and `identities` are filled in from the campaign.
"""

from msgspec import Struct

from miaohui.text import Text

__all__ = ["Given", "Offer", "Product", "Span", "Text", "Validity"]


class Product(Struct, frozen=True):
    """One product of the campaign; list price and cost in minor units (cost None: not known)."""

    name: str
    sku: str
    title: Text
    list_price_minor: int
    cost_minor: int | None = None


class Offer(Struct, frozen=True):
    """`amount_minor` off a basket of at least `threshold_minor` (0: any basket)."""

    amount_minor: int
    threshold_minor: int = 0


class Given(Struct, frozen=True):
    """What one audience gets; "everybody" is an audience."""

    audience: str
    offer: Offer


class Span(Struct, frozen=True):
    """A window [start, end) in ms since 1970."""

    start_ms: int
    end_ms: int


class Validity(Struct, frozen=True):
    """`days` from `from_ms`; from_ms None counts from the moment a customer takes it."""

    days: int
    from_ms: int | None = None

    def span(self, taken_ms: int) -> Span:
        """The window of what was taken at `taken_ms`."""
        start_ms = taken_ms if self.from_ms is None else self.from_ms
        return Span(start_ms, start_ms + self.days * 86_400_000)
