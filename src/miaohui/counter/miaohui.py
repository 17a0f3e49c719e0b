"""The public API of Miaohui, as any shop calls it: the price of a cart and four verbs of an order, with a bearer key.

A call that got no answer is repeated with the same `Idempotency-Key`, so that it counts once. A refusal comes back as
`Refused` with the sentence that Miaohui wrote for people.
"""

import asyncio
from typing import Any, Literal

import httpx
import msgspec
from msgspec import Struct

ATTEMPTS = 3
PAUSE_S = 0.2

Verb = Literal["placed", "paid", "cancelled", "refunded"]


class Offer(Struct, frozen=True, omit_defaults=True):
    """What an order claims of a play: the party or token as `instance`, the coupon, the code, the line it is for."""

    campaign: str
    play: str
    instance: str = ""
    coupon: str = ""
    line: str = ""
    code: str = ""


class LineDue(Struct, frozen=True):
    """What one line costs after the offers."""

    line: str
    list_minor: int
    discount_minor: int
    due_minor: int
    sku: str = ""
    quantity: int = 1


class Told(Struct, frozen=True):
    """What Miaohui says of one promotion; `saved_minor` if it applies."""

    title: str
    status: str
    code: str
    sentence: str
    saved_minor: int = 0


class TypedCode(Struct, frozen=True):
    """What became of a code."""

    code: str
    accepted: bool
    sentence: str


class Quote(Struct, frozen=True):
    """What a cart costs, the claims to order it with, and why."""

    lines: list[LineDue]
    list_minor: int
    discount_minor: int
    total_minor: int
    claims: list[Offer]
    promotions: list[Told]
    codes: list[TypedCode] = []

    def applied(self) -> list[Told]:
        """What the customer gets."""
        return [told for told in self.promotions if told.status == "applied"]

    def near(self) -> list[Told]:
        """What he would get for a little more."""
        return [told for told in self.promotions if told.code in ("spend_more", "pieces_more", "kinds_more")]


class Listed(Struct, frozen=True):
    """A product's prices: list, one today, and the lowest per piece with the code and the pieces it takes."""

    sku: str
    list_minor: int
    price_minor: int
    from_minor: int
    code: str = ""
    pieces: int = 1


class OrderAnswer(Struct, frozen=True):
    """What Miaohui says of an order; `refund` is why the money must go back."""

    status: str
    lines: list[LineDue]
    total_minor: int
    discount_minor: int
    expires_ms: int = 0
    refund: str = ""
    refunded_minor: int = 0


class Refused(Exception):
    """Miaohui said no: `code` for programs, `sentence` for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code, self.sentence = code, sentence


class _Refusal(Struct):
    code: str
    sentence: str


class Unreachable(Exception):
    """No answer after several attempts; nothing is known of what happened, and a repetition is safe."""


class Miaohui:
    """One shop's line to Miaohui."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self._http, self._key = http, key

    async def price(self, body: dict[str, Any], *, language: str = "en") -> Quote:
        """What a cart costs. Refused, Unreachable."""
        headers = {"Authorization": f"Bearer {self._key}", "Accept-Language": language}
        return msgspec.json.decode(await self._post("/api/v1/prices", body, headers), type=Quote)

    async def listing(self, body: dict[str, Any], *, language: str = "en") -> list[Listed]:
        """What products cost. Refused, Unreachable."""
        headers = {"Authorization": f"Bearer {self._key}", "Accept-Language": language}
        return msgspec.json.decode(await self._post("/api/v1/prices/listing", body, headers), type=list[Listed])

    async def order(
        self, order: str, verb: Verb, body: dict[str, Any], *, language: str = "en", once: str = ""
    ) -> OrderAnswer:
        """Tell Miaohui that `order` was placed, paid, cancelled or refunded. Refused, Unreachable.

        `once` tells two calls of the same verb apart (two refunds of one order); else a verb counts once per order.
        """
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Idempotency-Key": once or f"{order}-{verb}",
            "Accept-Language": language,
        }
        answer = await self._post(f"/api/v1/orders/{order}/{verb}", body, headers)
        return msgspec.json.decode(answer, type=OrderAnswer)

    async def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> bytes:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = await self._http.post(path, json=body, headers=headers)
            except httpx.TransportError as lost:
                if attempt == ATTEMPTS:
                    raise Unreachable(f"{path}: {lost!r}") from lost
            else:
                if answer.status_code == 200:
                    return answer.content
                if answer.status_code != 503 or attempt == ATTEMPTS:
                    refusal = msgspec.json.decode(answer.content, type=_Refusal)
                    raise Refused(refusal.code, refusal.sentence)
            await asyncio.sleep(PAUSE_S * attempt)
        raise AssertionError("the last attempt answers or raises")
