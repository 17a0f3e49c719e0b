"""Reading what the host holds without a lock and without waiting for it: for answers that decide nothing.

Pools and budgets are the same for everybody: they are remembered for `REMEMBERED_MS`, and so is who a customer is. What belongs
to one customer (his wallet, his counters, his coupons, the code he typed) is read each time. A cart that needs none of these costs
no query at all.
The truth is told when the order is placed.
"""

import time
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from miaohui.host.storage import Person, StateRow
from miaohui.host.submission import Customer
from miaohui.ledger.accounts import CODES, WITHDRAWN, Account, is_world

REMEMBERED_MS = 1_000
PEOPLE_MAX = 50_000

_OF_A_CODE = f"/{CODES}/", f"/{WITHDRAWN}/"
_ACCOUNTS = """
select now_ms() as at, key, debits, credits, debits_pending, credits_pending, unit, overdraft, ceiling, version
from account where key = any($1)
"""
_STATES = "select key, version, terms, body from state where key = any($1)"
_WHO = "select customer from identity where kind = 'shop' and hash = $1 and valid_until is null"
_PERSON = """
select (select coalesce(json_object_agg(kind, hash), '{}') from identity
        where customer = $1 and kind <> 'shop' and valid_until is null)::text as identities,
       (select coalesce(array_agg(name), '{}') from consent where customer = $1) as consents,
       (select coalesce(array_agg((campaign, mask, control)), '{}') from membership where customer = $1) as memberships
"""


class Glance:
    """What is in one workspace's database, a moment old at most. `db` is its pool of connections."""

    def __init__(self, db: Any) -> None:
        self.db = db
        self._accounts: dict[str, tuple[float, Account]] = {}
        self._people: dict[Customer, tuple[float, str, Person]] = {}
        self._ahead_ms, self._epoch, self._asked = 0.0, 0, -1e9

    async def now_ms(self) -> int:
        """The database's time, which decides windows; kept by this process's clock between two questions."""
        return int(await self._ask() + self._ahead_ms)

    async def epoch(self) -> int:
        """How often the plays have changed."""
        await self._ask()
        return self._epoch

    async def _ask(self) -> float:
        at = _ticks()
        if at - self._asked > REMEMBERED_MS:
            now_ms, self._epoch = await self.db.fetchrow("select now_ms(), epoch from workspace")
            self._ahead_ms, self._asked = now_ms - at, at
        return at

    async def person(self, customer: Customer) -> tuple[str, Person]:
        """Internal id and person; ("", nobody in particular) for one whom we do not know. Nothing is written."""
        if not customer.id and not customer.shop_hash:
            return "", Person()
        key = Customer(id=customer.id, shop_hash=customer.shop_hash)
        found = self._people.get(key)
        if found is None or _ticks() - found[0] > REMEMBERED_MS:
            found = (_ticks(), *await self._person(key))
            if found[1]:  # a stranger may be known in a moment
                if len(self._people) >= PEOPLE_MAX:
                    self._people.clear()
                self._people[key] = found
        return found[1], found[2]

    async def accounts(self, keys: Iterable[str]) -> dict[str, Account]:
        """The accounts under `keys`; one that does not exist is empty."""
        fresh = _ticks() - REMEMBERED_MS
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Account] = {}
        for key in wanted:
            if is_world(key):
                found[key] = Account(overdraft=True)
            elif (known := self._accounts.get(key)) is not None and known[0] > fresh:
                found[key] = replace(known[1])
        ask = [key for key in wanted if key not in found]
        for row in await self.db.fetch(_ACCOUNTS, ask) if ask else ():
            found[row["key"]] = Account(*list(row.values())[2:])
        for key in ask:
            account = found.setdefault(key, Account())
            if not key.startswith(("wallet/", "limit/")) and not any(pool in key for pool in _OF_A_CODE):
                self._accounts[key] = (_ticks(), replace(account))
        return found

    async def states(self, keys: Collection[str]) -> dict[str, StateRow]:
        """The states under `keys`, as they are stored."""
        rows = await self.db.fetch(_STATES, list(keys)) if keys else []
        return {row["key"]: StateRow(row["version"], row["terms"], row["body"]) for row in rows}

    async def _person(self, customer: Customer) -> tuple[str, Person]:
        id = customer.id or await self.db.fetchval(_WHO, customer.shop_hash)
        if not id:
            return "", Person()
        row = await self.db.fetchrow(_PERSON, id)
        identities = msgspec.json.decode(row["identities"], type=dict[str, str])
        memberships = {campaign: (mask, control) for campaign, mask, control in row["memberships"]}
        return id, Person(identities, frozenset(row["consents"]), memberships)


def _ticks() -> float:
    return time.monotonic() * 1000
