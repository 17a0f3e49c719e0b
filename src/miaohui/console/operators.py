"""The team: who works here, in which role and department, and who is away."""

from datetime import date, timedelta

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.pages.format import day_of
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.team import TeamRefusal, absence, own_roles
from miaohui.team import operators as team
from miaohui.team.roles import PERMISSIONS, ROLE_NAMES, ROLES
from miaohui.text import Text
from miaohui.workspace import Workspace


async def _list(
    request: AnyRequest, workspace: Workspace, *, refusal: Text | None = None, name: str = "", told: str = ""
) -> Response[str]:
    today = day_of(workspace.clock(), workspace.zone)
    async with workspace.db.acquire() as db:
        working, left = await team.operators(db), await team.operators(db, archived=True)
        own, away = await own_roles.own_roles(db), await absence.absences(db, today)
    return show(
        request,
        "console/operators.html",
        status=422 if refusal else 200,
        working=working,
        left=left,
        roles=ROLES | {role.name: role.permissions for role in own},
        role_names=ROLE_NAMES | {role.name: role.title for role in own},
        own=own,
        away=away,
        today=today,
        departments=sorted({one.department for one in working} - {""}),
        permissions=PERMISSIONS,
        refusal=refusal,
        name=name,
        told=told,
    )


@get("/operators", guards=[needs("team.edit")])
async def list_operators(request: AnyRequest, workspace: TheWorkspace) -> Response[str]:
    """All who work here, and what each role may do."""
    return await _list(request, workspace)


@post("/operators", guards=[needs("team.edit")])
async def add_operator(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Response[str] | Redirect:
    """A new operator."""
    form = await request.form()
    name, role = str(form.get("name", "")), _role(form.get("role"))
    async with workspace.db.acquire() as db:
        try:
            added = await team.add(db, operator.name, name, role, str(form.get("password", "")))
        except TeamRefusal as refusal:
            return await _list(request, workspace, refusal=refusal.text, name=name)
    return see_other(request, "/operators", Text(f"已添加 {added.name}。", f"{added.name} is added."))


@post("/operators/{id:str}/role", guards=[needs("team.edit")])
async def change_role(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Redirect:
    """Another role for an operator."""
    role = _role((await request.form()).get("role"))
    async with workspace.db.acquire() as db:
        try:
            changed = await team.change_role(db, operator.name, id, role)
        except TeamRefusal as refusal:
            return see_other(request, "/operators", refusal.text, "bad")
    names = changed.role_name
    said = Text(
        f"{changed.name} 现在是{names.zh}，要重新登录。", f"{changed.name} is now: {names.en}, and logs in anew."
    )
    return see_other(request, "/operators", said)


@post("/operators/{id:str}/password", guards=[needs("team.edit")])
async def reset_password(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Response[str] | Redirect:
    """A new random password, shown on this answer only."""
    async with workspace.db.acquire() as db:
        try:
            whose, password = await team.reset_password(db, operator.name, id)
        except TeamRefusal as refusal:
            return see_other(request, "/operators", refusal.text, "bad")
    return await _list(request, workspace, name=whose.name, told=password)


@post("/operators/{id:str}/archive", guards=[needs("team.edit")])
async def archive_operator(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]
) -> Redirect:
    """An operator leaves."""
    async with workspace.db.acquire() as db:
        try:
            gone = await team.archive(db, operator.name, id)
        except TeamRefusal as refusal:
            return see_other(request, "/operators", refusal.text, "bad")
    said = Text(f"{gone.name} 已停用，不能再登录。", f"{gone.name} is archived and can no longer log in.")
    return see_other(request, "/operators", said)


@post("/operators/{id:str}/place", guards=[needs("team.edit")])
async def place(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str]) -> Redirect:
    """Department and e-mail address of an operator."""
    form = await request.form()
    department, email = str(form.get("department", "")), str(form.get("email", ""))
    async with workspace.db.acquire() as db:
        try:
            placed = await team.place(db, operator.name, id, department, email)
        except TeamRefusal as refusal:
            return see_other(request, "/operators", refusal.text, "bad")
    return see_other(request, "/operators", Text(f"{placed.name} 的资料已改。", f"{placed.name} is changed."))


# -- roles and absence -----------------------------------------------------------------------------------------------------------


@post("/roles", guards=[needs("team.edit")])
async def keep_role(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Redirect:
    """A role of the team's own: a new one, or other permissions for one."""
    form = await request.form()
    name = str(form.get("role", "")).strip()
    title = Text(str(form.get("zh", "")), str(form.get("en", "")))
    held = [str(one) for one in form.getall("permission", [])]
    async with workspace.db.acquire() as db:
        try:
            await own_roles.keep(db, operator.name, name, title, held)
        except TeamRefusal as refusal:
            return see_other(request, "/operators", refusal.text, "bad")
    return see_other(request, "/operators", Text(f"角色 {name} 已存。", f"The role {name} is kept."))


@post("/roles/{name:str}/archive", guards=[needs("team.edit")])
async def archive_role(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, name: FromPath[str]
) -> Redirect:
    """A role that nobody has is given to nobody any more."""
    async with workspace.db.acquire() as db:
        try:
            await own_roles.archive(db, operator.name, name)
        except TeamRefusal as refusal:
            return see_other(request, "/operators", refusal.text, "bad")
    return see_other(request, "/operators", Text(f"角色 {name} 已停用。", f"The role {name} is archived."))


@post("/absences", guards=[needs("team.edit")])
async def add_absence(request: AnyRequest, workspace: TheWorkspace, operator: TheOperator) -> Redirect:
    """Somebody is away, or works less; the last day is written, and counts."""
    form = await request.form()
    who, why, works = (str(form.get(name, "")) for name in ("operator", "why", "works"))
    try:
        first, last = (date.fromisoformat(str(form.get(name, ""))) for name in ("from", "until"))
        async with workspace.db.acquire() as db:
            share = int(works) if works.isdigit() else 0
            await absence.add(db, operator.name, who, first, last + timedelta(1), share, why)
    except ValueError:
        return see_other(request, "/operators", Text("选好日期。", "Choose the days."), "bad")
    except TeamRefusal as refusal:
        return see_other(request, "/operators", refusal.text, "bad")
    return see_other(request, "/operators", Text("缺勤已记下。", "The absence is kept."))


@post("/absences/{id:int}/archive", guards=[needs("team.edit")])
async def archive_absence(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[int]
) -> Redirect:
    """It does not come to that."""
    async with workspace.db.acquire() as db:
        try:
            await absence.archive(db, operator.name, id)
        except TeamRefusal as refusal:
            return see_other(request, "/operators", refusal.text, "bad")
    return see_other(request, "/operators", Text("缺勤已去掉。", "The absence is taken out."))


def _role(chosen: object) -> str:
    """The role of a form; what is none is refused by the team's own check."""
    return str(chosen)


HANDLERS = [
    list_operators,
    add_operator,
    change_role,
    reset_password,
    archive_operator,
    place,
    keep_role,
    archive_role,
    add_absence,
    archive_absence,
]
