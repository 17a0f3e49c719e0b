"""What PostgreSQL proves of a batch that was decided without locks: all that was read is still so, or nothing is written."""

from functools import partial

import asyncpg
import pytest

from miaohui.host.postgres import Postgres
from miaohui.host.storage import Changes, Moved, Raced, StateChange, Timer
from miaohui.ledger.accounts import Account
from tests.host.stage import direct

BORN = StateChange("play/c/p/x", 1, "c", "p", 1, None, b"new")
SEEN = {"seen_states": {"play/c/p/s": 1}, "seen_accounts": {"sku/tea": 1}}
ABSENT = {"seen_states": {"play/c/p/none": 0}, "seen_accounts": {"sku/none": 0}}


def changes(epoch, **fields):
    none = {
        "now_ms": 1_795_000_000_000, "mark": 7, "epoch": epoch, "shared": {},
        "seen_states": {}, "seen_accounts": {}, "states": [BORN], "accounts": {},
        "transfers": [], "holds": [], "settled": [], "replies": [], "events": [], "timers": {}, "spent": [],
    }  # fmt: skip
    return Changes(**(none | fields))


async def write(storage, changes):
    await storage.write(storage.prepare(changes))


@pytest.fixture
async def stored(database):
    """A storage with one state and one account, both of version 1."""
    storage = Postgres(partial(direct, database), str.encode)
    epoch = (await storage.register()).epoch
    there = StateChange("play/c/p/s", 1, "c", "p", 1, None, b"there")
    await write(
        storage,
        changes(epoch, states=[there], accounts={"sku/tea": Account(credits=5, unit="piece:tea", overdraft=True)}),
    )
    yield storage, epoch
    await storage.close()


async def is_written(database):
    return await database.fetchval("select exists (select from state where key = $1)", BORN.key)


@pytest.mark.parametrize("seen", [{}, SEEN, ABSENT, {k: SEEN[k] | ABSENT[k] for k in SEEN}])
async def test_what_was_read_and_is_still_so_lets_a_batch_through(database, stored, seen):
    storage, epoch = stored
    ordered = {what: dict(sorted(keys.items())) for what, keys in seen.items()}
    await write(storage, changes(epoch, **ordered))
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
        await write(storage, changes(**({"epoch": epoch} | seen)))
    assert not await is_written(database)
    assert await database.fetchval("select credits from account where key = 'sku/tea'") == 5
    await write(storage, changes(epoch))  # the connection is as good as before
    assert await is_written(database)


POOL = "budget/c"


async def totals(database):
    row = await database.fetchrow(
        "select debits, credits, debits_pending, credits_pending from account where key = $1", POOL
    )
    return tuple(row)


@pytest.fixture
async def pool(database, stored):
    """Two hosts beside a pool that has 5, of which 1 is on hold, and may have received 9; what they write and its totals."""
    (one, epoch), two = stored, Postgres(partial(direct, database), str.encode)
    await two.register()
    there = Account(credits=5, debits_pending=1, unit="CNY", ceiling=9)
    await write(one, changes(epoch, mark=3, accounts={POOL: there}, states=[]))
    yield one, two, epoch
    await two.close()


async def test_two_hosts_take_from_one_pool(database, pool):
    one, two, epoch = pool
    await write(one, changes(epoch, mark=4, shared={POOL: Moved(2, 0, -1, 0)}))
    await write(two, changes(epoch, mark=1, shared={POOL: Moved(1, 4, 2, 1)}, states=[]))
    assert await totals(database) == (3, 9, 2, 1)
    assert await is_written(database)
    assert [(await host.peek([], [POOL], [], [])).shows for host in (one, two)] == [4, 1]
    assert (await one.peek([], [POOL], [], [])).accounts[POOL].version == 3


@pytest.mark.parametrize(
    "moved",
    [
        Moved(5, 0, 0, 0),
        Moved(0, 0, 5, 0),
        Moved(0, 5, 0, 0),
        Moved(0, 4, 0, 1),
        Moved(0, 0, -2, 0),
        Moved(0, 0, 0, -1),
    ],
    ids=str,
)
async def test_what_has_no_room_lets_nothing_through(database, pool, moved):
    one, _, epoch = pool
    with pytest.raises(Raced, match="budget/c has no room"):
        await write(one, changes(epoch, mark=4, shared={POOL: moved}))
    await one.lock([], [POOL])  # if it had room when it was locked, nobody can have been faster
    with pytest.raises(asyncpg.CheckViolationError):
        await write(one, changes(epoch, mark=5, shared={POOL: moved}))
    await one.rollback()
    assert not await is_written(database)
    assert await totals(database) == (0, 5, 1, 0)
    assert (await one.peek([], [], [], [])).shows == 3


async def test_a_pool_that_is_not_there_is_not_made(database, stored):
    storage, epoch = stored
    with pytest.raises(Raced):
        await write(storage, changes(epoch, shared={"sku/none": Moved(0, 1, 0, 0)}))
    assert not await is_written(database)


def born(*keys):
    return [StateChange(key, 1, "c", "p", 1, None, b"") for key in keys]


async def timers(database):
    rows = await database.fetch("select key, due_ms, timer, source from state where key <> 'play/c/p/s' order by key")
    return {key: (due_ms and Timer(due_ms, timer, source)) for key, due_ms, timer, source in rows}


SOON, LATER = Timer(7, b"soon", "live"), Timer(9, b"later", "simulated")


async def test_a_timer_that_fired_for_nothing_is_gone_unless_it_was_set_anew(database, stored):
    storage, epoch = stored
    await write(storage, changes(epoch, states=born("anew", "fired"), timers=dict.fromkeys(("anew", "fired"), SOON)))
    await write(storage, changes(epoch, states=[], spent=[("fired", 7), ("anew", 6)]))
    assert await timers(database) == {"anew": SOON, "fired": None}


async def test_a_state_keeps_its_timer_unless_it_is_set_or_cancelled(database, stored):
    storage, epoch = stored
    keys = ("cancelled", "ended", "kept", "set", "without")
    await write(storage, changes(epoch, states=born(*keys), timers=dict.fromkeys(keys[:4], SOON)))
    after = [StateChange(key, 2, "c", "p", 1, None, None if key == "ended" else b"2") for key in keys]
    await write(storage, changes(epoch, states=after, timers={"cancelled": None, "set": LATER}))
    assert await timers(database) == {"cancelled": None, "kept": SOON, "set": LATER, "without": None}


async def test_a_timer_is_set_and_cancelled_where_the_state_is_only_read(database, stored):
    storage, epoch = stored
    await write(storage, changes(epoch, states=born("cancelled", "set"), timers={"cancelled": SOON}))
    await write(storage, changes(epoch, states=[], timers={"cancelled": None, "nowhere": SOON, "set": LATER}))
    assert await timers(database) == {"cancelled": None, "set": LATER}


async def test_what_somebody_else_has_ended_is_not_brought_back(database, stored):
    storage, epoch = stored
    await write(storage, changes(epoch, states=[StateChange("play/c/p/s", 2, "c", "p", 1, None, None)]))
    with pytest.raises(Raced):
        await write(storage, changes(epoch, states=[BORN, StateChange("play/c/p/s", 2, "c", "p", 1, None, b"again")]))
    assert await database.fetchval("select count(*) from state") == 0
