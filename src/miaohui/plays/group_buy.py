"""Group buying (拼团 pīn tuán): a low price for everybody once enough people have paid for it together.

A customer opens a party and pays first; from then on it is open for `hours`. Others come by his link. A seat is held when an
order is placed, it counts when the order is paid, and the last *paid* seat completes the party. A party that is not full in time
fails, and the shop is asked to refund everybody who paid. No robots fill a group.

Value     open    world -> seats of the party (`size`)
          place   holds a seat (seats -> taken), the goods (stock -> sold) and one use of each identity's counter
          pay     posts them; too late (the party has failed): voids them and asks for the refund
          release voids them; the seat is free again
          refund  before the party is full: everything goes back, the seat is free; if the leader leaves, the next who paid leads.
                  After it is full: ordinary after-sales, the goods go to the shop's ordinary stock, the party stays done.
                  After it failed: goods go back to the play while it runs, else to the shop
          expiry  free seats go back to the world; refund.requested for each paid order
Promises  seats taken + held <= size; each party that was opened ends exactly once, completed or failed, and its end is told,
          whoever is in it; goods sold + held <= stock.
Price     the line is charged at `price_minor`; nothing stacks on it.
Refusals  place, in this order: unknown_party, party_full, party_over, already_in, leader_first, wrong_line, too_many,
          limit_reached, sold_out.
Source    PLAYS: reserve the seat at placed, count at paid, hours from the leader's payment, n-th and n+1-th at once.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

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
    RefundRequested,
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
from miaohui.plays._fields import Product

SEAT = "seat"

TITLE = Text(zh="拼团", en="Group buying")
ICON = "users-group"
SENTENCES = {
    "unknown_party": Text(zh="没有这个团", en="There is no such group"),
    "party_full": Text(zh="这个团已经满了，{size} 人已成团", en="This group is full: {size} people are in it"),
    "party_over": Text(zh="这个团已经结束", en="This group has ended"),
    "already_in": Text(zh="你已经在这个团里了", en="You are in this group already"),
    "leader_first": Text(zh="等团长付款后才能参团", en="The leader pays first, then you can join"),
    "wrong_line": Text(
        zh="订单行 {line} 不是拼团商品 {sku}", en="Line {line} is not the product of this group ({sku})"
    ),
    "too_many": Text(zh="每单限 {limit} 件", en="{limit} per order"),
    "limit_reached": Text(zh="每人限参加 {limit} 次", en="{limit} per customer: you have had yours"),
    "sold_out": Text(zh="拼团商品已售完", en="Sold out"),
}
LABELS = {
    "product": Text(zh="商品", en="Product"),
    "price_minor": Text(zh="拼团价", en="Group price"),
    "size": Text(zh="成团人数", en="People in a group"),
    "hours": Text(zh="成团时限（小时）", en="Hours to fill"),
    "stock": Text(zh="库存", en="Stock"),
    "per_order": Text(zh="每单限购", en="Per order"),
    "per_customer": Text(zh="每人限参加", en="Per customer"),
    "pay_minutes": Text(zh="付款时限（分钟）", en="Minutes to pay"),
    "complete_by_operator": Text(zh="由运营补满", en="Operator completes the group"),
    "sold": Text(zh="已售", en="Sold"),
    "PartyOpened": Text(zh="开团", en="Group opened"),
    "SeatHeld": Text(zh="占位", en="Seat held"),
    "SeatPaid": Text(zh="参团", en="Seat paid"),
    "Returned": Text(zh="退货", en="Returned"),
    "SeatFreed": Text(zh="让出名额", en="Seat freed"),
    "PartyCompleted": Text(zh="成团", en="Group complete"),
    "PartyFailed": Text(zh="未成团", en="Group failed"),
    "RefundRequested": Text(zh="请求退款", en="Refund requested"),
}
Status = Literal["open", "completed", "failed"]


class Rules(Struct, frozen=True, kw_only=True):
    """What the operator sets. Prices in the smallest unit of `currency`."""

    id: str
    currency: str
    ends_ms: int
    product: Annotated[Product, Meta(description="What is sold")]
    price_minor: Annotated[int, Meta(ge=0, description="Price in a full group")]
    stock: Annotated[int, Meta(ge=1, description="Units for all groups together")]
    size: Annotated[int, Meta(ge=2, le=100, description="People who must have paid")] = 3
    hours: Annotated[int, Meta(ge=1, le=168, description="From the leader's payment")] = 24
    per_order: Annotated[int, Meta(ge=1, le=1000, description="Units in one order")] = 1
    per_customer: Annotated[int, Meta(ge=1, le=1000, description="Seats one customer may take")] = 1
    pay_minutes: Annotated[int, Meta(ge=1, le=60, description="How long a seat is held unpaid")] = 15
    complete_by_operator: bool = False
    identities: tuple[str, ...] = ("account",)

    def __post_init__(self) -> None:
        if self.price_minor >= self.product.list_price_minor:
            raise ValueError(
                f"the price {self.price_minor} is not below the list price {self.product.list_price_minor}: lower it"
            )
        if self.complete_by_operator:
            raise ValueError("complete_by_operator is not run by this version: set it to false; no robots fill a group")


class Member(Struct, frozen=True):
    """A seat: whose, by which order, for which line, and whether it is paid."""

    customer: str
    order: str
    line: str
    paid: bool = False


class State(Struct, frozen=True, kw_only=True):
    """One party. `ends_ms`: until the leader has paid, how long we wait for him; then the end of the party."""

    owner: str
    size: int
    ends_ms: int
    members: tuple[Member, ...] = ()
    status: Status = "open"
    completed_ms: int = 0

    def paid(self) -> tuple[Member, ...]:
        """The seats that count."""
        return tuple(member for member in self.members if member.paid)


class Open(Struct, frozen=True, tag=True):
    """A customer opens a party; `id` becomes its name."""

    id: str
    who: Who


class Expire(Struct, frozen=True, tag=True):
    """The timer of a party fired; `stopped`: an operator ends it before its time."""

    party: str
    stopped: bool = False


ACTIONS = (Open,)
STARTS = (Open,)
TIMERS = (Expire,)


class PartyOpened(Struct, frozen=True, tag=True):
    """Event: `customer` opened `party`."""

    party: str
    customer: str


class SeatHeld(Struct, frozen=True, tag=True):
    """Event: `order` of `customer` holds a seat of `party`, which has `free` left."""

    party: str
    customer: str
    order: str
    free: int


class SeatPaid(Struct, frozen=True, tag=True):
    """Event: the seat of `order`, with `quantity` units, counts; `missing` people are still to pay. `given_minor` below the
    shop's price."""

    party: str
    customer: str
    order: str
    missing: int
    quantity: int
    given_minor: int


