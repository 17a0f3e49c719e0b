"""A batch of N gives exactly what N batches of one give; and the same submissions give the same on both storages.

The property of the host: whatever customers, shop and timers do, in whatever cuts, answers, balances, states, holds, transfers,
events and timers are equal.
"""

import asyncio
from itertools import islice
from random import Random

import asyncpg
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from miaohui.events.envelope import unpack
from miaohui.host.memory import Memory
from miaohui.host.storage import Person
from miaohui.ledger.accounts import Account, Hold
from miaohui.pricing.effects import Percent
from tests.host.stage import T, memory_fair, postgres_fair, said, setup

PEOPLE = [f"c{n}" for n in range(4)]
PHONES = {"c0": "p0", "c1": "p0", "c2": "p2"}  # two customers with one phone
SETUPS = [
    setup("coupon", count=4, budget_minor=1600, per_customer=2),
    setup("flash_sale", stock=3, per_customer=2),
    setup("group_buy", stock=5, size=2, per_customer=2),
    setup("promotion", play="full", budget_minor=2500, on_budget_end="let_last_exceed", refund="rerate_down"),
    setup("promotion", play="code", gives=(Percent(off_ppm=100_000),), codes=("TEA",), per_customer=1, uses=3),
]


def people():
    return {c: Person(identities={"phone": p}) for c, p in PHONES.items()}


MADE = ["claim", "token", "open"]
ORDERED = ["use", "flash", "join", "both", "full", "code", "all"]
VERBS = [*MADE, *ORDERED, "paid", "paid", "cancelled", "refunded", "part"]
steps = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.integers(0, 3),  # customer
        st.integers(0, 3),  # which of his coupons, tokens, parties; which order
        st.sampled_from(["", "", "again"]),  # the same key twice
    ),
    min_size=1,
    max_size=45,
)


class Story:
    """Turns steps into submissions; names of coupons, tokens and parties are known before: they are the actions' ids."""

    def __init__(self, f):
        self.f, self.made, self.orders, self.last = f, {"claim": [], "token": [], "open": []}, 0, None

    def submission(self, step):
        verb, n, which, again = step
        if again and self.last is not None:
            return self.last
        customer = PEOPLE[n]
        if verb in self.made:
            play = {"claim": "coupon", "token": "flash_sale", "open": "group_buy"}[verb]
            self.last = self.f.act(play, verb, customer)
            self.made[verb].append(self.last.id.hex())
        elif verb in ORDERED:
            self.orders += 1
            lines = (
                [("1", "tea-1", 2, 2500), ("2", "cup-1", 3, 999)]
                if verb in ("full", "code")
                else [("1", "tea-1", 1, 5000), ("2", "cup-1", 3, 1999)]
            )
            self.last = self.f.placed(str(self.orders), customer, *self._claims(verb, which), lines=lines)
        elif verb == "part":
            self.last = self.f.order(str(which + 1), "refunded", customer, lines=[{"line": "1", "quantity": 1}])
        else:
            self.last = self.f.order(str(which + 1), verb, customer)
        return self.last

    def _claims(self, verb, which):
        def pick(kind):
            names = self.made[kind]
            return names[-1 - which % len(names)] if names else "none"

        coupon = ("coupon", {"coupon": pick("claim")})
        flash = ("flash_sale", {"instance": pick("token"), "line": "1"})
        join = ("group_buy", {"instance": pick("open"), "line": "1"})
        full, code = ("full", {}), ("code", {"code": "tea"})
        return {
            "use": [coupon], "flash": [flash], "join": [join], "both": [join, coupon], "full": [full], "code": [code, full],
            "all": [flash, full, code, coupon],
        }[verb]  # fmt: skip


async def play(f, story, cuts):
    """Answers of the steps, submitted in batches of `cuts` (then one by one)."""
    submissions = [story.submission(step) for step in story.steps]
    answers, left, sizes = [], iter(submissions), iter(cuts)
    while chunk := list(islice(left, next(sizes, 1))):
        got = []
        for s in chunk:
            f.host.take(s, got.append)
        await f.host._task
        answers += [said(a) for a in got]
    return answers


def told(f):
    s = f.host.storage
    return {
        "accounts": s.accounts,
        "states": {k: (r.version, r.terms, r.body) for k, r in s.states.items()},
        "holds": {h.id: h for h in s.holds()},
        "transfers": s.transfers,
        "events": s.events,
        "timers": {n: (d.due_ms, d.action) for n, d in s.timers.items()},
    }


async def in_memory(steps_, cuts):
    f = await memory_fair(SETUPS, [T], people()).open(stock=20, budget=7500)
    story = Story(f)
    story.steps = steps_
    return await play(f, story, cuts), told(f)


def without_versions(accounts):
    return {
        k: (a.debits, a.credits, a.debits_pending, a.credits_pending, a.unit, a.overdraft, a.ceiling)
        for k, a in accounts.items()
    }


