"""The front door: one connection each. What `hot` takes goes from the socket to the host and back; everything else is uvicorn's.

A request takes the short way when it is the plainest there is (`_PLAIN`): POST, HTTP/1.1, well-formed headers, each once, a
content-length, nothing else under way on its connection. Any other is fed to uvicorn's parser, which decides what it means: the
short way never judges a doubtful request. It halves what the server spends on an action.

It also ends connections that do harm by doing nothing: idle for `IDLE_S`, a request that is not whole after `REQUEST_S`, an answer
that nobody reads for `IDLE_S`, and those beyond `CONNECTIONS_MAX`. Requests that are sent before the answers to earlier ones
wait here, about `HELD_MAX` bytes, and then in the socket: uvicorn alone would read on with every answer and keep all of them. And
a connection that was told to come again in a second is taken at its word: the action it sends sooner is looked at then, so that
those who ask without end do not cost those who are served.
"""

import re
from typing import Any, ClassVar

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from miaohui.api.hot import BODY_MAX, Hot
from miaohui.host.submission import Answer

IDLE_S = 75.0
REQUEST_S = 30.0
CONNECTIONS_MAX = 10_000
HELD_MAX = 2 * BODY_MAX
PIECE = 2048
"""What uvicorn's parser is given at a time: it makes a request of everything in it at once."""
BUSY_S = 1.0
"""How long an action waits on a connection that has just been told *busy*; said in Retry-After."""
_HOT = (b"POST /api/v1/plays/", b"POST /api/v1/orders/")
_PLAIN = re.compile(
    rb"POST (/api/v1/(?:plays|orders)/[!-\"$->@-~]+) HTTP/1\.1\r\n"  # no query, no fragment
    rb"((?:[!#-'*+.^-z|~\-0-9A-Z]+:[ \t]*[\t -~\x80-\xff]*\r\n)+)\r\n"
)
_ODD = frozenset((b"transfer-encoding", b"expect", b"upgrade"))


class _Flow(FlowControl):
    """uvicorn's, which reads on whenever it looks for more: not while as much is held as may be."""

    def __init__(self, front: "Front") -> None:
        super().__init__(front.transport)
        self._front = front

    def resume_reading(self) -> None:
        """Read on, if there is room."""
        if len(self._front._held) <= HELD_MAX:
            super().resume_reading()


class Front(HttpToolsProtocol):
    """One connection. `hot` is set by `front_of`."""

    hot: ClassVar[Hot]
    _common: ClassVar[tuple[Any, bytes]] = (None, b"")
    _asked: tuple[str, dict[bytes, bytes]] | None = None
    """What an answer is under way for."""
    _held: bytes = b""
    """Of a request that is not whole yet, or of the next ones."""
    _busy = False
    """Whether *busy* was said less than `BUSY_S` ago."""

    # --- the short way ------------------------------------------------------------------------------------------------
    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._held:
            data, self._held = self._held + data, b""
        if self._asked is not None or self.flow.write_paused or self.pipeline:  # one after another
            self._hold(data)
            return
        idle = not self._coming and (self.cycle is None or self.cycle.response_complete)
        if idle and data.startswith(_HOT):
            if self._busy:
                self._hold(data)
                return
            if self._takes(data):
                return
        at = 0
        while at < len(data) and not self.pipeline and not self.transport.is_closing():
            super().data_received(data[at : at + PIECE])
            at += PIECE
        self._hold(data[at:])

    def _hold(self, data: bytes) -> None:
        self._held = data
        if len(data) > HELD_MAX:
            self.flow.pause_reading()

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
        self._asked = target, headers
        self._hold(data[stop:])
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
        elif said.status == 503:
            self._busy = True
            self.loop.call_later(BUSY_S, self._rested)
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
        held, self._held = self._held, b""
        self.flow.resume_reading()
        if held:
            self.data_received(held)

    def _rested(self) -> None:
        self._busy = False
        if not self.transport.is_closing():
            self._go_on()

    # --- connections that do nothing ----------------------------------------------------------------------------------
    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self.flow = _Flow(self)
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
        if self._held and not self.pipeline and not self.transport.is_closing():
            self.loop.call_soon(self._go_on)

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
