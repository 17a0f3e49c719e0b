"""How far a share has carried: the waves of a campaign, from its events.

A play whose module says which events spread it (`SPREADS`: what opens something for friends, what counts as taking part in it, the
field that both carry) is read so: whoever first took part in what he opened himself is a seed, whoever first took part in what
somebody else opened stands one wave behind him.

    N_w     people of wave w                K_w = N_w / N_(w-1)
    join    people of all waves behind the seeds / visitors whom `share` brought first
    decay   K_2 / K_1

These are what the estimate of `campaign.chain` calls by the same names; how many share and how many look is not in the events.
Simulated customers are in none of it, unless they alone are asked for.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.events.envelope import wire_name
from miaohui.events.store import EventStore
from miaohui.host.setup import Setup, machine
from miaohui.review import books

_FIRST = """
select toString(j.customer) as who, toString(o.owner) as owner, j.first as first from (
  select customer, argMin(properties[{field:String}], at) as thing, min(at) as first from events
  where campaign = {campaign:String} and play = {play:String} and name = {joined:String}
    and (source = 'simulated') = {simulated:Bool} group by customer) as j
join (
  select properties[{field:String}] as thing, argMin(customer, at) as owner from events
  where campaign = {campaign:String} and play = {play:String} and name = {opened:String} group by thing) as o using (thing)
"""


class Carried(Struct, frozen=True, kw_only=True):
    """People by waves, the seeds first; `looked`: visitors whom a share brought first."""

    people: tuple[int, ...] = ()
    looked: int = 0

    @property
    def factors(self) -> tuple[float, ...]:
        """K of each wave behind the seeds."""
        return tuple(after / before for before, after in zip(self.people, self.people[1:], strict=False))

    @property
    def first(self) -> float | None:
        """K of the first wave; None without seeds."""
        if not self.people:
            return None
        return self.factors[0] if self.factors else 0.0

    @property
    def decay(self) -> float | None:
        """What the second wave keeps of the first; None where there is no second."""
        return self.factors[1] / self.factors[0] if len(self.factors) > 1 else None

    @property
    def join(self) -> float | None:
        """Of those whom a share brought, who took part; None if nobody came so, or more took part than were seen."""
        came = sum(self.people[1:])
        return came / self.looked if came <= self.looked and self.looked else None


async def carried(
    db: "asyncpg.Pool[Any]", store: EventStore, campaign: str, looked: int, *, simulated: bool = False
) -> Carried:
    """What the shares of `campaign` have carried; nothing where no play of it spreads."""
    first: dict[str, tuple[datetime, str]] = {}
    for setup in await books.running(db, campaign):
        for row in await _of_play(store, campaign, setup, simulated):
            who, at = row["who"], row["first"]
            if who not in first or at < first[who][0]:
                first[who] = (at, row["owner"])
    return Carried(people=waves({who: owner for who, (_, owner) in first.items()}), looked=looked)


async def _of_play(store: EventStore, campaign: str, setup: Setup, simulated: bool) -> list[dict[str, Any]]:
    module = machine(setup.module).module
    spreads = getattr(module, "SPREADS", None)
    if spreads is None:
        return []
    opened, joined, field = spreads
    asked = {"campaign": campaign, "play": setup.play, "field": field, "simulated": simulated}
    asked |= {"opened": wire_name(setup.module, opened), "joined": wire_name(setup.module, joined)}
    return await store.query(_FIRST, asked)


def waves(owners: Mapping[str, str]) -> tuple[int, ...]:
    """How many stand in each wave; `owners`: of each person, who opened what he first took part in (himself: a seed)."""
    known: dict[str, int] = {}
    for who in owners:
        way = []
        while who not in known and who not in way:
            way.append(who)
            who = owners.get(who, who)
        wave = known.get(who, -1)
        for one in reversed(way):
            wave += 1
            known[one] = wave
    count = Counter(known[who] for who in owners)
    return tuple(count[wave] for wave in range(max(count, default=-1) + 1))
