"""Who is in, fixed at launch: one query gives each customer a mask over the campaign's audiences, PostgreSQL keeps it.

    campaign_audience   (campaign, bit) -> name of the audience
    membership          (campaign, customer) -> mask, control; only customers who are in at least one audience

A play asks this table, never the event store: who was silent at launch stays in "silent" while he comes back. The control
group is drawn by a keyed hash of campaign and customer, so that it can be recomputed and not be guessed.
"""

import hashlib
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.audiences.known import Known
from miaohui.audiences.language import read
from miaohui.audiences.sql import People
from miaohui.events.store import EventStore
from miaohui.vault import Vault

AUDIENCES_MAX = 63
"""Bits of a mask."""
PPM_PER_BP = 100


class Frozen(Struct, frozen=True):
    """What a launch fixed: how many customers are in at least one audience, how many of them are controls, how many are in
    each audience."""

    customers: int
    control: int
    audiences: dict[str, int]


async def freeze(
    connection: "asyncpg.Connection[Any]",
    store: EventStore,
    vault: Vault,
    known: Known,
    *,
    campaign: str,
    audiences: dict[str, str],
    control_share_ppm: int,
    now_ms: int,
) -> Frozen:
    """Write the membership of a campaign, in the running transaction; a campaign that has one keeps it.

    `audiences`: name -> condition as text. BadCondition if one cannot be read, ValueError if there are more than 63.
    """
    if len(audiences) > AUDIENCES_MAX:
        raise ValueError(f"{campaign} has {len(audiences)} audiences: a campaign may use at most {AUDIENCES_MAX}")
    conditions = [read(text, known).condition for text in audiences.values()]
    await connection.execute("select pg_advisory_xact_lock(hashtext('freeze'), hashtext($1))", campaign)
    if not conditions or await connection.fetchval(
        "select exists (select from campaign_audience where campaign = $1)", campaign
    ):
        return await frozen(connection, campaign)

    people = People(known, now_ms)
    mask = " + ".join(f"toInt64({people.holds(c)}) * {1 << bit}" for bit, c in enumerate(conditions))
    query = people.query(f"toString(customer) as customer, {mask} as mask", "mask != 0")
    rows = await store.query(query.sql, query.parameters)
    controls = Controls(vault, campaign, control_share_ppm)
    await connection.executemany(
        "insert into campaign_audience (campaign, bit, name) values ($1, $2, $3)",
        [(campaign, bit, name) for bit, name in enumerate(audiences)],
    )
    await connection.copy_records_to_table(
        "membership",
        columns=["campaign", "customer", "mask", "control"],
        records=((campaign, row["customer"], row["mask"], row["customer"] in controls) for row in rows),
    )
    return await frozen(connection, campaign)


async def frozen(connection: "asyncpg.Connection[Any]", campaign: str) -> Frozen:
    """What a campaign's launch fixed; all 0 before it."""
    whole = await connection.fetchrow(
        "select count(*) as customers, count(*) filter (where control) as control from membership where campaign = $1",
        campaign,
    )
    each = await connection.fetch(
        """select name, (select count(*) from membership m where m.campaign = a.campaign and m.mask >> a.bit & 1 = 1) as n
           from campaign_audience a where campaign = $1 order by bit""",
        campaign,
    )
    return Frozen(whole["customers"], whole["control"], {row["name"]: row["n"] for row in each})


class Controls:
    """The control group of a campaign: customers whose keyed hash, modulo 10,000, is below the share in basis points."""

    def __init__(self, vault: Vault, campaign: str, share_ppm: int) -> None:
        self._key, self._share_bp = vault.key(f"control/{campaign}"), share_ppm // PPM_PER_BP

    def __contains__(self, customer: str) -> bool:
        digest = hashlib.blake2b(customer.encode(), key=self._key, digest_size=8).digest()
        return int.from_bytes(digest, "big") % 10_000 < self._share_bp
