"""The hot path: actions of plays and verbs of orders, from the socket to the host and back.

    POST /api/v1/plays/{campaign}/{play}/{action}              by a shop's key, or a customer's cookie
    POST /api/v1/orders/{shop's id}/{placed|paid|cancelled|refunded}    by a shop's key

No routing tables, no middleware, one decode, one encode. All shared checks are on: who calls is checked here, everything else by
the host. Answers: 200 with the reply, or {code, sentence, data, retry}. A request comes in by one of two doors and is read the
same way: `quick`, straight from the connection (see `front`), when the key and the play are known; else as an ASGI call, which
can wait for them.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from miaohui.customers.identities import SHOP, identity_hash
from miaohui.customers.signin import COOKIE, customer_of
from miaohui.host import orders
from miaohui.host.answers import encode, spoken, status
from miaohui.host.host import BUSY, Busy
from miaohui.host.postgres import GONE
from miaohui.host.setup import Entry
from miaohui.host.stages import Sink
from miaohui.host.submission import Answer, Caller, Customer, Submission, body_hash
from miaohui.plays._contract import Refusal
from miaohui.team.keys import Caller as KnownCaller
from miaohui.workspace import Workspace

BODY_MAX = 65_536
PREFIX = "/api/v1/"
ORDER_BODIES: dict[str, msgspec.json.Decoder[Any]] = {
    "placed": msgspec.json.Decoder(orders.PlacedInput),
    "paid": msgspec.json.Decoder(orders.PaidInput),
    "cancelled": msgspec.json.Decoder(orders.PaidInput),
    "refunded": msgspec.json.Decoder(orders.RefundedInput),
}
_JSON = (b"content-type", b"application/json")
_NO_STORE = (b"cache-control", b"no-store")
_BROWSER = Caller("browser")
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Said(NamedTuple):
    """An answer as it goes over the wire; `later`: the same request may succeed in a second."""

    status: int
    body: bytes
    later: bool


class Refused(Exception):
    """Refused before it reached the host."""

    def __init__(self, code: str, **data: Any) -> None:
        self.refusal = Refusal(code, data)


class Hot:
    """The hot path of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.host = workspace, workspace.host

    @staticmethod
    def takes(scope: Any) -> bool:
        """Whether a request is for this path."""
        path: str = scope["path"]
        return (
            scope["method"] == "POST"
            and path.startswith(("/api/v1/plays/", "/api/v1/orders/"))
            and path.count("/") >= 5
        )

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        parts = _parts(scope["path"])
        try:
            body = await _body(receive)
            await self._look_up(parts)
            bearer = _bearer(headers)
            known = None if bearer is None else await self.workspace.keys.caller(bearer)
            answer = await self.host.submit(self._read(parts, headers, body, _caller(bearer, known)))
        except Refused as e:
            answer = Answer(refusal=e.refusal)
        except (Busy, *GONE):
            answer = Answer(refusal=BUSY)
        said = self.said(answer, scope["path"], headers)
        more = [(b"retry-after", b"1")] if said.later else []
        length = (b"content-length", str(len(said.body)).encode())
        await send({"type": "http.response.start", "status": said.status, "headers": [_JSON, _NO_STORE, length, *more]})
        await send({"type": "http.response.body", "body": said.body})

    def quick(self, path: str, headers: dict[bytes, bytes], body: bytes, sink: Sink) -> bool:
        """Take a request without waiting for anything; `sink` gets its answer. False: it needs an ASGI call."""
        bearer, parts = _bearer(headers), _parts(path)
        known = None if bearer is None else self.workspace.keys.remembered(bearer)
        if (bearer is not None and known is None) or not self._knows(parts):
            return False
        if self.host.is_full:  # said before anything is decoded: that there is more than can be taken must cost little
            sink(Answer(refusal=BUSY))
            return True
        try:
            self.host.take(self._read(parts, headers, body, _caller(bearer, known)), sink)
        except Refused as e:
            sink(Answer(refusal=e.refusal))
        except Busy:
            sink(Answer(refusal=BUSY))
        return True

    def said(self, answer: Answer, path: str, headers: dict[bytes, bytes]) -> Said:
        """An answer as it goes over the wire; a refusal in the reader's language."""
        refusal = answer.refusal
        if refusal is None:
            return Said(200, answer.body, False)
        if refusal is BUSY:
            return _busy(self._language(headers))
        parts = _parts(path)
        data = {"campaign": parts[1], "play": parts[2]} if len(parts) == 4 else refusal.data
        entry = self.host.register.entries.get((data.get("campaign", ""), data.get("play", "")))
        language = self._language(headers)
        if entry is None:
            spoke = spoken(refusal, language, None, self.workspace.currency, self.workspace.zone)
        else:
            setup = entry.current
            spoke = spoken(refusal, language, entry.machine.module.SENTENCES, setup.currency, setup.zone)
        return Said(status(refusal), encode(spoke), refusal.code in ("busy", "too_fast"))

    # --- from a request to a submission -------------------------------------------------------------------------------
    def _read(self, parts: list[str], headers: dict[bytes, bytes], body: bytes, caller: Caller | None) -> Submission:
        if len(parts) == 4 and parts[0] == "plays":
            return self._play(self._entry(parts[1], parts[2]), parts[3], headers, body, caller)
        if len(parts) == 3 and parts[0] == "orders" and parts[2] in ORDER_BODIES:
            return self._order(parts[1], parts[2], headers, body, caller)
        raise Refused("unknown_action", action="/".join(parts), actions=", ".join(ORDER_BODIES))

    def _play(
        self, entry: Entry, action: str, headers: dict[bytes, bytes], body: bytes, caller: Caller | None
    ) -> Submission:
        setup, machine = entry.current, entry.machine
        if action not in machine.inputs:
            raise Refused("unknown_action", action=action, actions=", ".join(machine.inputs))
        key = _key(headers)
        fields = _decode(machine.inputs[action], body or b"{}")
        caller, customer = self._who(headers, fields.customer, caller)
        return Submission(
            id=self.host.id(caller, customer.id or customer.shop_hash, setup.campaign, setup.play, key),
            hash=body_hash(action.encode() + b"\0" + body),
            what="play",
            action=action,
            fields=fields,
            campaign=setup.campaign,
            play=setup.play,
            caller=caller,
            customer=customer,
        )

    def _order(
        self, order: str, verb: str, headers: dict[bytes, bytes], body: bytes, caller: Caller | None
    ) -> Submission:
        if not 0 < len(order) <= 128:
            raise Refused("bad_request", field="order", value=order, wanted="1 to 128 characters")
        key = _key(headers)
        fields = _decode(ORDER_BODIES[verb], body or b"{}")
        if verb == "placed" and (refusal := orders.check(fields)) is not None:
            raise Refused(refusal.code, **refusal.data)
        if caller is None or not caller.scope:
            raise Refused("unauthorised")
        if verb == "placed":
            fields = self.workspace.typed.order(fields, self.host.register)
        return Submission(
            id=self.host.id(caller, "", "", f"order/{order}", key),
            hash=body_hash(verb.encode() + b"\0" + body),
            what="order",
            action=verb,
            fields=fields,
            order=order,
            caller=caller,
            customer=self._shop_customer(fields.customer) if verb == "placed" else Customer(),
        )

    def _who(self, headers: dict[bytes, bytes], named: str, caller: Caller | None) -> tuple[Caller, Customer]:
        if caller is not None:
            if not caller.scope:
                raise Refused("unauthorised")
            if not 0 < len(named) <= 128:
                raise Refused("bad_request", field="customer", value=named, wanted="the shop's id of the customer")
            return caller, self._shop_customer(named)
        cookie = _cookie(headers)
        customer = cookie and customer_of(self.workspace.vault, cookie, self.workspace.clock())
        if not customer or not self._same_origin(headers):
            raise Refused("unauthorised")
        return _BROWSER, Customer(id=customer)

    def _shop_customer(self, shop_id: str) -> Customer:
        return Customer(shop_hash=identity_hash(self.workspace.vault, SHOP, shop_id), shop_id=shop_id)

    def _same_origin(self, headers: dict[bytes, bytes]) -> bool:
        origin = headers.get(b"origin", b"").decode("latin-1")
        return origin.partition("://")[2] == headers.get(b"host", b"").decode("latin-1")

    def _knows(self, parts: list[str]) -> bool:
        return parts[0] != "plays" or len(parts) != 4 or (parts[1], parts[2]) in self.host.register.entries

    async def _look_up(self, parts: list[str]) -> None:
        """A play that is not known may have been opened by another process."""
        if not self._knows(parts) and not await self.host.refresh():
            raise Busy

    def _entry(self, campaign: str, play: str) -> Entry:
        entry: Entry | None = self.host.register.entries.get((campaign, play))
        if entry is not None:
            return entry
        if campaign not in self.host.register.campaigns:
            raise Refused("unknown_campaign", campaign=campaign)
        plays = sorted(name for c, name in self.host.register.entries if c == campaign)
        raise Refused("unknown_play", campaign=campaign, play=play, plays=plays)

    def _language(self, headers: dict[bytes, bytes]) -> str:
        cookies = headers.get(b"cookie", b"").decode("latin-1")
        for language in ("zh", "en"):
            if f"lang={language}" in cookies:
                return language
        asked = headers.get(b"accept-language", b"").decode("latin-1").lower()
        first = asked.split(",")[0][:2]
        return first if first in ("zh", "en") else self.workspace.language


