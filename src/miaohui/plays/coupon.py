"""Coupon (优惠券 yōu huì quàn): a fixed amount off an order, with or without a threshold.

A customer takes a coupon; what it is worth to him is decided at that moment and stays: the first of `give` whose audience he is
in. An order uses at most one coupon of this play. The discount lies on the order's lines in proportion to what they still cost,
to the cent (`pricing.allocation`), and never takes a line below nothing, nor under the price under which the shop never sells it:
a coupon of 20.00 on a basket of 15.00 gives 15.00, and 10.00 if that is never sold under 5.00.

Value     take    coupons -> wallet (1), budget -> promised (the amount)
          place   holds wallet -> used (1) and promised -> spent (what it gives)
          pay     posts both; what of the amount was not needed goes promised -> budget
          release voids both: the coupon is usable again, if it is still valid
          refund  of the whole order while it is valid: used -> wallet, spent -> promised: usable again, at its full amount if
                  the budget still covers the part that had gone back, else at what it gave; later: used -> expired, spent ->
                  budget. Of a part of the order: the coupon stays used, the customer gets the net of what he returns
          expiry  wallet -> expired, promised -> budget
Promises  promised covers every coupon not yet used; a coupon is in exactly one of wallet, used, expired.
Limits    `count` coupons in all, `per_customer` for each identity; the money of `budget`, or of the campaign.
Refusals  claim: not_for_you, limit_reached, none_left, over_budget, coupon_expired. Place: unknown_coupon, not_yours, coupon_used,
          coupon_not_yet, coupon_expired, below_threshold, nothing_to_pay.
Source    the field's templates (fixed amount off a threshold); whole refund gives the coupon back, a part does not.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from miaohui.plays._contract import (
    USE,
    Account,
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
    budget_key,
    pool_key,
    wallet_key,
    world_key,
)
from miaohui.plays._fields import Given, Offer, Validity
from miaohui.pricing.allocation import allocate

TITLE = Text(zh="优惠券", en="Coupon")
ICON = "ticket"
SENTENCES = {
    "limit_reached": Text(zh="每人限领 {limit} 张，你已经领过了", en="You already have yours: {limit} per customer"),
    "none_left": Text(zh="券已领完", en="All coupons have been taken"),
    "over_budget": Text(zh="活动预算已用完，暂时不能领", en="The budget for this coupon is used up"),
    "not_for_you": Text(zh="这张券没有适合你的面额", en="There is no coupon here for you"),
    "unknown_coupon": Text(zh="没有这张券：{coupon}", en="There is no coupon {coupon}"),
    "not_yours": Text(zh="这张券不属于你", en="This coupon belongs to somebody else"),
    "coupon_used": Text(zh="这张券已用于订单 {order}", en="This coupon is used by order {order}"),
    "coupon_not_yet": Text(zh="这张券从 {valid_from_ms} 起可用", en="This coupon is valid from {valid_from_ms}"),
    "coupon_expired": Text(zh="这张券已于 {valid_until_ms} 过期", en="This coupon expired at {valid_until_ms}"),
    "below_threshold": Text(zh="还差 {missing_minor} 才能用这张券", en="{missing_minor} more to use this coupon"),
    "nothing_to_pay": Text(zh="这单没有可抵扣的金额", en="There is nothing left to take off"),
}
LABELS = {
    "give": Text(zh="给谁多少", en="Who gets what"),
    "count": Text(zh="发行张数", en="Coupons in all"),
    "per_customer": Text(zh="每人限领", en="Per customer"),
    "valid": Text(zh="有效期", en="Valid"),
    "budget_minor": Text(zh="本玩法预算", en="Budget of this play"),
    "coupons": Text(zh="可领", en="To be taken"),
    "promised": Text(zh="已发未用", en="Promised, not used"),
    "spent": Text(zh="已抵扣", en="Spent"),
    "used": Text(zh="已用", en="Used"),
    "expired": Text(zh="已过期", en="Expired"),
    "budget": Text(zh="预算", en="Budget"),
    "Claimed": Text(zh="领券", en="Coupon claimed"),
    "Redeemed": Text(zh="用券", en="Coupon used"),
    "Returned": Text(zh="退券", en="Coupon given back"),
    "Expired": Text(zh="券过期", en="Coupon expired"),
}
Status = Literal["usable", "held", "used", "expired"]


class Rules(Struct, frozen=True, kw_only=True):
    """What the operator sets. Amounts in the smallest unit of `currency`."""

    id: str
    currency: str
    give: Annotated[tuple[Given, ...], Meta(min_length=1, description="Audience -> offer; the first that fits wins")]
    count: Annotated[int, Meta(ge=1, le=100_000_000, description="How many coupons there are in all")]
    per_customer: Annotated[int, Meta(ge=1, le=1000, description="How many one customer may take")] = 1
    valid: Annotated[Validity, Meta(description="From a phase or from the claim, for so many days")] = Validity(7)
    budget_minor: (
        Annotated[int, Meta(ge=0, description="Money set aside; without it the campaign's budget pays")] | None
    ) = None
    identities: tuple[str, ...] = ("account",)

    def __post_init__(self) -> None:
        for given in self.give:
            if given.offer.amount_minor <= 0:
                raise ValueError(
                    f"the offer for {given.audience} gives {given.offer.amount_minor}: give more than nothing"
                )

    def offer(self, who: Who) -> Offer | None:
        """What `who` gets: the first offer whose audience he is in."""
        for given in self.give:
            if given.audience == "everybody" or given.audience in who.audiences:
                return given.offer
        return None


class State(Struct, frozen=True, kw_only=True):
    """One coupon: whose, worth what, valid when, and where it is; `order` holds or used it, for `given_minor`."""

    customer: str
    amount_minor: int
    threshold_minor: int
    valid_from_ms: int
    valid_until_ms: int
    status: Status = "usable"
    order: str = ""
    given_minor: int = 0


class Claim(Struct, frozen=True, tag=True):
    """A customer takes a coupon; `id` becomes its name."""

    id: str
    who: Who


class Expire(Struct, frozen=True, tag=True):
    """The timer of a coupon fired."""

    coupon: str
    customer: str


ACTIONS = (Claim,)
STARTS = (Claim,)
TIMERS = (Expire,)


class Claimed(Struct, frozen=True, tag=True):
    """Event: `customer` took `coupon`, worth `amount_minor` from a basket of `threshold_minor` on."""

    coupon: str
    customer: str
    amount_minor: int
    threshold_minor: int
    valid_until_ms: int


class Redeemed(Struct, frozen=True, tag=True):
    """Event: `coupon` took `given_minor` off `order`, which is paid."""

    coupon: str
    customer: str
    order: str
    given_minor: int


class Returned(Struct, frozen=True, tag=True):
    """Event: the whole `order` was refunded and `coupon` is no longer used by it: usable again, or expired meanwhile."""

    coupon: str
    customer: str
    order: str
    given_minor: int


class Expired(Struct, frozen=True, tag=True):
    """Event: nobody used `coupon` in time."""

    coupon: str
    customer: str
    amount_minor: int


EVENTS = (Claimed, Redeemed, Returned, Expired)
PROOFS: dict[str, dict[type[Struct], str]] = {
    "coupons": {Claimed: "-"},
    "used": {Redeemed: "", Returned: "-"},
    "spent": {Redeemed: "given_minor", Returned: "-given_minor"},
    "expired": {Expired: ""},
}


class Reply(Struct, frozen=True):
    """What the customer has now."""

    coupon: str
    amount_minor: int
    threshold_minor: int
    valid_from_ms: int
    valid_until_ms: int


def unit(rules: Rules) -> str:
    """The ledger's unit of this play's coupons."""
    return f"coupon:{rules.id}"


def pools(rules: Rules) -> dict[str, Pool]:
    """The coupons, and the money of the play if it has its own."""
    opened = {name: Pool(unit(rules)) for name in ("used", "expired")}
    opened |= {name: Pool(rules.currency) for name in ("promised", "spent")}
    opened["coupons"] = Pool(unit(rules), rules.count, world_key(unit(rules)))
    if rules.budget_minor is not None:
        opened["budget"] = Pool(rules.currency, rules.budget_minor, budget_key(rules.id.split("/")[0]))
    return opened


def flow(rules: Rules) -> tuple[Text, ...]:
    """Take it, use it."""
    return (Text(zh="领券", en="Take the coupon"), Text(zh="下单时使用", en="Use it with an order"))


def worst_cost(rules: Rules) -> int:
    """Every coupon used at its largest value, but never more than the play's own budget."""
    most = rules.count * max(given.offer.amount_minor for given in rules.give)
    return most if rules.budget_minor is None else min(most, rules.budget_minor)


