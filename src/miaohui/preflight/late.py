"""A plan that is late already: the work before the warm-up takes longer than there is time.

The longest chain of tasks of the preparation that wait for each other, in workdays, is counted back from the warm-up. If it had to begin before today
it is stopped, unless two people say why; if it begins before `prepare`, there is no slack and it is warned of. Tasks that are done
count nothing. A hot spot has no preparation.
"""
# ruff: noqa: E501 - sentences are read across

from miaohui.calendar.schedule import Circle, Piece, longest
from miaohui.calendar.workdays import country_of
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._look import local
from miaohui.preflight._rule import Finding, Findings, NotKnown, stop, warn
from miaohui.text import Text

TITLE = Text("筹备时间", "Time to prepare")
SAYS = {
    "plan_late": stop(
        Text("任务要 {workdays} 个工作日，应从 {first} 开始，已经晚了", "The tasks take {workdays} workdays and had to begin on {first}, which has passed"),
        Text("推迟预热，减少任务，或改用热点模板", "Move the warm-up, drop tasks, or use the hot-spot template"),
        Text("从预热 {warm_up} 倒推关键路径：{chain}", "Counted back from the warm-up on {warm_up} along the critical path: {chain}"),
        overridable=True,
    ),
    "plan_tight": warn(
        Text("任务要从 {first} 开始，prepare 写的是 {prepare}", "The tasks must begin on {first}, `prepare` says {prepare}"),
        Text("把 prepare 提前到 {first}，或减少任务", "Move `prepare` to {first}, or drop tasks"),
        Text("关键路径 {workdays} 个工作日：{chain}", "The critical path takes {workdays} workdays: {chain}"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Work that does not fit before the warm-up."""
    if document.class_ == "hot_spot" or not document.tasks:
        return
    done = facts.done_tasks or frozenset()
    preparation = [task for task in document.tasks if task.phase == "prepare"]
    left = {task.id: 0 if task.id in done else task.workdays for task in preparation}
    try:
        chain = longest([Piece(id=task.id, workdays=left[task.id], after=task.after) for task in preparation])
    except Circle:  # `tasks` says so
        return
    workdays = sum(left[id] for id in chain)
    warm_up = local(document, document.phases.opens_ms()).date()
    if not workdays:
        return
    first = facts.workdays(country_of(document.zone)).before(warm_up, workdays)
    said = {"workdays": str(workdays), "first": str(first), "warm_up": str(warm_up), "chain": " > ".join(chain)}
    prepare_ms = document.phases.prepare_ms
    prepare = local(document, prepare_ms).date() if prepare_ms is not None else None
    today = local(document, facts.now_ms).date() if facts.now_ms is not None else None
    if prepare is not None and first < prepare:
        yield Finding(("phases", "prepare"), "plan_tight", said | {"prepare": str(prepare)})
    if today is None or warm_up <= today:
        return
    if first < today:
        begun = prepare is not None and prepare <= today
        if begun and facts.done_tasks is None:
            yield NotKnown(
                Text("筹备已开始，不知道哪些任务已完成", "Work has begun, and it is not known which tasks are done")
            )
        else:
            yield Finding(("phases", "warm_up" if document.phases.warm_up_ms else "live"), "plan_late", said)