class SeatFreed(Struct, frozen=True, tag=True):
    """Event: the seat of `order` is free again (not paid in time, or refunded before the party was full)."""

    party: str
    customer: str
    order: str


class PartyCompleted(Struct, frozen=True, tag="party.completed"):
    """Event: the last seat of `party` is paid; `orders` may be shipped."""

    party: str
    customer: str
    orders: str


class PartyFailed(Struct, frozen=True, tag="party.failed"):
    """Event: `party` was not full in time; `orders` are to be refunded, none if nobody had paid."""

    party: str
    customer: str
    orders: str


class Returned(Struct, frozen=True, tag=True):
    """Event: `quantity` units of the paid `order` came back."""

    customer: str
    order: str
    quantity: int


EVENTS = (PartyOpened, SeatHeld, SeatPaid, SeatFreed, PartyCompleted, PartyFailed, Returned, RefundRequested)
SPREADS = (PartyOpened, SeatPaid, "party")
PROOFS: dict[str, dict[type[Struct], str]] = {"sold": {SeatPaid: "quantity", Returned: "-quantity"}}


class Reply(Struct, frozen=True):
    """The party, how many are missing, and until when."""

    party: str
    missing: int
    ends_ms: int


def pools(rules: Rules) -> dict[str, Pool]:
    """The units for sale, from the shop's stock of the product."""
    unit = piece(rules.product.sku)
    return {"stock": Pool(unit, rules.stock, sku_key(rules.product.sku)), "sold": Pool(unit)}


def flow(rules: Rules) -> tuple[Text, ...]:
    """Open or follow a link, pay, and bring friends."""
    return (
        Text(zh="开团或点开好友链接", en="Open a group or follow a friend's link"),
        Text(zh="付款占位", en="Pay for your seat"),
        Text(zh="邀请好友", en="Bring friends"),
    )


def worst_cost(rules: Rules) -> int:
    """Every unit sold below list price."""
    return rules.stock * (rules.product.list_price_minor - rules.price_minor)


Action = Open | Expire | Place | Pay | Release | Refund


def stop(key: str, state: State) -> Expire | None:
    """What ends this party when an operator stops the campaign at once."""
    return Expire(key.rsplit("/", 1)[1], stopped=True) if state.status == "open" else None


def touches(rules: Rules, action: Action) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The party, its seats; for orders also stock, sold, the shop's stock and the counter of each identity."""
    party = _party(action)
    seats = (_seats(rules, party), world_key(SEAT))
    if isinstance(action, Open | Expire):
        return (_key(rules, party),), seats
    limits = tuple(key for _, key in action.claim.who.limits(rules.id, rules.identities))
    goods = (pool_key(rules.id, "stock"), pool_key(rules.id, "sold"), sku_key(rules.product.sku))
    return (_key(rules, party),), (*seats, _taken(rules, party), *goods, *limits, world_key(USE))


