"""A block is what the store would have been told row by row, wherever it is made; the process that makes large ones ends."""

import asyncio
import contextlib
import signal
import subprocess
import sys

import msgspec
import pytest

from miaohui.events.blocks import APART, Blocks, BlocksFailed, block
from miaohui.events.envelope import NOBODY, STORE_COLUMNS, Event, count, event_id, pack, store_row
from miaohui.events.store import EventStore
from tests.events.test_relay import AT_MS, facts

STRANGE = Event(
    id=event_id(AT_MS, b"\xff" * 16, 0),
    name="page.viewed",
    at_ms=AT_MS,
    received_at_ms=AT_MS + 1,
    source="simulated",
    customer=NOBODY,
    channel="短信",
    lines=(("1", "茶", 2, -5), ("2", "tea\t'\\", 0, 2**53)),
    properties={"": "", "页": "a\nb\0c"},
)
ALL = "select * from {} order by id"


async def columns_of(store: EventStore) -> list[tuple[str, str]]:
    rows = await store.query(
        "select name, type from system.columns where database = currentDatabase() and table = 'events'"
    )
    types = {row["name"]: row["type"] for row in rows}
    return [(name, types[name]) for name in STORE_COLUMNS]


@contextlib.asynccontextmanager
async def making(columns):
    """The blocks of one relay; whatever it began is ended."""
    blocks = Blocks(columns)
    try:
        yield blocks
    finally:
        blocks.close()


async def test_a_block_says_what_its_rows_say(store):
    await store.command("create table row_by_row as events")
    events = [*facts(0, 20), STRANGE]
    await store.insert("row_by_row", STORE_COLUMNS, [store_row(event) for event in events], "rows")
    made = block(await columns_of(store), [pack(events[:7]), pack([]), pack(events[7:])])
    for _ in range(2):  # the second time the token is known
        await store.insert_block("events", STORE_COLUMNS, made, "block")
    assert await store.query(ALL.format("events")) == await store.query(ALL.format("row_by_row"))
    assert (await store.query("select count() as n, sum(events) as counted from counters_per_minute"))[0][
        "counted"
    ] == 20


async def test_a_large_block_is_made_apart_and_is_the_same(store):
    columns, rows = await columns_of(store), [pack(facts(0, APART - 1)), pack([STRANGE])]
    async with making(columns) as blocks:
        assert await blocks.make(rows[:1]) == block(columns, rows[:1])
        assert blocks._process is None  # not worth a process
        assert await blocks.make(rows) == block(columns, rows)
        process = blocks._process
        assert process is not None
        assert await blocks.make(rows * 2) == block(columns, rows * 2)
        assert blocks._process is process
    assert await process.wait() != 0


async def test_when_it_is_killed_that_is_said_and_the_next_block_is_made(store):
    columns, rows = await columns_of(store), [pack(facts(0, APART))]
    async with making(columns) as blocks:
        made = await blocks.make(rows)
        blocks._process.kill()
        with pytest.raises(BlocksFailed, match="has ended"):
            await blocks.make(rows)
        assert await blocks.make(rows) == made


async def test_one_that_does_nothing_is_replaced(store, monkeypatch):
    rows = [pack(facts(0, APART))]
    async with making(await columns_of(store)) as blocks:
        made = await blocks.make(rows)
        blocks._process.send_signal(signal.SIGSTOP)
        monkeypatch.setattr("miaohui.events.blocks.PATIENCE_S", 0.05)
        with pytest.raises(BlocksFailed, match="does nothing"):
            await blocks.make(rows)
        monkeypatch.undo()
        assert await blocks.make(rows) == made


async def test_rows_that_nobody_can_read_are_not_left_out(store):
    async with making(await columns_of(store)) as blocks:
        with pytest.raises(BlocksFailed):
            await blocks.make([pack(facts(0, APART)), b"\x91\xc1"])


async def test_who_does_not_wait_for_it_leaves_no_answer_behind(store):
    columns, rows = await columns_of(store), [pack(facts(0, APART))]
    async with making(columns) as blocks:
        asking = asyncio.create_task(blocks.make([pack(facts(7, APART))]))
        while blocks._process is None:  # noqa: ASYNC110 - it says nothing when it begins
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await blocks.make(rows) == block(columns, rows)


PROGRAM = [sys.executable, "-m", "miaohui.events.blocks"]


@pytest.mark.parametrize("input", [b"", b"\0\0", b"\0\0\0\x09half"])
def test_it_ends_with_its_input(input: bytes) -> None:
    done = subprocess.run(PROGRAM, input=input, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_it_says_nothing_when_nobody_is_left_to_answer() -> None:
    asked = msgspec.msgpack.encode(([(name, "String") for name in STORE_COLUMNS], []))
    with subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        _, said = process.communicate(len(asked).to_bytes(4, "big") + asked)
    assert (process.returncode, said) == (0, b"")


@pytest.mark.parametrize("n", [0, 1, 15, 16, 70_000])
def test_the_events_of_a_row_are_counted_by_its_head(n: int) -> None:
    assert count(pack(facts(0, 1) * n)) == n
