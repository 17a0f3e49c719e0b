"""The rules of the ledger: every result in its order, value conserved, all or none, a partial post releases the rest."""

from copy import deepcopy
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miaohui.ledger.accounts import Account, Hold, Kind, Transfer
from miaohui.ledger.book import Result, apply, transfer_id

STOCK, SOLD, BUDGET, GONE = "play/c/p/stock", "play/c/p/sold", "budget/c", "play/c/p/gone"
TAKEN, WALLET, LIMIT = "play/c/p/taken/party", "wallet/ann/piece:tea", "limit/c/p/account/ann"
TEA, USE = "world/piece:tea", "world/use"
NAMES = {
    "stock": STOCK, "sold": SOLD, "budget": BUDGET, "gone": GONE, "taken": TAKEN, "wallet": WALLET, "limit": LIMIT,
    "tea": TEA, "use": USE,
}  # fmt: skip
HELD = b"held".ljust(16)


def scene():
    """5 boxes in stock, 3 of them on hold for a wallet; 100.00 of budget; 2 of 3 uses counted; the other accounts are not born."""
    balances = {key: Account() for key in NAMES.values()}
    balances[STOCK] = Account(credits=5, debits_pending=3, unit="piece:tea")
    balances[SOLD] = Account(unit="piece:tea")
    balances[WALLET] = Account(credits_pending=3, unit="piece:tea")
    balances[BUDGET] = Account(credits=10_000, unit="USD")
    balances[LIMIT] = Account(credits=1, credits_pending=1, unit="use", ceiling=3)
    return balances, {HELD: Hold(HELD, WALLET, STOCK, WALLET, 3)}


# kind, from, to, amount, hold (- none, held: the open one, other: unknown), ceiling; the rows of one result stand in the order of
# the rules they break as well: each is refused for the first of them
TABLE = """
posted   stock   sold    2      -      -   ok
posted   stock   sold    3      -      -   exceeds_room
pending  stock   sold    2      -      -   ok
pending  stock   sold    3      -      -   exceeds_room
posted   stock   taken   1      -      -   ok
posted   tea     stock   99     -      -   ok
posted   use     limit   1      -      -   ok
posted   use     limit   2      -      -   exceeds_ceiling
posted   use     limit   2      -      4   ok
posted   use     limit   1      -      2   exceeds_ceiling
pending  use     limit   2      -      -   exceeds_ceiling
post     stock   wallet  3      held   -   ok
post     stock   wallet  1      held   -   ok
void     stock   wallet  3      held   -   ok

posted   stock   sold    0      -      -   amount_must_not_be_zero_or_negative
posted   stock   sold    -1     -      -   amount_must_not_be_zero_or_negative
posted   gone    gone    0      -      -   amount_must_not_be_zero_or_negative
void     stock   wallet  0      held   -   amount_must_not_be_zero_or_negative
posted   stock   stock   1      -      -   debit_and_credit_must_differ
posted   gone    gone    1      -      -   debit_and_credit_must_differ
posted   gone    sold    1      -      -   debit_account_not_found
pending  gone    budget  1      held   -   debit_account_not_found
posted   taken   gone    1      -      -   debit_account_not_found
posted   stock   gone    1      -      -   credit_account_not_found
post     budget  gone    99999  other  -   credit_account_not_found
posted   tea     budget  1      -      -   units_must_match
pending  stock   budget  99     held   -   units_must_match
post     stock   budget  99     other  -   units_must_match
pending  stock   sold    99     held   -   id_already_on_hold
post     stock   wallet  99     other  -   pending_transfer_not_found
void     stock   sold    99     other  -   pending_transfer_not_found
post     stock   sold    99     held   -   pending_transfer_has_other_accounts
void     tea     wallet  3      held   -   pending_transfer_has_other_accounts
post     stock   wallet  4      held   -   exceeds_pending_amount
void     stock   wallet  2      held   -   exceeds_pending_amount
posted   stock   sold    9      -      1   exceeds_room
"""
ROWS = [row.split() for row in TABLE.strip().splitlines() if row]


