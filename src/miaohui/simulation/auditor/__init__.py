"""Recomputes what must be true from what was told, and compares it with what is stored.

It shares no code with what it audits: it sees events, the operators' deeds, what callers asked and heard (`record`), and the
rows of the storage as plain figures. `pyproject.toml` forbids it to import the host, the plays, the ledger and the pricing.

    ledger      every account from its transfers, one after another: sums, holds, never below nothing, never above a ceiling
    answers     one key, one answer; what was answered is stored
    orders      status, totals, discounts and refunds of each order
    proofs      what each play's pools moved, beside the events that its PROOFS name
    <play>      a module of the play's name, found by that name: stock, limits, coupons, parties, from its events. A play
                without one is still held to all of the above
    shop        goods and money that are nowhere else are at the shop and in the budget

Each check is a function that yields findings: what, what is there, what should be.
"""

from collections.abc import Iterator
from importlib import import_module
from itertools import chain, islice
from pkgutil import iter_modules
from types import GeneratorType

from miaohui.simulation.auditor import answers, ledger, orders, proofs, shop
from miaohui.simulation.auditor.record import Finding, Out, Record, Stored

__all__ = ["Finding", "audit"]
FINDINGS_MAX = 50


def audit(record: Record, stored: Stored) -> tuple[Finding, ...]:
    """Everything that should hold and does not, at most FINDINGS_MAX."""
    out, own = Out(), {module.name for module in iter_modules(__path__)}
    checks = [ledger.audit(stored), answers.audit(record, stored), orders.audit(record, stored)]
    checks.append(proofs.audit(record, stored))
    for (campaign, play), versions in record.by_play().items():
        if versions[0].module in own:
            audit_play = import_module(f"{__name__}.{versions[0].module}").audit
            checks.append(audit_play(record, versions, record.of_play(campaign, play), stored, out))
        else:
            out.unknown |= {f"budget/{campaign}"} | {pool[2] for version in versions for pool in version.pools.values()}
    checks.append(shop.audit(record, stored, out))
    return tuple(islice(chain.from_iterable(map(_followed, checks)), FINDINGS_MAX))


def _followed(check: Iterator[Finding]) -> Iterator[Finding]:
    """The findings of a check; events that make no story at all are one."""
    try:
        yield from check
    except (LookupError, ValueError) as e:
        name = check.__qualname__ if isinstance(check, GeneratorType) else "events"
        yield Finding("events", f"{name} cannot follow them", repr(e), "a story")
