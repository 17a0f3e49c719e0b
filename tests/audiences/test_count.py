"""Counting, explaining and freezing, on six people counted by hand."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from conditions import KNOWN
from crowd import DAY_MS, NOW_MS, customer, numbered, put
from plain import Did, Person

from miaohui.audiences.count import count, count_each, everybody_in
from miaohui.audiences.explain import Member, Reason, members, sample
from miaohui.audiences.known import learn
from miaohui.audiences.language import read
from miaohui.audiences.membership import Controls, Frozen, freeze, frozen
from miaohui.audiences.mistakes import BadCondition
from miaohui.audiences.tree import Condition
from miaohui.events.store import EventStore
from miaohui.vault import Vault


def paid(days_ago: float, minor: int, source: str = "live", *skus: str) -> Did:
    return Did("order.paid", NOW_MS - int(days_ago * DAY_MS), source, total_minor=minor, skus=skus)


SIX = [
    Person(
        {"stage": "active", "tier": "gold"}, ("vip",), [paid(1, 9_900, "live", "tea"), paid(30, 100), paid(89, 100)]
    ),
    Person({"stage": "silent"}, (), [paid(91, 700_000), paid(200, 1)]),
    Person({"stage": "silent"}, ("do not disturb",), [paid(90, 1)]),
    Person({"tier": "silver"}, (), [paid(2, 600_000, "simulated")] * 3),
    Person({}, (), [Did("page.viewed", NOW_MS - DAY_MS, properties={"category": "gift box"})] * 3),
    Person({"tier": "diamond"}, ("vip", "it's"), [paid(-1, 100)]),
]


@pytest.fixture(scope="module")
async def six(fresh_store) -> AsyncIterator[EventStore]:
    async with fresh_store() as store:
        await put(store, numbered(SIX))
        yield store


def tree(text: str) -> Condition:
    return read(text, KNOWN).condition


IN = {
    "everybody": [0, 1, 2, 3, 4, 5],
    "count(order.paid, last 90 days) >= 3": [0],
    "stage is silent and not tag 'do not disturb'": [1],
    "count(page.viewed where category = 'gift box', last 14 days) >= 3 and never(order.paid)": [4],
    "tier >= gold or sum(order.paid.amount, last 365 days) > 5000.00": [0, 1, 5],
    "never(order.paid)": [3, 4, 5],
    "never(order.paid, last 90 days)": [1, 2, 3, 4, 5],
    "last(order.paid) within 90 days": [0],
    "days_since(order.paid) = 90": [2],
    "days_since(order.paid) >= 90": [1, 2],
    "days_since(order.paid) < 90": [0],
    "count(order.paid where sku is tea) = 1": [0],
    "count(order.paid where amount >= 99.00 and sku not in (tea, rice)) >= 1": [1],
    "count(order.paid, between 2026-08-31 and 2026-08-31) = 1": [0],
    "count(order.paid, between 2026-08-31T17:00 and 2026-08-31T17:01) = 1": [0],
    "count(order.paid, between 2026-08-31T16:59 and 2026-08-31T17:00) = 1": [],
    "tag in (vip, 'do not disturb')": [0, 2, 5],
    "tag 'it''s' and tier in (gold, diamond)": [5],
    "tier < gold": [3],
    "tier is not gold": [1, 2, 3, 4, 5],
    "sum(order.paid.amount) = 101.00": [0],
    "sum(order.paid.amount) <= 101": [0, 2, 3, 4, 5],
}


@pytest.mark.parametrize("text", IN)
async def test_who_is_meant(six: EventStore, text: str) -> None:
    expected = sorted(customer(n) for n in IN[text])
    assert sorted(await everybody_in(six, tree(text), KNOWN, NOW_MS)) == expected


async def test_simulated_events_count_only_where_asked(six: EventStore) -> None:
    condition = tree("count(order.paid, last 90 days) >= 3")
    assert await everybody_in(six, condition, KNOWN, NOW_MS, simulated=True) == [customer(0), customer(3)]


async def test_the_past_is_seen_as_it_was(six: EventStore) -> None:
    condition = tree("count(order.paid) >= 1")
    assert await everybody_in(six, condition, KNOWN, NOW_MS - 100 * DAY_MS) == [customer(1)]
    assert len(await everybody_in(six, condition, KNOWN, NOW_MS + DAY_MS)) == 4


async def test_each_condition_is_counted(six: EventStore) -> None:
    counted = await count(six, tree("stage is silent and not (tag 'do not disturb' or everybody)"), KNOWN, NOW_MS)
    assert (counted.customers, counted.total, counted.now_ms) == (0, 6, NOW_MS)
    assert [(part.path, part.depth, part.text, part.customers) for part in counted.parts] == [
        ("", 0, "stage is silent and not (tag 'do not disturb' or everybody)", 0),
        ("0", 1, "stage is silent", 2),
        ("1", 1, "not (tag 'do not disturb' or everybody)", 0),
        ("1.0", 2, "tag 'do not disturb' or everybody", 6),
        ("1.0.0", 3, "tag 'do not disturb'", 1),
        ("1.0.1", 3, "everybody", 6),
    ]
    texts = {"silent": tree("stage is silent"), "vip": tree("tag vip")}
    assert await count_each(six, texts, KNOWN, NOW_MS) == {"silent": 2, "vip": 2}
    assert await count_each(six, {}, KNOWN, NOW_MS) == {}


async def test_members_come_with_their_reasons(six: EventStore) -> None:
    condition = tree(
        "(tier >= gold or sum(order.paid.amount, last 365 days) > 5000.00 or last(order.paid) within 2 days)"
        " and not tag 'do not disturb' and not (stage is lost or tag robot)"
    )
    no_tag = Reason("not tag 'do not disturb'", "", "tags")
    no_group = Reason("not (stage is lost or tag robot)", "", "")
    expected = [
        Member(
            customer(0),
            (
                Reason("tier >= gold", "gold", "trait"),
                Reason("last(order.paid) within 2 days", str(NOW_MS - DAY_MS), "at_ms"),
                no_tag,
                no_group,
            ),
        ),
        Member(
            customer(1),
            (Reason("sum(order.paid.amount, last 365 days) > 5000.00", "700001", "amount_minor"), no_tag, no_group),
        ),
        Member(customer(5), (Reason("tier >= gold", "diamond", "trait"), no_tag, no_group)),
    ]
    assert await members(six, condition, KNOWN, NOW_MS) == expected
    assert await members(six, condition, KNOWN, NOW_MS, limit=1) == expected[:1]
    assert await members(six, condition, KNOWN, NOW_MS, after=customer(0), limit=1) == expected[1:2]
    assert sorted(await sample(six, condition, KNOWN, NOW_MS), key=lambda m: m.customer) == expected
    assert len(await sample(six, condition, KNOWN, NOW_MS, size=2)) == 2


async def test_tags_and_counts_are_shown_as_figures(six: EventStore) -> None:
    condition = tree("tag in (vip, 'it''s') and count(order.paid) >= 0 and everybody and never(page.viewed)")
    [_, last] = await members(six, condition, KNOWN, NOW_MS)
    assert last.reasons[1:] == (
        Reason("count(order.paid) >= 0", "0", "times"),
        Reason("everybody", "", ""),
        Reason("never(page.viewed)", "0", "times"),
    )
    assert (set(last.reasons[0].figure.split("|")), last.reasons[0].unit) == ({"vip", "it's"}, "tags")


async def test_traits_and_tags_are_learnt_from_the_data(six: EventStore) -> None:
    known = await learn(six, KNOWN)
    assert known.traits == {
        "stage": frozenset({"active", "silent"}),
        "tier": frozenset({"gold", "silver", "diamond"}),
    }
    assert known.tags == {"vip", "do not disturb", "it's"}
    assert (known.currency, known.events) == (KNOWN.currency, KNOWN.events)


AUDIENCES = {
    "vip": "tag vip",
    "silent": "stage is silent",
    "all": "tier is gold or stage is silent",
    "none": "tag robot",
}


async def test_membership_is_frozen_once(database: asyncpg.Pool, six: EventStore, vault: Vault) -> None:
    async def launch(audiences: dict[str, str], share_ppm: int = 0) -> Frozen:
        async with database.acquire() as connection, connection.transaction():
            return await freeze(
                connection,
                six,
                vault,
                KNOWN,
                campaign="autumn",
                audiences=audiences,
                control_share_ppm=share_ppm,
                now_ms=NOW_MS,
            )

    with pytest.raises(BadCondition):
        await launch({"bad": "tag"})
    assert await launch({}) == Frozen(0, 0, {})
    expected = Frozen(4, 0, {"vip": 2, "silent": 2, "all": 3, "none": 0})
    assert await launch(AUDIENCES) == expected
    rows = await database.fetch("select customer, mask, control from membership order by customer")
    assert [tuple(row) for row in rows] == [
        (customer(0), 0b101, False),
        (customer(1), 0b110, False),
        (customer(2), 0b110, False),
        (customer(5), 0b001, False),
    ]
    assert await launch({"everybody": "everybody"}, 1_000_000) == expected
    async with database.acquire() as connection:
        assert await frozen(connection, "autumn") == expected
        assert await frozen(connection, "spring") == Frozen(0, 0, {})


async def test_a_campaign_has_at_most_63_audiences(database: asyncpg.Pool, six: EventStore, vault: Vault) -> None:
    arguments = {"campaign": "wide", "control_share_ppm": 0, "now_ms": NOW_MS}
    async with database.acquire() as connection:
        many = {f"a{n}": "everybody" for n in range(64)}
        with pytest.raises(ValueError, match="wide has 64 audiences: a campaign may use at most 63"):
            await freeze(connection, six, vault, KNOWN, audiences=many, **arguments)
        async with connection.transaction():
            done = await freeze(
                connection, six, vault, KNOWN, audiences={f"a{n}": "tag vip" for n in range(63)}, **arguments
            )
        assert done == Frozen(2, 0, {f"a{n}": 2 for n in range(63)})
        assert {row["mask"] for row in await connection.fetch("select mask from membership")} == {(1 << 63) - 1}


async def test_30_000_are_frozen_at_once_with_their_control_group(
    database: asyncpg.Pool, store: EventStore, vault: Vault
) -> None:
    await store.command(
        """insert into profiles select toUUID(leftPad(toString(number), 32, '0')), map('n', toString(number)), [], 0
           from numbers(30000)"""
    )
    async with database.acquire() as connection, connection.transaction():
        done = await freeze(
            connection,
            store,
            vault,
            KNOWN,
            campaign="autumn",
            audiences={"most": "n >= 1000", "few": "n < 2000"},
            control_share_ppm=50_000,
            now_ms=NOW_MS,
        )
        rows = await connection.fetch("select customer, mask, control from membership")
    controls = Controls(vault, "autumn", 50_000)
    assert (done.customers, done.audiences) == (30_000, {"most": 29_000, "few": 2_000})
    assert all(row["control"] == (row["customer"] in controls) for row in rows)
    assert done.control == sum(row["control"] for row in rows) == 1547
    assert {row["mask"] for row in rows} == {1, 2, 3}


def test_the_control_group_is_the_campaigns_own(vault: Vault) -> None:
    people = [customer(n) for n in range(10_000)]
    autumn = {p for p in people if p in Controls(vault, "autumn", 50_000)}
    assert autumn <= {p for p in people if p in Controls(vault, "autumn", 60_000)}
    assert autumn != {p for p in people if p in Controls(vault, "spring", 50_000)}
    assert autumn != {p for p in people if p in Controls(Vault(bytes(32), "test"), "autumn", 50_000)}
    assert not any(p in Controls(vault, "autumn", 0) for p in people)
    assert all(p in Controls(vault, "autumn", 1_000_000) for p in people)
    assert 400 < len(autumn) < 600
