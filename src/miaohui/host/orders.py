"""Orders: the only thing that reserves. One order is one state, `order/<the shop's id>`, with the claims it makes on plays.

    placed  -> paid -> partly_refunded -> refunded
            -> cancelled | expired           (paid after that reserves again, or asks for a refund)

What each line costs: its list amount less what the claims gave, claim by claim in the order's order (line claims first). The
discount of a line lies on its units by `pricing.allocation.spread`; a refund gives back the net of the next units of the line,
so that any sequence of refunds gives the same sum.
"""

from hashlib import blake2b
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from miaohui.plays._contract import Claim, Line, Placed, Refusal, Who
from miaohui.pricing.allocation import spread

Status = Literal["placed", "paid", "partly_refunded", "refunded", "cancelled", "expired"]
PAY_MINUTES = 15
"""How long an order is reserved, unless a play it claims from says less."""
LINES_MAX, CLAIMS_MAX, QUANTITY_MAX, PRICE_MAX = 200, 20, 100_000, 10**12


class LineInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A line as the shop sends it: `quantity` of `sku` at `unit_price_minor`, its own price before any play."""

    line: str
    sku: str
    quantity: int
    unit_price_minor: int


class ClaimInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What the order claims: a play of a campaign; `instance` the party or token, `coupon` the coupon, `line` for which line."""

    campaign: str
    play: str
    instance: str = ""
    coupon: str = ""
    line: str = ""


class PlacedInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /orders/{id}/placed."""

    customer: str
    currency: str
    lines: list[LineInput]
    claims: list[ClaimInput] = []


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
    """A claim as the order keeps it: under which version of the rules, and what it gave (line -> minor units)."""

    campaign: str
    play: str
    instance: str
    coupon: str
    line: str
    terms: int
    given_minor: dict[str, int] = {}


class Order(Struct, frozen=True, kw_only=True):
    """One order. `attempt` counts reservations; `returned` is line -> units refunded; `asked`: a refund was requested."""

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

    def discounts(self) -> dict[str, int]:
        """What the claims took off each line."""
        off = dict.fromkeys((line.line for line in self.lines), 0)
        for claim in self.claims:
            for line, minor in claim.given_minor.items():
                off[line] += minor
        return off

    def campaign(self) -> str:
        """The campaign the order counts for: that of its first claim, or none."""
        return self.claims[0].campaign if self.claims else ""


class LineReply(Struct, frozen=True):
    """What a line costs: list amount, discount, and what is left to pay."""

    line: str
    list_minor: int
    discount_minor: int
    due_minor: int


class OrderReply(Struct, frozen=True, kw_only=True):
    """Answer to every verb of an order. `expires_ms`: until when it is reserved (0: nothing is). `refund`: why the shop must
    give the money back; `refunded_minor`: what this refund came to."""

    order: str
    status: Status
    currency: str
    lines: tuple[LineReply, ...]
    total_minor: int
    discount_minor: int
    expires_ms: int = 0
    refund: str = ""
    refunded_minor: int = 0


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
    for claim in body.claims:
        if claim.line and claim.line not in names:
            return bad("claims.line", claim.line, f"one of {', '.join(names)}")
    if sum(bool(claim.coupon) for claim in body.claims) > 1:
        return Refusal("one_coupon")
    if len({(c.campaign, c.play, c.instance, c.coupon, c.line) for c in body.claims}) != len(body.claims):
        return bad("claims", "the same claim twice", "each claim once")
    return None


def claims_in_order(claims: list[ClaimInput]) -> list[ClaimInput]:
    """Line claims first (they set a line's price), then those on the whole order; else as the shop sent them."""
    return sorted(claims, key=lambda claim: not claim.line)


def lines_of(body: PlacedInput) -> tuple[Line, ...]:
    """The order's lines before any claim."""
    return tuple(
        Line(
            line=x.line,
            sku=x.sku,
            quantity=x.quantity,
            unit_price_minor=x.unit_price_minor,
            due_minor=x.quantity * x.unit_price_minor,
        )
        for x in body.lines
    )


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
        line=kept.line,
        given_minor=kept.given_minor,
        again=again,
    )


def _claim_id(order_id: str, attempt: int, base: int) -> bytes:
    digest = blake2b(f"{attempt}/{order_id}".encode(), digest_size=12, person=b"claim").digest()
    return digest + base.to_bytes(4, "big")


def less(lines: tuple[Line, ...], placed: Placed) -> tuple[Line, ...]:
    """The lines after a claim took its part off them; a claim that takes more than is due is a bug."""
    given = placed.given_minor
    left = tuple(
        replace(x, due_minor=x.due_minor - given.get(x.line, 0), open=x.open and not (placed.alone and x.line in given))
        for x in lines
    )
    assert all(line.due_minor >= 0 for line in left), (lines, given)
    return left


def reply(order_id: str, order: Order, *, refund: str = "", refunded_minor: int = 0) -> OrderReply:
    """The order as its shop sees it."""
    off = order.discounts()
    lines = tuple(
        LineReply(x.line, x.quantity * x.unit_price_minor, off[x.line], x.quantity * x.unit_price_minor - off[x.line])
        for x in order.lines
    )
    return OrderReply(
        order=order_id,
        status=order.status,
        currency=order.currency,
        lines=lines,
        total_minor=sum(x.due_minor for x in lines),
        discount_minor=sum(off.values()),
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


def refund_minor(order: Order, quantities: dict[str, int]) -> dict[str, int]:
    """Line -> money that goes back for `quantities`: the stored net of the next units of the line."""
    off = order.discounts()
    money = {}
    for line in order.lines:
        if quantity := quantities.get(line.line, 0):
            net = spread(line.quantity * line.unit_price_minor - off[line.line], line.quantity)
            start = order.returned.get(line.line, 0)
            money[line.line] = sum(net[start : start + quantity])
    return money
