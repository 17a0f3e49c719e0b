"""The people who work in the console: a log-in name, a role, a password of which only the argon2id hash is kept.

Every change is written to the audit log in its own transaction. There is always an administrator: the last one can
neither be archived nor lose the role. A new role, a new password or the archive end all other sessions of that
operator.
"""

import asyncio
import re
import secrets
from datetime import datetime
from typing import Any

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from msgspec import Struct
from uuid_utils import uuid7

from miaohui.team import TeamRefusal, audit
from miaohui.team.roles import ROLE_NAMES, ROLES
from miaohui.text import Text

SHORTEST_PASSWORD = 10
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP Password Storage, argon2id, 2025


class Operator(Struct, frozen=True):
    """One of the team. `held` and `titled`: permissions and name of a role that the team has made itself; `unread`: notices that
    he has not read (of who is logged in)."""

    id: str
    name: str
    role: str
    created_at: datetime
    archived_at: datetime | None = None
    department: str = ""
    email: str = ""
    held: tuple[str, ...] = ()
    titled: Text | None = None
    unread: int = 0

    def may(self, permission: str) -> bool:
        """Whether the role holds the permission."""
        return permission in ROLES.get(self.role, self.held)

    @property
    def role_name(self) -> Text:
        """What the role is called."""
        return ROLE_NAMES.get(self.role) or self.titled or Text(self.role, self.role)


COLUMNS = """o.id, o.name, o.role, o.created_at, o.archived_at, o.department, o.email,
 r.permissions as held, r.title_zh, r.title_en"""
FROM = "operator o left join role r on r.name = o.role and r.archived_at is null"


def operator_of(row: Any, unread: int = 0) -> Operator:
    """The operator of a row of COLUMNS."""
    return Operator(
        **{key: row[key] for key in ("id", "name", "role", "created_at", "archived_at", "department", "email")},
        held=tuple(row["held"] or ()),
        titled=Text(row["title_zh"], row["title_en"]) if row["title_en"] else None,
        unread=unread,
    )


async def operators(connection: "asyncpg.Connection[Any]", *, archived: bool = False) -> list[Operator]:
    """All who work here, by name; or those who did."""
    which = "is not null" if archived else "is null"
    rows = await connection.fetch(f"select {COLUMNS} from {FROM} where o.archived_at {which} order by lower(o.name)")
    return [operator_of(row) for row in rows]


async def add(connection: "asyncpg.Connection[Any]", by: str, name: str, role: str, password: str) -> Operator:
    """A new operator. TeamRefusal: no name, an unknown role, a short password, a name that somebody has."""
    name = name.strip()
    if not name or len(name) > 60:
        raise TeamRefusal(Text("登录名要有 1 到 60 个字。", "The log-in name needs 1 to 60 characters."))
    await _known(connection, role)
    hashed = await password_hash(password)
    async with connection.transaction():
        id = await connection.fetchval(
            """insert into operator (id, name, role, password) values ($1, $2, $3, $4)
               on conflict (lower(name)) where archived_at is null do nothing returning id""",
            str(uuid7()), name, role, hashed,
        )  # fmt: skip
        if id is None:
            raise TeamRefusal(Text(f"已有人叫 {name}：换一个登录名。", f"{name} is taken: choose another name."))
        await audit.record(connection, by, "operator.added", name, {"role": role})
        return await _one(connection, id)


async def change_role(connection: "asyncpg.Connection[Any]", by: str, id: str, role: str) -> Operator:
    """Give the operator another role. TeamRefusal: unknown role or operator, the last administrator."""
    await _known(connection, role)
    async with connection.transaction():
        operator = await _locked(connection, id, keeps_admin=role == "admin")
        if operator.role == role:
            return operator
        await connection.execute("update operator set role = $2 where id = $1", id, role)
        await connection.execute("delete from operator_session where operator = $1", id)
        await audit.record(connection, by, "operator.role_changed", operator.name, {"from": operator.role, "to": role})
        return await _one(connection, id)


async def place(connection: "asyncpg.Connection[Any]", by: str, id: str, department: str, email: str) -> Operator:
    """The department he works in and the address his notices go to. TeamRefusal: unknown operator, no address."""
    department, email = " ".join(department.split())[:60], email.strip()[:200]
    if email and not _EMAIL.fullmatch(email):
        raise TeamRefusal(Text(f"{email} 不是邮箱地址。", f"{email} is not an e-mail address."))
    async with connection.transaction():
        operator = await _locked(connection, id, keeps_admin=True)
        await connection.execute("update operator set department = $2, email = $3 where id = $1", id, department, email)
        detail = {"department": department, "from": operator.department, "email": bool(email)}
        await audit.record(connection, by, "operator.placed", operator.name, detail)
        return await _one(connection, id)


