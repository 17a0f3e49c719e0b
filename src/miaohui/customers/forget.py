"""Forgetting a customer: his names, phones and e-mails are erased, and every sum stays.

    identity      values are emptied, and the keyed hashes replaced by random ones: whoever comes with that phone again is new
    customer      the label is emptied; the internal id stays, because transfers, events and parties name it
    consent       withdrawn, all of it
    profile       emptied by a new event, so that no trait or tag puts him into an audience

Ledger and limits are not touched: they know internal ids and keyed hashes only. It cannot be undone.
"""

from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.customers import consent, profiles
from miaohui.customers.profiles import Profile
from miaohui.text import Text


class UnknownCustomer(ValueError):
    """There is no such customer."""

    code = "unknown_customer"

    def __init__(self, customer: str) -> None:
        self.sentence = Text(
            f"没有顾客 {customer}：请用内部编号，或 shop:<商店的编号>",
            f"there is no customer {customer}: give his internal id, or shop:<the shop's id>",
        )
        super().__init__(self.sentence.en)


class Forgotten(Struct, frozen=True):
    """What was erased. `before`: he had been forgotten already, and nothing was left to erase."""

    customer: str
    identities: int
    before: bool


async def forget(connection: "asyncpg.Connection[Any]", customer: str, *, now_ms: int) -> Forgotten:
    """Erase what names a customer, in the running transaction; write the audit row in the same one. UnknownCustomer."""
    row = await connection.fetchrow("select forgotten_at from customer where id = $1 for update", customer)
    if row is None:
        raise UnknownCustomer(customer)
    if row["forgotten_at"] is not None:
        return Forgotten(customer, 0, True)
    erased = await connection.fetch(
        """update identity set value = null, hash = 'forgotten/' || gen_random_uuid(),
                  valid_until = coalesce(valid_until, clock_timestamp())
           where customer = $1 returning 1""",
        customer,
    )
    await connection.execute(
        "update customer set label = null, forgotten_at = clock_timestamp() where id = $1", customer
    )
    await consent.withdraw(connection, customer)
    await profiles.write(connection, [Profile(customer)], now_ms=now_ms)
    return Forgotten(customer, len(erased), False)
