"""Operators, roles, and the audit rows that come with every change."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from miaohui.team import TeamRefusal, audit, operators, sessions
from miaohui.team.roles import PERMISSIONS, ROLES, roles_with

PASSWORD = "ten letters"


@pytest.fixture
async def connection(database: "asyncpg.Pool[Any]") -> AsyncIterator["asyncpg.Connection[Any]"]:
    async with database.acquire() as connection:
        yield connection


async def log(connection: "asyncpg.Connection[Any]") -> list[tuple[str, str, str, dict[str, Any]]]:
    found = await audit.entries(connection, audit.Filter())
    return [(e.operator, e.action, e.subject, e.detail) for e in reversed(found)]


def test_roles_grow_and_every_permission_is_explained() -> None:
    assert ROLES["viewer"] < ROLES["operator"] < ROLES["admin"] == set(PERMISSIONS)
    assert roles_with("campaign.approve") == ["admin"]
    assert roles_with("campaign.edit") == ["operator", "admin"]


async def test_a_team_changes_and_each_change_is_in_the_log(connection: "asyncpg.Connection[Any]") -> None:
    lin = await operators.add(connection, "setup", "Lin Xiao", "admin", PASSWORD)
    wang = await operators.add(connection, "Lin Xiao", "wang", "viewer", PASSWORD)
    assert (await operators.change_role(connection, "Lin Xiao", wang.id, "operator")).may("campaign.edit")
    _, password = await operators.reset_password(connection, "Lin Xiao", wang.id)
    await operators.change_password(connection, wang, password, "another password")
    await operators.archive(connection, "Lin Xiao", wang.id)
    assert [o.name for o in await operators.operators(connection)] == ["Lin Xiao"]
    assert [o.name for o in await operators.operators(connection, archived=True)] == ["wang"]
    assert lin.may("team.edit")
    assert await log(connection) == [
        ("setup", "operator.added", "Lin Xiao", {"role": "admin"}),
        ("Lin Xiao", "operator.added", "wang", {"role": "viewer"}),
        ("Lin Xiao", "operator.role_changed", "wang", {"from": "viewer", "to": "operator"}),
        ("Lin Xiao", "operator.password_reset", "wang", {}),
        ("wang", "operator.password_changed", "wang", {}),
        ("Lin Xiao", "operator.archived", "wang", {}),
    ]


async def test_what_is_refused_changes_nothing_and_is_not_logged(connection: "asyncpg.Connection[Any]") -> None:
    lin = await operators.add(connection, "setup", "lin", "admin", PASSWORD)
    before = await log(connection)
    refusals = [
        (operators.add(connection, "lin", " ", "viewer", PASSWORD), "The log-in name needs 1 to 60 characters."),
        (operators.add(connection, "lin", "LIN", "viewer", PASSWORD), "LIN is taken: choose another name."),
        (operators.add(connection, "lin", "li", "viewer", "short"), "The password has 5 characters: use at least 10."),
        (
            operators.add(connection, "lin", "li", "boss", PASSWORD),  # type: ignore[arg-type]
            "There is no role 'boss': choose of viewer, operator, admin.",
        ),
        (
            operators.change_role(connection, "lin", lin.id, "viewer"),
            "lin is the only administrator: make somebody else one first.",
        ),
        (
            operators.archive(connection, "lin", lin.id),
            "lin is the only administrator: make somebody else one first.",
        ),
        (operators.archive(connection, "lin", "nobody"), "There is no such operator: reload the page."),
        (operators.change_password(connection, lin, "wrong", PASSWORD), "The present password is wrong."),
    ]
    for call, sentence in refusals:
        with pytest.raises(TeamRefusal) as refused:
            await call
        assert refused.value.text.en == sentence
    assert await log(connection) == before
    assert await operators.operators(connection) == [lin]


async def test_a_name_is_free_again_once_its_operator_has_left(connection: "asyncpg.Connection[Any]") -> None:
    await operators.add(connection, "setup", "lin", "admin", PASSWORD)
    old = await operators.add(connection, "setup", "wang", "viewer", PASSWORD)
    await operators.archive(connection, "lin", old.id)
    new = await operators.add(connection, "lin", "wang", "viewer", PASSWORD)
    assert new.id != old.id


async def test_only_a_hash_of_the_password_is_kept(connection: "asyncpg.Connection[Any]") -> None:
    lin = await operators.add(connection, "setup", "lin", "admin", PASSWORD)
    stored = await connection.fetchval("select password from operator where id = $1", lin.id)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await operators.password_fits(stored, PASSWORD)
    assert not await operators.password_fits(stored, PASSWORD + " ")
    assert not await operators.password_fits(None, "nobody has this password")


async def test_a_new_role_or_password_ends_the_sessions(connection: "asyncpg.Connection[Any]") -> None:
    await operators.add(connection, "setup", "lin", "admin", PASSWORD)
    wang = await operators.add(connection, "lin", "wang", "viewer", PASSWORD)
    for change in ("role", "reset", "own", "archive"):
        token = await sessions.begin(connection, wang, 1000)
        assert await sessions.operator_of(connection, token, 1000) is not None
        match change:
            case "role":
                await operators.change_role(connection, "lin", wang.id, "operator")
            case "reset":
                _, password = await operators.reset_password(connection, "lin", wang.id)
            case "own":
                await operators.change_password(connection, wang, password, "another password")
            case _:
                await operators.archive(connection, "lin", wang.id)
        assert await sessions.operator_of(connection, token, 1000) is None, change
