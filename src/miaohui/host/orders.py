"""Orders: the only thing that reserves. One order is one state, `order/<the shop's id>`, with the claims it makes on plays.

    placed  -> paid -> partly_refunded -> refunded
            -> cancelled | expired           (paid after that reserves again, or asks for a refund)

What each line costs: its list amount less what the claims gave, claim by claim in the order's order: plays that set the price of
a line, then promotions, then coupons. The discount of a line lies on its units by `pricing.allocation.spread`; a refund gives back
the net of the next units of the line, so that any sequence of refunds gives the same sum. Delivery is a line like any other, named
`shipping`; a promotion's gifts are lines of their own, named `gift/<campaign>/<play>`, that cost nothing.
"""

from functools import lru_cache
from hashlib import blake2b
from itertools import groupby
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from miaohui.plays._contract import Claim, Line, Placed, Refusal, Who
from miaohui.pricing.allocation import allocate, spread

Status = Literal["placed", "paid", "partly_refunded", "refunded", "cancelled", "expired"]
STATUSES: tuple[Status, ...] = ("placed", "cancelled", "expired", "paid", "partly_refunded", "refunded")
"""In the only direction an order goes; none is cancelled and expired."""
PAY_MINUTES = 15
"""How long an order is reserved, unless a play it claims from says less."""
LINES_MAX, CLAIMS_MAX, QUANTITY_MAX, PRICE_MAX = 200, 40, 100_000, 10**12
SHIPPING, GIFT = "shipping", "gift/"
"""The line that is the delivery, and how the lines of gifts begin: names that no line of the shop's may have."""


class LineInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A line as the shop sends it: `quantity` of `sku` at `unit_price_minor`, its own price before any play. The rest is for
    promotions that ask for it: where the product belongs, under what price it is never sold, what it costs the shop, and of how
    many units the customer paid a deposit before."""

    line: str
    sku: str
    quantity: int
    unit_price_minor: int
    categories: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    min_price_minor: int = 0
    cost_minor: int | None = None
    deposits: int = 0


class Facts(Struct, frozen=True, forbid_unknown_fields=True):
    """What promotions may ask about, as the shop knows it: the sale (channel, region, way of paying), the customer (tier), how
    many orders he paid before, the points he wants to spend, and the gifts he chose (promotion, as campaign/play -> skus)."""

    sale: dict[str, str] = {}
    customer: dict[str, str] = {}
    orders: int = 0
    points: int = 0
    gifts: dict[str, tuple[str, ...]] = {}


class ClaimInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What the order claims: a play of a campaign; `instance` the party or token, `coupon` the coupon, `code` the code that was
    typed, `line` for which line."""

    campaign: str
    play: str
    instance: str = ""
    coupon: str = ""
    code: str = ""
    line: str = ""


class PlacedInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /orders/{id}/placed. `shipping_minor`: what delivery costs before any offer. `total_minor`: what the customer
    was shown; if it comes to anything else, the order is refused (`price_changed`) before he pays."""

    customer: str
    currency: str
    lines: list[LineInput]
    claims: list[ClaimInput] = []
    shipping_minor: int = 0
    total_minor: int | None = None
    facts: Facts = Facts()


class PaidInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /orders/{id}/paid and /cancelled: nothing, or the customer once more."""

    customer: str = ""


class RefundedLine(Struct, frozen=True, forbid_unknown_fields=True):
    """`quantity` units of `line` came back."""

    line: str
    quantity: int


class RefundedInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /orders/{id}/refunded; no lines: all that is left."""

    customer: str = ""
    lines: list[RefundedLine] = []


class OrderClaim(Struct, frozen=True):
    """A claim as the order keeps it: under which version of the rules, what it gave (line -> minor units), what the play noted,
    and what of the discount came back with refunds."""

    campaign: str
    play: str
    instance: str
    coupon: str
    line: str
    terms: int
    given_minor: dict[str, int] = {}
    code: str = ""
    kept: dict[str, int] = {}
    back_minor: int = 0


class Order(Struct, frozen=True, kw_only=True):
    """One order. `attempt` counts reservations; `returned` is line -> units refunded; `asked`: a refund was requested.
    `audiences` are those of all campaigns it claims from, as campaign/name. `units`: line -> (count, what each of them costs), for
    lines whose units do not cost the same; `refunded_minor`: what refunds came to so far."""

    customer: str
    who: Who
    currency: str
    lines: tuple[Line, ...]
    claims: tuple[OrderClaim, ...]
    status: Status = "placed"
    attempt: int = 1
    expires_ms: int = 0
    returned: dict[str, int] = {}
    asked: bool = False
    source: str = "live"
    facts: Facts = Facts()
    audiences: tuple[str, ...] = ()
    placed_ms: int = 0
    units: dict[str, tuple[tuple[int, int], ...]] = {}
    refunded_minor: int = 0

    def discounts(self) -> dict[str, int]:
        """What the claims took off each line."""
        off = dict.fromkeys((line.line for line in self.lines), 0)
        for claim in self.claims:
            for line, minor in claim.given_minor.items():
                off[line] += minor
        return off

    def total_minor(self) -> int:
        """What the customer pays."""
        return sum(x.quantity * x.unit_price_minor for x in self.lines) - sum(self.discounts().values())

    def prepaid_minor(self) -> int:
        """What of it he paid before, by deposit."""
        return sum(claim.kept.get("prepaid", 0) for claim in self.claims)

    def campaign(self) -> str:
        """The campaign the order counts for: that of its first claim, or none."""
        return self.claims[0].campaign if self.claims else ""


class LineReply(Struct, frozen=True):
    """What a line costs: list amount, discount, and what is left to pay."""

    line: str
    list_minor: int
    discount_minor: int
    due_minor: int
    sku: str = ""
    quantity: int = 1


class OrderReply(Struct, frozen=True, kw_only=True):
    """Answer to every verb of an order. `prepaid_minor` of the total is paid already, by deposits. `expires_ms`: until when it is
    reserved (0: nothing is). `refund`: why the shop must give the money back; `refunded_minor`: what this refund came to."""

    order: str
    status: Status
    currency: str
    lines: tuple[LineReply, ...]
    total_minor: int
    discount_minor: int
    prepaid_minor: int = 0
    expires_ms: int = 0
    refund: str = ""
    refunded_minor: int = 0


decode = lru_cache(maxsize=1024)(msgspec.msgpack.Decoder(Order).decode)
"""An order as it is stored (msgpack). Each verb of an order reads it twice: to plan what it touches, and under its final state."""


def order_key(order: str) -> str:
    """The state key of an order."""
    return f"order/{order}"


def check(body: PlacedInput) -> Refusal | None:
    """Form of a placed order; a Refusal `bad_request` shows the value and what is wanted."""

    def bad(field: str, value: object, wanted: str) -> Refusal:
        return Refusal("bad_request", {"field": field, "value": value, "wanted": wanted})

    if not body.lines or len(body.lines) > LINES_MAX:
        return bad("lines", len(body.lines), f"1 to {LINES_MAX} lines")
    if len(body.claims) > CLAIMS_MAX:
        return bad("claims", len(body.claims), f"at most {CLAIMS_MAX} claims")
    names = [line.line for line in body.lines]
    if len(set(names)) != len(names):
        return bad("lines", names, "a line id of its own for each line")
    for line in body.lines:
        if not 0 < line.quantity <= QUANTITY_MAX:
            return bad("quantity", line.quantity, f"1 to {QUANTITY_MAX}")
        if not 0 <= line.unit_price_minor <= PRICE_MAX:
            return bad("unit_price_minor", line.unit_price_minor, f"0 to {PRICE_MAX}, in the smallest unit")
        if line.min_price_minor < 0 or (line.cost_minor or 0) < 0:
            return bad("min_price_minor, cost_minor", [line.min_price_minor, line.cost_minor], "0 or more")
        if not 0 <= line.deposits <= line.quantity:
            return bad("deposits", line.deposits, f"0 to {line.quantity}, the units of the line")
        if line.line == SHIPPING or line.line.startswith(GIFT):
            return bad("line", line.line, f"a line id other than {SHIPPING} and {GIFT}...")
    if not 0 <= body.shipping_minor <= PRICE_MAX:
        return bad("shipping_minor", body.shipping_minor, f"0 to {PRICE_MAX}, in the smallest unit")
    if body.facts.orders < 0 or body.facts.points < 0:
        return bad("facts", [body.facts.orders, body.facts.points], "orders and points of 0 or more")
    for claim in body.claims:
        if claim.line and claim.line not in names:
            return bad("claims.line", claim.line, f"one of {', '.join(names)}")
    if sum(bool(claim.coupon) for claim in body.claims) > 1:
        return Refusal("one_coupon")
    if len({(c.campaign, c.play, c.instance, c.coupon, c.line) for c in body.claims}) != len(body.claims):
        return bad("claims", "the same claim twice", "each claim once")
    return None


def lines_of(body: PlacedInput) -> tuple[Line, ...]:
    """The order's lines before any claim; delivery comes last, and only promotions take anything off it."""
    lines = [
        Line(**{name: getattr(x, name) for name in x.__struct_fields__}, due_minor=x.quantity * x.unit_price_minor)
        for x in body.lines
    ]
    if body.shipping_minor:
        fee = body.shipping_minor
        lines.append(Line(line=SHIPPING, sku=SHIPPING, quantity=1, unit_price_minor=fee, due_minor=fee, open=False))
    return tuple(lines)


