"""Promotion (促销 cù xiāo): what a cart gets by itself or by a code: full reduction, gift, free shipping, discount, N for X.

A customer does nothing for it: the shop prices his cart (`POST /api/v1/prices`) and places the order with the claims of the answer.
The host prices all promotions of an order together (`pricing.price`): what each gives depends on the others. This play keeps the
books of one: how often it was used, what it has cost, which gifts went out.

Value     place   holds budget -> spent (what it gives) and one use: world -> used, and -> each counter: of each identity, of the
                  day, of each identity on the day; gifts: gifts_n -> given_n; points that pay: wallet -> points; points or
                  money earned: world or budget -> wallet
          pay     posts all of it
          release voids all of it
          refund  what of the discount comes back: spent -> budget, with the points that made it; gifts: given_n -> the shop's
                  stock; of what was earned the share of the goods, as far as it is still there; of the whole order also the use
                  (unless `use_comes_back` is off)
Codes     with `single_use` each order needs a code that works once: the use does not come from the world, it waits in the
          code's own account, codes/<keyed hash>, and goes back there; of a code that is withdrawn there is the account
          withdrawn/<keyed hash>, with the use it had left, and what comes back to it later stays unused
Promises  uses <= `uses`, uses of one identity <= `per_customer`; of the orders placed on one day of the campaign's zone not more
          than `uses_per_day`, and `per_customer_per_day` of one identity; spent + held <= budget. With `let_last_exceed` the
          order that meets the end of the budget gets its discount in full: what is over comes from outside, world -> spent, and
          shows there.
Money     of `budget`, or without one of the campaign's.
Refusals  place: the codes of `pricing.explain`, which say why a cart does not get it; over_budget when the campaign's budget ends;
          unknown_code, code_withdrawn, code_used.
Source    shops' promotions as the field knows them; a use counts only when it gave something, and before the payment.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct
from msgspec.structs import replace

from miaohui.money import Money
from miaohui.plays._contract import (
    CODES,
    USE,
    WITHDRAWN,
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
    budget_key,
    on_day,
    piece,
    pool_key,
    sku_key,
    wallet_key,
    world_key,
)
from miaohui.pricing.conditions import EVERYTHING, AnyCondition, AnyOf, Code, InAudience, Not, Pieces, Scope, Spend
from miaohui.pricing.effects import AnyEffect, Bundle, BuyGet, Gift, Nth, PayPoints, Reduction, Reward
from miaohui.pricing.explain import SENTENCES as WHY_NOT
from miaohui.pricing.explain import benefit
from miaohui.pricing.promotion import LaneName, Limits, Options, Promotion

GIFTS_MAX = 4
UNLIMITED = 2**62
POINTS = "points"
_GIFTS = range(1, GIFTS_MAX + 1)

TITLE = Text(zh="促销", en="Promotion")
ICON = "discount"
SENTENCES = {code: said for code, said in WHY_NOT.items() if code not in ("not_in_audience", "ended")} | {
    "over_budget": Text(
        zh="活动预算已用完，暂时没有优惠", en="The campaign's budget is used up: there is no discount any more"
    ),
}
LABELS = {
    "gives": Text(zh="优惠", en="Gives"),
    "on": Text(zh="适用商品", en="On"),
    "from_minor": Text(zh="满多少金额", en="From"),
    "pieces": Text(zh="满多少件", en="Pieces"),
    "when": Text(zh="条件", en="When"),
    "codes": Text(zh="优惠码", en="Codes"),
    "single_use": Text(zh="一次性优惠码", en="Codes that work once"),
    "show_code": Text(zh="页面上公开优惠码", en="Show the code"),
    "lane": Text(zh="计价层", en="Lane"),
    "priority": Text(zh="优先级", en="Priority"),
    "exclusive": Text(zh="独占", en="Exclusive"),
    "exclusive_with": Text(zh="不与谁同享", en="Not together with"),
    "groups": Text(zh="分组", en="Groups"),
    "uses": Text(zh="总次数", en="Uses in all"),
    "per_customer": Text(zh="每人次数", en="Per customer"),
    "uses_per_day": Text(zh="每天总次数", en="Uses a day"),
    "per_customer_per_day": Text(zh="每人每天次数", en="Per customer a day"),
    "budget_minor": Text(zh="预算", en="Budget"),
    "on_budget_end": Text(zh="预算用完时", en="When the budget ends"),
    "use_comes_back": Text(zh="整单退款退还次数", en="Use comes back"),
    "gift_stock": Text(zh="每种赠品备货", en="Stock of each gift"),
    "pay_minutes": Text(zh="付款时限（分钟）", en="Minutes to pay"),
    "budget": Text(zh="预算", en="Budget"),
    "spent": Text(zh="已让利", en="Given"),
    "used": Text(zh="已用次数", en="Uses"),
    "points": Text(zh="抵扣的积分", en="Points that paid"),
    "Applied": Text(zh="享受优惠", en="Offer given"),
    "Returned": Text(zh="优惠退回", en="Offer given back"),
} | {
    f"{name}_{n}": Text(zh=f"{zh} {n}", en=f"{en} {n}")
    for n in _GIFTS
    for name, zh, en in (("gifts", "赠品备货", "Gifts left"), ("given", "已送赠品", "Gifts given"))
}  # fmt: skip


class Rules(Struct, frozen=True, kw_only=True):
    """What the operator sets. Amounts in the smallest unit of `currency`. `refund`, `stacking`, `zone` (whose days count),
    `titles`, `costs` and `floors` (by sku: what a unit is never sold under) are the campaign's."""

    id: str
    currency: str
    gives: Annotated[tuple[AnyEffect, ...], Meta(min_length=1, description="What it gives, one text or several")]
    on: Annotated[Scope, Meta(description="Which products it is about; nothing written: all")] = EVERYTHING
    from_minor: Annotated[int, Meta(ge=1, description="They must come to so much")] | None = None
    pieces: Annotated[int, Meta(ge=1, le=10_000, description="There must be so many of them")] | None = None
    when: Annotated[tuple[AnyCondition, ...], Meta(description="What else must hold")] = ()
    codes: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{3,40}$")], ...],
        Meta(description="One of them must be typed; capitals do not matter"),
    ] = ()
    single_use: Annotated[bool, Meta(description="A code that works once must be typed; they are made in batches")] = (
        False
    )
    show_code: Annotated[bool, Meta(description="Pages and listing prices may show the code")] = False
    lane: Annotated[
        Literal["", "activity", "item", "units", "order", "coupon"],
        Meta(description="When it comes; by default by what it gives"),
    ] = ""
    priority: Annotated[int, Meta(ge=-1_000_000, le=1_000_000, description="Higher comes first in its lane")] | None = (
        None
    )
    exclusive: Annotated[
        Literal["", "lane", "cart"], Meta(description="Applies alone in its lane, or in the whole cart")
    ] = ""
    exclusive_with: Annotated[
        tuple[str, ...], Meta(description="Promotions or groups it does not go together with")
    ] = ()
    groups: Annotated[tuple[str, ...], Meta(description="Names that others may exclude")] = ()
    uses: Annotated[int, Meta(ge=1, le=10**9, description="How often in all")] | None = None
    per_customer: Annotated[int, Meta(ge=1, le=1_000_000, description="How often one customer")] | None = None
    uses_per_day: Annotated[int, Meta(ge=1, le=10**9, description="How often a day in all")] | None = None
    per_customer_per_day: (
        Annotated[int, Meta(ge=1, le=1_000_000, description="How often one customer a day")] | None
    ) = None
    budget_minor: (
        Annotated[int, Meta(ge=0, description="Money set aside; without it the campaign's budget pays")] | None
    ) = None
    on_budget_end: Annotated[
        Literal["refuse", "partial", "let_last_exceed"],
        Meta(description="What the order gets that meets its end: nothing, what is left, or all of it one last time"),
    ] = "refuse"
    use_comes_back: Annotated[bool, Meta(description="Refund of the whole order gives the use back")] = True
    gift_stock: Annotated[int, Meta(ge=1, description="Pieces of each gift set aside")] | None = None
    pay_minutes: Annotated[int, Meta(ge=1, le=1440, description="How long an order with it waits for its payment")] = 15
    identities: tuple[str, ...] = ("account",)
    refund: Literal["allocated", "rerate_down", "forfeit_gift"] = "allocated"
    stacking: Options = Options()
    zone: str = "UTC"
    titles: dict[str, Text] = {}
    costs: dict[str, int] = {}
    floors: dict[str, int] = {}

    def __post_init__(self) -> None:
        promotion(self)  # the engine refuses what makes no sense
        if self.single_use and self.codes:
            raise ValueError("codes can be typed by everybody, single_use ones are made in batches: write one of them")
        gifts = self.gifts()
        if len(gifts) > GIFTS_MAX:
            raise ValueError(f"{len(gifts)} gifts: {GIFTS_MAX} at most")
        if bool(gifts) != (self.gift_stock is not None):
            raise ValueError(
                "a gift needs gift_stock: how many pieces of it are set aside" if gifts else "gift_stock without a gift"
            )
        if any(isinstance(effect, Reward) and effect.to == "coupon" for effect in self.gives):
            raise ValueError("coupons cannot be earned by a promotion: let a coupon play give them")
        if self.on_budget_end != "refuse" and self.budget_minor is None:
            raise ValueError(f"on_budget_end = {self.on_budget_end} is about a budget of its own: write budget")

    def gifts(self) -> tuple[str, ...]:
        """The skus it may give away; each has its pool, by its place here."""
        return tuple(
            dict.fromkeys(item.sku for effect in self.gives if isinstance(effect, Gift) for item in effect.items)
        )

    def pays_points(self) -> bool:
        """Whether points pay."""
        return any(isinstance(effect, PayPoints) for effect in self.gives)

    def daily(self, who: Who, at_ms: int) -> list[str]:
        """The counters of the day of `at_ms`: that of all first, then those of his identities; none without a limit by day."""
        if self.uses_per_day is None and self.per_customer_per_day is None:
            return []
        day = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(self.zone)).date().isoformat()
        mine = [] if self.per_customer_per_day is None else who.limits(self.id, self.identities)
        return [pool_key(self.id, "day", day), *(on_day(key, day) for _, key in mine)]

    def campaign(self) -> str:
        """The campaign it belongs to."""
        return self.id.split("/")[0]


