"""Plays by themselves: `decide` on balances in memory, one action after another, without a host."""

from miaohui.ledger.accounts import Account, Kind, is_world
from miaohui.ledger.book import apply, transfer_id
from miaohui.plays._contract import Claim, Decision, Line, Moment, Pay, Place, Refund, Release, Text, Who
from miaohui.plays._fields import Product

T, MINUTE, HOUR, DAY = 1_790_000_000_000, 60_000, 3_600_000, 86_400_000
TEA = Product("tea", "tea-1", Text("茶", "Tea"), 5000, 2000)
ANN, BOB, EVE, DAN = (Who(name, {"account": name}) for name in ("ann", "bob", "eve", "dan"))


class Table:
    """A play under `rules`, its pools filled; `do` decides and books what was granted."""

    def __init__(self, module, rules, **more):
        self.module, self.rules, self.states, self.holds, self.n = module, rules, {}, {}, 0
        pools = {
            f"play/{rules.id}/{name}": Account(credits=p.amount, unit=p.unit) for name, p in module.pools(rules).items()
        }
        self.balances = pools | {key: Account(credits=amount, unit=unit) for key, (amount, unit) in more.items()}
        self.events, self.transfers, self.timers = [], [], {}

    def do(self, action, now_ms=T):
        """The reply, or (code, data); what is refused changes nothing, because nothing is returned to be changed."""
        self.n += 1
        id = self.n.to_bytes(16, "big")
        keys, accounts = self.module.touches(self.rules, action)
        states = {key: self.states.get(key) for key in keys}
        for key in accounts:
            self.balances.setdefault(key, Account(overdraft=is_world(key)))
        seen = {key: self.balances[key] for key in accounts}
        answer = self.module.decide(self.rules, states, seen, action, Moment(id, now_ms, 0))
        if not isinstance(answer, Decision):
            return answer.code, answer.data
        assert set(answer.states) <= set(keys)
        assert all({t.debit, t.credit} <= set(accounts) for t in answer.transfers)
        booked = [(transfer_id(id, 100 + n), t) for n, t in enumerate(answer.transfers)]
        assert apply(booked, self.balances, self.holds) == "ok"
        self.states |= answer.states
        self.timers |= answer.timers
        self.events += answer.events
        self.transfers += answer.transfers
        return answer.reply

    def kinds(self):
        """The kinds of all transfers so far."""
        return [transfer.kind for transfer in self.transfers]

    def posted(self, key):
        """The posted net of an account."""
        account = self.balances.get(key, Account())
        return account.credits - account.debits


def claim(order, who, play, *lines, given=None, again=False, **where):
    """A claim of an order on `play` ("campaign/name"); lines are (line, sku, quantity, unit price)."""
    campaign, name = play.split("/")
    made = tuple(
        Line(line=line, sku=sku, quantity=quantity, unit_price_minor=price, due_minor=quantity * price)
        for line, sku, quantity, price in lines
    )
    return Claim(
        id=order.encode().ljust(16, b"."), order=order, campaign=campaign, play=name, who=who, currency="USD", lines=made,
        given_minor=given or {}, again=again, **where,
    )  # fmt: skip


__all__ = [
    "ANN", "BOB", "DAN", "DAY", "EVE", "HOUR", "MINUTE", "TEA", "Kind", "Pay", "Place", "Refund", "Release", "T", "Table", "Who",
    "claim",
]  # fmt: skip