def conserved(found):
    units: dict[str, int] = {}
    for a in found["accounts"].values():
        units[a.unit] = units.get(a.unit, 0) + a.credits - a.debits
        assert a.overdraft or a.debits + a.debits_pending <= a.credits
        assert a.ceiling is None or a.received() <= a.ceiling
    assert set(units.values()) <= {0}


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.lists(st.integers(1, 20), max_size=6))
async def test_cuts_do_not_matter(steps_, cuts):
    one_answers, one = await in_memory(steps_, [])
    many_answers, many = await in_memory(steps_, cuts)
    assert many_answers == one_answers
    conserved(one)
    for what in ("states", "holds", "transfers", "events", "timers"):
        if what == "states":  # a batch writes a state once, however often it changed
            assert {k: v[1:] for k, v in many[what].items()} == {k: v[1:] for k, v in one[what].items()}
        else:
            assert many[what] == one[what], what
    assert without_versions(many["accounts"]) == without_versions(one["accounts"])


class Late(Memory):
    """Writing takes a while, as on a disk: whoever is decided meanwhile reads what was before."""

    async def write(self, changes):
        """See `Storage`."""
        for _ in range(9):
            await asyncio.sleep(0)
        await super().write(changes)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.integers(1, 9))
@example([("claim", 0, 0, ""), ("use", 0, 0, ""), ("paid", 0, 0, ""), ("refunded", 0, 0, "")], 1)
async def test_deciding_the_next_batch_ahead_does_not_matter(steps_, batch_max):
    one_answers, one = await in_memory(steps_, [])
    f = memory_fair(SETUPS, [T], people())
    storage = Late(f.host.storage.clock)
    storage.__dict__.update(f.host.storage.__dict__)
    f.host.storage = storage
    await f.open(stock=20, budget=7500)
    f.host.batch_max = batch_max
    story, got = Story(f), []
    for submission in [story.submission(step) for step in steps_]:
        f.host.take(submission, got.append)
    await f.host._task
    many = told(f)
    assert [said(a) for a in got] == one_answers
    for what in ("holds", "transfers", "events", "timers"):
        assert many[what] == one[what], what
    assert {k: v[1:] for k, v in many["states"].items()} == {k: v[1:] for k, v in one["states"].items()}
    assert without_versions(many["accounts"]) == without_versions(one["accounts"])


async def in_postgres(c, f, steps_, cuts):
    for table in ("state", "account", "transfer", "hold", "reply", "outbox"):
        await c.execute(f"delete from {table}")
    await f.open(stock=20, budget=7500)
    story = Story(f)
    story.steps = steps_
    f.n = 0
    answers = await play(f, story, cuts)
    names = "debits, credits, debits_pending, credits_pending, unit, overdraft, ceiling, version"
    rows = await c.fetch(f"select key, {names} from account")
    transfers = await c.fetch("select id, debit, credit, amount, kind, pending, action from transfer order by seq")
    return answers, {
        "accounts": {r[0]: Account(*r[1:]) for r in rows},
        "states": {r[0]: (r[1], r[2], r[3]) for r in await c.fetch("select key, version, terms, body from state")},
        "holds": {r[0]: Hold(*r) for r in await c.fetch("select id, keeper, debit, credit, amount from hold")},
        "transfers": [(r[0], r[1], r[2], r[3], r[4], r[6]) for r in transfers],
        "events": [e for r in await c.fetch("select events from outbox order by xid, id") for e in unpack(r[0])],
        "timers": {
            r[0]: (r[1], r[2]) for r in await c.fetch("select key, due_ms, timer from state where due_ms is not null")
        },
    }


async def test_both_storages_give_the_same(fresh_database, postgres_url):
    async with fresh_database() as pool:
        f = await postgres_fair(SETUPS, pool, [T])
        schema = await pool.fetchval("select current_schema")
        owner = await asyncpg.connect(postgres_url, server_settings={"search_path": schema, "timezone": "UTC"})
        await owner.execute("select month_partitions('2026-09-01', 2)")
        await owner.execute("drop function now_ms")
        await owner.execute(f"create function now_ms() returns bigint language sql as $$ select {T}::bigint $$")
        await owner.executemany("insert into customer (id) values ($1)", [(c,) for c in PEOPLE])
        await owner.executemany(
            "insert into identity (kind, hash, customer, valid_from) values ('phone', $1, $2, now() + $3 * interval '1 ms')",
            [(p, c, n) for n, (c, p) in enumerate(PHONES.items()) if c != "c1"],
        )
        try:
            await compare(owner, f)
        finally:
            await owner.close()
            await f.host.stop()


async def compare(owner, f):
    random = Random(7)
    for _ in range(12):
        steps_ = [
            (random.choice(VERBS), random.randrange(4), random.randrange(4), random.choice(["", "", "again"]))
            for _ in range(60)
        ]
        cuts = [random.randrange(1, 20) for _ in range(8)]
        there = memory_fair(SETUPS, [T], {c: p for c, p in people().items() if c != "c1"})
        await there.open(stock=20, budget=7500)
        there.n = 0
        story = Story(there)
        story.steps = steps_
        answers, found = await play(there, story, cuts), told(there)
        pg_answers, pg = await in_postgres(owner, f, steps_, cuts)
        assert pg_answers == answers
        for what in ("states", "holds", "events", "timers"):
            assert pg[what] == found[what], what
        assert without_versions(pg["accounts"]) == without_versions(found["accounts"])
        flat = [(id, t.debit, t.credit, t.amount, int(t.kind), a) for id, t, a in found["transfers"]]
        assert pg["transfers"] == flat
        conserved(pg)
