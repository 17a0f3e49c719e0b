"""All that one running brand has: its database, event store, host, keys and time. Pages and API calls get it as `workspace`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from miaohui.campaign.code_batches import CodeBatches
from miaohui.campaign.office import Office
from miaohui.clock import Clock, system_clock
from miaohui.customers import identities
from miaohui.events.ingest import Ingest
from miaohui.events.store import EventStore
from miaohui.host.codes import TypedCodes
from miaohui.host.fairground import Fairground
from miaohui.host.glance import Glance
from miaohui.host.host import Host
from miaohui.ledger.accounts import budget_key
from miaohui.planning.past import Cases
from miaohui.review.moment import Moment, moment
from miaohui.review.war_room import WarRoom
from miaohui.team.keys import KeyRing
from miaohui.vault import Vault


@dataclass(kw_only=True)
class Workspace:
    """One brand. `zone` and `currency` are what documents without their own use; `demo` shows what only a demo may show;
    `shift_days`: how far the demo has moved its data towards today; `simulated`: whether simulated customers may act in it;
    `files`: the folder of what operators hand in."""

    name: str
    title: str
    zone: str
    currency: str
    language: str
    url: str
    demo: bool
    db: asyncpg.Pool
    events: EventStore
    host: Host
    vault: Vault
    clock: Clock = system_clock
    shift_days: int = 0
    simulated: bool = False
    files: Path = Path("data/files")
    keys: KeyRing = field(init=False)
    fairground: Fairground = field(init=False)
    glance: Glance = field(init=False)
    cases: Cases = field(init=False)
    office: Office = field(init=False)
    typed: TypedCodes = field(init=False)
    codes: CodeBatches = field(init=False)
    ingest: Ingest = field(init=False)
    war_room: WarRoom = field(init=False)

    def __post_init__(self) -> None:
        self.keys = KeyRing(self.db)
        self.fairground = Fairground(self.host, self.db)
        self.glance = Glance(self.db)
        self.cases = Cases(self.db, self.events, self.zone, self.currency, lambda: self.clock())
        self.office = Office(
            self.db, self.fairground, self.events, self.vault, self.zone, self.currency, self.cases.past
        )
        self.typed = TypedCodes(self.vault)
        self.codes = CodeBatches(self.db, self.host, self.vault, self.typed, self.zone, self.currency)
        self.ingest = Ingest(self.db, self.acquaint, lambda: self.clock())
        self.war_room = WarRoom(self._moment)

    async def acquaint(self, connection: asyncpg.Connection, shop_ids: Sequence[str]) -> dict[str, str]:
        """The shop's ids of customers -> internal ids; who was unknown is a customer from now on."""
        return await identities.acquaint(connection, self.vault, shop_ids)

    async def shop_ids(self, connection: asyncpg.Connection, customers: Sequence[str]) -> dict[str, str]:
        """Internal ids -> the shop's ids; who has none is not in the answer."""
        return await identities.shop_ids_of(connection, self.vault, customers)

    async def _moment(self, campaign: str) -> Moment:
        unit = await self.db.fetchval("select unit from account where key = $1", budget_key(campaign))
        return await moment(self.db, self.events, campaign, unit or self.currency)
