"""Customers of a shop who never give up, and a log of every answer they saw.

Each asks one of several web processes, at random; sometimes two of them at once with the same key. No answer, or 503, means:
ask again, with the same key, until there is one. The first answer that grants something is the truth about its key from then
on: any other granted answer is an error at once.
"""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from miaohui.customers.identities import SHOP, identity_hash
from tests.host.stage import CAMPAIGN

LINE = {"line": "a", "sku": "x", "quantity": 1, "unit_price_minor": 900}
TEA = {"line": "a", "sku": "tea-1", "quantity": 1, "unit_price_minor": 5000}
GOOD = {("coupon", "none_left"), ("flash_sale", "sold_out"), ("flash_sale", "token_expired"), ("group_buy", "sold_out")}
"""Refusals that may be true of somebody who does everything right."""


@dataclass
class Granted:
    """What was granted under one key: by which path and body, and the answer."""

    path: str
    body: bytes
    answer: bytes

    @property
    def reply(self):
        """The answer as JSON."""
        return json.loads(self.answer)


@dataclass
class Customers:
    """Everybody who takes part in the campaign of a town, by the web processes at `ports`."""

    town: object
    ports: list
    random: object
    twice: float = 0.1
    allowed: set = field(default_factory=lambda: set(GOOD))
    granted: dict = field(default_factory=dict)
    refused: list = field(default_factory=list)
    busy: list = field(default_factory=list)
    unanswered: int = 0
    n: int = 0

    def __post_init__(self):
        self.lines = {}
        self.stopped = asyncio.Event()

    # --- asking -------------------------------------------------------------------------------------------------------
    async def ask(self, path, key, body, play=""):
        """Ask until there is an answer: the reply of a granted one, or None."""
        body = json.dumps(body).encode()
        while True:
            ports = self.random.sample(self.ports, len(self.ports))
            asked = ports if self.random.random() < self.twice else ports[:1]
            answers = await asyncio.gather(*(self.once(port, path, key, body) for port in asked))
            told = [(status, answer) for status, answer in answers if status not in (0, 503)]
            self.busy += [answer for status, answer in answers if status == 503]
            self.unanswered += len(answers) - len(told)
            for status, answer in told:
                self.note(key, path, body, status, answer, play)
            if told:
                return self.granted[key].reply if key in self.granted else None
            await asyncio.sleep(0.02)

    def note(self, key, path, body, status, answer, play=""):
        """Write an answer down; it must not contradict an earlier one."""
        if status == 200:
            first = self.granted.setdefault(key, Granted(path, body, answer))
            assert (first.path, first.body, first.answer) == (path, body, answer), key
        else:
            code = json.loads(answer)["code"]
            assert (play, code) in self.allowed, (path, status, answer)
            self.refused.append((play, code))

    async def once(self, port, path, key, body, bearer=""):
        """(status, body) of one request, (0, b"") if there is no answer; on a new line if the server has closed the old one."""
        lines = self.lines.setdefault(port, [])
        while lines:
            if told := await self.on(lines.pop(), port, path, key, body, bearer):
                return told
        try:
            line = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return 0, b""
        return await self.on(line, port, path, key, body, bearer) or (0, b"")

    async def on(self, line, port, path, key, body, bearer):
        """(status, body) of one request on a line that is kept for the next, None if there is no answer."""
        reader, writer = line
        head = (
            f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {bearer or self.town.key}\r\nidempotency-key: {key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        try:
            writer.write(head.encode() + body)
            said = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(said.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
        except (OSError, EOFError, asyncio.IncompleteReadError):
            writer.close()
            return None
        self.lines[port].append(line)
        return int(said[9:12]), answer

    # --- lives --------------------------------------------------------------------------------------------------------
    def act(self, play, action, who, **fields):
        """One action of a play."""
        path = f"/api/v1/plays/{CAMPAIGN}/{play}/{action}"
        return self.ask(path, f"{who}-{play}", {"customer": who, **fields}, play)

    def order(self, order, verb, play="", **fields):
        """One verb of an order."""
        return self.ask(f"/api/v1/orders/{order}/{verb}", f"{order}-{verb}", fields, play)

    async def bought(self, who, play, goods, **claim):
        """An order with one claim; the reply, or None if it was refused."""
        claims = [{"campaign": CAMPAIGN, "play": play, **claim}]
        return await self.order(
            f"{who}-{play}", "placed", play, customer=who, currency="USD", lines=[goods], claims=claims
        )

    async def ends(self, who, play):
        """Most orders are paid, some cancelled, some forgotten."""
        verb = self.random.choice(["paid", "paid", "cancelled", ""])
        if verb:
            done = await self.order(f"{who}-{play}", verb)
            assert done is None or done["status"] == verb or done["refund"], done

    async def coupon(self, who):
        """Claims a coupon and uses it."""
        coupon = await self.act("coupon", "claim", who)
        if coupon:
            placed = await self.bought(who, "coupon", LINE, coupon=coupon["coupon"])
            if placed:
                assert placed["discount_minor"] == coupon["amount_minor"], placed
                await self.ends(who, "coupon")

    async def flash_sale(self, who):
        """Takes a token and buys."""
        token = await self.act("flash_sale", "token", who)
        if token and await self.bought(who, "flash_sale", TEA, instance=token["token"], line="a"):
            await self.ends(who, "flash_sale")

    async def group_buy(self, who):
        """Opens a party, pays, and brings two friends, who come at once."""
        party = await self.act("group_buy", "open", who)
        if party and await self.bought(who, "group_buy", TEA, instance=party["party"], line="a"):
            await self.order(f"{who}-group_buy", "paid")
            friends = [f"{who}-{n}" for n in (1, 2)]
            await asyncio.gather(*(self.joins(friend, party["party"]) for friend in friends))

    async def joins(self, who, party):
        """A friend takes a seat and pays."""
        if await self.bought(who, "group_buy", TEA, instance=party, line="a"):
            await self.order(f"{who}-group_buy", "paid")

    @asynccontextmanager
    async def living(self, *plays, people=16):
        """`people` lives at a time, one after another, as long as the context; a contradiction ends it at once."""
        self.stopped.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._live(plays, people))
            yield
            self.stopped.set()

    async def more(self, grants=20):
        """Wait until that many more grants were seen."""
        wanted = len(self.granted) + grants
        while len(self.granted) < wanted:  # noqa: ASYNC110 - other processes grant
            await asyncio.sleep(0.01)

    async def _live(self, plays, people):

        async def one():
            while not self.stopped.is_set():
                self.n += 1
                await getattr(self, self.random.choice(plays))(f"c{self.n}")

        async with asyncio.TaskGroup() as group:
            for _ in range(people):
                group.create_task(one())

    # --- asking again -------------------------------------------------------------------------------------------------
    async def ask_all_again(self):
        """Every granted key once more: the same bytes."""
        keys = iter(list(self.granted.items()))

        async def one():
            for key, first in keys:
                await self.ask(first.path, key, json.loads(first.body))

        await asyncio.gather(*(one() for _ in range(16)))

    def ids(self):
        """Key -> the id under which the host must have kept its answer."""
        return {key: self.id(key, granted) for key, granted in self.granted.items()}

    def id(self, key, granted):
        """The id of an action from the scope of its key: caller, customer, campaign, play."""
        host, (_, _, _, kind, name, last, *_) = self.town.host, [*granted.path.split("/"), ""]
        if kind == "orders":
            return host.id(self.town.scope, "", "", f"order/{name}", key)
        who = identity_hash(self.town.vault, SHOP, json.loads(granted.body)["customer"])
        return host.id(self.town.scope, who, name, last, key)
