"""Rows of the outbox as the event store takes them: a block of ClickHouse's format Native.

Making one is what Python does of the relay's work, some 5 us an event. A process runs one thread of Python at a time: in a rush
customers would wait for it. So a large block is made by a process of its own (`python -m miaohui.events.blocks`), which is begun
with the first rush, has a lower priority, and ends when its standard input does: with the relay, or with a server that is killed.

    asked      4 bytes of length, then msgpack: [[column, type] ...], [row of the outbox ...]
    answered   4 bytes of length, then the block
"""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterable, Sequence
from typing import BinaryIO

import msgspec

from miaohui.events.envelope import count, store_row, unpack

APART = 500
"""A block of so many events is made by the process."""
NICE = 10
"""How much lower its priority is, and that of the event store's threads: customers are served first."""
PATIENCE_S = 60.0
"""A process that has not made a block by then is replaced."""
_LENGTH = 4
_LIMIT = 1 << 22

Columns = Sequence[tuple[str, str]]
"""Name and type of each column, in the order of STORE_COLUMNS."""


class BlocksFailed(RuntimeError):
    """The process that makes blocks has ended; the next block begins another."""


def block(columns: Columns, rows: Iterable[bytes]) -> bytes:
    """All events of these rows of the outbox as one block (or more, if they are many) of format Native."""
    # here: it is not needed to know of blocks, and takes a while
    from clickhouse_connect.datatypes.registry import get_from_name
    from clickhouse_connect.driver.insert import InsertContext
    from clickhouse_connect.driver.transform import NativeTransform

    names, types = zip(*columns, strict=True)
    data = [store_row(event) for row in rows for event in unpack(row)]
    context = InsertContext("events", names, [get_from_name(type) for type in types], data)
    made = b"".join(NativeTransform.build_insert(context))
    if context.insert_exception is not None:
        raise context.insert_exception
    return made.partition(b"\n")[2]  # before it stands an insert statement


class Blocks:
    """Makes blocks: a small one in a thread, a large one in the process apart. `close` ends that."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._process: asyncio.subprocess.Process | None = None

    async def make(self, rows: Sequence[bytes]) -> bytes:
        """See `block`. BlocksFailed."""
        if sum(map(count, rows)) < APART:
            return await asyncio.to_thread(block, self._columns, rows)
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE, limit=_LIMIT
            )
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await _ask(self._process, msgspec.msgpack.encode((self._columns, rows)))
        except (asyncio.IncompleteReadError, OSError) as e:  # a TimeoutError is an OSError
            self.close()
            raise BlocksFailed(f"the process that makes blocks of events has ended, or does nothing: {e}") from e
        except BaseException:  # an answer is left in the pipe
            self.close()
            raise

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()  # it keeps nothing


async def _ask(process: asyncio.subprocess.Process, asked: bytes) -> bytes:
    to, back = process.stdin, process.stdout
    assert to is not None
    assert back is not None
    to.write(len(asked).to_bytes(_LENGTH, "big"))
    to.write(asked)
    await to.drain()
    return await back.readexactly(int.from_bytes(await back.readexactly(_LENGTH), "big"))


def _serve(asked: BinaryIO, answers: BinaryIO) -> None:
    while len(length := asked.read(_LENGTH)) == _LENGTH:
        question = asked.read(size := int.from_bytes(length, "big"))
        if len(question) < size:
            break  # whoever asks was killed in the middle
        columns, rows = msgspec.msgpack.decode(question, type=tuple[list[tuple[str, str]], list[bytes]])
        made = block(columns, rows)
        answers.write(len(made).to_bytes(_LENGTH, "big") + made)
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever stops the server closes our input
    os.nice(NICE)
    try:
        _serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(0)  # nobody is left to answer, and what waits to be written is for nobody
