"""The promotions of an order, priced together: from lines and claims to what each promotion gives. Pure.

`pricing.price` knows carts and promotions; this knows orders, the ledger's accounts and what the plays have to find again. The
lines come as the plays that set a price left them; a line that one of those keeps for itself (`open` is false) is not in the cart.
Where campaigns with different rules of stacking meet in one cart, the stricter rule of each lane holds, and the higher floor.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from miaohui.host.orders import GIFT, SHIPPING, Facts
from miaohui.host.setup import Offered
from miaohui.ledger.accounts import Account, pool_key, wallet_key
from miaohui.plays._contract import Line, Who
from miaohui.pricing.cart import Cart, CartLine, Customer, ShippingMethod, Used
from miaohui.pricing.engine import price
from miaohui.pricing.priced import Outcome, Priced
from miaohui.pricing.promotion import Lane, LaneName, Options
from miaohui.pricing.rulebook import Rulebook

POINTS = "points"
_STRICT = ("stack", "best", "first")


class Share(Struct, frozen=True):
    """What one promotion gives to an order: off each line, and what else (gifts by sku, points, earnings, what deposits paid
    before), as its play keeps it."""

    outcome: Outcome
    given_minor: dict[str, int]
    kept: dict[str, int]

    def gifts(self) -> dict[str, int]:
        """sku -> pieces."""
        return {name.removeprefix(GIFT): n for name, n in self.kept.items() if name.startswith(GIFT)}


class Buyer(Struct, frozen=True):
    """Who buys, as far as promotions ask: himself, his audiences (campaign/name), and the facts that the shop sends."""

    who: Who
    audiences: tuple[str, ...] = ()
    facts: Facts = Facts()


class CartPrice(Struct, frozen=True):
    """The whole: what each promotion gives, in the order they came, and what every unit of a priced line costs."""

    shares: list[Share]
    dues: dict[str, list[int]]
    priced: Priced


def cart_price(
    currency: str,
    lines: Iterable[Line],
    buyer: Buyer,
    offered: Sequence[Offered],
    balances: Mapping[str, Account],
    codes: Iterable[str],
    now_ms: int,
    *,
    chosen: bool = False,
) -> CartPrice:
    """Price the promotions. Accounts that are not in `balances` count as full of room: nothing is used yet. `chosen`: they are
    those that an order claims, the best set is found already, and all of them are to apply."""
    costs = {sku: minor for offer in offered for sku, minor in offer.rules.costs.items()}
    floors: dict[str, int] = {}
    for offer in offered:
        for sku, minor in offer.rules.floors.items():
            floors[sku] = max(minor, floors.get(sku, 0))
    cart = Cart(
        currency=currency,
        lines=tuple(_line(line, costs, floors) for line in lines if line.open and line.due_minor >= line.quantity),
        shipping=tuple(
            ShippingMethod(id=SHIPPING, fee_minor=line.due_minor) for line in lines if line.line == SHIPPING
        ),
        customer=Customer(
            id=buyer.who.customer,
            audiences=buyer.audiences,
            attributes=buyer.facts.customer,
            orders=buyer.facts.orders,
            points=_points(buyer, balances),
        ),
        codes=tuple(codes),
        attributes=buyer.facts.sale,
        now_ms=now_ms,
        points=buyer.facts.points,
        gifts=buyer.facts.gifts,
        sold_out=_sold_out(offered, balances),
        used={
            offer.promotion.id: used for offer in offered if (used := _used(offer, buyer, balances, now_ms)) is not None
        },
    )
    priced = price(cart, _book(tuple(offered), chosen))
    outcomes = {outcome.promotion: outcome for outcome in priced.outcomes}
    shares = [_share(offer, outcomes[offer.promotion.id], priced) for offer in offered]
    return CartPrice(shares, {line.line: line.dues() for line in (*priced.lines, *priced.shipping)}, priced)


_BOOKS_MAX = 256
_books: dict[tuple[bool, tuple[int, ...]], tuple[tuple[Offered, ...], Rulebook]] = {}


def _book(offered: tuple[Offered, ...], chosen: bool) -> Rulebook:
    """The promotions made ready; the same ones are made ready once (they are kept, so that their ids stay theirs)."""
    key = chosen, tuple(map(id, offered))
    found = _books.get(key)
    if found is None:
        if len(_books) >= _BOOKS_MAX:
            _books.clear()
        options = _all_of(options_of(offered)) if chosen else options_of(offered)
        book = Rulebook(tuple(offer.promotion for offer in offered), options)
        found = _books[key] = (offered, book)
    return found[1]


def _all_of(options: Options) -> Options:
    """The options with lanes that take the best set taking all that is there: the same limits, no search."""
    lanes = {
        name: replace(lane, mode="stack") if lane.mode == "best" and lane.each == "cart" else lane
        for name, lane in options.lanes.items()
    }
    return replace(options, lanes=lanes)


def options_of(offered: Sequence[Offered]) -> Options:
    """How they go together: the campaign's rules, or where several campaigns meet, lane by lane the stricter one."""
    found = list({repr(offer.rules.stacking): offer.rules.stacking for offer in offered}.values())
    if not found:
        return Options()
    strict: Options = found[0]
    for other in found[1:]:
        lanes = {
            name: _stricter(strict.lanes.get(name), other.lanes.get(name)) for name in {*strict.lanes, *other.lanes}
        }
        floors = [floor for floor in (strict.margin_floor_ppm, other.margin_floor_ppm) if floor is not None]
        strict = replace(strict, lanes=lanes, margin_floor_ppm=max(floors) if floors else None)
    return strict


