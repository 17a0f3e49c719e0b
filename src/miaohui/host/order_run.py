"""One verb of an order being decided: its own state, and the share of each play it claims from; all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from miaohui.host import order_refund as refunds
from miaohui.host import orders
from miaohui.host.order_price import Buyer, CartPrice, cart_price
from miaohui.host.orders import Order, OrderClaim, OrderReply, order_key
from miaohui.host.plan import LAPSED
from miaohui.host.setup import Entry, Offered
from miaohui.host.storage import Timer
from miaohui.ledger.accounts import Account
from miaohui.plays._contract import Claim, Decision, Line, Pay, Place, Placed, Refund, Refusal, Release, Settled
from miaohui.pricing.explain import sentence

if TYPE_CHECKING:
    from miaohui.host.draft import Draft

_TWICE = {"field": "claims", "value": "the same promotion twice", "wanted": "each promotion once"}


class OrderRun:
    """Decides placed, paid, cancelled, refunded and the expiry of one order."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.batch, self.plan = draft, draft.batch, draft.plan
        self.id, self.key = draft.submission.order, order_key(draft.submission.order)

    def run(self) -> Struct | Refusal:
        """The order's reply, or why not."""
        from miaohui.host.draft import Stale

        order: Any = self.batch.state(self.key, orders.decode)
        verb = "expire" if self.draft.submission.what == "timer" else self.draft.submission.action
        if verb == "placed":
            return (
                self._place() if order is None else Refusal("order_exists", {"order": self.id, "status": order.status})
            )
        assert self.plan.order is not None
        if order is None or (order.status in LAPSED) != (self.plan.order.status in LAPSED):
            raise Stale
        if verb == "paid" and order.status == "placed":
            return self._pay(order)
        if verb == "paid" and order.status in LAPSED:
            return self._pay_again(order)
        if verb == "cancelled" and order.status == "placed":
            return self._release(order, "cancelled")
        if verb == "expire" and order.status == "placed" and self.batch.now_ms >= order.expires_ms:
            return self._release(order, "expired")
        if verb == "refunded" and order.status in ("paid", "partly_refunded"):
            return self._refund(order)
        if verb == "refunded" and order.status in LAPSED and order.asked:
            return self._write(replace(order, status="refunded"))
        return Refusal("order_state", {"order": self.id, "status": order.status, "verb": verb})

    def _place(self) -> OrderReply | Refusal:
        assert self.plan.order is not None
        placed = self._reserve(replace(self.plan.order, placed_ms=self.batch.now_ms), again=False)
        if isinstance(placed, Refusal):
            return placed
        shown_minor = self.draft.submission.fields.total_minor
        if shown_minor is not None and shown_minor != placed.total_minor():
            return Refusal("price_changed", {"shown_minor": shown_minor, "total_minor": placed.total_minor()})
        self.draft.timer(self.key, Timer(placed.expires_ms, b"", placed.source) if placed.claims else None)
        self._event("order.placed", placed)
        return self._write(placed)

    def _reserve(self, order: Order, *, again: bool) -> Order | Refusal:
        """Let every play reserve; the order with what they gave, or the first refusal with the claim it is about."""
        lines, minutes = order.lines, orders.PAY_MINUTES
        dues: dict[str, list[int]] = {}
        for n in range(len(order.claims)):
            entry = self._entry(order.claims[n])
            refusal = None if again else self.draft.shared(entry, starts=entry.machine.place_starts)
            if refusal is None and not again and self._first_promotion(order, n):
                priced = self._price(order, lines, n)
                if isinstance(priced, Refusal):
                    return priced
                order, lines, dues = priced
            if refusal is None:
                claim = orders.claim_of(self.id, order, n, lines, again=again)
                decision, terms = self.draft.part(entry, Place(claim), self._keys(n), order.claims[n].terms)
                refusal = decision if isinstance(decision, Refusal) else None
            if refusal is not None:
                return _about(refusal, n, order.claims[n])
            assert isinstance(decision, Decision)
            placed = decision.reply
            assert isinstance(placed, Placed)
            lines = orders.less(lines, placed)
            minutes = min(minutes, placed.pay_minutes)
            noted = placed.kept | ({"alone": 1} if placed.alone else {})
            kept = replace(order.claims[n], terms=terms, given_minor=placed.given_minor, kept=noted)
            order = replace(order, claims=(*order.claims[:n], kept, *order.claims[n + 1 :]))
        units = order.units if again else orders.units_of(lines, dues)
        return replace(order, units=units, expires_ms=self.batch.now_ms + minutes * 60_000)

    def _entry(self, claim: OrderClaim) -> Entry:
        entry: Entry = self.batch.register.entries[claim.campaign, claim.play]
        return entry

    def _keys(self, n: int) -> tuple[str, ...]:
        """The states that the n-th claim is about: the same for each verb, as planned."""
        parts = self.plan.parts
        return parts[n * (len(parts) // len(self.plan.order.claims))].states if self.plan.order else ()

    def _promotions(self, order: Order) -> list[int]:
        """The claims on promotions, which stand together."""
        return [n for n, claim in enumerate(order.claims) if self._entry(claim).machine.promotion is not None]

    def _first_promotion(self, order: Order, n: int) -> bool:
        return self._promotions(order)[:1] == [n]

    def _price(
        self, order: Order, lines: tuple[Line, ...], first: int
    ) -> tuple[Order, tuple[Line, ...], dict[str, list[int]]] | Refusal:
        """The order with what each promotion is to give, its lines with the gifts, and what every unit costs then. A promotion
        that gives nothing refuses the order: a use is never spent on nothing, and the customer hears it before he pays."""
        numbers, claims = self._promotions(order), list(order.claims)
        for n in numbers:
            if any(
                (claims[m].campaign, claims[m].play) == (claims[n].campaign, claims[n].play) for m in numbers if m < n
            ):
                return _about(Refusal("bad_request", _TWICE), n, claims[n])
        from miaohui.host.draft import Stale

        offered = [self._entry(claims[n]).offer() for n in numbers]
        for offer in offered:
            if not self.batch.balances.keys() >= set(offer.rules.daily(order.who, order.placed_ms)):
                raise Stale  # planned on another day
        priced = _priced(order, lines, offered, self.batch.balances, self.batch.now_ms, chosen=True)
        gifts: list[Line] = []
        for n, share in zip(numbers, priced.shares, strict=True):
            if share.outcome.status != "applied":
                titles = {self._entry(claims[m]).current.id: self._entry(claims[m]).current.title for m in numbers}
                why = sentence(share.outcome, self._entry(claims[n]).offer().promotion, order.currency, titles)
                return _about(Refusal(share.outcome.code, dict(share.outcome.data), why), n, claims[n])
            claims[n] = replace(claims[n], given_minor=share.given_minor, kept=share.kept)
            place = f"{orders.GIFT}{claims[n].campaign}/{claims[n].play}"
            gifts += [_gift(f"{place}/{sku}", sku, quantity) for sku, quantity in share.gifts().items()]
        order = replace(order, claims=tuple(claims), lines=(*order.lines, *gifts))
        return order, (*lines, *gifts), priced.dues

    def _pay(self, order: Order) -> OrderReply:
        """Every play gives what it had reserved. Money is taken already: a play never refuses here, it asks for a refund."""
        refund = ""
        for settled, claim in self._each(order, Pay):
            if settled.refund:
                refund = settled.refund
                self._ask(order, refund, claim.line)
        paid = replace(order, status="paid", asked=order.asked or bool(refund))
        self.draft.timer(self.key, None)
        self._event("order.paid", paid)
        return self._write(paid, refund=refund)

    def _pay_again(self, order: Order) -> OrderReply:
        """Paid although it had lapsed: reserve once more at the same price, else the money goes back."""
        if order.asked:
            return orders.reply(self.id, order, refund=order.status)
        again = self._reserve(replace(order, attempt=order.attempt + 1), again=True)
        if not isinstance(again, Refusal) and again.discounts() == order.discounts():
            return self._pay(again)
        self.draft.undo()
        asked = replace(order, asked=True)
        self._ask(asked, order.status)
        return self._write(asked, refund=order.status)

    def _release(self, order: Order, status: orders.Status) -> OrderReply:
        for _ in self._each(order, Release):
            pass
        over = replace(order, status=status)
        self.draft.timer(self.key, None)
        self._event("order.cancelled", over, reason=status)
        return self._write(over)

    def _refund(self, order: Order) -> OrderReply | Refusal:
        quantities = orders.returning(order, self.draft.submission.fields.lines)
        if isinstance(quantities, Refusal):
            return quantities
        returned = {line.line: order.returned.get(line.line, 0) + quantities.get(line.line, 0) for line in order.lines}
        left = {line.line: line.quantity - returned[line.line] for line in order.lines}
        whole = not any(left.values())
        settled = refunds.settle(order, quantities, left, self._still(order, left))
        for n, _ in enumerate(order.claims):
            back, earlier = settled.back_minor[n], order.claims[n].back_minor
            self._verb(order, n, lambda claim: Refund(claim, quantities, left, whole, back, earlier))  # noqa: B023
        claims = tuple(replace(c, back_minor=c.back_minor + settled.back_minor[n]) for n, c in enumerate(order.claims))
        total_minor = sum(settled.money.values())
        after = replace(
            order,
            claims=claims,
            returned=returned,
            status="refunded" if whole else "partly_refunded",
            refunded_minor=order.refunded_minor + total_minor,
        )
        lines = tuple(
            (x.line, x.sku, quantities[x.line], settled.money[x.line]) for x in order.lines if x.line in quantities
        )
        self._event("order.refunded", after, lines=lines, total_minor=total_minor, discount_minor=0)
        return self._write(after, refunded_minor=total_minor)

    def _still(self, order: Order, left: dict[str, int]) -> dict[int, refunds.Still]:
        """What the promotions whose policy asks for it would give to the goods that are left: the cart is priced anew, under the
        rules of the order. By the number of the claim."""
        numbers = self._promotions(order)
        offers = {n: self._entry(order.claims[n]).offer(order.claims[n].terms) for n in numbers}
        if all(offer.rules.refund == "allocated" for offer in offers.values()):
            return {}
        lines = tuple(
            replace(
                line,
                quantity=left[line.line],
                due_minor=left[line.line] * line.unit_price_minor,
                deposits=min(line.deposits, left[line.line]),
            )
            for line in refunds.before_promotions(order, numbers[0])
            if left[line.line]
        )
        shares = []
        if any(line.open for line in lines):
            shares = _priced(order, lines, list(offers.values()), {}, order.placed_ms).shares
        found = {share.outcome.promotion: share for share in shares}
        return {
            n: refunds.Still(offer.rules.refund, found.get(offer.promotion.id))
            for n, offer in offers.items()
            if offer.rules.refund != "allocated"
        }

    def _each(self, order: Order, verb: Callable[[Claim], Struct]) -> list[tuple[Settled, OrderClaim]]:
        """Each play's share of a verb after placing."""
        return [(self._verb(order, n, verb), claim) for n, claim in enumerate(order.claims)]

    def _verb(self, order: Order, n: int, verb: Callable[[Claim], Struct]) -> Settled:
        """The share of the play of the n-th claim."""
        claim = order.claims[n]
        action = verb(orders.claim_of(self.id, order, n, order.lines))
        decision, _ = self.draft.part(self._entry(claim), action, self._keys(n), claim.terms)
        assert isinstance(decision, Decision), f"{claim.campaign}/{claim.play} refused to settle: {decision}"
        assert isinstance(decision.reply, Settled)
        return decision.reply

    def _ask(self, order: Order, reason: str, line: str = "") -> None:
        wanted = line or ",".join(x.line for x in order.lines)
        self.draft.event(
            "refund.requested",
            campaign=order.campaign(),
            customer=order.customer,
            order=self.id,
            currency=order.currency,
            properties={"lines": wanted, "reason": reason},
        )

    def _event(self, name: str, order: Order, **more: Any) -> None:
        off = order.discounts()
        gross = {x.line: x.quantity * x.unit_price_minor for x in order.lines}
        reason = more.pop("reason", "")
        claims = ",".join(f"{claim.campaign}/{claim.play}" for claim in order.claims)
        fields: dict[str, Any] = {
            "lines": tuple((x.line, x.sku, x.quantity, gross[x.line] - off[x.line]) for x in order.lines),
            "total_minor": sum(gross.values()) - sum(off.values()),
            "discount_minor": sum(off.values()),
            "properties": {"claims": claims} | ({"reason": reason} if reason else {}),
        }
        self.draft.event(
            name,
            campaign=order.campaign(),
            play=order.claims[0].play if order.claims else "",
            customer=order.customer,
            order=self.id,
            currency=order.currency,
            **(fields | more),
        )

    def _write(self, order: Order, **more: Any) -> OrderReply:
        self.draft.write(self.key, order, order.campaign(), "", 0)
        return orders.reply(self.id, order, **more)


def _about(refusal: Refusal, n: int, claim: OrderClaim) -> Refusal:
    """The refusal with the claim it is about."""
    return replace(refusal, data=refusal.data | {"claim": n, "campaign": claim.campaign, "play": claim.play})


def _priced(
    order: Order,
    lines: tuple[Line, ...],
    offered: list[Offered],
    balances: Mapping[str, Account],
    now_ms: int,
    *,
    chosen: bool = False,
) -> CartPrice:
    """The promotions `offered` on `lines` of the order."""
    buyer = Buyer(order.who, order.audiences, order.facts)
    codes = [word for c in order.claims if c.code for word in (c.code, f"{c.campaign}/{c.play}")]
    return cart_price(order.currency, lines, buyer, offered, balances, codes, now_ms, chosen=chosen)


def _gift(line: str, sku: str, quantity: int) -> Line:
    return Line(line=line, sku=sku, quantity=quantity, unit_price_minor=0, open=False)
