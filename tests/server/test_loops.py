"""The loops behind the requests: one that fails is started again, ever more slowly, and takes no other down."""

import asyncio

import pytest

from miaohui.server.loops import keep_running


async def test_a_failing_loop_is_started_again_with_longer_pauses() -> None:
    pauses: list[float] = []
    beats = 0

    async def failing() -> None:
        raise ValueError("broken")

    async def beating() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 7:
            running.cancel()
        await asyncio.sleep(0)

    running = asyncio.create_task(keep_running({"failing": failing, "beating": beating}, sleep))
    with pytest.raises(asyncio.CancelledError):
        await running
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert beats >= 7


async def test_a_stop_waits_for_each_loop_to_end() -> None:
    ended: list[str] = []

    async def careful() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("careful")

    running = asyncio.create_task(keep_running({"careful": careful}))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended == ["careful"]
