"""Simulated customers, and the shop they order in: what they do, one call of the public API at a time.

A visit is a chain of calls: look at the campaign, then perhaps take a coupon and use it, take part in the flash sale, or open or
join a group; pay, think better of it, or forget; now and then bring something back. Several visits are under way at once, and
`step` takes one of them one call further. All choices come from one seeded generator.

They are customers of their own, `sim-00001` to `sim-20000`, "Simulated 00001" on pages: every real household stays free for
visitors, who find its coupon untaken and its limits unused. They join only groups that one of them has opened: no robot fills
a visitor's group. They leave something for visitors: see `Pace`.
"""

from collections.abc import AsyncGenerator
from random import Random
from typing import Any

import httpx
from msgspec import Struct
from uuid_utils import uuid7

from miaohui.counter.miaohui import Miaohui, Offer, Refused

PEOPLE = 20_000
AT_ONCE = 6
"""Visits under way: at two calls a second a visitor acts every three seconds."""
KEEP = 0.3
HEAD_START = 0.05
Visit = AsyncGenerator[None, None]


class Pace(Struct, frozen=True):
    """How much of a play simulated customers may take by now: its even share of all but `KEEP`, and a little more at the start.

    `elapsed` of the campaign's time and `left` of each play's pools, from 0 to 1.
    """

    elapsed: float = 0.0
    left: dict[str, float] = {}

    def allows(self, play: str) -> bool:
        """Whether one more may be taken."""
        return 1 - self.left.get(play, 0.0) < min(1 - KEEP, HEAD_START + (1 - KEEP) * self.elapsed)


class Ware(Struct, frozen=True):
    """What they order: the shop's product at its list price."""

    sku: str
    price_minor: int


class Scene(Struct, frozen=True, kw_only=True):
    """A campaign as they see it: the plays by module, what the plays sell, what else the shop sells, and the pace."""

    campaign: str
    currency: str
    plays: dict[str, str]
    wares: dict[str, Ware]
    shelf: list[Ware]
    pace: Pace


class Party(Struct):
    """A group that one of them has opened; `seats` are left."""

    id: str
    seats: int


