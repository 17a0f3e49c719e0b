"""Flash sale (秒杀 miǎo shā): one product at a low price, in short slots, while the stock lasts.

In a slot a customer asks for a token; it lives 30 seconds, keeps the rules it was given under, and only it can reserve. An order
placed with the token holds the units for `pay_minutes`; a hold that is not paid goes back to the stock, so that a sold-out slot can
open again. All slots sell from one stock: what one slot leaves, the next one has.

Value     place   holds stock -> sold (units), and one use of each identity's counter
          pay     posts both
          release voids both; the slot may sell the units again
          refund  units go sold -> the shop's ordinary stock, never back into the slot; the whole order gives the use back
Promises  sold + held <= stock; uses of one identity <= `per_customer`.
Price     the line is charged at `price_minor`; what the shop's price is above it is the discount. Nothing stacks on it unless
          `stacks` is "coupons".
Refusals  token: no_slot, ended, limit_reached, sold_out.
          Place: no_token, token_expired, wrong_line, too_many, limit_reached, sold_out.
Source    PLAYS: reserve at placed, pay within 5 minutes, returns go to normal stock.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from miaohui.plays._contract import (
    USE,
    Account,
    Claim,
    Decision,
    Kind,
    Moment,
    Pay,
    Place,
    Placed,
    Pool,
    Refund,
    Refusal,
    Release,
    Settled,
    Text,
    Transfer,
    Who,
    piece,
    pool_key,
    sku_key,
    world_key,
)
from miaohui.plays._fields import Product, Span

TOKEN_MS = 30_000
TOKEN_KEPT_MS = 600_000
"""How long a token that was not used is still known: who comes late hears that his turn has passed."""

TITLE = Text(zh="秒杀", en="Flash sale")
ICON = "bolt"
SENTENCES = {
    "no_slot": Text(zh="下一场 {starts_ms} 开始", en="The next slot opens at {starts_ms}"),
    "limit_reached": Text(zh="每人限购 {limit} 件，你已经买过了", en="{limit} per customer: you have had yours"),
    "sold_out": Text(zh="这一场抢光了；有人未付款时会再放出", en="Sold out; unpaid units come back"),
    "no_token": Text(zh="请先点抢购", en="Tap to take part first"),
    "token_expired": Text(zh="抢购资格已过期，请再点一次", en="Your turn has passed, please tap again"),
    "wrong_line": Text(zh="订单行 {line} 不是秒杀商品 {sku}", en="Line {line} is not the product of this sale ({sku})"),
    "too_many": Text(zh="每单限 {limit} 件", en="{limit} per order"),
}
LABELS = {
    "product": Text(zh="商品", en="Product"),
    "price_minor": Text(zh="秒杀价", en="Sale price"),
    "slots": Text(zh="场次", en="Slots"),
    "stock": Text(zh="库存", en="Stock"),
    "per_customer": Text(zh="每人限购", en="Per customer"),
    "pay_minutes": Text(zh="付款时限（分钟）", en="Minutes to pay"),
    "stacks": Text(zh="可叠加", en="Stacks with"),
    "sold": Text(zh="已售", en="Sold"),
    "TokenIssued": Text(zh="取得抢购资格", en="Token given"),
    "Reserved": Text(zh="抢到", en="Reserved"),
    "Sold": Text(zh="秒杀成交", en="Sold"),
    "Returned": Text(zh="退货", en="Returned"),
    "Released": Text(zh="未付款释放", en="Released"),
}


class Rules(Struct, frozen=True, kw_only=True):
    """What the operator sets. Prices in the smallest unit of `currency`."""

    id: str
    currency: str
    product: Annotated[Product, Meta(description="What is sold")]
    price_minor: Annotated[int, Meta(ge=0, description="Price in the sale")]
    slots: Annotated[tuple[Span, ...], Meta(min_length=1, description="When it is sold")]
    stock: Annotated[int, Meta(ge=1, description="Units for all slots together")]
    per_customer: Annotated[int, Meta(ge=1, le=1000, description="Units one customer may buy")] = 1
    pay_minutes: Annotated[int, Meta(ge=1, le=60, description="How long a unit is held unpaid")] = 5
    stacks: Annotated[Literal["none", "coupons"], Meta(description="What may be taken off the sale price")] = "none"
    identities: tuple[str, ...] = ("account",)

    def __post_init__(self) -> None:
        if self.price_minor >= self.product.list_price_minor:
            raise ValueError(
                f"the price {self.price_minor} is not below the list price {self.product.list_price_minor}: lower it"
            )
        for a, b in zip(self.slots, self.slots[1:], strict=False):
            if b.start_ms < a.end_ms:
                raise ValueError("slots overlap: let each begin after the one before has ended")

    def slot(self, now_ms: int) -> Span | None:
        """The slot that is open."""
        return next((slot for slot in self.slots if slot.start_ms <= now_ms < slot.end_ms), None)


class State(Struct, frozen=True, kw_only=True):
    """A token: who may reserve with it, until when."""

    customer: str
    expires_ms: int


class Token(Struct, frozen=True, tag=True):
    """A customer asks for his turn; `id` becomes the token."""

    id: str
    who: Who


class Forget(Struct, frozen=True, tag=True):
    """Timer: `token` was not used and is no longer of use to anybody."""

    token: str


ACTIONS = (Token,)
STARTS = (Token,)
TIMERS = (Forget,)


class TokenIssued(Struct, frozen=True, tag=True):
    """Event: `customer` may reserve until `expires_ms`."""

    customer: str
    expires_ms: int


class Reserved(Struct, frozen=True, tag=True):
    """Event: `order` holds `quantity` units."""

    customer: str
    order: str
    quantity: int


class Sold(Struct, frozen=True, tag=True):
    """Event: `order` is paid and has `quantity` units, `given_minor` below the shop's price."""

    customer: str
    order: str
    quantity: int
    given_minor: int


