"""What customers agreed to, by name ("sms", "email", "wechat_oa" ...), and when they changed their minds.

`consent` is what holds now: plays and messages ask it. `consent_change` is the proof: every yes and no, never changed.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg

_SLICE = 50_000
"""Customers asked about in one statement."""


async def give(connection: "asyncpg.Connection[Any]", customers: Sequence[str], name: str) -> None:
    """These customers agree from now on; who agreed before keeps the day."""
    await connection.execute(
        """with given as (
             insert into consent (customer, name) select distinct unnest($1::text[]), $2
             on conflict do nothing returning customer
           )
           insert into consent_change (customer, name, given) select customer, $2, true from given""",
        list(customers),
        name,
    )


async def withdraw(connection: "asyncpg.Connection[Any]", customer: str, name: str | None = None) -> None:
    """The customer no longer agrees: to `name`, or to anything."""
    await connection.execute(
        """with gone as (
             delete from consent where customer = $1 and ($2::text is null or name = $2) returning name
           )
           insert into consent_change (customer, name, given) select $1, name, false from gone""",
        customer,
        name,
    )


async def consents_of(connection: "asyncpg.Connection[Any]", customer: str) -> set[str]:
    """What a customer agrees to now."""
    rows = await connection.fetch("select name from consent where customer = $1", customer)
    return {row["name"] for row in rows}


async def agreeing(connection: "asyncpg.Connection[Any]", customers: Sequence[str]) -> dict[str, int]:
    """How many of these customers agree to what: name -> customers; a name nobody agrees to is not in the answer."""
    counts: dict[str, int] = {}
    for start in range(0, len(customers), _SLICE):
        rows = await connection.fetch(
            "select name, count(*) as n from consent where customer = any($1) group by name order by name",
            customers[start : start + _SLICE],
        )
        for row in rows:
            counts[row["name"]] = counts.get(row["name"], 0) + row["n"]
    return counts