async def reset_password(connection: "asyncpg.Connection[Any]", by: str, id: str) -> tuple[Operator, str]:
    """Give the operator a new random password, to be told to him once."""
    password = secrets.token_urlsafe(12)
    hashed = await password_hash(password)
    async with connection.transaction():
        operator = await _locked(connection, id, keeps_admin=True)
        await connection.execute("update operator set password = $2 where id = $1", id, hashed)
        await connection.execute("delete from operator_session where operator = $1", id)
        await audit.record(connection, by, "operator.password_reset", operator.name)
    return operator, password


async def change_password(connection: "asyncpg.Connection[Any]", operator: Operator, old: str, new: str) -> None:
    """The operator's own change; ends all his sessions. TeamRefusal: the old one is wrong, the new one too short."""
    stored = await connection.fetchval("select password from operator where id = $1", operator.id)
    if not await password_fits(stored, old):
        raise TeamRefusal(Text("现在的密码不对。", "The present password is wrong."))
    hashed = await password_hash(new)
    async with connection.transaction():
        await connection.execute("update operator set password = $2 where id = $1", operator.id, hashed)
        await connection.execute("delete from operator_session where operator = $1", operator.id)
        await audit.record(connection, operator.name, "operator.password_changed", operator.name)


async def archive(connection: "asyncpg.Connection[Any]", by: str, id: str) -> Operator:
    """The operator leaves: he cannot log in, his name stays in the log. TeamRefusal: the last administrator."""
    async with connection.transaction():
        operator = await _locked(connection, id, keeps_admin=False)
        await connection.execute("update operator set archived_at = now() where id = $1", id)
        await connection.execute("delete from operator_session where operator = $1", id)
        await audit.record(connection, by, "operator.archived", operator.name)
    return operator


async def password_hash(password: str) -> str:
    """The argon2id hash, made in a thread. TeamRefusal if the password is too short."""
    if len(password) < SHORTEST_PASSWORD:
        n = SHORTEST_PASSWORD
        raise TeamRefusal(
            Text(
                f"密码有 {len(password)} 个字符，至少要 {n} 个。",
                f"The password has {len(password)} characters: use at least {n}.",
            )
        )
    return await asyncio.to_thread(_HASHER.hash, password)


async def password_fits(stored: str | None, password: str) -> bool:
    """Whether `password` is the one of `stored`; takes as long when nothing is stored."""
    try:
        await asyncio.to_thread(_HASHER.verify, stored or _NOBODY, password)
    except VerifyMismatchError:
        return False
    return stored is not None


_NOBODY = _HASHER.hash("nobody has this password")


_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")


async def _one(connection: "asyncpg.Connection[Any]", id: str) -> Operator:
    return operator_of(await connection.fetchrow(f"select {COLUMNS} from {FROM} where o.id = $1", id))


async def _known(connection: "asyncpg.Connection[Any]", role: str) -> None:
    own = await connection.fetch("select name from role where archived_at is null order by name")
    known = [*ROLES, *(row["name"] for row in own)]
    if role not in known:
        names = ", ".join(known)
        raise TeamRefusal(Text(f"没有角色 {role!r}：可选 {names}。", f"There is no role {role!r}: choose of {names}."))


async def _locked(connection: "asyncpg.Connection[Any]", id: str, *, keeps_admin: bool) -> Operator:
    """The operator, with the administrators locked, so that two cannot remove each other at once."""
    admins = await connection.fetch(
        "select id from operator where role = 'admin' and archived_at is null order by id for update"
    )
    row = await connection.fetchrow(
        f"select {COLUMNS} from {FROM} where o.id = $1 and o.archived_at is null for update of o", id
    )
    if row is None:
        raise TeamRefusal(Text("没有这个操作员：刷新页面。", "There is no such operator: reload the page."))
    if not keeps_admin and [admin["id"] for admin in admins] == [id]:
        raise TeamRefusal(
            Text(
                f"{row['name']} 是唯一的管理员：先让另一个人当管理员。",
                f"{row['name']} is the only administrator: make somebody else one first.",
            )
        )
    return operator_of(row)
