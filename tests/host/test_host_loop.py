"""The loop that owns the storage: one poisoned submission fails alone and cheaply, what is remembered of customers is proved with
every batch, and a full queue takes nothing in."""

import asyncio

import pytest
from msgspec.structs import replace

from miaohui.host.acquaintances import Acquaintances
from miaohui.host.host import RIVALS, Busy, Host
from miaohui.host.memory import Memory
from miaohui.host.storage import Acquaintance, Person, Raced
from miaohui.host.submission import Customer
from miaohui.ledger.accounts import Transfer
from miaohui.plays import coupon
from tests.host.stage import CAMPAIGN, SECRET, Fair, T, memory_fair, said, setup


class Poisoned(Memory):
    """Cannot store what concerns one customer."""

    stores, poison = 0, "nobody"

    async def write(self, changes):
        """See `Storage`."""
        self.stores += 1
        if any(self.poison in key for key in changes.accounts):
            raise RuntimeError("this cannot be stored")
        await super().write(changes)


async def fair_on(storage, *setups):
    for one in setups:
        storage.set_up(one)
    return await Fair(Host(storage, SECRET), list(setups)).open(budget=10**9)


async def together(f, submissions):
    """Answers of submissions that come in at once, in their order."""
    got = []
    for s in submissions:
        f.host.take(s, got.append)
    await f.host._task
    return got


async def test_a_submission_that_cannot_be_stored_fails_alone_and_cheaply():
    f = await fair_on(Poisoned(lambda: T), setup("coupon", count=600))
    f.host.storage.poison, f.host.storage.stores = "c77/", 0
    before = len(f.host.storage.transfers)
    answers = await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(512)])
    assert [n for n, a in enumerate(answers) if a.refusal is not None] == [77]
    assert answers[77].refusal.code == "failed"
    assert f.host.storage.stores == 2 + 2 * 8  # two batches, of the one that it is in then two halves of each size
    assert f.host.figures.failed == 1
    assert len(f.host.storage.states) == 511
    assert len(f.host.storage.transfers) == before + 511 * 3
    again = await together(f, [f.act("coupon", "claim", "c76", key="other")])
    assert said(again[0]) == "limit_reached"


async def test_many_poisoned_ones_take_nobody_else_with_them():
    f = await fair_on(Poisoned(lambda: T), setup("coupon", count=600))
    f.host.storage.poison = "5/"  # every tenth
    answers = await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(100)])
    assert [n for n, a in enumerate(answers) if a.refusal is not None] == list(range(5, 100, 10))
    assert len(f.host.storage.states) == 90


async def test_a_consent_taken_back_counts_in_the_next_batch():
    f = await memory_fair([setup("coupon", per_customer=9, head={"consent": "terms"})], [T], {"ann": yes()}).open()
    assert (await f.do(f.act("coupon", "claim", "ann")))["amount_minor"] == 500
    f.host.storage.people["ann"] = Person()
    before = len(f.host.storage.transfers), len(f.host.storage.events)
    assert await f.do(f.act("coupon", "claim", "ann")) == "no_consent"
    assert (len(f.host.storage.transfers), len(f.host.storage.events)) == before
    assert f.host.figures.retries == 1  # what was remembered did not hold
    f.host.storage.people["ann"] = yes()
    assert (await f.do(f.act("coupon", "claim", "ann")))["amount_minor"] == 500


class Read(Memory):
    """Notes whom it reads with a batch; may be changed while it is asked."""

    def __init__(self, clock):
        super().__init__(clock)
        self.proved, self.change = [], None

    async def acquaint(self, customers, orders):
        """See `Storage`."""
        told = await super().acquaint(customers, orders)
        if self.change:
            await self.change()
        return told

    async def peek(self, states, accounts, replies, customers, *, locked=False):
        """See `Storage`."""
        self.proved.append(customers)
        return await super().peek(states, accounts, replies, customers, locked=locked)


async def test_who_was_asked_about_since_he_came_is_not_read_again():
    f = await fair_on(Read(lambda: T), setup("coupon", per_customer=9))
    f.host.storage.proved = []
    for key in "12":
        await together(f, [f.act("coupon", "claim", "ann", key=key), f.act("coupon", "claim", "bob", key=key)])
    assert f.host.storage.proved == [[], ["ann", "bob"]]  # the second time they were remembered
    assert f.host._met == {}