def decide(
    rules: Rules, states: Mapping[str, State | None], balances: Mapping[str, Account], action: Action, moment: Moment
) -> Decision | Refusal:
    """What `action` causes under `rules`, the version the party was opened under."""
    key = _key(rules, _party(action))
    state = states[key]
    match action:
        case Open():
            return _open(rules, action, moment)
        case Place():
            if state is None:
                return Refusal("unknown_party", {"party": action.claim.instance})
            return _place(rules, state, balances, action.claim, moment)
        case Expire():
            if state is None or state.status != "open" or (moment.now_ms < state.ends_ms and not action.stopped):
                return Refusal("party_over")
            return _fail(rules, state, balances, action.party)
        case Pay():
            return _pay(rules, state, action.claim, moment)
        case Release():
            return _release(rules, state, action.claim)
        case Refund():
            return _refund(rules, state, action, balances, moment)


def _open(rules: Rules, action: Open, moment: Moment) -> Decision:
    ends_ms = moment.now_ms + (rules.pay_minutes + 1) * 60_000
    key = _key(rules, action.id)
    return Decision(
        reply=Reply(action.id, rules.size, ends_ms),
        events=(PartyOpened(action.id, action.who.customer),),
        transfers=(Transfer(world_key(SEAT), _seats(rules, action.id), rules.size),),
        states={key: State(owner=action.who.customer, size=rules.size, ends_ms=ends_ms)},
        timers={key: (ends_ms, Expire(action.id))},
    )


def _place(
    rules: Rules, state: State, balances: Mapping[str, Account], claim: Claim, moment: Moment
) -> Decision | Refusal:
    party, who, line = claim.instance, claim.who, claim.target()
    if refusal := _no_seat(rules, state, balances, claim, moment):
        return refusal
    given_minor = max(0, line.due_minor - rules.price_minor * line.quantity)
    key, ends_ms, timers = _key(rules, party), state.ends_ms, {}
    if not state.paid():
        ends_ms = moment.now_ms + (rules.pay_minutes + 1) * 60_000
        timers = {key: (ends_ms, Expire(party))}
    members = (*state.members, Member(who.customer, claim.order, line.line))
    return Decision(
        reply=Placed({line.line: given_minor}, rules.pay_minutes, alone=True),
        events=(SeatHeld(party, who.customer, claim.order, state.size - len(members)),),
        transfers=_settle(rules, claim, Kind.PENDING),
        states={key: replace(state, members=members, ends_ms=ends_ms)},
        timers=timers,
    )


def _no_seat(
    rules: Rules, state: State, balances: Mapping[str, Account], claim: Claim, moment: Moment
) -> Refusal | None:
    who, line = claim.who, claim.target()
    if state.status == "completed" or len(state.members) == state.size:
        return Refusal("party_full", {"size": state.size})
    if state.status == "failed" or moment.now_ms >= state.ends_ms:
        return Refusal("party_over")
    if any(member.customer == who.customer for member in state.members):
        return Refusal("already_in")
    if not state.paid() and who.customer != state.owner:
        return Refusal("leader_first")
    if line.sku != rules.product.sku:
        return Refusal("wrong_line", {"line": claim.line, "sku": rules.product.sku})
    if line.quantity > rules.per_order:
        return Refusal("too_many", {"limit": rules.per_order, "quantity": line.quantity})
    for kind, limit in who.limits(rules.id, rules.identities):
        if balances[limit].received() + 1 > rules.per_customer:
            return Refusal("limit_reached", {"limit": rules.per_customer, "identity": kind})
    if balances[pool_key(rules.id, "stock")].room() < line.quantity:
        return Refusal("sold_out")
    return None


def _pay(rules: Rules, state: State | None, claim: Claim, moment: Moment) -> Decision:
    party, key = claim.instance, _key(rules, claim.instance)
    if state is None or state.status == "failed":
        left = {} if state is None else {key: _without(state, claim.order)}
        return Decision(reply=Settled("party_failed"), transfers=_settle(rules, claim, Kind.VOID), states=left)
    first = not state.paid()
    members = tuple(replace(m, paid=True) if m.order == claim.order else m for m in state.members)
    state = replace(state, members=members)
    missing = state.size - len(state.paid())
    given_minor = sum(claim.given_minor.values())
    events: tuple[Struct, ...] = (
        SeatPaid(party, claim.who.customer, claim.order, missing, claim.target().quantity, given_minor),
    )
    timers: dict[str, tuple[int, Struct] | None] = {}
    if first:
        state = replace(state, ends_ms=moment.now_ms + rules.hours * 3_600_000)
        timers = {key: (state.ends_ms, Expire(party))}
    if not missing:
        state = replace(state, status="completed", completed_ms=moment.now_ms)
        events = (*events, PartyCompleted(party, state.owner, _orders(state)))
        timers = {key: None}
    return Decision(
        reply=Settled(),
        events=events,
        transfers=_settle(rules, claim, Kind.POST),
        states={key: state},
        timers=timers,
    )


