"""More than the server can take: a quick 503 that changes nothing, everybody else is served, and pages still answer."""

import asyncio
import json

from tests.api.test_front import answer, ask, connection, request, scene  # noqa: F401

PAGE = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"


async def one(port, auth, name):
    """Ask until it is granted; how often it was too much."""
    for n in range(200):
        status, headers, body = await ask(port, request(name, auth, name))
        if status == 200:
            return n, json.loads(body)["coupon"]
        assert (status, json.loads(body)["code"], headers["retry-after"]) == (503, "busy", "1")
        await asyncio.sleep(0.01)
    raise AssertionError(f"{name} was never served")


async def test_beyond_capacity_the_answer_is_503_and_every_retry_is_granted_once(scene, database):  # noqa: F811
    workspace, auth, port = scene
    await ask(port, request("0", auth, "zoe"))
    workspace.host.queue_max, workspace.host.batch_max = 8, 8
    served = asyncio.gather(*(one(port, auth, f"c{n}") for n in range(120)))
    await asyncio.sleep(0)
    status, _, _ = await asyncio.wait_for(ask(port, PAGE), 5)  # a page, in the middle of it
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
