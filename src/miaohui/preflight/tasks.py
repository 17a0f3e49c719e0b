"""Tasks that wait for themselves, however far round, and tasks that are nobody's."""

from miaohui.calendar.schedule import Circle, Piece, order
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._rule import Finding, Findings, stop, warn
from miaohui.text import Text

TITLE = Text("任务", "Tasks")
SAYS = {
    "task_circle": stop(
        Text("任务互相等待：{value}", "The tasks wait for each other: {value}"),
        Text("去掉其中一个 after", "Take one `after` out"),
    ),
    "task_of_nobody": warn(
        Text("任务 {value} 没有人做", "The task {value} is nobody's"),
        Text("写 owner 或 department", "Write its `owner` or its `department`"),
        Text("没有主的任务不会自己完成", "A task without an owner does not do itself"),
    ),
}


def find(document: Document, facts: Facts) -> Findings:
    """Circles, and work that is nobody's."""
    try:
        order(Piece(id=task.id, workdays=task.workdays, after=task.after) for task in document.tasks)
    except Circle as circle:
        yield Finding(("tasks",), "task_circle", {"value": str(circle)})
    for n, task in enumerate(document.tasks):
        if not task.owner and not task.department:
            yield Finding(("tasks", n), "task_of_nobody", {"value": task.id})
