"""A network between processes and PostgreSQL that delays, breaks and falls silent: a proxy, which this process runs."""

import asyncio
import contextlib
from urllib.parse import parse_qs, urlsplit

PIECE = 1 << 16


class Network:
    """Carries connections to the PostgreSQL at `url`; processes are told `self.url`. Use it as an async context.

    `delay_s` is waited for at most, for each piece in each direction.
    """

    def __init__(self, url: str, random) -> None:
        [folder] = parse_qs(urlsplit(url).query)["host"]
        self._to, self._random = f"{folder}/.s.PGSQL.5432", random
        self.delay_s = 0.0
        self._louds = [asyncio.Event()]
        self.speak()
        self._lines: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._left: set[asyncio.StreamWriter] = set()
        self.cuts = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._line, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
        return self

    async def __aexit__(self, *_):
        for loud in self._louds:
            loud.set()
        self._server.close()
        self.cut(1.0)
        for far in self._left:
            far.transport.abort()

    def fall_silent(self):
        """From now on nothing arrives anywhere, and nobody is told so."""
        self._louds[-1].clear()

    def forsake(self):
        """The connections there are stay silent; new ones do not: as if another machine had taken the place of PostgreSQL's."""
        self.fall_silent()
        self._louds.append(asyncio.Event())
        self.speak()

    def speak(self):
        """What was sent meanwhile arrives."""
        self._louds[-1].set()

    def cut(self, share: float, *, halves: bool = False):
        """Break about this share of all connections; `halves`: only the processes notice, PostgreSQL waits on until the end."""
        for near, far in list(self._lines):
            if self._random.random() < share:
                self.cuts += 1
                if halves:
                    self._left.add(far)
                else:
                    far.transport.abort()
                near.transport.abort()

    async def _line(self, reader, writer):
        loud = self._louds[-1]
        there, far = await asyncio.open_unix_connection(self._to)
        line = writer, far
        self._lines.add(line)
        try:
            await asyncio.gather(self._carry(reader, far, loud), self._carry(there, writer, loud))
        finally:
            self._lines.discard(line)

    async def _carry(self, come, go, loud):
        with contextlib.suppress(OSError):
            while piece := await come.read(PIECE):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s * self._random.random())
                await loud.wait()
                go.write(piece)
                await go.drain()
        if go not in self._left:
            go.close()