ACTIONS = ()
STARTS = (Place,)
TIMERS = ()


class Applied(Struct, frozen=True, tag=True):
    """Event: `order` is paid and got `given_minor` off; `code` is what was typed (of one that works once its keyed hash), `gifts`
    how many pieces went along."""

    customer: str
    order: str
    code: str
    given_minor: int
    gifts: int
    gifts_1: int
    gifts_2: int
    gifts_3: int
    gifts_4: int


class Returned(Struct, frozen=True, tag=True):
    """Event: goods of `order` came back, and with them `given_minor` of the discount, `uses` and the gifts."""

    customer: str
    order: str
    given_minor: int
    uses: int
    gifts: int
    gifts_1: int
    gifts_2: int
    gifts_3: int
    gifts_4: int


EVENTS = (Applied, Returned)
PROOFS: dict[str, dict[type[Struct], str]] = {
    "spent": {Applied: "given_minor", Returned: "-given_minor"},
    "used": {Applied: "", Returned: "-uses"},
}
for _n in _GIFTS:
    PROOFS[f"given_{_n}"] = {Applied: f"gifts_{_n}", Returned: f"-gifts_{_n}"}


class Reply(Struct, frozen=True):
    """A promotion has no actions of its own: it answers none."""


def promotion(rules: Rules) -> Promotion:
    """What it does to a cart. Its window and its audience are the host's to check, its limits the engine's to explain."""
    when = [_ours(rules, condition) for condition in rules.when]
    if rules.codes:
        when.append(Code(any_of=rules.codes))
    if rules.single_use:  # whoever prices the cart says so by the promotion's id when there is a code for it
        when.append(Code(any_of=(rules.id,)))
    if rules.from_minor is not None:
        when.append(Spend(at_least_minor=rules.from_minor, scope=rules.on))
    if rules.pieces is not None:
        when.append(Pieces(at_least=rules.pieces, scope=rules.on))
    return Promotion(
        id=rules.id,
        effects=tuple(_aimed(effect, rules.on) for effect in rules.gives),
        when=tuple(when),
        lane=_lane(rules),
        priority=rules.priority,
        exclusive=rules.exclusive,
        exclusive_with=tuple(name for other in rules.exclusive_with for name in (other, f"{rules.campaign()}/{other}")),
        groups=rules.groups,
        limits=Limits(
            uses=rules.uses,
            per_customer=rules.per_customer,
            per_day=rules.uses_per_day,
            per_customer_per_day=rules.per_customer_per_day,
            spend_minor=rules.budget_minor,
            on_end=rules.on_budget_end,
            back_on_cancel=rules.use_comes_back,
        ),
    )