def touches(
    rules: Rules, action: Claim | Expire | Place | Pay | Release | Refund
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The coupon; the pools, the wallet, and (to claim one) the counter of each identity. A coupon that is out gives its money
    back to the budget of the rules it was taken under, which may be the campaign's or the play's own: both are touched."""
    if isinstance(action, Claim):
        limits = tuple(key for _, key in action.who.limits(rules.id, rules.identities))
        pools = (_pool(rules, "coupons"), _wallet(rules, action.who.customer), _budget(rules), _pool(rules, "promised"))
        return (_key(rules, action.id),), (*pools, *limits, world_key(USE))
    money = (budget_key(rules.id.split("/")[0]), _pool(rules, "budget"), _pool(rules, "promised"))
    coupon, customer = (
        (action.coupon, action.customer)
        if isinstance(action, Expire)
        else (action.claim.coupon, action.claim.who.customer)
    )
    kept = (_pool(rules, "spent"), _pool(rules, "used"), _pool(rules, "expired"), _wallet(rules, customer))
    return (_key(rules, coupon),), (*money, *kept)


def decide(
    rules: Rules,
    states: Mapping[str, State | None],
    balances: Mapping[str, Account],
    action: Claim | Expire | Place | Pay | Release | Refund,
    moment: Moment,
) -> Decision | Refusal:
    """What `action` causes under `rules`, the version the coupon was claimed under."""
    if isinstance(action, Claim):
        return _claim(rules, balances, action, moment)
    key = _key(rules, action.coupon if isinstance(action, Expire) else action.claim.coupon)
    state = states[key]
    if state is None:
        return Refusal("unknown_coupon", {"coupon": key.rsplit("/", 1)[1]})
    match action:
        case Expire():
            return (
                _expire(rules, key, state)
                if state.status == "usable"
                else Refusal("coupon_used", {"order": state.order})
            )
        case Place():
            return _place(rules, key, state, action, moment)
        case Pay():
            return _pay(rules, key, state, action)
        case Release():
            return _release(rules, key, state, action, moment)
        case Refund():
            return _refund(rules, key, state, action, balances, moment) if action.whole else Decision(reply=Settled())


def _claim(rules: Rules, balances: Mapping[str, Account], action: Claim, moment: Moment) -> Decision | Refusal:
    who, limits = action.who, action.who.limits(rules.id, rules.identities)
    offer = rules.offer(who)
    if offer is None:
        return Refusal("not_for_you")
    for kind, limit in limits:
        if balances[limit].received() >= rules.per_customer:
            return Refusal("limit_reached", {"limit": rules.per_customer, "identity": kind})
    if balances[_pool(rules, "coupons")].room() < 1:
        return Refusal("none_left")
    if balances[_budget(rules)].room() < offer.amount_minor:
        return Refusal("over_budget")
    span = rules.valid.span(moment.now_ms)
    if span.end_ms <= moment.now_ms:
        return Refusal("coupon_expired", {"valid_until_ms": span.end_ms})
    state = State(
        customer=who.customer,
        amount_minor=offer.amount_minor,
        threshold_minor=offer.threshold_minor,
        valid_from_ms=span.start_ms,
        valid_until_ms=span.end_ms,
    )
    key = _key(rules, action.id)
    return Decision(
        reply=Reply(action.id, offer.amount_minor, offer.threshold_minor, span.start_ms, span.end_ms),
        events=(Claimed(action.id, who.customer, offer.amount_minor, offer.threshold_minor, span.end_ms),),
        transfers=(
            Transfer(_pool(rules, "coupons"), _wallet(rules, who.customer), 1),
            Transfer(_budget(rules), _pool(rules, "promised"), offer.amount_minor),
            *(Transfer(world_key(USE), limit, 1, ceiling=rules.per_customer) for _, limit in limits),
        ),
        states={key: state},
        timers={key: (span.end_ms, Expire(action.id, who.customer))},
    )


def _place(rules: Rules, key: str, state: State, action: Place, moment: Moment) -> Decision | Refusal:
    claim, now_ms = action.claim, moment.now_ms
    if state.customer != claim.who.customer:
        return Refusal("not_yours")
    if state.status in ("held", "used"):
        return Refusal("coupon_used", {"order": state.order})
    if now_ms < state.valid_from_ms:
        return Refusal("coupon_not_yet", {"valid_from_ms": state.valid_from_ms})
    if state.status == "expired" or now_ms >= state.valid_until_ms:
        return Refusal("coupon_expired", {"valid_until_ms": state.valid_until_ms})
    due = [line.due_minor if line.open else 0 for line in claim.lines]
    rooms = [max(0, minor - line.quantity * line.min_price_minor) for minor, line in zip(due, claim.lines, strict=True)]
    if sum(due) < state.threshold_minor:
        missing = {"missing_minor": state.threshold_minor - sum(due), "threshold_minor": state.threshold_minor}
        return Refusal("below_threshold", missing)
    given = allocate(state.amount_minor, due, rooms)
    given_minor = sum(given)
    if given_minor == 0:
        return Refusal("nothing_to_pay")
    held = replace(state, status="held", order=claim.order, given_minor=given_minor)
    keeper = claim.keeper()
    return Decision(
        reply=Placed({line.line: part for line, part in zip(claim.lines, given, strict=True) if part}),
        transfers=(
            Transfer(_wallet(rules, state.customer), _pool(rules, "used"), 1, Kind.PENDING, claim.hold(0), keeper),
            Transfer(_pool(rules, "promised"), _pool(rules, "spent"), given_minor, Kind.PENDING, claim.hold(1), keeper),
        ),
        states={key: held},
        timers={key: None},
    )


def _settle(rules: Rules, state: State, action: Pay | Release, kind: Kind) -> tuple[Transfer, Transfer]:
    claim = action.claim
    return (
        Transfer(_wallet(rules, state.customer), _pool(rules, "used"), 1, kind, claim.hold(0)),
        Transfer(_pool(rules, "promised"), _pool(rules, "spent"), state.given_minor, kind, claim.hold(1)),
    )


def _pay(rules: Rules, key: str, state: State, action: Pay) -> Decision:
    rest = state.amount_minor - state.given_minor
    unneeded = (Transfer(_pool(rules, "promised"), _budget(rules), rest),) if rest else ()
    coupon = key.rsplit("/", 1)[1]
    return Decision(
        reply=Settled(),
        events=(Redeemed(coupon, state.customer, state.order, state.given_minor),),
        transfers=(*_settle(rules, state, action, Kind.POST), *unneeded),
        states={key: replace(state, status="used")},
    )


def _release(rules: Rules, key: str, state: State, action: Release, moment: Moment) -> Decision:
    back = _settle(rules, state, action, Kind.VOID)
    usable = replace(state, status="usable", order="", given_minor=0)
    if moment.now_ms >= state.valid_until_ms:
        expired = _expire(rules, key, usable)
        return Decision(
            reply=Settled(), events=expired.events, transfers=(*back, *expired.transfers), states=expired.states
        )
    return Decision(reply=Settled(), transfers=back, states={key: usable}, timers={key: _timer(key, usable)})


def _refund(
    rules: Rules, key: str, state: State, action: Refund, balances: Mapping[str, Account], moment: Moment
) -> Decision:
    spent, used, wallet = _pool(rules, "spent"), _pool(rules, "used"), _wallet(rules, state.customer)
    coupon = key.rsplit("/", 1)[1]
    returned = Returned(coupon, state.customer, action.claim.order, state.given_minor)
    if moment.now_ms >= state.valid_until_ms:
        return Decision(
            reply=Settled(),
            events=(returned, Expired(coupon, state.customer, state.amount_minor)),
            transfers=(
                Transfer(used, _pool(rules, "expired"), 1),
                Transfer(spent, _budget(rules), state.given_minor),
            ),
            states={key: replace(state, status="expired")},
        )
    missing = state.amount_minor - state.given_minor
    covered = missing if balances[_budget(rules)].room() >= missing else 0
    again = replace(state, status="usable", order="", given_minor=0, amount_minor=state.given_minor + covered)
    return Decision(
        reply=Settled(),
        events=(returned,),
        transfers=(
            Transfer(used, wallet, 1),
            Transfer(spent, _pool(rules, "promised"), state.given_minor),
            *((Transfer(_budget(rules), _pool(rules, "promised"), covered),) if covered else ()),
        ),
        states={key: again},
        timers={key: _timer(key, again)},
    )


def _expire(rules: Rules, key: str, state: State) -> Decision:
    coupon = key.rsplit("/", 1)[1]
    return Decision(
        reply=Settled(),
        events=(Expired(coupon, state.customer, state.amount_minor),),
        transfers=(
            Transfer(_wallet(rules, state.customer), _pool(rules, "expired"), 1),
            Transfer(_pool(rules, "promised"), _budget(rules), state.amount_minor),
        ),
        states={key: replace(state, status="expired")},
        timers={key: None},
    )


def _timer(key: str, state: State) -> tuple[int, Expire]:
    return state.valid_until_ms, Expire(key.rsplit("/", 1)[1], state.customer)


def _key(rules: Rules, coupon: str) -> str:
    return pool_key(rules.id, "coupon", coupon)


def _pool(rules: Rules, name: str) -> str:
    return pool_key(rules.id, name)


def _budget(rules: Rules) -> str:
    return budget_key(rules.id.split("/")[0]) if rules.budget_minor is None else pool_key(rules.id, "budget")


def _wallet(rules: Rules, customer: str) -> str:
    return wallet_key(customer, unit(rules))
