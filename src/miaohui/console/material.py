"""The material of tasks: files handed in, given out and archived.

A file is given out as it came, to be saved: never shown in a page, whatever it says it is.
"""

from urllib.parse import quote

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import File as FileAnswer
from litestar.response import Redirect

from miaohui.console.campaigns import campaign_of
from miaohui.console.guard import TheOperator, TheWorkspace, forbidden, needs
from miaohui.console.worksheets import job_of, may_progress
from miaohui.pages.errors import missing
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import see_other
from miaohui.planning import work
from miaohui.text import Text


@post(
    "/campaigns/{id:str}/tasks/{task:str}/files",
    guards=[needs("campaign.view")],
    request_max_body_size=work.FILE_MAX + 1024 * 1024,
)
async def hand_in(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], task: FromPath[str]
) -> Redirect:
    """Keep a file of the task's material."""
    form = await request.form()
    back = f"/campaigns/{id}/tasks#task-{task}"
    handed = form.get("file")
    async with workspace.db.acquire() as c:
        _, job = await job_of(c, workspace, await campaign_of(c, id), task)
        if not may_progress(operator, job):
            raise forbidden(operator, "campaign.edit")
        if not isinstance(handed, UploadFile) or not handed.filename:
            return see_other(request, back, Text("先选一个文件。", "Choose a file first."), "bad")
        content = await handed.read()
        material = str(form.get("material", ""))
        if material not in job.task.material:
            material = ""
        try:
            await work.hand_in(
                c, workspace.files, operator.name, id, task, material, handed.filename, handed.content_type, content
            )
        except work.TooLarge as large:
            most, size = large.limit // 1024 // 1024, large.size / 1024 / 1024
            said = Text(f"太大：{size:.1f} MB，至多 {most} MB。", f"Too large: {size:.1f} MB, at most {most} MB.")
            return see_other(request, back, said, "bad")
    return see_other(request, back, Text(f"已收下 {handed.filename}。", f"{handed.filename} is kept."))


@get("/campaigns/{id:str}/files/{number:str}", guards=[needs("campaign.view")])
async def download(workspace: TheWorkspace, id: FromPath[str], number: FromPath[str]) -> FileAnswer:
    """A file as it was handed in; never shown in the page, whatever it says it is."""
    async with workspace.db.acquire() as c:
        found = await work.file(c, id, number)
    place = workspace.files / id / number
    if found is None or not place.is_file():
        raise missing(Text("没有这个文件", "There is no such file"))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return FileAnswer(place, media_type="application/octet-stream", headers=headers)


@post("/campaigns/{id:str}/files/{number:str}/archive", guards=[needs("campaign.edit")])
async def take_away(
    request: AnyRequest, workspace: TheWorkspace, operator: TheOperator, id: FromPath[str], number: FromPath[str]
) -> Redirect:
    """Archive a file."""
    async with workspace.db.acquire() as c:
        gone = await work.take_away(c, operator.name, id, number)
    said = Text("文件已收起。", "The file is archived.") if gone else Text("文件已不在。", "The file is gone already.")
    return see_other(request, f"/campaigns/{id}/tasks", said, "ok" if gone else "warn")


HANDLERS = [hand_in, download, take_away]