def _aimed(effect: AnyEffect, on: Scope) -> AnyEffect:
    """The effect on what it says it is about, else on what the promotion is about; and so the parts of a bundle, what is got."""
    on = effect.scope if effect.scope != EVERYTHING else on
    effect = replace(effect, scope=on)
    match effect:
        case Bundle(parts=parts):
            return replace(effect, parts=tuple(p if p.scope != EVERYTHING else replace(p, scope=on) for p in parts))
        case BuyGet(get_scope=scope) if scope == EVERYTHING:
            return replace(effect, get_scope=on)
    return effect


def _ours(rules: Rules, condition: AnyCondition) -> AnyCondition:
    """The condition with its audiences named as the host names them: campaign/audience."""
    match condition:
        case InAudience():
            any_of, none_of = (
                tuple(f"{rules.campaign()}/{a}" for a in names) for names in (condition.any_of, condition.none_of)
            )
            return replace(condition, any_of=any_of, none_of=none_of)
        case AnyOf():
            return replace(condition, conditions=tuple(_ours(rules, part) for part in condition.conditions))
        case Not():
            return replace(condition, condition=_ours(rules, condition.condition))
    return condition


def _lane(rules: Rules) -> LaneName | None:
    return rules.lane or None


def pools(rules: Rules) -> dict[str, Pool]:
    """Its money, what it gave, how often, and the gifts, out of the shop's stock."""
    opened = {"spent": Pool(rules.currency), "used": Pool(USE)}
    if rules.budget_minor is not None:
        opened["budget"] = Pool(rules.currency, rules.budget_minor, budget_key(rules.campaign()))
    if rules.pays_points():
        opened["points"] = Pool(POINTS)
    for n, sku in enumerate(rules.gifts(), 1):
        opened[f"gifts_{n}"] = Pool(piece(sku), rules.gift_stock or 0, sku_key(sku))
        opened[f"given_{n}"] = Pool(piece(sku))
    return opened