async def test_who_came_while_somebody_else_was_asking_about_him_is_read_again():
    f = await fair_on(Read(lambda: T), setup("coupon", per_customer=9, head={"consent": "terms"}))
    storage, got = f.host.storage, []
    storage.people["ann"] = yes()

    async def change():
        storage.change = None
        storage.people["ann"] = Person()  # she takes it back, and then she claims
        f.host.take(f.act("coupon", "claim", "ann", key="2"), got.append)
        await asyncio.sleep(0)

    storage.change, storage.proved = change, []
    f.host.take(f.act("coupon", "claim", "ann", key="1"), got.append)
    await f.host._task
    assert storage.proved[:2] == [[], ["ann"]]
    assert got[0].refusal is None  # when she first came she had agreed
    assert said(got[1]) == "no_consent"
    assert len(storage.states) == 1


def yes():
    return Person(consents=frozenset({"terms"}))


async def test_a_new_phone_counts_against_the_limit_of_whoever_else_has_it():
    f = await memory_fair([setup("coupon")], [T], {"ann": Person({"phone": "p"}), "bob": Person()}).open()
    assert (await f.do(f.act("coupon", "claim", "ann")))["amount_minor"] == 500
    f.host.known.learn(Acquaintance(), [Customer(id="bob")])  # he is remembered, without a phone
    f.host.storage.people["bob"] = Person({"phone": "p"})
    assert await f.do(f.act("coupon", "claim", "bob")) == "limit_reached"


async def test_a_shops_id_that_now_belongs_to_somebody_else_is_looked_up_again():
    f = await memory_fair([setup("coupon")], [T]).open()
    ann = Customer(shop_hash="h", shop_id="1228")

    def claim(key):
        return replace(f.act("coupon", "claim", "", key=key), customer=ann)

    await f.do(claim("1"))
    first = f.host.known.customers["h"]
    storage = f.host.storage
    storage.customers["h"], storage.hashes = "somebody-else", {"somebody-else": "h"}
    assert (await f.do(claim("2")))["amount_minor"] == 500
    assert f"wallet/{first}/coupon:{CAMPAIGN}/coupon" in storage.accounts
    assert f"wallet/somebody-else/coupon:{CAMPAIGN}/coupon" in storage.accounts


def test_only_so_many_customers_are_remembered():
    known = Acquaintances(people_max=3)
    for n in range(5):
        asked = [Customer(shop_hash=f"h{n}", shop_id=str(n))]
        assert known.strangers(asked) == asked
        known.learn(Acquaintance({f"h{n}": f"c{n}"}), asked)
        assert known.strangers(asked) == []
    assert list(known.people) == ["c2", "c3", "c4"]
    assert list(known.customers) == ["h2", "h3", "h4"]


async def test_a_full_queue_takes_nothing_in_and_goes_on():
    f = await memory_fair([setup("coupon", count=100)], [T]).open()
    f.host.queue_max = 10
    got, refused = [], []
    submissions = [f.act("coupon", "claim", f"c{n}") for n in range(30)]
    for s in submissions:
        try:
            f.host.take(s, got.append)
        except Busy:
            refused.append(s)
    await f.host._task
    assert (len(got), len(refused)) == (10, 20)
    assert len(f.host.storage.states) == 10  # nothing of the others has happened
    while refused:
        chunk, refused = refused[:10], refused[10:]
        assert [a.refusal for a in await together(f, chunk)] == [None] * 10
    assert len(f.host.storage.states) == 30


class Rival(Memory):
    """Before the n-th write somebody else takes `takes` coupons and sets one account anew."""

    at, takes, sets = 0, 1, ""

    async def write(self, changes):
        """See `Storage`."""
        self.at -= 1
        if not self.at:
            pool = self.accounts[f"play/{CAMPAIGN}/coupon/coupons"]
            pool.debits, pool.version = pool.debits + self.takes, pool.version + 1
            if self.sets:
                self.accounts[self.sets].version += 1
        await asyncio.sleep(0)
        await super().write(changes)


def bought_out(f):
    pool = f.host.storage.accounts[f"play/{CAMPAIGN}/coupon/coupons"]
    return pool.credits, pool.debits


async def test_a_rival_may_take_from_the_same_pool():
    f = await fair_on(Rival(lambda: T), setup("coupon", count=40))
    f.host.storage.at, f.host.batch_max, before = 2, 10, f.host.figures.ahead
    answers = await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(45)])
    assert [said(a) for a in answers[39:]] == ["none_left"] * 6  # one of the 40 is the rival's
    assert all(a.refusal is None for a in answers[:39])
    assert bought_out(f) == (40, 40)
    assert (f.host.figures.ahead - before, f.host.figures.retries, f.host._rivals) == (5, 0, 0)