class Released(Struct, frozen=True, tag=True):
    """Event: `order` was not paid; its `quantity` units are for sale again."""

    customer: str
    order: str
    quantity: int


class Returned(Struct, frozen=True, tag=True):
    """Event: `quantity` units of the paid `order` came back to the shop."""

    customer: str
    order: str
    quantity: int


EVENTS = (TokenIssued, Reserved, Sold, Released, Returned)
PROOFS: dict[str, dict[type[Struct], str]] = {"sold": {Sold: "quantity", Returned: "-quantity"}}


class Reply(Struct, frozen=True):
    """The token and how long it lives."""

    token: str
    expires_ms: int


def pools(rules: Rules) -> dict[str, Pool]:
    """The units for sale, from the shop's stock of the product."""
    unit = piece(rules.product.sku)
    return {"stock": Pool(unit, rules.stock, sku_key(rules.product.sku)), "sold": Pool(unit)}


def flow(rules: Rules) -> tuple[Text, ...]:
    """Tap in time, pay in time."""
    return (Text(zh="准点抢购", en="Tap in the slot"), Text(zh="5 分钟内付款", en="Pay within minutes"))


def worst_cost(rules: Rules) -> int:
    """Every unit sold below list price."""
    return rules.stock * (rules.product.list_price_minor - rules.price_minor)


Action = Token | Place | Pay | Release | Refund | Forget


def touches(rules: Rules, action: Action) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The token; stock, sold and the counter of each identity; for a refund the shop's stock."""
    if isinstance(action, Forget):
        return (_key(rules, action.token),), ()
    who, token = (
        (action.who, action.id) if isinstance(action, Token) else (action.claim.who, action.claim.instance or "none")
    )
    stock, sold = pool_key(rules.id, "stock"), pool_key(rules.id, "sold")
    limits = tuple(key for _, key in who.limits(rules.id, rules.identities))
    states = (_key(rules, token),)
    if isinstance(action, Refund):
        return states, (sold, sku_key(rules.product.sku), *limits, world_key(USE))
    return states, (stock, sold, *limits, world_key(USE))


def decide(
    rules: Rules, states: Mapping[str, State | None], balances: Mapping[str, Account], action: Action, moment: Moment
) -> Decision | Refusal:
    """What `action` causes under `rules`."""
    match action:
        case Token():
            return _token(rules, balances, action, moment)
        case Place():
            return _place(rules, states, balances, action.claim, moment)
        case Pay():
            quantity = action.claim.target().quantity
            sold = Sold(action.claim.who.customer, action.claim.order, quantity, sum(action.claim.given_minor.values()))
            return Decision(
                reply=Settled(), events=(sold,), transfers=_settle(rules, action.claim, quantity, Kind.POST)
            )
        case Release():
            quantity = action.claim.target().quantity
            released = Released(action.claim.who.customer, action.claim.order, quantity)
            return Decision(
                reply=Settled(), events=(released,), transfers=_settle(rules, action.claim, quantity, Kind.VOID)
            )
        case Refund():
            return _refund(rules, action)
        case Forget():
            return Decision(reply=Settled(), states={_key(rules, action.token): None})