def flow(rules: Rules) -> tuple[Text, ...]:
    """It comes by itself, or by a code."""
    code = (Text(zh="输入优惠码", en="Type the code"),) if rules.codes or rules.single_use else ()
    return (*code, Text(zh="下单自动优惠", en="The order costs less"))


def said(rules: Rules) -> tuple[Text, ...]:
    """What it gives in customers' words, a line for each effect and tier."""
    lines = [line for effect in rules.gives for line in _said(rules, effect)]
    if rules.from_minor is not None:
        lines = [_over(_money(rules, rules.from_minor), line) for line in lines]
    if rules.pieces is not None:
        lines = [_over(Text(zh=f"{rules.pieces} 件", en=f"{rules.pieces} pieces"), line) for line in lines]
    return tuple(lines)


def _said(rules: Rules, effect: AnyEffect) -> list[Text]:
    match effect:
        case Reduction():
            pieces = effect.measure == "pieces"
            reached = [
                Text(zh=f"{t.at_least} 件", en=f"{t.at_least} pieces") if pieces else _money(rules, t.at_least)
                for t in effect.tiers
            ]
            every = Text(zh="每", en="every ") if effect.every else Text(zh="", en="")
            return [
                _over(at, benefit(tier, rules.currency), every) for at, tier in zip(reached, effect.tiers, strict=True)
            ]
        case Gift():
            names = [rules.titles.get(item.sku, Text(item.sku, item.sku)) for item in effect.items]
            return [Text(zh="送" + "或".join(n.zh for n in names), en="a gift: " + " or ".join(n.en for n in names))]
        case Nth():
            price = (1_000_000 - effect.off_ppm) // 10_000
            if effect.off_ppm == 500_000:
                return [Text(zh=f"第 {effect.nth} 件半价", en=f"{_ordinal(effect.nth)} piece at half price")]
            return [Text(zh=f"第 {effect.nth} 件 {price}%", en=f"{_ordinal(effect.nth)} piece at {price}%")]
    return [benefit(effect, rules.currency)]