async def test_what_wrote_nothing_of_its_own_must_find_the_pool_as_it_was_read(monkeypatch):
    pools = [f"play/{CAMPAIGN}/coupon/{pool}" for pool in ("coupons", "used")]
    nothing_else = coupon.Decision(reply=coupon.Settled(), transfers=(Transfer(*pools, 1),))
    monkeypatch.setattr(coupon, "touches", lambda rules, action: ((), tuple(pools)))
    monkeypatch.setattr(coupon, "decide", lambda *_: nothing_else)
    f = await fair_on(Rival(lambda: T), setup("coupon", count=40))
    f.host.storage.at = 1
    answers = await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(3)])
    assert [a.refusal for a in answers] == [None] * 3
    assert bought_out(f) == (40, 4)
    assert f.host.figures.retries == 1


async def test_a_rival_that_took_the_last_ones_is_found_out():
    f = await fair_on(Rival(lambda: T), setup("coupon", count=40))
    f.host.storage.at, f.host.storage.takes, f.host.batch_max, before = 4, 7, 10, f.host.figures.ahead
    answers = await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(45)])
    assert [said(a) for a in answers[33:]] == ["none_left"] * 12
    assert all(a.refusal is None for a in answers[:33])
    assert bought_out(f) == (40, 40)
    assert f.host.figures.ahead - before == 4  # the fourth had no room left
    assert f.host.figures.retries == 2  # that one, and the one that was read meanwhile
    assert f.host._rivals == RIVALS


async def test_what_a_rival_changed_is_decided_again_under_locks():
    f = await fair_on(Rival(lambda: T), setup("coupon", count=40, per_customer=9))
    await together(f, [f.act("coupon", "claim", "ann")])
    f.host.storage.sets = next(key for key in f.host.storage.accounts if key.startswith("limit/"))
    f.host.storage.at, f.host.batch_max, before = 2, 10, f.host.figures.ahead
    everybody = [f"c{n}" for n in range(44)]
    everybody[13] = "ann"
    answers = await together(f, [f.act("coupon", "claim", customer) for customer in everybody])
    assert [said(a) for a in answers[38:]] == ["none_left"] * 6  # the first was ann's, and one is the rival's
    assert all(a.refusal is None for a in answers[:38])
    assert bought_out(f) == (40, 40)
    figures = f.host.figures
    assert figures.ahead - before == 2  # the first, and the one that raced
    assert figures.retries == 3  # that one, the one that was decided on it, and the one that was read meanwhile
    assert f.host._rivals == RIVALS - 1  # the one behind them is locked from the start


async def test_after_a_while_batches_are_decided_ahead_again():
    f = await fair_on(Rival(lambda: T), setup("coupon", count=400))
    f.host.storage.at, f.host.storage.takes, f.host.batch_max = 1, 400, 1
    await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(RIVALS + 5)])
    before = f.host.figures.ahead
    await together(f, [f.act("coupon", "claim", f"d{n}") for n in range(10)])
    assert (f.host.figures.ahead - before, f.host._rivals) == (10, 0)


async def test_the_same_key_in_two_batches_under_way_is_answered_once():
    f = await fair_on(Rival(lambda: T), setup("coupon", count=40, per_customer=5))
    f.host.batch_max = 1
    same = f.act("coupon", "claim", "ann", key="k")
    answers = await together(f, [same, same, f.act("coupon", "claim", "ann", key="other"), same])
    assert len({a.body for a in answers}) == 2
    assert answers[0].body == answers[1].body == answers[3].body
    assert len(f.host.storage.states) == 2


async def test_an_edit_between_two_batches_counts_for_the_one_decided_ahead():
    class Edited(Memory):
        async def write(self, changes):
            await asyncio.sleep(0)
            await super().write(changes)
            if len(self.states) == 1:
                self.set_up(setup("coupon", version=2, head={"ends_ms": T}))

    f = await fair_on(Edited(lambda: T), setup("coupon", count=40))
    f.host.batch_max = 1
    answers = await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(3)])
    assert [said(a) for a in answers[1:]] == ["ended", "ended"]
    assert len(f.host.storage.states) == 1


class Told(Memory):
    """Says what it is asked, and how much is written."""

    def __init__(self, clock):
        super().__init__(clock)
        self.said = []

    async def peek(self, states, accounts, replies, customers, *, locked=False):
        """See `Storage`."""
        self.said.append(f"read {len(replies)}")
        return await super().peek(states, accounts, replies, customers, locked=locked)

    async def write(self, changes):
        """See `Storage`."""
        self.said.append(f"write {len(changes.replies)}")
        for _ in range(9):
            await asyncio.sleep(0)
        await super().write(changes)


