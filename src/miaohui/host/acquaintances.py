"""Whom the host knows: customers that acted lately, so that a batch asks only about strangers before it plans what it touches; and
the orders that those who wait in the queue are about.

What is remembered is a guess, never a permission. Every batch reads its customers again together with what it touches, but for
those who were asked about since they came; if one has another identity, consent or membership than remembered, he is forgotten and
the batch is run again, with the truth.
"""

from collections.abc import Iterable
from itertools import islice

from miaohui.events.envelope import NOBODY
from miaohui.host.orders import order_key
from miaohui.host.storage import Acquaintance, Person
from miaohui.host.submission import Customer, Submission

_NOTHING = Person()


class Acquaintances:
    """At most `people_max` customers; the one who came first is forgotten first."""

    def __init__(self, people_max: int = 200_000) -> None:
        self.people_max = people_max
        self.customers: dict[str, str] = {}
        self.people: dict[str, Person] = {}
        self.orders: dict[str, bytes] = {}

    def id(self, customer: Customer) -> str:
        """His internal id; nobody's if he is a stranger."""
        return customer.id or self.customers.get(customer.shop_hash, NOBODY)

    def is_stranger(self, c: Customer) -> bool:
        """Whether the storage must be asked about him."""
        return bool(c.id or c.shop_hash) and (c.id or self.customers.get(c.shop_hash)) not in self.people

    def know(self, s: Submission) -> bool:
        """Whether nothing must be asked before it is planned."""
        return not self.is_stranger(s.customer) and (not s.is_verb or order_key(s.order) in self.orders)

    def strangers(self, customers: Iterable[Customer]) -> list[Customer]:
        """Those about whom the storage must be asked first."""
        ids, people = self.customers, self.people
        unknown = (c for c in customers if (c.id or c.shop_hash) and (c.id or ids.get(c.shop_hash)) not in people)
        return list({c.id or c.shop_hash: c for c in unknown}.values())

    def learn(self, told: Acquaintance, asked: Iterable[Customer]) -> None:
        """What the storage said of those it was `asked` about, and of the orders of this batch."""
        self.orders |= told.orders
        self.customers |= told.customers
        for customer in asked:
            id = self.id(customer)
            self.people[id] = told.people.get(id, _NOTHING)
        for known in (self.customers, self.people, self.orders):
            for key in list(islice(known, max(0, len(known) - self.people_max))):
                del known[key]

    def hold(self, now: Acquaintance, customers: Iterable[Customer]) -> bool:
        """Whether the customers are remembered, and still as they are remembered."""
        for c in customers:
            id = c.id or self.customers.get(c.shop_hash, NOBODY)
            if c.shop_hash and now.customers.get(c.shop_hash) != id:
                return False
            if self.people.get(id) != now.people.get(id, _NOTHING):
                return False
        return True

    def forget(self, customers: Iterable[Customer]) -> None:
        """They may have changed, or were never stored."""
        for customer in customers:
            self.people.pop(self.id(customer), None)
            self.customers.pop(customer.shop_hash, None)