def _over(least: Text, line: Text, every: Text = Text(zh="", en="")) -> Text:
    return Text(
        zh=f"{every.zh}满 {least.zh} {line.zh}",
        en=f"{line.en} {every.en or 'from '}{least.en}{'' if every.en else ' on'}",
    )


def _money(rules: Rules, minor: int) -> Text:
    money = Money(minor, rules.currency)
    return Text(zh=money.text("zh"), en=money.text("en"))


def _ordinal(n: int) -> str:
    return f"{n}{'th' if 10 <= n % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def worst_cost(rules: Rules) -> int:
    """Its own budget. Without one it costs what is sold, and the campaign's budget ends it: nothing of its own to count."""
    return rules.budget_minor or 0


Action = Place | Pay | Release | Refund


def touches(rules: Rules, action: Action) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """No state; its pools, the counters, and the customer's wallet where points or money go."""
    keys = [_budget(rules), _pool(rules, "spent"), _pool(rules, "used"), world_key(USE), world_key(rules.currency)]
    keys += [key for key, _ in _counters(rules, action.claim)]
    if rules.single_use:
        keys += [_use(rules, action.claim), _withdrawn(rules, action.claim)]
    for n, sku in enumerate(rules.gifts(), 1):
        keys += [_pool(rules, f"given_{n}"), sku_key(sku) if isinstance(action, Refund) else _pool(rules, f"gifts_{n}")]
    customer = action.claim.who.customer
    for effect in rules.gives:
        if isinstance(effect, PayPoints):
            keys += [_pool(rules, "points"), wallet_key(customer, POINTS)]
        elif isinstance(effect, Reward):
            unit = POINTS if effect.to == "points" else rules.currency
            keys += [wallet_key(customer, unit), world_key(unit)]
    return (), tuple(keys)


def decide(
    rules: Rules, states: Mapping[str, Struct | None], balances: Mapping[str, Account], action: Action, moment: Moment
) -> Decision | Refusal:
    """What `action` causes under `rules`, those the order was placed under."""
    match action:
        case Place():
            return _place(rules, balances, action.claim)
        case Pay():
            return Decision(
                reply=Settled(),
                events=(_applied(rules, action.claim),),
                transfers=_moves(rules, action.claim, Kind.POST),
            )
        case Release():
            return Decision(reply=Settled(), transfers=_moves(rules, action.claim, Kind.VOID))
        case Refund():
            return _refund(rules, balances, action)


def _place(rules: Rules, balances: Mapping[str, Account], claim: Claim) -> Decision | Refusal:
    money, kept = sum(claim.given_minor.values()), dict(claim.kept)
    room = balances[_budget(rules)].room()
    wanted = money + kept.get("earned_money", 0)
    if wanted > room:
        if rules.on_budget_end != "let_last_exceed" or room <= 0 or wanted - room > money:
            return Refusal("over_budget" if rules.budget_minor is None else "budget_used_up", {"limit_minor": room})
        kept["excess"] = wanted - room
    if rules.uses is not None and balances[_pool(rules, "used")].received() >= rules.uses:
        return Refusal("used_up", {"limit": rules.uses})
    if rules.single_use and (refusal := _tried(balances[_use(rules, claim)], balances[_withdrawn(rules, claim)])):
        return refusal
    for kind, limit in _limits(rules, claim):
        if rules.per_customer is not None and balances[limit].received() >= rules.per_customer:
            return Refusal("used_by_you", {"limit": rules.per_customer, "identity": kind})
    for n, (counter, most) in enumerate(_daily(rules, claim)):
        if most is not None and balances[counter].received() >= most:
            return Refusal("used_by_you_today" if n else "used_up_today", {"limit": most})
    for n, sku in enumerate(rules.gifts(), 1):
        if kept.get(f"gift/{sku}", 0) > balances[_pool(rules, f"gifts_{n}")].room():
            return Refusal("gift_sold_out", {"sku": sku})
    claim = replace(claim, kept=kept)
    return Decision(
        reply=Placed(claim.given_minor, rules.pay_minutes, kept=kept),
        transfers=tuple(_lifted(t, balances[t.credit]) for t in _moves(rules, claim, Kind.PENDING)),
    )