def claim_of(order_id: str, order: Order, n: int, lines: tuple[Line, ...], *, again: bool = False) -> Claim:
    """The n-th claim as its play sees it, with `lines` as the earlier claims left them."""
    kept = order.claims[n]
    base = (n << 8) | 1
    return Claim(
        id=_claim_id(order_id, order.attempt, base),
        order=order_id,
        campaign=kept.campaign,
        play=kept.play,
        who=order.who,
        currency=order.currency,
        lines=lines,
        instance=kept.instance,
        coupon=kept.coupon,
        code=kept.code,
        line=kept.line,
        given_minor=kept.given_minor,
        kept=kept.kept,
        again=again,
        placed_ms=order.placed_ms,
    )


@lru_cache(maxsize=16_384)
def _claim_id(order_id: str, attempt: int, base: int) -> bytes:
    digest = blake2b(f"{attempt}/{order_id}".encode(), digest_size=12, person=b"claim").digest()
    return digest + base.to_bytes(4, "big")


def less(lines: tuple[Line, ...], placed: Placed) -> tuple[Line, ...]:
    """The lines after a claim took its part off them; a claim that takes more than is due is a bug."""
    given = placed.given_minor
    if not given:
        return lines
    left = tuple(
        replace(x, due_minor=x.due_minor - given.get(x.line, 0), open=x.open and not (placed.alone and x.line in given))
        for x in lines
    )
    assert all(line.due_minor >= 0 for line in left), (lines, given)
    return left


def units_of(lines: tuple[Line, ...], dues: dict[str, list[int]]) -> dict[str, tuple[tuple[int, int], ...]]:
    """What each unit of a line costs, where they do not cost the same: `dues` as promotions left them, less what was taken off
    the line since, by what they cost."""
    found = {}
    for line in lines:
        units = dues.get(line.line)
        if units is None:
            continue
        taken, rooms = sum(units) - line.due_minor, [max(0, due - line.min_price_minor) for due in units]
        later = allocate(taken, units, rooms if sum(rooms) >= taken else units)
        net = [due - off for due, off in zip(units, later, strict=True)]
        if sum(net) == line.due_minor and net != spread(line.due_minor, line.quantity):
            found[line.line] = tuple((len(list(run)), minor) for minor, run in groupby(net))
    return found


def line_reply(line: Line, off_minor: int) -> LineReply:
    """A line as its shop sees it, `off_minor` below its list amount."""
    list_minor = line.quantity * line.unit_price_minor
    return LineReply(line.line, list_minor, off_minor, list_minor - off_minor, line.sku, line.quantity)


def reply(order_id: str, order: Order, *, refund: str = "", refunded_minor: int = 0) -> OrderReply:
    """The order as its shop sees it."""
    off = order.discounts()
    lines = tuple(line_reply(line, off[line.line]) for line in order.lines)
    return OrderReply(
        order=order_id,
        status=order.status,
        currency=order.currency,
        lines=lines,
        total_minor=sum(x.due_minor for x in lines),
        discount_minor=sum(off.values()),
        prepaid_minor=order.prepaid_minor(),
        expires_ms=order.expires_ms if order.status == "placed" else 0,
        refund=refund,
        refunded_minor=refunded_minor,
    )


def returning(order: Order, asked: list[RefundedLine]) -> dict[str, int] | Refusal:
    """Line -> units that come back now; no `asked`: all that is left. Refusals: unknown_line, refund_exceeds_order."""
    left = {line.line: line.quantity - order.returned.get(line.line, 0) for line in order.lines}
    if not asked:
        return {line: quantity for line, quantity in left.items() if quantity}
    wanted: dict[str, int] = {}
    for line in asked:
        if line.line not in left:
            return Refusal("unknown_line", {"line": line.line, "lines": list(left)})
        wanted[line.line] = wanted.get(line.line, 0) + line.quantity
        if line.quantity <= 0 or wanted[line.line] > left[line.line]:
            data = {"line": line.line, "quantity": line.quantity, "left": left[line.line]}
            return Refusal("refund_exceeds_order", data)
    return wanted


def dues(order: Order, line: Line, off_minor: int) -> list[int]:
    """What each unit of a line costs."""
    if line.line in order.units:
        return [minor for count, minor in order.units[line.line] for _ in range(count)]
    return spread(line.quantity * line.unit_price_minor - off_minor, line.quantity)


def refund_minor(order: Order, quantities: dict[str, int]) -> dict[str, int]:
    """Line -> money that goes back for `quantities`: the stored net of the next units of the line."""
    off = order.discounts()
    money = {}
    for line in order.lines:
        if quantity := quantities.get(line.line, 0):
            start = order.returned.get(line.line, 0)
            money[line.line] = sum(dues(order, line, off[line.line])[start : start + quantity])
    return money