def _token(rules: Rules, balances: Mapping[str, Account], action: Token, moment: Moment) -> Decision | Refusal:
    if rules.slot(moment.now_ms) is None:
        coming = [slot.start_ms for slot in rules.slots if slot.start_ms > moment.now_ms]
        return Refusal("no_slot", {"starts_ms": min(coming)}) if coming else Refusal("ended")
    if refusal := _full(rules, balances, action.who, 1):
        return refusal
    expires_ms = moment.now_ms + TOKEN_MS
    state = State(customer=action.who.customer, expires_ms=expires_ms)
    return Decision(
        reply=Reply(action.id, expires_ms),
        events=(TokenIssued(action.who.customer, expires_ms),),
        states={_key(rules, action.id): state},
        timers={_key(rules, action.id): (expires_ms + TOKEN_KEPT_MS, Forget(action.id))},
    )


def _place(
    rules: Rules, states: Mapping[str, State | None], balances: Mapping[str, Account], claim: Claim, moment: Moment
) -> Decision | Refusal:
    key = _key(rules, claim.instance or "none")
    state = states[key]
    if not claim.again:
        if state is None or state.customer != claim.who.customer:
            return Refusal("no_token")
        if moment.now_ms >= state.expires_ms:
            return Refusal("token_expired", {"expires_ms": state.expires_ms})
    line = claim.target()
    if line.sku != rules.product.sku:
        return Refusal("wrong_line", {"line": claim.line, "sku": rules.product.sku})
    if line.quantity > rules.per_customer:
        return Refusal("too_many", {"limit": rules.per_customer, "quantity": line.quantity})
    if refusal := _full(rules, balances, claim.who, line.quantity):
        return refusal
    given_minor = max(0, line.due_minor - rules.price_minor * line.quantity)
    holds = [Transfer(*_sale(rules), line.quantity, Kind.PENDING, claim.hold(0), claim.keeper())]
    for n, (_, limit) in enumerate(claim.who.limits(rules.id, rules.identities), 1):
        hold = claim.hold(n)
        uses = Transfer(
            world_key(USE), limit, line.quantity, Kind.PENDING, hold, claim.keeper(), ceiling=rules.per_customer
        )
        holds.append(uses)
    return Decision(
        reply=Placed({line.line: given_minor}, rules.pay_minutes, alone=rules.stacks == "none"),
        events=(Reserved(claim.who.customer, claim.order, line.quantity),),
        transfers=tuple(holds),
        states={} if state is None else {key: None},
        timers={} if state is None else {key: None},
    )


def _full(rules: Rules, balances: Mapping[str, Account], who: Who, quantity: int) -> Refusal | None:
    for kind, limit in who.limits(rules.id, rules.identities):
        if balances[limit].received() + quantity > rules.per_customer:
            return Refusal("limit_reached", {"limit": rules.per_customer, "identity": kind})
    if balances[pool_key(rules.id, "stock")].room() < quantity:
        return Refusal("sold_out")
    return None


def _settle(rules: Rules, claim: Claim, quantity: int, kind: Kind) -> tuple[Transfer, ...]:
    uses = (
        Transfer(world_key(USE), limit, quantity, kind, claim.hold(n))
        for n, (_, limit) in enumerate(claim.who.limits(rules.id, rules.identities), 1)
    )
    return (Transfer(*_sale(rules), quantity, kind, claim.hold(0)), *uses)


def _refund(rules: Rules, action: Refund) -> Decision:
    claim = action.claim
    quantity = action.quantities.get(claim.target().line, 0)
    if not quantity:
        return Decision(reply=Settled())
    uses = (Transfer(limit, world_key(USE), quantity) for _, limit in claim.who.limits(rules.id, rules.identities))
    goods = Transfer(pool_key(rules.id, "sold"), sku_key(rules.product.sku), quantity)
    returned = Returned(claim.who.customer, claim.order, quantity)
    return Decision(reply=Settled(), events=(returned,), transfers=(goods, *uses))


def _sale(rules: Rules) -> tuple[str, str]:
    return pool_key(rules.id, "stock"), pool_key(rules.id, "sold")


def _key(rules: Rules, token: str) -> str:
    return pool_key(rules.id, "token", token)
