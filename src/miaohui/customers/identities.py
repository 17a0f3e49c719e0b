"""How customers are known: (kind, keyed hash, encrypted value) -> customer. Values never leave the table `identity` in clear.

A customer is born the first time the shop's id of him is seen; phones, e-mails and the like are bound to him later. At one time
an identity belongs to one customer only. Phones and e-mails are compared in one form: +86 138 0013 8000 is +8613800138000.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg
from msgspec import Struct
from uuid_utils import uuid7

from miaohui.text import Text
from miaohui.vault import Vault

SHOP = "shop"
"""The kind of the shop's own customer ids."""


class Identity(Struct, frozen=True):
    """One way to know a customer, in clear: for pages, never for events or logs."""

    kind: str
    value: str


class IdentityTaken(ValueError):
    """The identity belongs to another customer."""

    code = "identity_taken"

    def __init__(self, kind: str, holder: str) -> None:
        self.kind, self.holder = kind, holder
        self.sentence = Text(
            f"这个 {kind} 已属于顾客 {holder}：先在那里解绑",
            f"this {kind} belongs to customer {holder}: take it from him first",
        )
        super().__init__(self.sentence.en)


def identity_hash(vault: Vault, kind: str, value: str) -> str:
    """What an identity is found by; the same value of another kind has another hash."""
    return vault.hash(f"identity/{kind}", normal(kind, value))


def normal(kind: str, value: str) -> str:
    """The one form in which values of a kind are compared; the shop's ids stay as they are."""
    if kind == "email":
        return value.strip().lower()
    if kind == "phone":
        return "".join(c for c in value if c.isdigit() or c == "+")
    return value


async def customers_of(connection: "asyncpg.Connection[Any]", kind: str, hashes: Sequence[str]) -> dict[str, str]:
    """hash -> internal customer id, of the identities that are valid now; who is not in the answer is unknown."""
    rows = await connection.fetch(
        "select hash, customer from identity where kind = $1 and hash = any($2) and valid_until is null", kind, hashes
    )
    return {row["hash"]: row["customer"] for row in rows}


async def find(connection: "asyncpg.Connection[Any]", vault: Vault, kind: str, value: str) -> str | None:
    """The customer who has this identity now."""
    return next(iter((await customers_of(connection, kind, [identity_hash(vault, kind, value)])).values()), None)


async def acquaint(connection: "asyncpg.Connection[Any]", vault: Vault, shop_ids: Sequence[str]) -> dict[str, str]:
    """The shop's ids -> internal ids; who was unknown is a customer from now on. In sets, safe beside others that do the same."""
    hashes = {identity_hash(vault, SHOP, shop_id): shop_id for shop_id in shop_ids}
    known = await customers_of(connection, SHOP, list(hashes))
    if new := [(hash, shop_id) for hash, shop_id in hashes.items() if hash not in known]:
        rows = await connection.fetch(
            "select unnest(c_hash) as hash, unnest(c_id) as customer from host_welcome($1, $2, $3)",
            [hash for hash, _ in new],
            [vault.encrypt(shop_id) for _, shop_id in new],
            [str(uuid7()) for _ in new],
        )
        known |= {row["hash"]: row["customer"] for row in rows}
    return {shop_id: known[hash] for hash, shop_id in hashes.items()}


async def shop_ids_of(connection: "asyncpg.Connection[Any]", vault: Vault, customers: Sequence[str]) -> dict[str, str]:
    """Internal ids -> the shop's ids, for what goes out to the shop; who has none is not in the answer."""
    rows = await connection.fetch(
        """select customer, value from identity
           where kind = $1 and customer = any($2) and valid_until is null and value is not null""",
        SHOP,
        list(customers),
    )
    return {row["customer"]: vault.decrypt(row["value"]) for row in rows}


async def bind(connection: "asyncpg.Connection[Any]", vault: Vault, customer: str, kind: str, value: str) -> None:
    """Give a customer one more identity; IdentityTaken if somebody else has it, nothing new if he has it already."""
    hash = identity_hash(vault, kind, value)
    await connection.execute(
        """insert into identity (kind, hash, value, customer) values ($1, $2, $3, $4)
           on conflict (kind, hash) where valid_until is null do nothing""",
        kind,
        hash,
        vault.encrypt(value),
        customer,
    )
    holder = (await customers_of(connection, kind, [hash]))[hash]
    if holder != customer:
        raise IdentityTaken(kind, holder)


async def unbind(connection: "asyncpg.Connection[Any]", vault: Vault, customer: str, kind: str, value: str) -> bool:
    """End an identity from now on; False if the customer does not have it."""
    done = await connection.execute(
        """update identity set valid_until = clock_timestamp()
           where kind = $1 and hash = $2 and customer = $3 and valid_until is null""",
        kind,
        identity_hash(vault, kind, value),
        customer,
    )
    return bool(done == "UPDATE 1")


async def identities_of(connection: "asyncpg.Connection[Any]", vault: Vault, customer: str) -> list[Identity]:
    """What a customer is known by now, in clear, by kind."""
    rows = await connection.fetch(
        """select kind, value from identity where customer = $1 and valid_until is null and value is not null
           order by kind, valid_from""",
        customer,
    )
    return [Identity(row["kind"], vault.decrypt(row["value"])) for row in rows]


async def name(connection: "asyncpg.Connection[Any]", vault: Vault, labels: dict[str, str]) -> None:
    """Set how pages call customers: id -> label, kept encrypted. Who was forgotten stays nameless."""
    await connection.execute(
        """update customer set label = new.label from unnest($1::text[], $2::bytea[]) as new (id, label)
           where customer.id = new.id and forgotten_at is null""",
        list(labels),
        [vault.encrypt(label) for label in labels.values()],
    )


async def labels(connection: "asyncpg.Connection[Any]", vault: Vault, customers: Sequence[str]) -> dict[str, str]:
    """How pages call these customers; who has no label is not in the answer."""
    rows = await connection.fetch(
        "select id, label from customer where id = any($1) and label is not null", list(customers)
    )
    return {row["id"]: vault.decrypt(row["label"]) for row in rows}
