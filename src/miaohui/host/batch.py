"""Decide the submissions of one batch, one after another, on the states and balances as they become. Pure: no clock, no I/O.

A batch of N gives exactly what N batches of one give. A submission is granted as a whole or changes nothing: an order's claims
on several plays stand or fall together. A play that raises, overdraws or breaks a ceiling is a bug of that play: its submission
fails alone, with code `failed`, and everybody else's goes on.
"""

import logging
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from miaohui.events.envelope import Event
from miaohui.host.draft import Draft, Stale
from miaohui.host.plan import Plan
from miaohui.host.rate import Rate
from miaohui.host.setup import Register
from miaohui.host.storage import Changes, Loaded, Moved, StateChange, Timer
from miaohui.host.submission import Answer, Submission
from miaohui.ledger.accounts import Account, Transfer, is_shared
from miaohui.plays._contract import Refusal

log = logging.getLogger(__name__)
_pack = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
FAILED = Refusal("failed")


class Batch:
    """One batch being decided."""

    def __init__(self, loaded: Loaded, register: Register, rate: Rate, seed: bytes) -> None:
        self.now_ms, self.register, self.rate, self.seed = loaded.now_ms, register, rate, seed
        self.epoch = loaded.epoch
        self.rows, self.replies, self.holds = loaded.states, loaded.replies, loaded.holds
        self.balances = loaded.accounts
        self.holds_before = dict(loaded.holds)
        self.shared_before = {key: replace(a) for key, a in loaded.accounts.items() if a.version and is_shared(key)}
        self.states: dict[str, Struct | None] = {}
        self.terms: dict[str, int] = {key: row.terms for key, row in loaded.states.items()}
        self.written: dict[str, tuple[str, str]] = {}
        self.opened: set[str] = set()
        self.made_replies: list[tuple[bytes, bytes, str, bytes]] = []
        self.transfers: list[tuple[bytes, Transfer, str]] = []
        self.events: list[Event] = []
        self.timers: dict[str, Timer | None] = {}
        self.spent: list[tuple[str, int]] = []
        self.seen_states: set[str] = set()
        self.seen_accounts: set[str] = set()
        self.exact = False

    # --- one submission -----------------------------------------------------------------------------------------------
    def decide(self, p: Plan) -> Answer:
        """The answer to one submission; what it causes is kept for `changes`."""
        s = p.submission
        if p.refusal is not None:
            return self._refused(s, p.refusal)
        earlier = self.replies.get(s.id)
        if earlier is not None:
            if earlier[0] != s.hash:
                return self._refused(s, Refusal("key_reused"))
            return Answer(body=earlier[1])
        if self.now_ms < s.due_ms:  # the clock went back since it was found due: it stays
            return Answer(refusal=Refusal("not_open", {"opens_ms": s.due_ms}))
        draft = Draft(self, p)
        try:
            outcome = draft.run()
        except Stale:
            draft.undo()
            raise
        except Exception:
            draft.undo()
            log.exception("a play failed: %s/%s %s", s.campaign, s.play, s.action)
            return self._refused(s, FAILED)
        if type(outcome) is Refusal:  # not isinstance: that is slow for a no, and a reply is one
            draft.undo()
            return self._refused(s, outcome)
        self.exact |= not draft.wrote_its_own()
        self.seen_states.update(p.states)
        self.seen_accounts.update(p.accounts)
        body = _json(outcome)
        self.replies[s.id] = (s.hash, body)
        self.made_replies.append((s.id, s.hash, s.campaign or (p.order.campaign() if p.order else ""), body))
        return Answer(body=body)

    def _refused(self, s: Submission, refusal: Refusal) -> Answer:
        if s.what == "timer" and refusal.code != "failed" and self.now_ms >= s.due_ms:
            self.spent.append((s.timer, s.due_ms))  # it has had its moment; one that was set anew meanwhile has not
        return Answer(refusal=refusal)

    # --- what the batch became ----------------------------------------------------------------------------------------
    def state(self, key: str, decode: Callable[[bytes], Any] | None) -> Struct | None:
        """The state under `key` as the earlier submissions left it."""
        if key not in self.states:
            row = self.rows.get(key)
            self.states[key] = None if row is None or decode is None else decode(row.body)
        return self.states[key]

    def changes(self, mark: int) -> Changes | None:
        """All that must be stored, under a mark of its own; None if nothing happened."""
        if not (self.made_replies or self.timers or self.spent):
            return None
        moved = {t.debit for _, t, _ in self.transfers} | {t.credit for _, t, _ in self.transfers} | self.opened
        made = [hold for id, hold in self.holds.items() if self.holds_before.get(id) is not hold]
        gone = [hold for id, hold in self.holds_before.items() if self.holds.get(id) is not hold]
        written = [k for k in sorted(self.written) if self.states[k] is not None or k in self.rows]
        rows, balances, shared = self.rows, self.balances, self._shared(moved)
        return Changes(
            now_ms=self.now_ms,
            mark=mark,
            epoch=self.epoch,
            seen_states={k: rows[k].version if k in rows else 0 for k in sorted(self.seen_states.difference(written))},
            seen_accounts={k: balances[k].version for k in sorted(self.seen_accounts - moved) if not is_shared(k)},
            states=[self._state_change(k) for k in written],
            accounts={key: balances[key] for key in sorted(moved - shared.keys())},
            shared=shared,
            transfers=self.transfers,
            holds=made,
            settled=gone,
            replies=sorted(self.made_replies),
            events=self.events,
            timers=self.timers,
            spent=self.spent,
        )

    def _shared(self, moved: set[str]) -> dict[str, Moved]:
        """What was moved on accounts that others may move meanwhile. Whoever opens, closes or limits one writes it as it is; and
        if something was granted that wrote nothing else, all are: another process that grants it too must be found out."""
        if self.exact:
            return {}
        shared = {}
        for key in sorted(self.shared_before.keys() & moved - self.opened):
            before, after = self.shared_before[key], self.balances[key]
            if before.ceiling == after.ceiling:
                shared[key] = _moved(before, after)
        return shared

    def _state_change(self, key: str) -> StateChange:
        state, row, (campaign, play) = self.states[key], self.rows.get(key), self.written[key]
        version = row.version + 1 if row else 1
        owner = getattr(state, "customer", None) or getattr(state, "owner", None) or None
        body = None if state is None else _pack(state)
        return StateChange(key, version, campaign, play, self.terms.get(key, 0), owner, body)


def _moved(before: Account, after: Account) -> Moved:
    return Moved(
        after.debits - before.debits,
        after.credits - before.credits,
        after.debits_pending - before.debits_pending,
        after.credits_pending - before.credits_pending,
    )
