"""The rules of the ledger, pure: apply one decision's transfers to the balances, all or none.

Results, in the order in which they are checked (the first that fits is the answer):

    amount_must_not_be_zero_or_negative          debit_and_credit_must_differ
    debit_account_not_found                      credit_account_not_found
    units_must_match
    id_already_on_hold                           (PENDING whose hold exists)
    pending_transfer_not_found                   (POST, VOID of no open hold)
    pending_transfer_has_other_accounts          exceeds_pending_amount
    exceeds_room                                 (the debit account would overdraw)
    exceeds_ceiling                              (the credit account would have received too much)

A result other than `ok` leaves every balance and hold as it was. `world/...` is never refused for room. The vocabulary is
TigerBeetle's; the words of the list are ours.
"""

from collections.abc import Iterable
from typing import Literal

from miaohui.ledger.accounts import Account, Hold, Kind, Transfer, is_pool, is_world

Result = Literal[
    "ok",
    "amount_must_not_be_zero_or_negative",
    "debit_and_credit_must_differ",
    "debit_account_not_found",
    "credit_account_not_found",
    "units_must_match",
    "id_already_on_hold",
    "pending_transfer_not_found",
    "pending_transfer_has_other_accounts",
    "exceeds_pending_amount",
    "exceeds_room",
    "exceeds_ceiling",
]

Balances = dict[str, Account]
Holds = dict[bytes, Hold]
Journal = list[tuple[bytes, Transfer, Hold | None, Account, Account, bool, bool, int | None]]
"""What was done: id, transfer, the hold it settled, the two accounts, which of them were born by it, the ceiling before."""

_POSTED, _PENDING, _POST, _VOID = Kind.POSTED, Kind.PENDING, Kind.POST, Kind.VOID


def transfer_id(action_id: bytes, n: int) -> bytes:
    """Id of the n-th transfer of an action: the action's own id for the first, then counted up."""
    return ((int.from_bytes(action_id, "big") + n) % (1 << 128)).to_bytes(16, "big") if n else action_id


def apply(
    transfers: Iterable[tuple[bytes, Transfer]], balances: Balances, holds: Holds, journal: Journal | None = None
) -> Result:
    """Apply (id, transfer) one after another to `balances` and `holds`, in place; all of them or none.

    Every key of the transfers must be in `balances` (an account that does not exist yet has unit None). What was done is
    added to `journal`, so that `undo` can take it back later.
    """
    journal = [] if journal is None else journal
    before = len(journal)
    for id, t in transfers:
        debit, credit = balances[t.debit], balances[t.credit]
        result, hold = _check(id, t, debit, credit, holds)
        if result != "ok":
            undo(journal, holds, before)
            return result
        unit = debit.unit
        journal.append((id, t, hold, debit, credit, unit is None, credit.unit is None, credit.ceiling))
        if unit is None:
            unit = debit.unit = _unit(t.debit, debit)
            debit.overdraft = True
        if credit.unit is None:
            credit.unit, credit.overdraft = unit, is_world(t.credit)
        if t.ceiling is not None:
            credit.ceiling = t.ceiling
        if t.kind is _POSTED:
            amount = t.amount
            debit.debits += amount
            credit.credits += amount
        else:
            _hold_or_settle(id, t, hold, debit, credit, holds)
    return "ok"


def undo(journal: Journal, holds: Holds, down_to: int = 0) -> None:
    """Take back what `journal` says was done, the last first, until `down_to` entries are left."""
    while len(journal) > down_to:
        id, t, hold, debit, credit, debit_born, credit_born, ceiling = journal.pop()
        if hold is None:
            if t.kind is _PENDING:
                debit.debits_pending -= t.amount
                credit.credits_pending -= t.amount
                del holds[t.pending or id]
            else:
                debit.debits -= t.amount
                credit.credits -= t.amount
        else:
            debit.debits_pending += hold.amount
            credit.credits_pending += hold.amount
            if t.kind is _POST:
                debit.debits -= t.amount
                credit.credits -= t.amount
            holds[hold.id] = hold
        credit.ceiling = ceiling
        if debit_born:
            debit.unit, debit.overdraft = None, False
        if credit_born:
            credit.unit, credit.overdraft = None, False


def _check(id: bytes, t: Transfer, debit: Account, credit: Account, holds: Holds) -> tuple[Result, Hold | None]:
    amount, kind, unit = t.amount, t.kind, credit.unit
    world = is_world(t.debit)
    if amount <= 0:
        return "amount_must_not_be_zero_or_negative", None
    if debit is credit:
        return "debit_and_credit_must_differ", None
    if debit.unit is None and not world:
        return "debit_account_not_found", None
    if unit is None:
        if is_pool(t.credit):
            return "credit_account_not_found", None
    elif unit != (debit.unit or _unit(t.debit, debit)):
        return "units_must_match", None
    if kind is not _POSTED:
        if kind is not _PENDING:
            return _check_settling(t, holds)
        if (t.pending or id) in holds:
            return "id_already_on_hold", None
    if not world and debit.credits - debit.debits - debit.debits_pending < amount:
        return "exceeds_room", None
    ceiling = credit.ceiling if t.ceiling is None else t.ceiling
    if ceiling is not None and credit.received() + amount > ceiling:
        return "exceeds_ceiling", None
    return "ok", None


def _check_settling(t: Transfer, holds: Holds) -> tuple[Result, Hold | None]:
    hold = holds.get(t.pending)
    if hold is None:
        return "pending_transfer_not_found", None
    if (hold.debit, hold.credit) != (t.debit, t.credit):
        return "pending_transfer_has_other_accounts", None
    if t.amount > hold.amount or (t.kind is _VOID and t.amount != hold.amount):
        return "exceeds_pending_amount", None
    return "ok", hold


def _unit(key: str, account: Account) -> str:
    return account.unit if account.unit is not None else key.removeprefix("world/")


def _hold_or_settle(id: bytes, t: Transfer, hold: Hold | None, debit: Account, credit: Account, holds: Holds) -> None:
    if t.kind is _PENDING:
        debit.debits_pending += t.amount
        credit.credits_pending += t.amount
        name = t.pending or id
        holds[name] = Hold(name, t.keeper or t.credit, t.debit, t.credit, t.amount)
        return
    assert hold is not None
    debit.debits_pending -= hold.amount
    credit.credits_pending -= hold.amount
    if t.kind is _POST:
        debit.debits += t.amount
        credit.credits += t.amount
    del holds[t.pending]