def _lifted(t: Transfer, counter: Account) -> Transfer:
    """An account keeps its ceiling: that of a limit which an edit took away is lifted, not left out."""
    counts = t.ceiling is None and counter.ceiling is not None and counter.unit == USE
    return replace(t, ceiling=UNLIMITED) if counts else t


def _moves(rules: Rules, claim: Claim, kind: Kind) -> tuple[Transfer, ...]:
    """Everything the claim moves: held, taken or given back, each under the same hold. How far a counter may count is said when it
    counts: by the time of the payment the rules may be others."""
    holds = kind is Kind.PENDING
    keeper = claim.keeper() if holds else ""
    return tuple(
        replace(t, kind=kind, pending=claim.hold(n), keeper=keeper, ceiling=t.ceiling if holds else None)
        for n, t in enumerate(_wanted(rules, claim))
        if t.amount
    )


def _wanted(rules: Rules, claim: Claim) -> Iterator[Transfer]:
    """The claim's transfers, always in this order (a hold is named by its place); some of nothing."""
    kept, customer = claim.kept, claim.who.customer
    excess = kept.get("excess", 0)
    yield Transfer(_budget(rules), _pool(rules, "spent"), sum(claim.given_minor.values()) - excess)
    yield Transfer(world_key(rules.currency), _pool(rules, "spent"), excess)
    yield Transfer(_use(rules, claim), _pool(rules, "used"), 1, ceiling=rules.uses)
    yield Transfer(wallet_key(customer, POINTS), _pool(rules, "points"), kept.get("points", 0))
    yield Transfer(world_key(POINTS), wallet_key(customer, POINTS), kept.get("earned_points", 0))
    yield Transfer(_budget(rules), wallet_key(customer, rules.currency), kept.get("earned_money", 0))
    for n, sku in enumerate(rules.gifts(), 1):
        yield Transfer(_pool(rules, f"gifts_{n}"), _pool(rules, f"given_{n}"), kept.get(f"gift/{sku}", 0))
    for counter, most in _counters(rules, claim):
        yield Transfer(world_key(USE), counter, 1, ceiling=most)


def _applied(rules: Rules, claim: Claim) -> Applied:
    gifts = [claim.kept.get(f"gift/{sku}", 0) for sku in rules.gifts()]
    counted = {f"gifts_{n}": gifts[n - 1] if n <= len(gifts) else 0 for n in _GIFTS}
    return Applied(claim.who.customer, claim.order, claim.code, sum(claim.given_minor.values()), sum(gifts), **counted)


def _refund(rules: Rules, balances: Mapping[str, Account], action: Refund) -> Decision:
    claim = action.claim
    gifts = [action.quantities.get(gift_line(rules.id, sku), 0) for sku in rules.gifts()]
    uses = 1 if action.whole and rules.use_comes_back else 0
    transfers = [*_money_back(rules, action), *_unpaid(rules, balances, action)]
    for n, (sku, back) in enumerate(zip(rules.gifts(), gifts, strict=True), 1):
        transfers.append(Transfer(_pool(rules, f"given_{n}"), sku_key(sku), back))
    if uses:
        transfers.append(Transfer(_pool(rules, "used"), _use(rules, claim), 1))
        transfers += [Transfer(counter, world_key(USE), 1) for counter, _ in _counters(rules, claim)]
    moved = tuple(t for t in transfers if t.amount)
    if not moved:
        return Decision(reply=Settled())
    counted = {f"gifts_{n}": gifts[n - 1] if n <= len(gifts) else 0 for n in _GIFTS}
    returned = Returned(claim.who.customer, claim.order, action.back_minor, uses, sum(gifts), **counted)
    return Decision(reply=Settled(), events=(returned,), transfers=moved)


