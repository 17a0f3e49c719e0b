"""The auditor sees what goes wrong: each line here breaks the code on purpose, and the simulation must say so.

A break is a piece of one function, replaced; it is put back after the test.
"""

import inspect
import textwrap

import pytest

from miaohui.host import batch, memory, order_refund, order_run
from miaohui.ledger import book
from miaohui.plays import coupon, flash_sale, group_buy, promotion
from miaohui.pricing import giving
from miaohui.simulation.run import simulate

SEEDS = (1, 8, 4, 6, 12, 9, 15)


def broken(monkeypatch, where, name, *pieces):
    """Replace pieces (old, new) in the source of the function `name` of a module or class."""
    function = getattr(where, name)
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in pieces:
        assert source.count(old) >= 1, f"{name} has no {old!r} any more"
        source = source.replace(old, new)
    made = {}
    exec(compile("from __future__ import annotations\n" + source, "broken", "exec"), function.__globals__, made)
    monkeypatch.setattr(where, name, made[name])


BREAKS = {
    "a limit is off by one": (
        {"limits"},
        (
            coupon, "_claim", (".received() >= rules.per_customer", ".received() > rules.per_customer"),
            ("ceiling=rules.per_customer", "ceiling=rules.per_customer + 1"),
        ),
    ),
    "a hold is not taken": (
        {"ledger"},
        (flash_sale, "_settle", ("*uses)", "*(() if kind is Kind.POST else uses))")),
    ),
    "more is sold than there is": (
        {"ledger", "flash_sale"},
        (coupon, "_claim", ('balances[_pool(rules, "coupons")].room() < 1', "False")),
        (flash_sale, "_full", ("balances[pool_key(rules.id, \"stock\")].room() < quantity", "False")),
        (book, "_check", ("debit.credits - debit.debits - debit.debits_pending < amount", "False")),
        (memory, "_holds", ("a.room() >= 0", "True")),
    ),
    "a hold is not given back": (
        {"ledger"},
        (coupon, "_release", ("back = _settle(rules, state, action, Kind.VOID)", "back = ()")),
    ),
    "a payment is posted twice": (
        {"orders"},
        (
            order_run.OrderRun, "run",
            ('verb == "paid" and order.status == "placed"', 'verb == "paid" and order.status in ("placed", "paid")'),
        ),
        (
            book, "_check_settling",
            ('return "pending_transfer_not_found", None', 'return "ok", Hold(t.pending, "", t.debit, t.credit, 0)'),
        ),
        (book, "_hold_or_settle", ("del holds[t.pending]", "holds.pop(t.pending, None)")),
    ),
    "a key is forgotten": (
        {"answers"},
        (batch.Batch, "decide", ("self.replies.get(s.id)", "None")),
    ),
    "a key answers any body": (
        {"answers"},
        (batch.Batch, "decide", ("earlier[0] != s.hash", "False")),
    ),
    "a batch is lost after its answer": (
        {"answers", "ledger"},
        (memory.Memory, "write", ("self._compare(changes)", "if self._last_ms % 7 == 0:\n            return")),
    ),
    "a party takes one too many": (
        {"group_buy"},
        (group_buy, "_no_seat", ('state.status == "completed" or len(state.members) == state.size', "False")),
        (book, "_check", ("debit.credits - debit.debits - debit.debits_pending < amount", "False")),
    ),
    "a party fails and is complete": (
        {"group_buy"},
        (group_buy, "_pay", ("if not missing:", "if missing <= 1:")),
    ),
    "a party ends and nobody hears": (
        {"group_buy"},
        (group_buy, "_fail", ("events=(failed, *asked)", "events=(failed, *asked) if state.paid() else ()")),
    ),
    "a coupon is worth more than it was": (
        {"coupon"},
        (coupon, "_refund", ("amount_minor=state.given_minor + covered", "amount_minor=state.amount_minor + 1")),
    ),
    "a refund gives too much": (
        {"orders"},
        (order_refund, "refund_minor", ("[start : start + quantity])", "[start : start + quantity]) + 1")),
    ),
    "goods come back to nowhere": (
        {"flash_sale"},
        (flash_sale, "_refund", ("transfers=(goods, *uses)", "transfers=uses")),
    ),
    "a promotion is used once too often": (
        {"promotion"},
        (
            promotion, "_place",
            (".received() >= rules.per_customer", ".received() > rules.per_customer"),
            ("_lifted(t, balances[t.credit])", "replace(t, ceiling=None)"),
        ),
    ),
    "a promotion is used once too often a day": (
        {"promotion"},
        (
            promotion, "_place",
            ("most is not None and balances[counter].received() >= most", "False"),
            ("_lifted(t, balances[t.credit])", "replace(t, ceiling=None)"),
        ),
    ),
    "a full reduction takes a cent too much": (
        {"promotion"},
        (giving.Giver, "_reduction", ("amount = tier.off_minor *", "amount = 1 + tier.off_minor *")),
    ),
    "what comes back of a promotion goes nowhere": (
        {"shop", "proofs"},
        (promotion, "_money_back", ("yield Transfer(_pool(rules, \"spent\"), _budget(rules), action.back_minor - outside)", "")),
    ),
    "a code need not be typed": (
        {"promotion"},
        (order_run, "_priced", ("for word in (c.code, f\"{c.campaign}/{c.play}\")]", 'for word in (c.code, "")] + ["tea"]')),
    ),
    "an event is told twice": (
        {"answers"},
        (memory.Memory, "write", ("self.events += changes.events", "self.events += changes.events * 2")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
async def test_the_auditor_catches(what, monkeypatch, caplog):
    checks, *breaks = BREAKS[what]
    for where, name, *pieces in breaks:
        broken(monkeypatch, where, name, *pieces)
    found = set()
    for seed in SEEDS:  # the first mostly shows it
        outcome = await simulate(seed, hours=8, customers=250)
        found |= {finding.check for finding in outcome.findings}
        if checks & found:
            return
    assert checks & found, f"{what}: found only {found or 'nothing'}"


async def test_without_a_break_it_finds_nothing():
    assert (await simulate(SEEDS[0], hours=8, customers=250)).findings == ()
