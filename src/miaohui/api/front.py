"""The front door: one connection each. What `hot` takes goes from the socket to the host and back; everything else is uvicorn's.

A request takes the short way when it is the plainest there is (`_PLAIN`): POST, HTTP/1.1, well-formed headers, each once, a
content-length, nothing else under way on its connection. Any other is fed to uvicorn's parser, which decides what it means: the
short way never judges a doubtful request. It halves what the server spends on an action.

It also ends connections that do harm by doing nothing: idle for `IDLE_S`, a request that is not whole after `REQUEST_S`, an answer
that nobody reads for `IDLE_S`, and those beyond `CONNECTIONS_MAX`.
"""

import re
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from miaohui.api.hot import BODY_MAX, Hot
from miaohui.host.submission import Answer

IDLE_S = 75.0
REQUEST_S = 30.0
CONNECTIONS_MAX = 10_000
HELD_MAX = 2 * BODY_MAX
_HOT = (b"POST /api/v1/plays/", b"POST /api/v1/orders/")
_PLAIN = re.compile(
    rb"POST (/api/v1/(?:plays|orders)/[!-\"$->@-~]+) HTTP/1\.1\r\n"  # no query, no fragment
    rb"((?:[!#-'*+.^-z|~\-0-9A-Z]+:[ \t]*[\t -~\x80-\xff]*\r\n)+)\r\n"
)
_ODD = frozenset((b"transfer-encoding", b"expect", b"upgrade"))


class Front(HttpToolsProtocol):
    """One connection. `hot` is set by `front_of`."""

    hot: ClassVar[Hot]
    _common: ClassVar[tuple[Any, bytes]] = (None, b"")
    _asked: tuple[str, dict[bytes, bytes]] | None = None
    """What an answer is under way for."""
    _held: bytes = b""
    """Of a request that is not whole yet, or of the next one."""

    # --- the short way ------------------------------------------------------------------------------------------------
    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._asked is not None or self.flow.write_paused:  # one after another
            self._held += data
            if len(self._held) > HELD_MAX:
                self.flow.pause_reading()
            return
        if self._held:
            data, self._held = self._held + data, b""
        idle = not self._coming and (self.cycle is None or self.cycle.response_complete)
        if not (idle and data.startswith(_HOT) and self._takes(data)):
            super().data_received(data)

    def _takes(self, data: bytes) -> bool:
        plain = _PLAIN.match(data)
        if plain is None:
            return False
        target, lines = plain[1].decode("latin-1"), plain[2].split(b"\r\n")[:-1]
        headers: dict[bytes, bytes] = {}
        for line in lines:
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip(b" \t")
        length, stays = headers.get(b"content-length", b""), headers.get(b"connection", b"keep-alive").lower()
        if len(headers) != len(lines) or not length.isdigit() or len(length) > 5:
            return False
        if stays != b"keep-alive" or not _ODD.isdisjoint(headers):
            return False
        start, stop = plain.end(), plain.end() + int(length)
        if stop - start > BODY_MAX:
            return False
        if len(data) < stop:
            self._held, self._since_s = data, self.loop.time()
            return True
        self._unset_keepalive_if_required()
        self._asked, self._held = (target, headers), data[stop:]
        if self.hot.quick(target, headers, data[start:stop], self._answer):
            return True
        self._asked, self._held = None, b""
        return False

    def _answer(self, answer: Answer) -> None:
        if self._asked is None or self.transport.is_closing():
            return
        said = self.hot.said(answer, *self._asked)
        self._asked, self._since_s = None, self.loop.time()
        self.server_state.total_requests += 1
        later = b"retry-after: 1\r\n" if said.later else b""
        head = STATUS_LINE[said.status], self._headers(), later, len(said.body), said.body
        self.transport.write(b"%s%s%scontent-length: %d\r\n\r\n%s" % head)
        if self._ending:
            self.transport.close()
        elif self._held:
            self.loop.call_soon(self._go_on)

    def _headers(self) -> bytes:
        """What every answer carries: uvicorn's own headers (the date, new each second) and ours."""
        given, common = Front._common
        if given is not self.server_state.default_headers:
            given = self.server_state.default_headers
            common = b"".join(b"%s: %s\r\n" % header for header in given)
            common += b"content-type: application/json\r\ncache-control: no-store\r\n"
            Front._common = given, common
        return common

    def _go_on(self) -> None:
        self.flow.resume_reading()
        held, self._held = self._held, b""
        if held:
            self.data_received(held)

    # --- connections that do nothing ----------------------------------------------------------------------------------
    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._coming = self._ending = False  # a request comes in through uvicorn's parser; the server stops
        self._since_s = self.loop.time()  # when the last thing began or ended
        self._watch = self.loop.call_later(REQUEST_S, self._look)
        if len(self.connections) > CONNECTIONS_MAX:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._watch.cancel()
        self._asked, self._held = None, b""
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """See httptools: a request begins."""
        self._coming, self._since_s = True, self.loop.time()
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """See httptools: a request is whole."""
        self._coming = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """See uvicorn: an answer has been sent."""
        self._since_s = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """See asyncio.Protocol: the client does not read."""
        self._since_s = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """See asyncio.Protocol: it reads again."""
        super().resume_writing()
        if self._held and self._asked is None and not self.transport.is_closing():
            self.loop.call_soon(self._go_on)

    def shutdown(self) -> None:
        """See uvicorn: the server stops; an answer under way is still given."""
        self._ending = True
        if self._asked is None:
            super().shutdown()

    def _look(self) -> None:
        """End the connection if it has done nothing for too long; else look again later."""
        busy = self._asked is not None or (self.cycle is not None and not self.cycle.response_complete)
        unread = self.flow.write_paused
        if busy and not self._coming and not unread:
            patience_s = REQUEST_S
        else:
            limit_s = IDLE_S if unread or not (self._coming or self._held) else REQUEST_S
            patience_s = self._since_s + limit_s - self.loop.time()
        if patience_s > 0:
            self._watch = self.loop.call_later(patience_s, self._look)
        else:
            self.transport.abort()


def front_of(hot: Hot) -> type[Front]:
    """The protocol of the connections whose hot path is `hot`."""
    return type("Front", (Front,), {"hot": hot})
