"""The demo's card: `demo.json` in the data folder, which only its owner may read, so that scripts find the way in.

The operator and the API key are made in one transaction with the file: the file is in place before the transaction ends, and a
card whose key opens nothing is made anew. So a start that was killed at any moment leaves one operator and one key that works.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from miaohui.team import keys, operators
from miaohui.team.keys import KeyRing
from miaohui.team.operators import Operator
from miaohui.workspace import Workspace

FILE = "demo.json"
OPERATOR = "demo"
LABEL = "demo scripts"


class Card(Struct, frozen=True, kw_only=True):
    """`url` where the server answers; `api_key` of a shop's program; the console's log-in; `shift_days`: how far the data's
    dates were moved."""

    url: str
    api_key: str
    operator: str
    password: str
    shift_days: int


async def issue(workspace: Workspace, folder: Path) -> Card:
    """The card of this workspace, as it is or made now."""
    file = folder / FILE
    async with workspace.db.acquire() as connection:
        operator = next((o for o in await operators.operators(connection) if o.name == OPERATOR), None)
        known = await _kept(workspace.keys, file)
        if operator is None or known is None:
            async with connection.transaction():
                password = await _operator(connection, operator)
                for key in await keys.keys(connection):
                    if key.label == LABEL and key.revoked_at is None:
                        await keys.revoke(connection, OPERATOR, key.id)
                _, api_key = await keys.create(connection, OPERATOR, LABEL)
                card = Card(
                    url=workspace.url,
                    api_key=api_key,
                    operator=OPERATOR,
                    password=password,
                    shift_days=workspace.shift_days,
                )
                _write(file, card)
            return card
    card = msgspec.structs.replace(known, url=workspace.url, shift_days=workspace.shift_days)
    if card != known:
        _write(file, card)
    return card


async def _kept(ring: KeyRing, file: Path) -> Card | None:
    """The card on the disk, if its key is one of ours."""
    try:
        card = msgspec.json.decode(file.read_bytes(), type=Card)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return card if await ring.caller(card.api_key) else None


async def _operator(connection: "asyncpg.Connection[Any]", known: Operator | None) -> str:
    """Make the operator, or give the one that is there a new password."""
    if known is not None:
        return (await operators.reset_password(connection, OPERATOR, known.id))[1]
    password = secrets.token_urlsafe(12)
    await operators.add(connection, OPERATOR, OPERATOR, "admin", password)
    return password


def _write(file: Path, card: Card) -> None:
    """All of it or nothing, and never readable by others."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
