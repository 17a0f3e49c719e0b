"""What a cart would cost: what is sent, what is answered. `quotes` prices it, `quote_words` says why."""

from typing import Any

from msgspec import Struct, field

from miaohui.host import orders
from miaohui.host.orders import ClaimInput, Facts, LineInput, LineReply
from miaohui.plays._contract import Refusal

CODES_MAX = 20


class CartInput(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A cart: `customer` as the shop calls him (nobody: whoever it may be), the codes he typed, what he claims of other plays (a
    token, a seat, a coupon), and only the promotions of `campaigns` if there are any."""

    currency: str
    lines: list[LineInput]
    customer: str = ""
    shipping_minor: int = 0
    codes: list[str] = []
    claims: list[ClaimInput] = []
    campaigns: list[str] = []
    facts: Facts = field(default_factory=Facts)


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one promotion: applied, skipped (by which others) or not_eligible; the code says why, the sentence says it in
    words, `data` what is missing. `saved_minor` by line in `lines`."""

    campaign: str
    play: str
    title: str
    status: str
    code: str
    sentence: str
    data: dict[str, Any] = {}
    by: tuple[str, ...] = ()
    saved_minor: int = 0
    lines: dict[str, int] = {}


class TypedCode(Struct, frozen=True, kw_only=True):
    """What became of a code that was typed."""

    code: str
    accepted: bool
    reason: str
    sentence: str


class NotGranted(Struct, frozen=True, kw_only=True):
    """A claim on another play that would be refused."""

    campaign: str
    play: str
    code: str
    sentence: str
    data: dict[str, Any] = {}


class Quote(Struct, frozen=True, kw_only=True):
    """A cart priced. `claims`: place the order with these, and with `total_minor`. `prepaid_minor` of the total is paid already, by
    deposits. `points`: how many of his points would pay;
    `earned`: what he would get for the order (promotion -> amount of points or money)."""

    currency: str
    lines: tuple[LineReply, ...]
    list_minor: int
    discount_minor: int
    total_minor: int
    prepaid_minor: int = 0
    claims: tuple[ClaimInput, ...]
    promotions: tuple[Told, ...]
    codes: tuple[TypedCode, ...] = ()
    not_granted: tuple[NotGranted, ...] = ()
    points: int = 0
    earned: dict[str, int] = {}


class Pretend(Struct, frozen=True):
    """A dry run: at what time, in which audiences (campaign/name)."""

    at_ms: int = 0
    audiences: tuple[str, ...] = ()


def check(cart: CartInput) -> Refusal | None:
    """The form of a cart: as of an order, and at most CODES_MAX codes."""
    if len(cart.codes) > CODES_MAX:
        return Refusal("bad_request", {"field": "codes", "value": len(cart.codes), "wanted": f"at most {CODES_MAX}"})
    return orders.check(
        orders.PlacedInput(
            customer=cart.customer,
            currency=cart.currency,
            lines=cart.lines,
            claims=cart.claims,
            shipping_minor=cart.shipping_minor,
            facts=cart.facts,
        )
    )


def plain(code: str) -> str:
    """A code as it is compared: capitals and spaces do not matter."""
    return "".join(code.split()).casefold()
