"""One submission while it is being decided: what it changes can still be taken back.

Shared checks, in this order: (unknown_campaign, unknown_play when planned; key_reused by the batch) not_open, ended,
not_in_audience, not_offered, no_consent, too_fast; then the play's own refusals.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from miaohui.events.envelope import Event, event_id, snake, wire_name
from miaohui.host.openings import Filling, fill
from miaohui.host.order_run import OrderRun
from miaohui.host.plan import Plan
from miaohui.host.setup import NONE, Entry
from miaohui.host.storage import Timer
from miaohui.host.submission import draw
from miaohui.ledger import book
from miaohui.ledger.accounts import Account, Transfer, is_shared
from miaohui.plays._contract import Decision, Moment, Refusal

if TYPE_CHECKING:
    from miaohui.host.batch import Batch

_pack = msgspec.msgpack.Encoder().encode
_ENVELOPE = frozenset({"customer", "order", "currency", "total_minor", "discount_minor"})


class Missing:
    """Where no timer was set or cancelled before."""


_MISSING = Missing()


class Stale(Exception):
    """What the batch was planned with is no longer so: run it again."""


class Draft:
    """What one submission changes. It goes straight into the batch; what was there before is noted, so that `undo` can put it
    back."""

    __slots__ = (
        "_event_0", "_filled", "_journal", "_states_before", "_timers_before", "_transfer_0", "batch", "plan", "submission",
    )  # fmt: skip

    def __init__(self, batch: Batch, plan: Plan) -> None:
        self.batch, self.plan, self.submission = batch, plan, plan.submission
        self._transfer_0, self._event_0 = len(batch.transfers), len(batch.events)
        self._journal: book.Journal = []
        self._states_before: list[tuple[str, Struct | None, int | None, tuple[str, str] | None]] = []
        self._timers_before: list[tuple[str, Timer | Missing | None]] = []
        self._filled: dict[str, Account] = {}

    def run(self) -> Struct | Refusal:
        """Decide the submission: its reply, or the first refusal."""
        s = self.submission
        if s.order:
            return OrderRun(self).run()
        if s.what == "opening":
            return self._opening(s.fields)
        part = self.plan.parts[0]
        if s.what == "timer":
            self.timer(s.timer, None)
        elif refusal := self.shared(part.entry, starts=type(part.action) in part.entry.machine.starts):
            return refusal
        decision, _ = self.part(part.entry, part.action, part.states)
        return decision.reply if isinstance(decision, Decision) else decision

    def shared(self, entry: Entry, *, starts: bool) -> Refusal | None:
        """The checks that all plays share; window, audience and consent only for what starts something."""
        setup, person, now_ms = entry.current, self.plan.person, self.batch.now_ms
        if starts:
            mask, control = person.memberships.get(setup.campaign, (0, False))
            members = self.batch.register.members(setup.campaign, mask) if setup.audience else NONE
            if refusal := entry.barred(members, control, person.consents, now_ms):
                return refusal
        if self.plan.fast_enough is None:  # counted once, however often the batch is run
            self.plan.fast_enough = self.batch.rate.allows(
                setup.id, self.plan.customer, now_ms, setup.rate_count, setup.rate_s
            )
        return (
            None if self.plan.fast_enough else Refusal("too_fast", {"count": setup.rate_count, "seconds": setup.rate_s})
        )

    def part(
        self, entry: Entry, action: Struct, keys: tuple[str, ...], terms: int = 0
    ) -> tuple[Decision | Refusal, int]:
        """Let a play decide on the states `keys` and apply what it decided. The rules are those of the instance's birth, else
        version `terms` (an order's claim), else the current ones; which, is the second value."""
        batch, machine, born = self.batch, entry.machine, 0
        states = {}
        for key in keys:
            states[key] = state = batch.state(key, machine.state)
            if state is not None and not born:
                born = batch.terms[key]
        setup = entry.versions[born or terms or entry.current.version]
        drawn = draw(batch.seed, self.submission.id, len(batch.transfers) - self._transfer_0)
        moment = Moment(self.submission.id, batch.now_ms, drawn)
        decision = machine.module.decide(setup.rules, states, batch.balances, action, moment)
        if not isinstance(decision, Decision):
            return decision, setup.version
        self.apply(decision.transfers, f"{setup.id}/{snake(type(action).__name__)}")
        for key, after in decision.states.items():
            assert key in states, f"{setup.id} wrote {key}, which it does not touch"
            self.write(key, after, setup.campaign, setup.play, setup.version)
        for key, due in decision.timers.items():
            assert due is None or batch.states.get(key) is not None, (
                f"{setup.id} sets a timer for {key}, which is not there"
            )
            self.timer(key, None if due is None else Timer(due[0], _pack(due[1]), self.source))
        for event in decision.events:
            self._event(machine.name, setup.campaign, setup.play, event)
        return decision, setup.version

    def apply(self, transfers: Iterable[Transfer], action: str) -> None:
        """Apply transfers; one that the ledger refuses is a bug of whoever asked for it."""
        batch, id = self.batch, self.submission.id
        n = len(batch.transfers) - self._transfer_0
        named = [(book.transfer_id(id, n), t) for n, t in enumerate(transfers, n)]
        result = book.apply(named, batch.balances, batch.holds, self._journal)
        assert result == "ok", f"{action}: {result} {[t for _, t in named]}"
        batch.transfers += [(id, t, action) for id, t in named]

    def write(self, key: str, state: Struct | None, campaign: str, play: str, terms: int) -> None:
        """Write a state; a new one is born under version `terms` of the rules."""
        batch, before = self.batch, self.batch.states.get(key)
        self._states_before.append((key, before, batch.terms.get(key), batch.written.get(key)))
        if before is None:
            batch.terms[key] = terms
        batch.states[key] = state
        batch.written[key] = (campaign, play)

    def timer(self, key: str, timer: Timer | None) -> None:
        """Set the timer of a state, or cancel it (None)."""
        timers = self.batch.timers
        self._timers_before.append((key, timers.get(key, _MISSING)))
        timers[key] = timer

    def wrote_its_own(self) -> bool:
        """Whether it wrote anything that it does not share: a state, a wallet, a counter."""
        moved = (key for _, t, _ in self.batch.transfers[self._transfer_0 :] for key in (t.debit, t.credit))
        return bool(self._states_before) or not all(map(is_shared, moved))

    def _opening(self, filling: Filling) -> Struct | Refusal:
        self._filled = {key: _copy(self.batch.balances[key]) for key in self.plan.accounts}
        outcome = fill(filling, self.batch.balances)
        if isinstance(outcome, Refusal):
            return outcome
        reply, transfers = outcome
        self.apply(transfers, f"{filling.campaign}/{filling.action}")
        self.batch.opened |= {key for key in self._filled if self.batch.balances[key].unit is not None}
        return reply

    def _event(self, play_module: str, campaign: str, play: str, fact: Struct) -> None:
        name, envelope, others = _shape(play_module, type(fact))
        fields = {field: getattr(fact, field) for field in envelope}
        properties = {
            field: value if type(value) is str else str(value)
            for field in others
            if (value := getattr(fact, field)) is not None
        }
        self.event(name, campaign=campaign, play=play, properties=properties, **fields)

    @property
    def source(self) -> str:
        """Where this comes from: what an order causes carries the order's."""
        return self.plan.order.source if self.plan.order is not None else self.submission.caller.source

    def event(self, name: str, **fields: Any) -> None:
        """Note a fact about this submission's customer (unless `fields` say whose it is)."""
        batch = self.batch
        now_ms, events = batch.now_ms, batch.events
        fields.setdefault("customer", self.plan.customer)
        id = event_id(now_ms, self.submission.id, len(events) - self._event_0)
        events.append(Event(id=id, name=name, at_ms=now_ms, received_at_ms=now_ms, source=self.source, **fields))

    def undo(self) -> None:
        """Nothing happened: everything is as it was before."""
        batch = self.batch
        for key, state, terms, written in reversed(self._states_before):
            batch.states[key] = state
            _put_back(batch.terms, key, terms)
            _put_back(batch.written, key, written)
        for key, timer in reversed(self._timers_before):
            if isinstance(timer, Missing):
                del batch.timers[key]
            else:
                batch.timers[key] = timer
        book.undo(self._journal, batch.holds)
        batch.balances |= self._filled
        batch.opened -= self._filled.keys()
        del batch.transfers[self._transfer_0 :]
        del batch.events[self._event_0 :]
        self._states_before, self._timers_before, self._filled = [], [], {}


def _put_back(where: dict[str, Any], key: str, before: Any) -> None:
    if before is None:
        where.pop(key, None)
    else:
        where[key] = before


@cache
def _shape(play_module: str, fact: type[Struct]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """How an event of a play is written: its name, its fields of the envelope, its properties."""
    fields = fact.__struct_fields__
    return (
        wire_name(play_module, fact),
        tuple(field for field in fields if field in _ENVELOPE),
        tuple(field for field in fields if field not in _ENVELOPE),
    )


def _copy(a: Account) -> Account:
    return Account(a.debits, a.credits, a.debits_pending, a.credits_pending, a.unit, a.overdraft, a.ceiling, a.version)