def _money_back(rules: Rules, action: Refund) -> Iterator[Transfer]:
    """What of the discount comes back; what came from outside goes back there first."""
    excess = action.claim.kept.get("excess", 0)
    outside = min(excess, action.earlier_minor + action.back_minor) - min(excess, action.earlier_minor)
    yield Transfer(_pool(rules, "spent"), world_key(rules.currency), outside)
    yield Transfer(_pool(rules, "spent"), _budget(rules), action.back_minor - outside)


def _unpaid(rules: Rules, balances: Mapping[str, Account], action: Refund) -> Iterator[Transfer]:
    """Points that paid come back with the discount they made; of what was earned, the share of the goods, as far as it is there."""
    claim, customer = action.claim, action.claim.who.customer
    if points := claim.kept.get("points", 0):
        given, before = sum(claim.given_minor.values()), action.earlier_minor
        back = _share(points, before, before + action.back_minor, given, whole=action.whole)
        yield Transfer(_pool(rules, "points"), wallet_key(customer, POINTS), back)
    worth = {line.line: line.unit_price_minor for line in claim.lines}
    total = sum(line.quantity * line.unit_price_minor for line in claim.lines)
    gone = total - sum(left * worth[line] for line, left in action.left.items())
    before = gone - sum(quantity * worth[line] for line, quantity in action.quantities.items())
    for name, unit, home in (
        ("earned_points", POINTS, world_key(POINTS)),
        ("earned_money", rules.currency, _budget(rules)),
    ):
        if earned := claim.kept.get(name, 0):
            wallet = wallet_key(customer, unit)
            back = _share(earned, before, gone, total, whole=action.whole)
            yield Transfer(wallet, home, min(back, balances[wallet].room()))


def _share(amount: int, before: int, now: int, total: int, *, whole: bool) -> int:
    """What of `amount` belongs to the way from `before` to `now` out of `total`; at the end all that is left."""
    if not total:
        return amount if whole else 0
    return (amount if whole else amount * now // total) - amount * before // total


def gift_line(id: str, sku: str) -> str:
    """The line of an order that holds a gift of the promotion `id`."""
    return f"gift/{id}/{sku}"


def _limits(rules: Rules, claim: Claim) -> list[tuple[str, str]]:
    return [] if rules.per_customer is None else claim.who.limits(rules.id, rules.identities)


def _use(rules: Rules, claim: Claim) -> str:
    """Where a use comes from and goes back to: the code's account, or the world, where there are as many as the limits allow."""
    return pool_key(rules.id, CODES, claim.code) if rules.single_use else world_key(USE)


def _withdrawn(rules: Rules, claim: Claim) -> str:
    """What is there of a code that is withdrawn."""
    return pool_key(rules.id, WITHDRAWN, claim.code)


def _tried(code: Account, withdrawn: Account) -> Refusal | None:
    """Why this code does not work: none was made so, it was withdrawn unused (or its use came back since), or its use is taken."""
    if code.unit is None:
        return Refusal("unknown_code")
    if withdrawn.credits or (withdrawn.unit is not None and code.room()):
        return Refusal("code_withdrawn")
    return None if code.room() else Refusal("code_used")


def _daily(rules: Rules, claim: Claim) -> list[tuple[str, int | None]]:
    """The counters of the day the order was placed on, and how far each may count: that of all, then those of the identities."""
    keys = rules.daily(claim.who, claim.placed_ms)
    return [(key, rules.per_customer_per_day if n else rules.uses_per_day) for n, key in enumerate(keys)]


def _counters(rules: Rules, claim: Claim) -> list[tuple[str, int | None]]:
    """All that counts a use beside the pool, in the order of the holds, and how far each may count."""
    return [*((key, rules.per_customer) for _, key in _limits(rules, claim)), *_daily(rules, claim)]


def _pool(rules: Rules, name: str) -> str:
    return pool_key(rules.id, name)


def _budget(rules: Rules) -> str:
    return budget_key(rules.campaign()) if rules.budget_minor is None else pool_key(rules.id, "budget")
