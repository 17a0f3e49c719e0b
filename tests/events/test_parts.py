"""What the engine says it has written and has not is taken back, what was merged of it comes again, and nothing else is touched."""

import contextlib
import resource

import pytest

from miaohui.events.envelope import STORE_COLUMNS
from miaohui.events.parts import NotWritten
from tests.events.test_mend import BEFORE, ROWS, TABLES, counts, insert_again, whole  # noqa: F401

SAME_TOKEN = "settings insert_deduplicate = 1, deduplicate_blocks_in_dependent_materialized_views = 1, insert_deduplication_token"
BROKEN = "select distinct table from system.detached_parts where database = currentDatabase() order by table"


@contextlib.contextmanager
def files_of_at_most(size):
    """No file of this process may grow beyond `size` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.parametrize("size", [0, 300])
async def test_an_insert_that_answers_and_was_not_written_has_failed(store, whole, size):  # noqa: F811
    await store.insert("events", STORE_COLUMNS, BEFORE, "before")
    await store.command("create table elsewhere as events")
    await store.insert("elsewhere", STORE_COLUMNS, ROWS, "rows")
    before = await counts(store)
    with files_of_at_most(size), pytest.raises(NotWritten, match=r"is its disk full\?\); taken back: .*events/"):
        await store.command(f"insert into events select * from elsewhere {SAME_TOKEN} = 'rows'")
    assert await counts(store) == before
    assert [row["table"] for row in await store.query(BROKEN)] == sorted(TABLES)
    await insert_again(store)
    assert await counts(store) == whole


async def test_a_merge_that_was_not_written_gives_back_what_it_merged(store, whole):  # noqa: F811
    await store.insert("events", STORE_COLUMNS, BEFORE, "before")
    await store.insert("events", STORE_COLUMNS, ROWS, "rows")
    with files_of_at_most(300):
        await store._run(lambda client: [client.command(f"optimize table {table} final") for table in TABLES])
    with pytest.raises(NotWritten):
        await store.check()
    assert await counts(store) == whole
    await store.check()
    await store.insert("events", STORE_COLUMNS, ROWS, "rows")
    assert await counts(store) == whole


async def test_a_table_that_could_not_be_loaded_is_loaded_before_the_next_write(store):
    await store.insert("events", STORE_COLUMNS, BEFORE, "before")
    before = await counts(store)
    await store._run(lambda client: client.command("detach table events_by_customer"))
    store._parts._away.add("events_by_customer")
    await store.insert("events", STORE_COLUMNS, BEFORE, "before")
    assert await counts(store) == before


async def test_what_another_thread_took_back_fails_the_write_too(store):
    def meanwhile(client):
        store._parts._taken_back += 1

    with pytest.raises(NotWritten):
        await store._write(meanwhile)
    await store.check()