class Crowd:
    """All of them. `http` speaks to the server with their key."""

    def __init__(self, http: httpx.AsyncClient, api_key: str, chance: Random) -> None:
        self.http, self.till, self.chance = http, Miaohui(http, api_key), chance
        self.http.headers["Authorization"] = f"Bearer {api_key}"
        self._visits: list[Visit] = []
        self._parties: list[Party] = []

    def newcomer(self) -> str:
        """Who comes next, if there is room; else nobody."""
        return f"sim-{self.chance.randint(1, PEOPLE):05}" if len(self._visits) < AT_ONCE else ""

    async def step(self, scene: Scene, newcomer: str) -> None:
        """One call: of the newcomer, else of somebody who is here. Refused: unauthorised."""
        if newcomer:
            visit = self.visit(scene, newcomer)
        else:
            visit = self._visits.pop(min(self.chance.randrange(AT_ONCE), self.chance.randrange(AT_ONCE)))
        self._visits.append(visit)  # who has waited longest is the likeliest to go on
        try:
            await anext(visit)
        except StopAsyncIteration:
            self._visits.remove(visit)
        except Refused as no:
            self._visits.remove(visit)
            if no.code == "unauthorised":
                raise

    async def visit(self, scene: Scene, customer: str) -> Visit:
        """What one customer does, with a yield after each call. A refusal ends the visit."""
        await self.look(scene, customer, "")
        yield
        if self.chance.random() < 0.4:
            return
        module = self.chance.choice(("coupon", "coupon", "flash_sale", "flash_sale", "group_buy"))
        play = scene.plays.get(module)
        if play is None:
            return
        await self.look(scene, customer, play)
        yield
        if not scene.pace.allows(play):
            return
        chain = {"coupon": self._coupon, "flash_sale": self._flash_sale, "group_buy": self._group_buy}[module]
        async for _ in chain(scene, customer, play):
            yield

    async def _coupon(self, scene: Scene, customer: str, play: str) -> Visit:
        taken = await self.act(scene, customer, play, "claim")
        yield
        if self.chance.random() < 0.5:
            wares = [self.chance.choice(scene.shelf) for _ in range(self.chance.randint(3, 8))]
            offer = Offer(scene.campaign, play, coupon=taken["coupon"])
            async for _ in self._order(scene, customer, wares, offer):
                yield

    async def _flash_sale(self, scene: Scene, customer: str, play: str) -> Visit:
        turn = await self.act(scene, customer, play, "token")
        yield
        offer = Offer(scene.campaign, play, instance=turn["token"], line="1")
        async for _ in self._order(scene, customer, [scene.wares[play]], offer):
            yield

    async def _group_buy(self, scene: Scene, customer: str, play: str) -> Visit:
        party = self.chance.choice(self._parties) if self._parties else None
        if party is None:
            opened = await self.act(scene, customer, play, "open")
            party = Party(opened["party"], opened["missing"])
            yield
        elif party.seats == 1:
            self._parties.remove(party)
        party.seats -= 1
        offer = Offer(scene.campaign, play, instance=party.id, line="1")
        async for status in self._order(scene, customer, [scene.wares[play]], offer, sure=True):
            if status == "paid" and party.seats > 0 and party not in self._parties:
                self._parties.append(party)
            yield

    async def _order(
        self, scene: Scene, customer: str, wares: list[Ware], offer: Offer, *, sure: bool = False
    ) -> AsyncGenerator[str, None]:
        """Place an order with an offer; pay it (`sure`: certainly), cancel it or forget it; bring it back. Yields its status."""
        order = f"sim-{uuid7()}"
        lines = [
            {"line": str(n), "sku": ware.sku, "quantity": 1, "unit_price_minor": ware.price_minor}
            for n, ware in enumerate(wares, 1)
        ]
        claims = [{name: getattr(offer, name) for name in offer.__struct_fields__}]
        body = {"customer": customer, "currency": scene.currency, "lines": lines, "claims": claims}
        yield (await self.till.order(order, "placed", body)).status
        fate = 0.0 if sure else self.chance.random()
        if fate < 0.8:
            yield (await self.till.order(order, "paid", {})).status
            if not sure and self.chance.random() < 0.06:
                yield (await self.till.order(order, "refunded", {})).status
        elif fate < 0.95:
            yield (await self.till.order(order, "cancelled", {})).status

    async def look(self, scene: Scene, customer: str, play: str) -> None:
        """A page of the campaign was opened."""
        page = f"/c/{scene.campaign}/{play}" if play else f"/c/{scene.campaign}"
        channel = self.chance.choice(("", "share", "poster", "app"))
        event = {
            "name": "page.viewed",
            "customer": customer,
            "campaign": scene.campaign,
            "page": page,
            "channel": channel,
        }
        _granted(await self.http.post("/api/v1/events", json=event))

    async def act(self, scene: Scene, customer: str, play: str, action: str) -> dict[str, Any]:
        """An action of a play; its reply. Refused."""
        path = f"/api/v1/plays/{scene.campaign}/{play}/{action}"
        headers = {"Idempotency-Key": str(uuid7())}
        return _granted(await self.http.post(path, json={"customer": customer}, headers=headers))

    async def bring_back(self, after: str) -> str:
        """What a shop does when Miaohui asks for refunds: give the money of their orders back. The cursor to go on from."""
        query = {"after": after, "name": "refund.requested", "limit": "50"}
        page = _granted(await self.http.get("/api/v1/events", params=query))
        for event in page["events"]:
            if event["source"] == "simulated":
                await self.till.order(event["order"], "refunded", {})
        return str(page["cursor"])


def _granted(answer: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    if answer.is_success:
        return body
    raise Refused(body["code"], body["sentence"])
