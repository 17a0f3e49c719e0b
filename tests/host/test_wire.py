"""What is packed by hand comes out of PostgreSQL as it went in."""

from functools import partial

import pytest

from miaohui.host.postgres import Postgres
from miaohui.host.storage import Changes, Moved, StateChange, Timer
from miaohui.ledger.accounts import Account, Hold, Kind, Transfer
from tests.host.stage import direct

LONG = "庙会" * 1500
MOST = (1 << 63) - 1
ID = bytes(range(16))


@pytest.fixture
async def unpacked(database):
    """The rows of one row type that PostgreSQL finds in what was packed."""
    storage = Postgres(partial(direct, database), str.encode)
    await storage.register()

    async def rows(row_type, which, **fields):
        none = {key: {} for key in ("seen_states", "seen_accounts", "accounts", "shared", "timers")}
        none |= {key: [] for key in ("states", "transfers", "holds", "settled", "replies", "events", "spent")}
        packed = storage._wire.pack(Changes(now_ms=1, mark=2, epoch=3, **(none | fields)))
        statement = await storage._c.prepare(f"select * from unnest($1::{row_type}[])")
        return [tuple(row) for row in await statement.fetch(packed[which])]

    yield rows
    await storage.close()


async def test_states_with_and_without_timers(unpacked):
    states = [
        StateChange("a", 1, "c", "p", 7, None, b""),
        StateChange(LONG, 1, "活动", "", 0, "ann", b"\0" * 5000),
        StateChange("later", 2, "c", "p", MOST >> 32, "bob", b"x"),
        StateChange("over", MOST, "c", "p", 1, None, None),
    ]
    timers = {"a": Timer(-5, b"", "live"), LONG: None, "later": Timer(MOST, b"\xff" * 3000, "simulated"), "apart": None}
    rows = partial(unpacked, "host_state", states=states, timers=timers)
    assert await rows(0) == [
        ("a", None, b"", -5, b"", 1, "c", "p", 7, True, "live"),
        (LONG, "ann", b"\0" * 5000, None, None, 1, "活动", "", 0, True, None),
    ]
    assert await rows(1) == [
        ("later", "bob", b"x", MOST, b"\xff" * 3000, 2, "c", "p", MOST >> 32, True, "simulated"),
    ]
    assert await rows(2) == [("over", None, None, None, None, MOST, "c", "p", 1, False, None)]
    assert await unpacked("host_timer", 8, states=states, timers=timers) == [("apart", None, None, None)]


async def test_a_state_that_keeps_its_timer(unpacked):
    rows = await unpacked("host_state", 1, states=[StateChange("s", 2, "c", "p", 1, None, b"x")])
    assert rows == [("s", None, b"x", None, None, 2, "c", "p", 1, False, None)]


async def test_accounts_are_written_under_their_next_version(unpacked):
    accounts = {
        "new": Account(1, 2, 3, 4, "点", True, None, 0),
        "old": Account(MOST, MOST, 0, 0, "USD", False, -1, 41),
        "same": Account(MOST, MOST, 0, 0, "USD", False, -1, 41),
    }
    assert await unpacked("host_account", 3, accounts=accounts) == [("new", "点", 1, 2, 3, 4, True, None, 1)]
    same = ("USD", MOST, MOST, 0, 0, False, -1, 42)
    assert await unpacked("host_account", 4, accounts=accounts) == [("old", *same), ("same", *same)]


async def test_transfers_holds_answers_timers_and_what_is_shared(unpacked):
    transfers = [(ID, Transfer("d", "c", MOST), "x/y/z"), (ID[::-1], Transfer("c", "d", 1, Kind.VOID, ID), LONG)]
    assert await unpacked("host_transfer", 5, transfers=transfers) == [
        (ID, "d", "c", MOST, 0, None, "x/y/z"),
        (ID[::-1], "c", "d", 1, 3, ID, LONG),
    ]
    assert await unpacked("host_hold", 6, holds=[Hold(ID, "k", "d", "c", 9)]) == [(ID, "k", "d", "c", 9)]
    replies = [(ID, b"hash", "c", '{"a":"庙"}'.encode() * 900)]
    assert await unpacked("host_reply", 7, replies=replies) == replies
    timers = {"t": Timer(8, b"act", "live")}
    assert await unpacked("host_timer", 8, timers=timers) == [("t", 8, b"act", "live")]
    shared = {"pool": Moved(1, -2, 3, -MOST)}
    assert await unpacked("host_share", 9, shared=shared) == [("pool", 1, -2, 3, -MOST)]


@pytest.mark.parametrize(("which", "row_type"), [(0, "host_state"), (5, "host_transfer"), (9, "host_share")])
async def test_no_rows(unpacked, which, row_type):
    assert await unpacked(row_type, which) == []