def _stricter(a: Lane | None, b: Lane | None) -> Lane:
    one, two = a or Lane(), b or Lane()
    limits = [lane.at_most for lane in (one, two) if lane.at_most]
    out: tuple[LaneName, ...] = tuple(dict.fromkeys((*one.exclusive_with, *two.exclusive_with)))
    harder = max(one, two, key=lambda lane: _STRICT.index(lane.mode))
    return replace(harder, at_most=min(limits) if limits else 0, exclusive_with=out)


def _line(line: Line, costs: Mapping[str, int], floors: Mapping[str, int]) -> CartLine:
    return CartLine(
        line=line.line,
        sku=line.sku,
        quantity=line.quantity,
        unit_price_minor=line.due_minor // line.quantity,
        categories=line.categories,
        attributes=line.attributes,
        min_price_minor=max(line.min_price_minor, floors.get(line.sku, 0)),
        cost_minor=costs.get(line.sku) if line.cost_minor is None else line.cost_minor,
        deposits=line.deposits,
    )


def _points(buyer: Buyer, balances: Mapping[str, Account]) -> int:
    wallet = balances.get(wallet_key(buyer.who.customer, POINTS))
    return buyer.facts.points if wallet is None else max(0, wallet.room())


def _sold_out(offered: Sequence[Offered], balances: Mapping[str, Account]) -> tuple[str, ...]:
    gone = []
    for offer in offered:
        for n, sku in enumerate(offer.rules.gifts(), 1):
            pool = balances.get(pool_key(offer.promotion.id, f"gifts_{n}"))
            if pool is not None and pool.room() < 1:
                gone.append(sku)
    return tuple(gone)


def _used(offer: Offered, buyer: Buyer, balances: Mapping[str, Account], now_ms: int) -> Used | None:
    """What the ledger says of the promotion's limits; None while it was not asked."""
    id, rules = offer.promotion.id, offer.rules
    uses = balances.get(pool_key(id, "used"))
    if uses is None:
        return None
    budget = balances.get(pool_key(id, "budget"))
    limits = [key for _, key in buyer.who.limits(id, rules.identities)] if rules.per_customer is not None else []
    today, *mine_today = rules.daily(buyer.who, now_ms) or [""]
    return Used(
        uses=uses.received(),
        by_customer=_most(limits, balances),
        today=_most([today], balances),
        by_customer_today=_most(mine_today, balances),
        spent_minor=rules.budget_minor - budget.room() if budget is not None and rules.budget_minor is not None else 0,
    )


def _most(counters: Iterable[str], balances: Mapping[str, Account]) -> int:
    """The counter that has counted most: one of his identities is enough."""
    return max((balances[key].received() for key in counters if key in balances), default=0)


def _share(offer: Offered, outcome: Outcome, priced: Priced) -> Share:
    id = offer.promotion.id
    given = {line.line: line.given_minor.get(id, 0) for line in (*priced.lines, *priced.shipping)}
    kept: dict[str, int] = {}
    for gift in priced.gifts:
        if gift.promotion == id:
            kept[GIFT + gift.sku] = kept.get(GIFT + gift.sku, 0) + gift.quantity
            kept[f"value/{gift.sku}"] = gift.value_minor
    if prepaid := outcome.data.get("prepaid_minor"):
        kept["prepaid"] = int(prepaid)
    if priced.points and offer.rules.pays_points() and outcome.status == "applied":
        kept["points"] = priced.points
    for earned in priced.rewards:
        if earned.promotion == id and earned.amount:
            name = "earned_points" if earned.to == "points" else "earned_money"
            kept[name] = kept.get(name, 0) + earned.amount
    return Share(outcome, {line: minor for line, minor in given.items() if minor}, kept)