def transfer(kind, debit, credit, amount, hold, ceiling):
    """A row as a transfer."""
    return Transfer(
        NAMES[debit],
        NAMES[credit],
        int(amount),
        Kind[kind.upper()],
        {"-": b"", "held": HELD, "other": b"other".ljust(16)}[hold],
        ceiling=None if ceiling == "-" else int(ceiling),
    )


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_each_result_in_its_order_and_a_no_changes_nothing(row):
    balances, holds = scene()
    before = deepcopy((balances, holds))
    assert apply([(b"new".ljust(16), transfer(*row[:-1]))], balances, holds) == row[-1]
    assert ((balances, holds) == before) == (row[-1] != "ok")


def test_the_table_has_every_result():
    assert {row[-1] for row in ROWS} == set(get_args(Result))


def test_a_partial_post_releases_the_rest():
    balances, holds = scene()
    assert apply([(b"x" * 16, Transfer(STOCK, WALLET, 1, Kind.POST, HELD))], balances, holds) == "ok"
    assert (balances[STOCK].debits, balances[STOCK].debits_pending, balances[STOCK].room()) == (1, 0, 4)
    assert (balances[WALLET].credits, balances[WALLET].credits_pending, holds) == (1, 0, {})


def test_a_hold_and_its_post_come_in_one_batch_and_are_undone_together():
    hold = Transfer(STOCK, SOLD, 2, Kind.PENDING, b"h" * 16)
    both = [(b"a" * 16, hold), (b"b" * 16, Transfer(STOCK, SOLD, 2, Kind.POST, b"h" * 16))]
    balances, holds = scene()
    assert apply(both, balances, holds) == "ok"
    assert (balances[SOLD].credits, list(holds)) == (2, [HELD])
    balances, holds = scene()
    before = deepcopy((balances, holds))
    assert apply([*both, (b"c" * 16, Transfer(STOCK, SOLD, 1))], balances, holds) == "exceeds_room"
    assert (balances, holds) == before


def test_the_first_transfer_that_reaches_an_account_gives_it_its_unit():
    balances, holds = scene()
    assert apply(
        [(b"a" * 16, Transfer(STOCK, TAKEN, 1)), (b"b" * 16, Transfer(BUDGET, TAKEN, 1))], balances, holds
    ) == ("units_must_match")
    assert balances[TAKEN].unit is None
    assert apply([(b"a" * 16, Transfer(STOCK, TAKEN, 1))], balances, holds) == "ok"
    assert balances[TAKEN] == Account(credits=1, unit="piece:tea")


def test_transfers_of_an_action_are_counted_up_from_its_id():
    assert transfer_id(bytes(15) + b"\xff", 1) == bytes(14) + b"\x01\x00"
    assert transfer_id(b"\xff" * 16, 1) == bytes(16)


PLACES = ("world/box", "sku/box", "play/c/p/stock", "play/c/p/sold", "wallet/a/box", "wallet/b/box")


@st.composite
def any_transfer(draw):
    """A transfer that may or may not be possible; holds have one of four names."""
    debit, credit = draw(st.sampled_from(PLACES)), draw(st.sampled_from(PLACES))
    ceiling = draw(st.sampled_from([None, None, None, 3, 20]))
    hold = bytes([draw(st.integers(0, 3))]) * 16
    kind = draw(st.sampled_from(Kind))
    return Transfer(debit, credit, draw(st.integers(0, 12)), kind, hold if kind else b"", ceiling=ceiling)


def total(balances, side):
    """Sum of one side over all accounts."""
    return sum(getattr(account, side) for account in balances.values())


@given(st.lists(st.lists(any_transfer(), min_size=1, max_size=4), max_size=12))
def test_value_is_conserved_nothing_overdraws_and_decisions_are_all_or_none(decisions):
    balances = {key: Account(unit=None if key.startswith("wallet") else "box") for key in PLACES}
    balances["world/box"].overdraft = True
    balances["sku/box"].credits, balances["world/box"].debits = 10, 10
    holds = {}
    for n, decision in enumerate(decisions):
        before = deepcopy((balances, holds))
        result = apply([(transfer_id(bytes(16), n * 4 + m), one) for m, one in enumerate(decision)], balances, holds)
        if result != "ok":
            assert (balances, holds) == before
        assert total(balances, "debits") == total(balances, "credits")
        held = sum(hold.amount for hold in holds.values())
        assert total(balances, "debits_pending") == total(balances, "credits_pending") == held
        assert all(account.room() >= 0 for key, account in balances.items() if key != "world/box")
