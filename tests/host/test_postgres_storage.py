"""What PostgreSQL proves of a batch that was decided without locks: all that was read is still so, or nothing is written."""

from functools import partial

import pytest

from miaohui.host.postgres import Postgres
from miaohui.host.storage import Changes, Raced, StateChange
from miaohui.ledger.accounts import Account
from tests.host.stage import direct

BORN = StateChange("play/c/p/x", 1, "c", "p", 1, None, b"new")
SEEN = {"seen_states": {"play/c/p/s": 1}, "seen_accounts": {"sku/tea": 1}}
ABSENT = {"seen_states": {"play/c/p/none": 0}, "seen_accounts": {"sku/none": 0}}


def changes(epoch, **fields):
    none = {
        "now_ms": 1_795_000_000_000, "epoch": epoch, "seen_states": {}, "seen_accounts": {}, "states": [BORN], "accounts": {},
        "transfers": [], "holds": [], "settled": [], "replies": [], "events": [], "timers": {}, "spent": [],
    }  # fmt: skip
    return Changes(**(none | fields))


@pytest.fixture
async def stored(database):
    """A storage with one state and one account, both of version 1."""
    storage = Postgres(partial(direct, database), str.encode)
    epoch = (await storage.peek([], [], [], [])).epoch
    there = StateChange("play/c/p/s", 1, "c", "p", 1, None, b"there")
    await storage.write(
        changes(epoch, states=[there], accounts={"sku/tea": Account(credits=5, unit="piece:tea", overdraft=True)})
    )
    yield storage, epoch
    await storage.close()


async def is_written(database):
    return await database.fetchval("select exists (select from state where key = $1)", BORN.key)


@pytest.mark.parametrize("seen", [{}, SEEN, ABSENT, {k: SEEN[k] | ABSENT[k] for k in SEEN}])
async def test_what_was_read_and_is_still_so_lets_a_batch_through(database, stored, seen):
    storage, epoch = stored
    ordered = {what: dict(sorted(keys.items())) for what, keys in seen.items()}
    await storage.write(changes(epoch, **ordered))
    assert await is_written(database)


@pytest.mark.parametrize(
    "seen",
    [
        {"seen_states": {"play/c/p/s": 2}},
        {"seen_states": {"play/c/p/s": 0}},
        {"seen_states": {"play/c/p/none": 1}},
        {"seen_accounts": {"sku/tea": 2}},
        {"seen_accounts": {"sku/tea": 0}},
        {"seen_accounts": {"sku/none": 1}},
        {"accounts": {"sku/tea": Account(credits=6, unit="piece:tea", overdraft=True, version=2)}},
        {"accounts": {"sku/tea": Account(credits=6, unit="piece:tea", overdraft=True)}},
        {"states": [BORN, StateChange("play/c/p/s", 3, "c", "p", 1, None, b"3")]},
        {"states": [BORN, StateChange("play/c/p/s", 3, "c", "p", 1, None, None)]},
        {"epoch": 0},
    ],
    ids=str,
)
async def test_what_has_moved_on_lets_nothing_through(database, stored, seen):
    storage, epoch = stored
    with pytest.raises(Raced):
        await storage.write(changes(**({"epoch": epoch} | seen)))
    assert not await is_written(database)
    assert await database.fetchval("select credits from account where key = 'sku/tea'") == 5
    await storage.write(changes(epoch))  # the connection is as good as before
    assert await is_written(database)


async def test_a_timer_that_fired_for_nothing_is_gone_unless_it_was_set_anew(database, stored):
    storage, epoch = stored
    timers = dict.fromkeys(("fired", "anew"), (7, "c", "p", b"", "live"))
    await storage.write(changes(epoch, timers=timers))
    await storage.write(changes(epoch, states=[], spent=[("fired", 7), ("anew", 6)]))
    assert [row[0] for row in await database.fetch("select name from timer")] == ["anew"]
