"""One verb of an order being decided: its own state, and the share of each play it claims from; all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from miaohui.host import orders
from miaohui.host.orders import Order, OrderClaim, OrderReply, order_key
from miaohui.host.plan import LAPSED
from miaohui.plays._contract import Claim, Decision, Line, Pay, Place, Placed, Refund, Refusal, Release, Settled

if TYPE_CHECKING:
    from miaohui.host.draft import Draft

_decode = msgspec.msgpack.Decoder(Order).decode


class OrderRun:
    """Decides placed, paid, cancelled, refunded and the expiry of one order."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.batch, self.plan = draft, draft.batch, draft.plan
        self.id, self.key = draft.submission.order, order_key(draft.submission.order)

    def run(self) -> Struct | Refusal:
        """The order's reply, or why not."""
        from miaohui.host.draft import Stale

        order: Any = self.batch.state(self.key, _decode)
        verb = "expire" if self.draft.submission.what == "timer" else self.draft.submission.action
        if verb == "placed":
            return (
                self._place() if order is None else Refusal("order_exists", {"order": self.id, "status": order.status})
            )
        assert order is not None, f"{self.key} was planned and is gone"
        assert self.plan.order is not None
        if (order.status in LAPSED) != (self.plan.order.status in LAPSED):
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
        order = self.plan.order
        assert order is not None
        placed = self._reserve(order, again=False)
        if isinstance(placed, Refusal):
            return placed
        self.draft.timers[self.key] = (placed.expires_ms, "", "", b"", placed.source) if placed.claims else None
        self._event("order.placed", placed)
        return self._write(placed)

    def _reserve(self, order: Order, *, again: bool) -> Order | Refusal:
        """Let every play reserve; the order with what they gave, or the first refusal with the claim it is about."""
        lines, minutes, kept = order.lines, orders.PAY_MINUTES, list(order.claims)
        for n in range(len(kept)):
            entry = self.batch.register.entries[kept[n].campaign, kept[n].play]
            refusal = None if again else self.draft.shared(entry, starts=entry.machine.place_starts)
            if refusal is None:
                claim = orders.claim_of(self.id, order, n, lines, again=again)
                decision, terms = self.draft.part(entry, Place(claim), kept[n].terms)
                refusal = decision if isinstance(decision, Refusal) else None
            if refusal is not None:
                where = {"claim": n, "campaign": kept[n].campaign, "play": kept[n].play}
                return replace(refusal, data=refusal.data | where)
            assert isinstance(decision, Decision)
            assert isinstance(decision.reply, Placed)
            lines = orders.less(lines, decision.reply)
            minutes = min(minutes, decision.reply.pay_minutes)
            kept[n] = replace(kept[n], terms=terms, given_minor=decision.reply.given_minor)
        expires_ms = self.batch.now_ms + minutes * 60_000
        return replace(order, claims=tuple(kept), expires_ms=expires_ms)

    def _pay(self, order: Order) -> OrderReply:
        """Every play gives what it had reserved. Money is taken already: a play never refuses here, it asks for a refund."""
        refund = ""
        for settled, claim in self._each(order, Pay):
            if settled.refund:
                refund = settled.refund
                self._ask(order, refund, claim.line)
        paid = replace(order, status="paid", asked=order.asked or bool(refund))
        self.draft.timers[self.key] = None
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
        self.draft.timers[self.key] = None
        self._event("order.cancelled", over, reason=status)
        return self._write(over)

    def _refund(self, order: Order) -> OrderReply | Refusal:
        quantities = orders.returning(order, self.draft.submission.fields.lines)
        if isinstance(quantities, Refusal):
            return quantities
        money = orders.refund_minor(order, quantities)
        returned = {line.line: order.returned.get(line.line, 0) + quantities.get(line.line, 0) for line in order.lines}
        left = {line.line: line.quantity - returned[line.line] for line in order.lines}
        whole = not any(left.values())
        for _ in self._each(order, lambda claim: Refund(claim, quantities, left, whole)):
            pass
        after = replace(order, returned=returned, status="refunded" if whole else "partly_refunded")
        lines = tuple((x.line, x.sku, quantities[x.line], money[x.line]) for x in order.lines if x.line in quantities)
        self._event("order.refunded", after, lines=lines, total_minor=sum(money.values()), discount_minor=0)
        return self._write(after, refunded_minor=sum(money.values()))

    def _each(self, order: Order, verb: Callable[[Claim], Struct]) -> list[tuple[Settled, OrderClaim]]:
        """Each play's share of a verb after placing."""
        outcomes = []
        for n, claim in enumerate(order.claims):
            entry = self.batch.register.entries[claim.campaign, claim.play]
            lines: tuple[Line, ...] = order.lines
            decision, _ = self.draft.part(entry, verb(orders.claim_of(self.id, order, n, lines)), claim.terms)
            assert isinstance(decision, Decision), f"{claim.campaign}/{claim.play} refused to settle: {decision}"
            assert isinstance(decision.reply, Settled)
            outcomes.append((decision.reply, claim))
        return outcomes

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
