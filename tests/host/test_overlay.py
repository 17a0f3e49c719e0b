"""What is read while the batch before is written shows its outcome, unless what was read is later."""

from miaohui.host.overlay import Overlay, unseen
from miaohui.host.storage import Acquaintance, Changes, Loaded, Moved, StateChange, StateRow
from miaohui.ledger.accounts import Account, Hold


def changes(**fields):
    none = {
        "now_ms": 0, "mark": 7, "epoch": 1, "shared": {},
        "seen_states": {}, "seen_accounts": {}, "states": [], "accounts": {}, "transfers": [], "holds": [],
        "settled": [], "replies": [], "events": [], "timers": {}, "spent": [],
    }  # fmt: skip
    return Changes(**(none | fields))


def loaded(**fields):
    none = {"states": {}, "accounts": {}, "holds": {}, "replies": {}, "known": Acquaintance()}
    return Loaded(now_ms=0, epoch=1, **(none | fields))


def test_an_account_is_as_it_will_be_and_the_batch_before_keeps_its_own():
    before = Account(debits=3, credits=9, unit="piece:tea", version=4)
    read = loaded(accounts={"a": Account(credits=9, unit="piece:tea", version=4), "b": Account()})
    Overlay(changes(accounts={"a": before, "other": Account()})).cover(read, [], ["a", "b"], [])
    assert read.accounts == {"a": Account(debits=3, credits=9, unit="piece:tea", version=5), "b": Account()}
    read.accounts["a"].debits = 7
    assert before.debits == 3


def test_what_was_moved_on_a_shared_account_is_added():
    read = loaded(accounts={"a": Account(debits=3, credits=9, unit="CNY", version=4), "b": Account(credits=1)})
    moved = {"a": Moved(1, 2, 3, 4), "other": Moved(1, 1, 1, 1)}
    for mark in (1, 2):
        Overlay(changes(mark=mark, shared=moved)).cover(read, [], ["a", "b"], [])
    after = Account(debits=5, credits=13, debits_pending=6, credits_pending=8, unit="CNY", version=6)
    assert read.accounts == {"a": after, "b": Account(credits=1)}


def test_what_was_read_says_which_batches_it_shows():
    one, two = (Overlay(changes(mark=mark)) for mark in (41, 42))
    assert list(unseen([one, two], loaded())) == [one, two]
    assert list(unseen([one, two], loaded(shows=40))) == [one, two]  # another before them, or another host's
    assert list(unseen([one, two], loaded(shows=41))) == [two]
    assert list(unseen([one, two], loaded(shows=42))) == []


def test_an_account_that_was_born_has_a_version():
    read = loaded(accounts={"a": Account()})
    Overlay(changes(accounts={"a": Account(credits=1, unit="use")})).cover(read, [], ["a"], [])
    assert read.accounts["a"] == Account(credits=1, unit="use", version=1)


def test_what_is_later_stays():
    read = loaded(accounts={"a": Account(credits=2, version=6)}, states={"s": StateRow(9, 1, b"later")})
    overlay = Overlay(
        changes(
            accounts={"a": Account(credits=1, version=4)}, states=[StateChange("s", 8, "c", "p", 1, None, b"earlier")]
        )
    )
    overlay.cover(read, ["s"], ["a"], [])
    assert read.accounts["a"] == Account(credits=2, version=6)
    assert read.states["s"] == StateRow(9, 1, b"later")


def test_states_are_written_made_and_ended():
    read = loaded(states={"old": StateRow(2, 1, b"2"), "ends": StateRow(1, 1, b"1"), "else": StateRow(1, 1, b"1")})
    made = [
        StateChange("old", 3, "c", "p", 1, None, b"3"),
        StateChange("new", 1, "c", "p", 2, None, b"1"),
        StateChange("ends", 2, "c", "p", 1, None, None),
        StateChange("far", 1, "c", "p", 1, None, b"1"),
    ]
    Overlay(changes(states=made)).cover(read, ["old", "new", "ends", "else"], [], [])
    assert read.states == {"old": StateRow(3, 1, b"3"), "new": StateRow(1, 2, b"1"), "else": StateRow(1, 1, b"1")}


def test_holds_come_with_their_keeper_and_go_when_settled():
    kept, gone, far = (Hold(id, keeper, "a", "b", 1) for id, keeper in ((b"1", "s"), (b"2", "s"), (b"3", "t")))
    read = loaded(holds={b"2": gone})
    Overlay(changes(holds=[kept, far], settled=[gone])).cover(read, ["s"], [], [])
    assert read.holds == {b"1": kept}


def test_answers_and_orders_under_way_are_known():
    overlay = Overlay(
        changes(
            replies=[(b"k", b"hash", "c", b"{}"), (b"far", b"", "c", b"")],
            states=[StateChange("order/1", 1, "c", "", 0, "ann", b"body")],
        )
    )
    read = loaded()
    overlay.cover(read, [], [], [b"k", b"unknown"])
    assert read.replies == {b"k": (b"hash", b"{}")}
    assert overlay.orders(["order/1", "order/2"]) == {"order/1": b"body"}
