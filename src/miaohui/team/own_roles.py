"""Roles that the team makes itself: a name for a set of permissions. The three that are built in (`roles`) stay as they are."""

import re
from collections.abc import Iterable
from typing import Any

import asyncpg
from msgspec import Struct

from miaohui.team import TeamRefusal, audit
from miaohui.team.roles import PERMISSIONS, ROLES
from miaohui.text import Text


class OwnRole(Struct, frozen=True):
    """A role of the team's own, and how many operators have it."""

    name: str
    title: Text
    permissions: frozenset[str]
    operators: int


async def own_roles(c: "asyncpg.Connection[Any]") -> list[OwnRole]:
    """All of them, by name."""
    rows = await c.fetch(
        """select r.*, (select count(*) from operator o where o.role = r.name and o.archived_at is null) as operators
           from role r where archived_at is null order by name"""
    )
    return [
        OwnRole(row["name"], Text(row["title_zh"], row["title_en"]), frozenset(row["permissions"]), row["operators"])
        for row in rows
    ]


async def keep(c: "asyncpg.Connection[Any]", by: str, name: str, title: Text, permissions: Iterable[str]) -> None:
    """A new role, or other permissions for one. TeamRefusal: no name, a built-in one, no title, an unknown permission."""
    held = sorted(set(permissions))
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name):
        raise TeamRefusal(
            Text("角色名用小写字母、数字、连字符，以字母开头。", "A role's name has small letters, digits and hyphens.")
        )
    if name in ROLES:
        raise TeamRefusal(Text(f"{name} 是内置角色：换个名字。", f"{name} is built in: choose another name."))
    if not title.zh.strip() or not title.en.strip():
        raise TeamRefusal(Text("写上中英文名称。", "Write what it is called, in both languages."))
    unknown = [one for one in held if one not in PERMISSIONS]
    if unknown or not held:
        said = ", ".join(unknown) or "-"
        raise TeamRefusal(Text(f"没有这些权限：{said}。", f"Choose permissions that there are: {said} is none."))
    async with c.transaction():
        before = await c.fetchval("select permissions from role where name = $1 and archived_at is null", name)
        await c.execute(
            """insert into role (name, title_zh, title_en, permissions, by) values ($1, $2, $3, $4, $5)
               on conflict (name) do update set title_zh = $2, title_en = $3, permissions = $4, by = $5, at = now(),
               archived_at = null""",
            name, title.zh.strip()[:40], title.en.strip()[:40], held, by,
        )  # fmt: skip
        await audit.record(c, by, "role.kept", name, {"from": list(before or ()), "to": held})


async def archive(c: "asyncpg.Connection[Any]", by: str, name: str) -> None:
    """The role is given to nobody any more. TeamRefusal: somebody has it."""
    async with c.transaction():
        having = await c.fetch("select name from operator where role = $1 and archived_at is null order by name", name)
        if having:
            names = ", ".join(row["name"] for row in having)
            raise TeamRefusal(Text(f"{names} 还是这个角色：先改角色。", f"{names} has it: change that role first."))
        done = await c.execute("update role set archived_at = now() where name = $1 and archived_at is null", name)
        if done.endswith(" 0"):
            raise TeamRefusal(Text("没有这个角色。", "There is no such role."))
        await audit.record(c, by, "role.archived", name)