async def told_of(people, batch_max):
    f = await fair_on(Told(lambda: T), setup("coupon", count=10_000, per_customer=9))
    await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(people)])  # they are known from now on
    f.host.batch_max, f.host.storage.said = batch_max, []
    answers = await together(f, [f.act("coupon", "claim", f"c{n}", key="again") for n in range(people)])
    assert [a.refusal for a in answers] == [None] * people
    pool = f.host.storage.accounts[f"play/{CAMPAIGN}/coupon/coupons"]
    assert pool.debits == 2 * people  # what each batch took was seen by the next two
    return f.host.storage.said


async def test_the_next_batch_is_read_before_one_is_decided():
    assert await told_of(4, 1) == ["read 1", "read 1", "write 1", "read 1", "write 1", "read 1", "write 1", "write 1"]


class Slow(Told):
    """Takes its time to say who somebody is."""

    async def acquaint(self, customers, orders):
        """See `Storage`."""
        for _ in range(99):
            await asyncio.sleep(0)
        return await super().acquaint(customers, orders)


async def test_a_few_who_are_known_wait_for_those_who_come_with_them():
    f = await fair_on(Slow(lambda: T), setup("coupon", count=10_000, per_customer=9))
    await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(260)])
    f.host.storage.said = []
    await together(f, [f.act("coupon", "claim", f"c{n}", key="again") for n in range(512)])
    assert f.host.storage.said == ["read 256", "write 256", "read 256", "write 256"]


async def test_the_next_batch_is_on_its_way_before_the_answers_of_the_one_before_leave():
    f = await fair_on(Told(lambda: T), setup("coupon", count=10_000, per_customer=9))
    await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(3)])
    f.host.batch_max, f.host.storage.said = 1, []
    told = f.host.storage.said
    for n in range(3):
        f.host.take(f.act("coupon", "claim", f"c{n}", key="again"), lambda _: told.append("answer"))
    await f.host._task
    assert [what for what in told if not what.startswith("read")] == [
        "write 1", "write 1", "answer", "write 1", "answer", "answer",
    ]  # fmt: skip


async def test_what_departs_after_one_that_fails_is_not_written_as_it_is():
    class Failing(Told):
        fails = False

        async def write(self, changes):
            if self.fails:
                self.fails, self.said = False, [*self.said, "failed"]
                for _ in range(30):
                    await asyncio.sleep(0)
                raise Raced("simulated")
            await super().write(changes)

        async def lock(self, states, accounts):
            self.said.append("locked")
            await super().lock(states, accounts)

    f = await fair_on(Failing(lambda: T), setup("coupon", count=10_000, per_customer=9))
    await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(3)])
    f.host.batch_max, f.host.storage.said, f.host.storage.fails = 1, [], True
    answers = await together(f, [f.act("coupon", "claim", f"c{n}", key="again") for n in range(3)])
    said_ = [what for what in f.host.storage.said if not what.startswith("read")]
    assert said_ == ["failed", "locked", "write 1", "locked", "write 1", "locked", "write 1"]
    assert [a.refusal for a in answers] == [None] * 3
    assert len(f.host.storage.states) == 6


class Late(Memory):
    """Reads when what was being written meanwhile is there."""

    async def peek(self, states, accounts, replies, customers, *, locked=False):
        """See `Storage`."""
        for _ in range(20):
            await asyncio.sleep(0)
        return await super().peek(states, accounts, replies, customers, locked=locked)


@pytest.mark.parametrize("storage", [Late, Told])
async def test_what_a_batch_took_is_counted_once_whether_the_next_was_read_before_or_after_it(storage):
    f = await fair_on(storage(lambda: T), setup("coupon", count=45, per_customer=20))
    await together(f, [f.act("coupon", "claim", f"c{n}") for n in range(5)])
    f.host.batch_max = 10
    answers = await together(f, [f.act("coupon", "claim", f"c{n % 5}") for n in range(42)])
    assert [said(a) for a in answers[40:]] == ["none_left"] * 2
    assert all(a.refusal is None for a in answers[:40])
    assert bought_out(f) == (45, 45)
    assert f.host.figures.retries == 0


async def test_a_batch_takes_half_of_what_is_under_way():
    said = await told_of(512, 512)
    assert said[:3] == ["read 256", "read 256", "write 256"]
    assert [int(what.split()[1]) for what in said if what.startswith("write")] == [256, 256]
