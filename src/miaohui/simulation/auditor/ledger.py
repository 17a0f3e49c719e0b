"""Every account from its transfers alone, one after another; then beside what is stored."""

from collections import defaultdict
from collections.abc import Iterator

from miaohui.simulation.auditor.record import Finding, Stored

POSTED, PENDING, POST, VOID = 0, 1, 2, 3


def audit(stored: Stored) -> Iterator[Finding]:
    """Sums and holds; nothing below nothing on the way, no ceiling passed; every hold ends with its order."""
    balance: dict[str, int] = defaultdict(int)
    held_out: dict[str, int] = defaultdict(int)
    held_in: dict[str, int] = defaultdict(int)
    ceilings: dict[str, int] = {}
    holds: dict[bytes, tuple[str, str, int]] = {}
    seen: set[bytes] = set()
    for t in stored.transfers:
        name = t.id.hex()
        if t.id in seen:
            yield Finding("ledger", f"transfer {name}", "twice", "once")
        seen.add(t.id)
        if t.ceiling is not None:
            ceilings[t.credit] = t.ceiling
        if t.kind == PENDING:
            if t.hold in holds:
                yield Finding("ledger", f"hold {t.hold.hex()}", "made twice", "once")
            holds[t.hold] = (t.debit, t.credit, t.amount)
            held_out[t.debit] += t.amount
            held_in[t.credit] += t.amount
        if t.kind in (POST, VOID):
            hold = holds.pop(t.hold, None)
            if hold is None or hold[:2] != (t.debit, t.credit) or t.amount > hold[2]:
                yield Finding("ledger", f"transfer {name}", f"settles {hold}", "an open hold of its accounts")
                continue
            held_out[t.debit] -= hold[2]
            held_in[t.credit] -= hold[2]
        if t.kind in (POSTED, POST):
            balance[t.debit] -= t.amount
            balance[t.credit] += t.amount
        if not t.debit.startswith("world/") and balance[t.debit] < held_out[t.debit]:
            yield Finding("ledger", t.debit, f"{balance[t.debit]} with {held_out[t.debit]} on hold", "no overdraft")
        most = ceilings.get(t.credit)
        if most is not None and t.kind in (POSTED, PENDING) and balance[t.credit] + held_in[t.credit] > most:
            yield Finding("ledger", t.credit, f"{balance[t.credit] + held_in[t.credit]}", f"at most {most}")
    yield from _beside(stored, balance, held_out, held_in)
    yield from _holds(stored, holds)


def _beside(
    stored: Stored, balance: dict[str, int], held_out: dict[str, int], held_in: dict[str, int]
) -> Iterator[Finding]:
    units: dict[str, int] = defaultdict(int)
    for key in sorted(stored.accounts.keys() | balance.keys()):
        there = stored.account(key)
        units[there.unit] += there.here()
        figures = (there.here(), there.debits_pending, there.credits_pending)
        if figures != (balance[key], held_out[key], held_in[key]):
            yield Finding("ledger", key, str(figures), str((balance[key], held_out[key], held_in[key])))
    for unit, total in units.items():
        if total:
            yield Finding("ledger", f"unit {unit}", str(total), "0 over all accounts")


def _holds(stored: Stored, holds: dict[bytes, tuple[str, str, int]]) -> Iterator[Finding]:
    there = {hold.id: (hold.debit, hold.credit, hold.amount) for hold in stored.holds}
    if there != holds:
        yield Finding("ledger", "open holds", str(len(there)), f"{len(holds)}, as the transfers left them")
    for hold in stored.holds:
        _, keeper = stored.states.get(hold.keeper, (0, {}))
        if keeper.get("status") != "placed" or hold.keeper not in stored.timers:
            status = keeper.get("status", "not there")
            yield Finding("ledger", f"hold {hold.id.hex()}", f"{hold.keeper} is {status}", "an order that is placed")
