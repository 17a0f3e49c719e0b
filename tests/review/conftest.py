"""A small campaign that really ran: three plays on a host in PostgreSQL, its events carried into the store."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from msgspec.structs import replace

from miaohui.campaign.document import Document
from miaohui.campaign.reader import read
from miaohui.events import outbox
from miaohui.events.envelope import Event, event_id
from miaohui.events.relay import Relay
from miaohui.host.submission import Caller
from miaohui.server.database import as_owner
from tests.host.stage import CAMPAIGN, MINUTE, T, postgres_fair, set_clock, setup

ANN, BOB, CAT, DAN, ROBOT = (str(UUID(int=n << 64 | 7 << 76 | 2 << 62)) for n in (1, 2, 3, 4, 5))
DOCUMENT = """
campaign = "fair"
name = { zh = "庙会", en = "The fair" }
kind = "promotional"
zone = "America/New_York"
currency = "USD"
[phases]
live = 2026-09-21T10:13:20
wrap_up = 2026-09-24T10:13:20
[goals.gmv]
target = 150.00
[goals.participants]
target = 2
role = "execution"
[goals.followers]
target = 100
[budget]
total = 1000.00
[[budget.lines]]
for = "posters"
amount = 10.00
[products.tea]
sku = "tea-1"
cost = 20.00
"""


class Ran:
    """The campaign: its document, database and store, and words to let things happen."""

    def __init__(self, fair, database, store) -> None:
        self.fair, self.db, self.store = fair, database, store
        self.document = self.written(DOCUMENT)

    @staticmethod
    def written(text: str) -> Document:
        """The document of a text, whatever is still missing in it."""
        document = read(text).document
        assert document is not None
        return document

    async def tell(self, name: str, customer: str, at_ms: int = T, source: str = "live") -> None:
        """An event from outside."""
        id = event_id(at_ms, (name + customer).encode()[:16], 0)
        event = Event(
            id=id, name=name, at_ms=at_ms, received_at_ms=at_ms, source=source, customer=customer, campaign=CAMPAIGN
        )
        async with self.db.acquire() as c, c.transaction():
            await outbox.write(c, [event])

    async def coupon_order(self, order: str, customer: str, source: str = "live", pay: bool = True) -> str:
        """`customer` takes a coupon and uses it for one box of tea."""
        taken = await self.fair.do(self.fair.act("coupon", "claim", customer, source=source))
        claim = ("coupon", {"coupon": taken["coupon"]})
        await self._order(order, customer, claim, source, pay)
        return taken["coupon"]

    async def flash_order(self, order: str, customer: str, source: str = "live", pay: bool = True) -> None:
        """`customer` gets a token and buys one box of tea with it."""
        token = await self.fair.do(self.fair.act("flash_sale", "token", customer, source=source))
        await self._order(order, customer, ("flash_sale", {"instance": token["token"], "line": "1"}), source, pay)

    async def _order(self, order, customer, claim, source, pay) -> None:
        placed = self.fair.placed(order, customer, claim)
        answer = await self.fair.do(replace(placed, caller=Caller("shop", source)))
        assert isinstance(answer, dict), answer
        if pay:
            answer = await self.fair.do(self.fair.order(order, "paid"))
            assert answer["status"] == "paid"

    async def now(self, now_ms: int) -> None:
        """It is `now_ms`."""
        async with self.db.acquire() as c:
            await set_clock(c, now_ms)

    async def relay(self, now_ms: int = T + 5 * MINUTE) -> None:
        """Everything lies in the event store, and it is a little later."""
        async with self.db.acquire() as c:
            await Relay(self.db, self.store).step(c)
        await self.now(now_ms)


@pytest.fixture
async def ran(database, store, postgres_url: str) -> AsyncIterator[Ran]:
    """The fair, opened, nobody there yet."""
    schema = await database.fetchval("select current_schema()")
    async with as_owner(postgres_url, schema) as owner:
        await owner.execute("select month_partitions('2026-09-01', 1)")
    setups = [setup("coupon", head={"zone": "America/New_York"}), setup("flash_sale"), setup("group_buy")]
    fair = await postgres_fair(setups, database, [T])
    await fair.open()
    yield Ran(fair, database, store)
    await fair.host.stop()


def plain(value: object) -> object:
    """As it stands in JSON."""
    import msgspec

    return json.loads(msgspec.json.encode(value))
