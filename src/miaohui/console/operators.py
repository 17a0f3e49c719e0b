"""The team: who works here, in which role."""

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from miaohui.console.frame import show
from miaohui.console.guard import TheOperator, TheWorkspace, needs
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.team import TeamRefusal
from miaohui.team import operators as team
from miaohui.team.roles import PERMISSIONS, ROLE_NAMES, ROLES, Role
from miaohui.text import Text
from miaohui.workspace import Workspace


async def _list(
    request: AnyRequest, workspace: Workspace, *, refusal: Text | None = None, name: str = "", told: str = ""
) -> Response[str]:
    async with workspace.db.acquire() as db:
        working, left = await team.operators(db), await team.operators(db, archived=True)
    return show(
        request,
        "console/operators.html",
        status=422 if refusal else 200,
        working=working,
        left=left,
        roles=ROLES,
        role_names=ROLE_NAMES,
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
    names = ROLE_NAMES[changed.role]
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


def _role(chosen: object) -> Role:
    """The role of a form; what is none is refused by the team's own check."""
    return str(chosen)  # type: ignore[return-value]


HANDLERS = [list_operators, add_operator, change_role, reset_password, archive_operator]
