"""Clients that do harm by being slow, in a process of their own until it is ended.

    python -m miaohui.bench.crowd PORT CONNECTIONS KEY     prints a line once all are connected

Of a hundred connections 33 say nothing, 33 send half of a request and are not heard of again (a phone in a tunnel), 33 send a
request byte by byte, and one asks without end and never reads an answer.
"""

import asyncio
import contextlib
import socket
import sys

import uvloop

from miaohui.bench.load import PLAYS

DRIP_S = 0.5
_KINDS = ("silent", "half", "drip") * 33 + ("deaf",)
_BODY = b'{"customer":"nobody"}'


async def _one(kind: str, port: int, request: bytes) -> None:
    """A slow client, until the server has had enough of him."""
    door = socket.socket()
    door.setblocking(False)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().sock_connect(door, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=door, limit=1)
    with contextlib.suppress(OSError, RuntimeError):
        if kind == "half":
            writer.write(request[:-10])
        while kind == "deaf":
            writer.write(request)
            await writer.drain()
        for at in range(len(request) if kind == "drip" else 0):
            writer.write(request[at : at + 1])
            await asyncio.sleep(DRIP_S)
        await reader.read(1)
        await asyncio.sleep(3600)


async def _all(port: int, connections: int, key: str) -> None:
    request = (
        f"POST {PLAYS}/coupon/claim HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nidempotency-key: 0\r\n"
        f"content-length: {len(_BODY)}\r\n\r\n"
    ).encode() + _BODY
    async with asyncio.TaskGroup() as group:
        for n in range(connections):
            group.create_task(_one(_KINDS[n % len(_KINDS)], port, request))
            if n % 50 == 0:
                await asyncio.sleep(0.01)
        print("there", flush=True)


if __name__ == "__main__":
    uvloop.run(_all(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
