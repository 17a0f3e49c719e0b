"""The front door over real sockets: the short way and uvicorn's way give the same, whatever arrives in whatever pieces."""

import asyncio
import contextlib
import json
from contextlib import asynccontextmanager

import pytest
import uvicorn

from miaohui.api import front
from miaohui.api.front import front_of
from miaohui.host.fairground import Fairground
from miaohui.server.app import build
from tests.api_scene import serving
from tests.host.stage import CAMPAIGN, setup

PATH = f"/api/v1/plays/{CAMPAIGN}/coupon/claim"
OPEN = {"opens_ms": 0, "ends_ms": 2**53}


@pytest.fixture
async def scene(database, vault):
    """(workspace, the shop's key, port) of a server on a socket, with a coupon that is open."""
    async with serving(database, None, vault) as (workspace, client):
        ground = Fairground(workspace.host, database)
        assert await ground.open(CAMPAIGN, [setup("coupon", head=OPEN, count=1000)], "USD", 10**9) is None
        app = build(workspace)
        config = uvicorn.Config(app, port=0, http=front_of(app.hot), lifespan="off", log_config=None, ws="none")
        server = uvicorn.Server(config)
        serving_it = asyncio.create_task(server._serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
        yield workspace, client.headers["Authorization"], server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True
        await serving_it


@asynccontextmanager
async def connection(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield reader, writer
    writer.close()


def request(key, auth, customer="ann", *more, path=PATH, method="POST"):
    body = json.dumps({"customer": customer}).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: {auth}", f"Idempotency-Key: {key}", *more]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


async def answer(reader):
    """(status, headers, body) of the next answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    return int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


async def ask(port, *pieces):
    async with connection(port) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.005)
        return await answer(reader)


async def test_the_short_way_and_the_other_give_the_same_bytes(scene):
    _, auth, port = scene
    plain = request("k", auth)
    long = plain.replace(b"Host: x", b"Host: x\r\nExpect: 100-continue")  # never plain
    slow = await ask(port, plain)  # the key is not known yet: uvicorn's way
    quick = await ask(port, plain)
    assert (quick[0], quick[2]) == (slow[0], slow[2]) == (200, slow[2])
    for name in ("content-type", "cache-control", "content-length"):
        assert quick[1][name] == slow[1][name]
    assert set(quick[1]) == set(slow[1])
    async with connection(port) as (reader, writer):
        writer.write(long)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await answer(reader))[2] == slow[2]


@pytest.mark.parametrize("cut", [3, 30, 120, -9, -1])
async def test_a_request_may_come_in_pieces(scene, cut):
    _, auth, port = scene
    whole = request("k", auth)
    await ask(port, whole)
    assert (await ask(port, whole[:cut], whole[cut:]))[0] == 200


async def test_requests_on_one_connection_are_answered_in_their_order(scene):
    workspace, auth, port = scene
    await ask(port, request("0", auth, "zoe"))
    names = [f"c{n}" for n in range(30)]
    page = request("p", auth, path="/nothing", method="GET")
    async with connection(port) as (reader, writer):
        writer.write(b"".join(request(name, auth, name) for name in names[:20]) + page)
        writer.write(b"".join(request(name, auth, name) for name in names[20:]))
        answers = [await answer(reader) for _ in range(31)]
    assert [a[0] for a in answers] == [200] * 20 + [404] + [200] * 10
    granted = [json.loads(a[2])["coupon"] for a in answers if a[0] == 200]
    ids = [workspace.host.id(*_scope(workspace, name)).hex() for name in names]
    assert granted == ids


def _scope(workspace, name):
    from miaohui.customers.identities import SHOP, identity_hash
    from miaohui.host.submission import Caller

    known = next(caller for _, caller in workspace.keys._known.values())
    return Caller(known.id), identity_hash(workspace.vault, SHOP, name), CAMPAIGN, "coupon", name


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ((b"HTTP/1.1", b"HTTP/1.1 "), 400),
        ((b"Content-Length: ", b"Content-Length : "), 400),
        ((b"Content-Length: ", b"Content-Length: +"), 400),
        ((b"Host: x", b"Transfer-Encoding: chunked\r\nHost: x"), 400),
        ((b"Host: x", b"Content-Length: 5\r\nHost: x"), 400),
        ((b"Host: x", b"Ho st: x"), 400),
        ((b"Host: x", b"Host: x\r\n folded"), 400),
        ((b"/claim ", b"/claim?x=1 "), 200),
        ((b"Host: x", b"X-More: 1\r\nX-More: 2\r\nHost: x"), 200),
    ],
)
async def test_a_doubtful_request_is_uvicorns_to_judge(scene, change, status):
    _, auth, port = scene
    await ask(port, request("0", auth, "zoe"))
    assert (await ask(port, request("k", auth).replace(*change)))[0] == status


async def test_a_refusal_speaks_the_readers_language_by_the_short_way(scene):
    workspace, auth, port = scene
    await ask(port, request("0", auth))
    before = workspace.host.figures.submissions
    status, headers, body = await ask(port, request("1", auth, "ann", "Accept-Language: zh"))
    assert (status, json.loads(body)["code"]) == (409, "limit_reached")
    assert json.loads(body)["sentence"] == "每人限领 1 张，你已经领过了"
    assert headers["content-type"] == "application/json"
    assert workspace.host.figures.submissions == before + 1


async def test_connections_that_do_nothing_are_ended(scene, monkeypatch):
    _, auth, port = scene
    whole = request("0", auth)
    with monkeypatch.context() as soon:
        soon.setattr(front, "IDLE_S", 0.05)
        soon.setattr(front, "REQUEST_S", 0.05)
        for sent in (b"", whole[:20], whole[:-5], b"GET / HTTP/1.1\r\nHo"):
            async with connection(port) as (reader, writer):
                writer.write(sent)
                with contextlib.suppress(ConnectionResetError):  # it had not been read
                    assert await reader.read() == b""
    assert (await ask(port, whole))[0] == 200  # everybody else is served


async def test_connections_beyond_the_most_are_closed_at_once(scene, monkeypatch):
    _, auth, port = scene
    monkeypatch.setattr(front, "CONNECTIONS_MAX", 2)
    async with connection(port) as (reader, writer), connection(port), connection(port) as (third, _):
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await third.readexactly(1)
        writer.write(request("0", auth))
        assert (await answer(reader))[0] == 200