@cache
def _busy(language: str) -> Said:
    return Said(status(BUSY), encode(spoken(BUSY, language)), True)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_MAX:
            break
    if len(body) > BODY_MAX:
        raise Refused("bad_request", field="body", value=f"{len(body)} bytes", wanted=f"at most {BODY_MAX} bytes")
    return body


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as e:
        raise Refused("bad_request", field="body", value=body[:200].decode("utf-8", "replace"), wanted=str(e)) from None


def _key(headers: dict[bytes, bytes]) -> str:
    key = headers.get(b"idempotency-key", b"")
    if not 0 < len(key) <= 64 or not key.isascii():
        raise Refused(
            "bad_request",
            field="Idempotency-Key",
            value=key.decode("latin-1"),
            wanted="a header of 1 to 64 ASCII characters",
        )
    return key.decode()


def _cookie(headers: dict[bytes, bytes]) -> str:
    for pair in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _parts(path: str) -> list[str]:
    parts = path.removeprefix(PREFIX).split("/")
    return [unquote(part) for part in parts] if "%" in path else parts


def _bearer(headers: dict[bytes, bytes]) -> str | None:
    """The shop's key, None if the request comes without one."""
    scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def _caller(bearer: str | None, known: KnownCaller | None) -> Caller | None:
    """Who calls with a shop's key: None without a key, nobody's scope if the key opens nothing."""
    if bearer is None:
        return None
    return Caller("") if known is None else Caller(known.id, known.source)
