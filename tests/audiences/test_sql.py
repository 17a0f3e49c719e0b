"""SQL and plain Python agree about every condition; and a few people, counted by hand."""

from collections.abc import AsyncIterator

import pytest
from conditions import KNOWN, conditions
from crowd import NOW_MS, crowd, customer, numbered, put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain import Person, Plain

from miaohui.audiences.sql import People
from miaohui.audiences.tree import Compare, Condition
from miaohui.events.store import EventStore

WORDS = st.sampled_from(["a", "b", "c", "nobody's"])
RANKS = st.one_of(
    st.builds(
        Compare,
        st.just("tier"),
        st.sampled_from([">=", ">", "<=", "<"]),
        st.sampled_from(["bronze", "silver", "gold", "diamond"]),
    ),
    st.builds(
        Compare, st.just("points"), st.sampled_from([">=", ">", "<=", "<"]), st.sampled_from(["-7", "0", "12.5", "100"])
    ),
)
CONDITIONS = conditions(st.sampled_from(["stage", "city", "tier", "shoe size"]), WORDS, RANKS)


@pytest.fixture(scope="module")
async def crowded(fresh_store) -> AsyncIterator[tuple[EventStore, list[Person]]]:
    """A store with 400 random people."""
    people = crowd(7, 400)
    async with fresh_store() as store:
        await put(store, numbered(people))
        yield store, people


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(CONDITIONS, min_size=30, max_size=30))
async def test_sql_means_what_plain_python_means(
    crowded: tuple[EventStore, list[Person]], trees: list[Condition]
) -> None:
    store, persons = crowded
    people = People(KNOWN, NOW_MS)
    columns = ", ".join(f"toUInt8({people.holds(tree)}) as c{n}" for n, tree in enumerate(trees))
    query = people.query(f"toString(customer) as customer, {columns}")
    rows = {row.pop("customer"): list(row.values()) for row in await store.query(query.sql, query.parameters)}
    plain = Plain(NOW_MS, KNOWN.zone, dict(KNOWN.scales))
    for n, person in enumerate(persons):
        seen = [d for d in person.did if d.source != "simulated" and d.at_ms <= NOW_MS]
        if not (person.traits or person.tags or seen):
            assert customer(n) not in rows
            continue
        for tree, got in zip(trees, rows[customer(n)], strict=True):
            assert bool(got) == plain.holds(tree, person), (tree, person)
