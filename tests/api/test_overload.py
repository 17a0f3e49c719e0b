"""More than the server can take: a quick 503 that changes nothing, everybody else is served, and pages still answer."""

import asyncio
import json

import pytest

from miaohui.api import front
from tests.api.test_front import answer, ask, connection, request, scene  # noqa: F401

READ_AT_ONCE = 262_144
"""What the loop reads from a socket at most before it can be stopped."""
PAGE = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"


async def one(port, auth, name):
    """Ask until it is granted; how often it was too much."""
    refused = 0
    while True:
        status, headers, body = await ask(port, request(name, auth, name))
        if status == 200:
            return refused, json.loads(body)["coupon"]
        assert (status, json.loads(body)["code"], headers["retry-after"]) == (503, "busy", "1")
        refused += 1
        await asyncio.sleep(0.01)


async def test_beyond_capacity_the_answer_is_503_and_every_retry_is_granted_once(scene, database):  # noqa: F811
    workspace, auth, port = scene
    await ask(port, request("0", auth, "zoe"))
    workspace.host.queue_max, workspace.host.batch_max = 8, 8
    served = asyncio.gather(*(one(port, auth, f"c{n}") for n in range(120)))
    await asyncio.sleep(0)
    status, _, _ = await ask(port, PAGE)  # a page, in the middle of it
    assert status == 404
    found = await served
    assert sum(refused for refused, _ in found) > 0  # it was too much
    assert len({coupon for _, coupon in found}) == 120
    assert await database.fetchval("select count(*) from state") == 121
    assert await database.fetchval("select count(*) from reply where campaign <> ''") >= 121


async def test_a_huge_body_is_refused_and_its_connection_goes_on(scene):  # noqa: F811
    workspace, auth, port = scene
    await ask(port, request("0", auth, "zoe"))
    before = workspace.host.figures.submissions
    huge = request("k", auth).replace(b"Content-Length: 19", b"Content-Length: 3000000")
    assert b"3000000" in huge
    async with connection(port) as (reader, writer):
        writer.write(huge + b" " * (3_000_000 - 19))
        status, _, body = await answer(reader)
        assert (status, json.loads(body)["code"]) == (422, "bad_request")
        writer.write(request("k", auth))
        assert (await answer(reader))[0] == 200
    assert workspace.host.figures.submissions == before + 1


async def test_a_client_that_does_not_read_is_not_read_from(scene):  # noqa: F811
    workspace, auth, port = scene
    await ask(port, request("0", auth, "ann"))
    again = request("0", auth, "ann")  # the same answer again and again
    async with connection(port) as (_, writer):
        writer.transport.set_write_buffer_limits(high=1 << 30)
        writer.write(again * 20_000)
        for _ in range(50):
            await asyncio.sleep(0.01)
        asked = workspace.host.figures.submissions
        assert asked < 20_000  # it was stopped long before
        assert (await ask(port, request("1", auth, "bob")))[0] == 200


@pytest.fixture
def doors(monkeypatch):
    """The server's ends of the connections, in their order."""
    made, connection_made = [], front.Front.connection_made
    monkeypatch.setattr(
        front.Front, "connection_made", lambda f, transport: (made.append(f), connection_made(f, transport))
    )
    return made


@pytest.mark.parametrize("way", ["short", "uvicorn", "page"])
async def test_requests_that_are_sent_ahead_wait_in_the_socket(scene, doors, way):  # noqa: F811
    _, auth, port = scene
    await ask(port, request("0", auth, "ann"))
    asked = {
        "short": request("0", auth, "ann"),
        "uvicorn": request("0", auth, "ann", "X-More: 1", "X-More: 2"),
        "page": PAGE,
    }[way]
    most, waiting = 0, 0
    async with connection(port) as (_, writer):
        writer.transport.set_write_buffer_limits(high=1 << 30)
        writer.write(asked * (5_000_000 // len(asked)))
        for _ in range(100):
            await asyncio.sleep(0.005)
            if len(doors) > 1:
                most, waiting = max(most, len(doors[1]._held)), max(waiting, len(doors[1].pipeline))
    assert most <= front.HELD_MAX + READ_AT_ONCE
    assert waiting <= front.PIECE // len(PAGE) + 1


async def test_all_that_was_sent_ahead_is_answered_by_and_by(scene):  # noqa: F811
    _, auth, port = scene
    await ask(port, request("0", auth, "ann"))
    few = [request("0", auth, "ann"), PAGE, request("0", auth, "ann", "X-More: 1", "X-More: 2"), PAGE, PAGE] * 400
    async with connection(port) as (reader, writer):
        writer.write(b"".join(few))
        answers = [(await answer(reader))[0] for _ in few]
    assert answers == [200, 404, 200, 404, 404] * 400


async def test_an_action_sent_too_soon_after_busy_waits_out_the_second(scene, doors, monkeypatch):  # noqa: F811
    workspace, auth, port = scene
    monkeypatch.setattr(front, "BUSY_S", 3600)
    await ask(port, request("0", auth, "zoe"))
    async with connection(port) as (reader, writer):
        queue_max, workspace.host.queue_max = workspace.host.queue_max, 0
        writer.write(request("1", auth, "ann"))
        assert (await answer(reader))[0] == 503
        workspace.host.queue_max, door = queue_max, doors[1]
        writer.write(PAGE)  # pages are not meant
        assert (await answer(reader))[0] == 404
        before = workspace.host.figures.submissions
        writer.write(request("1", auth, "ann"))
        assert (await ask(port, request("2", auth, "bob")))[0] == 200  # nor is anybody else
        while not door._held:  # noqa: ASYNC110 - a held request tells nobody
            await asyncio.sleep(0)
        assert workspace.host.figures.submissions == before + 1
        door._rested()
        assert (await answer(reader))[0] == 200
    assert workspace.host.figures.submissions == before + 2


async def test_busy_is_said_before_anything_is_decoded_and_in_the_readers_language(scene):  # noqa: F811
    workspace, auth, port = scene
    await ask(port, request("0", auth, "ann"))
    workspace.host.queue_max = 0
    asked = workspace.host.figures.submissions
    for language, sentence in (("zh", "人太多了"), ("en", "Many people are here at once")):
        head = request("1", auth, "bob", f"Accept-Language: {language}")
        status, headers, body = await ask(port, head.replace(b'{"customer"', b'["customer"'))
        assert (status, json.loads(body)["code"], headers["retry-after"]) == (503, "busy", "1")
        assert sentence in json.loads(body)["sentence"]
    assert workspace.host.figures.submissions == asked