def _release(rules: Rules, state: State | None, claim: Claim) -> Decision:
    freed = SeatFreed(claim.instance, claim.who.customer, claim.order)
    left = {} if state is None else {_key(rules, claim.instance): _without(state, claim.order)}
    return Decision(reply=Settled(), events=(freed,), transfers=_settle(rules, claim, Kind.VOID), states=left)


def _refund(
    rules: Rules, state: State | None, action: Refund, balances: Mapping[str, Account], moment: Moment
) -> Decision:
    claim = action.claim
    line = claim.target()
    quantity, left = action.quantities.get(line.line, 0), action.left.get(line.line, 0)
    held = state is not None and any(m.order == claim.order and m.paid for m in state.members)
    if not quantity or not held:  # nothing of this play was given, or not any more
        return Decision(reply=Settled())
    assert state is not None
    done, runs = state.status == "completed", moment.now_ms < rules.ends_ms
    home = pool_key(rules.id, "stock") if runs and not done else sku_key(rules.product.sku)
    goods = Transfer(pool_key(rules.id, "sold"), home, quantity)
    returned = Returned(claim.who.customer, claim.order, quantity)
    if left:
        return Decision(reply=Settled(), events=(returned,), transfers=(goods,))
    uses = tuple(Transfer(limit, world_key(USE), 1) for _, limit in claim.who.limits(rules.id, rules.identities))
    if done:
        return Decision(reply=Settled(), events=(returned,), transfers=(goods, *uses))
    party, key = claim.instance, _key(rules, claim.instance)
    open_ = state.status == "open"
    seat = Transfer(_taken(rules, party), _seats(rules, party) if open_ else world_key(SEAT), 1)
    return Decision(
        reply=Settled(),
        events=(returned, SeatFreed(party, claim.who.customer, claim.order)) if open_ else (returned,),
        transfers=(goods, seat, *uses),
        states={key: _without(state, claim.order)},
    )


def _fail(rules: Rules, state: State, balances: Mapping[str, Account], party: str) -> Decision:
    free, key = balances[_seats(rules, party)].room(), _key(rules, party)
    back = (Transfer(_seats(rules, party), world_key(SEAT), free),) if free else ()
    asked = tuple(RefundRequested(m.order, m.customer, m.line, "party_failed") for m in state.paid())
    failed = PartyFailed(party, state.owner, _orders(state))
    after = replace(state, status="failed") if state.members else None
    return Decision(reply=Settled(), events=(failed, *asked), transfers=back, states={key: after}, timers={key: None})


def _without(state: State, order: str) -> State:
    """The party after `order` left; if it was the leader's, the next who paid leads, else the next who is there."""
    members = tuple(member for member in state.members if member.order != order)
    leaders = [m.customer for m in members if m.paid] or [m.customer for m in members]
    gone = all(member.customer != state.owner for member in members)
    return replace(state, members=members, owner=leaders[0] if gone and leaders else state.owner)


def _settle(rules: Rules, claim: Claim, kind: Kind) -> tuple[Transfer, ...]:
    """Hold, take or give back a seat, the goods and one use of each counter."""
    party, quantity, keeper = claim.instance, claim.target().quantity, claim.keeper()
    seat = Transfer(_seats(rules, party), _taken(rules, party), 1, kind, claim.hold(0), keeper)
    goods = Transfer(pool_key(rules.id, "stock"), pool_key(rules.id, "sold"), quantity, kind, claim.hold(1), keeper)
    ceiling = rules.per_customer if kind is Kind.PENDING else None
    uses = (
        Transfer(world_key(USE), limit, 1, kind, claim.hold(n), keeper, ceiling)
        for n, (_, limit) in enumerate(claim.who.limits(rules.id, rules.identities), 2)
    )
    return (seat, goods, *uses)


def _orders(state: State) -> str:
    return ",".join(member.order for member in state.paid())


def _party(action: Action) -> str:
    match action:
        case Open():
            return action.id
        case Expire():
            return action.party
        case _:
            return action.claim.instance


def _key(rules: Rules, party: str) -> str:
    return pool_key(rules.id, "party", party)


def _seats(rules: Rules, party: str) -> str:
    return pool_key(rules.id, "seats", party)


def _taken(rules: Rules, party: str) -> str:
    return pool_key(rules.id, "taken", party)
