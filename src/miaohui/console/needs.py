"""What needs somebody today: six rules. Each is a pure function that gives a row with its reason and its link, or nothing."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from miaohui.campaign.lifecycle import OPEN
from miaohui.campaign.overrides import Override
from miaohui.campaign.signing import Review, called
from miaohui.campaign.store import Campaign
from miaohui.console.funds import Fair, Funds, PlayFigures, PoolFigure
from miaohui.console.worksheets import Sheet
from miaohui.money import Money
from miaohui.review.moment import BUDGET_ALARM_PPM, LAG_ALARM_MS, STOCK_ALARM_PPM
from miaohui.text import Text

BUDGET_SHARE = BUDGET_ALARM_PPM / 1_000_000
STOCK_SHARE = STOCK_ALARM_PPM / 1_000_000
LATE_MS = 10_000


class Need(Struct, frozen=True):
    """A row of the list: what, why, where to; `mark` is how bad it is, in a word."""

    rule: str
    icon: str
    tone: str
    title: Text
    why: Text
    mark: Text
    path: str


class LateTimers(Struct, frozen=True):
    """Timers of one play (of orders: play is empty) that should have fired: how many, the oldest one's time."""

    campaign: str
    play: str
    count: int
    due_ms: int


def budget_used(name: Text, funds: Funds, alarms: Iterable[int] = ()) -> Need | None:
    """At least 80 % of the budget is spent or promised, or the first alarm that the document sets is reached."""
    first = min(alarms, default=BUDGET_SHARE * 100) / 100
    if funds.total_minor == 0 or funds.used < first:
        return None
    used, total = Money(funds.used_minor, funds.currency), Money(funds.total_minor, funds.currency)
    said = {
        language: (used.text(language, cents=False), total.text(language, cents=False)) for language in ("zh", "en")
    }
    return Need(
        rule="budget_used",
        icon="wallet",
        tone="red" if funds.used >= 1 else "amber" if funds.used >= BUDGET_SHARE else "blue",
        title=Text(f"预算快用完：{name.zh}", f"Budget nearly used: {name.en}")
        if funds.used >= BUDGET_SHARE
        else Text(f"预算预警：{name.zh}", f"Budget alarm: {name.en}"),
        why=Text(
            f"已付和承诺共 {said['zh'][0]}，预算 {said['zh'][1]}；用完后不再发放，已承诺的照常兑付",
            f"{said['en'][0]} of {said['en'][1]} spent or promised; at the end nothing new is promised",
        ),
        mark=_percent(funds.used),
        path=f"/campaigns/{funds.campaign}#budget",
    )


def stock_low(campaign: str, play: PlayFigures, pool: PoolFigure) -> Need | None:
    """A running play has at most 10 % of its stock left."""
    if not pool.stock or play.running == "closed" or pool.share > STOCK_SHARE:
        return None
    title = play.setup.title
    return Need(
        rule="stock_low",
        icon="package",
        tone="red" if pool.left <= 0 else "amber",
        title=Text(f"库存见底：{title.zh}", f"Stock is running out: {title.en}"),
        why=Text(
            f"{pool.title.zh}还剩 {pool.left:,}，开放时 {pool.amount:,}", f"{pool.left:,} of {pool.amount:,} left"
        ),
        mark=Text("已空", "empty") if pool.left <= 0 else _percent(pool.share),
        path=f"/campaigns/{campaign}#plays",
    )


def events_late(lag_ms: int) -> Need | None:
    """The oldest event that is not in the event store yet is more than 10 s old."""
    if lag_ms <= LAG_ALARM_MS:
        return None
    s = lag_ms // 1000
    return Need(
        rule="events_late",
        icon="database",
        tone="red",
        title=Text("事件迟到", "Events are late"),
        why=Text(
            "作战室和人群用的是旧数据；账本和玩法不受影响",
            "War rooms and audiences show old data; ledger and plays go on",
        ),
        mark=Text(f"{s:,} 秒", f"{s:,} s"),
        path="/healthz",
    )


def approval_waiting(campaign: Campaign, standing: Review | None = None, me: str = "") -> Need | None:
    """A version was submitted and not all have signed; first it says so to those who can."""
    version = campaign.status.submitted
    if not version:
        return None
    name = campaign.name
    mine = bool(standing and standing.can_give(me))
    missing = called(standing.missing()) if standing else Text("待批准", "approve")
    running = campaign.status.state in OPEN
    title = Text("等你签字", "Waits for you") if mine else Text("等待审批", "Approval waits")
    return Need(
        rule="approval_waiting",
        icon="circle-check",
        tone="red" if mine else "gold",
        title=Text(f"{title.zh}：{name.zh}", f"{title.en}: {name.en}"),
        why=Text(f"第 {version} 版，批准后立即生效", f"Version {version}; it runs as soon as it is approved")
        if running
        else Text(f"第 {version} 版，批准后到时间自动开始", f"Version {version}; approved, it opens at its time"),
        mark=Text("等你", "you") if mine else missing,
        path=f"/campaigns/{campaign.id}",
    )


def override_waiting(asked: Override, me: str) -> Need | None:
    """Somebody asks to set a stop aside, and a second person has to decide."""
    if asked.agreed is not None or asked.asked_by == me:
        return None
    return Need(
        rule="override_waiting",
        icon="shield-check",
        tone="gold",
        title=Text(f"请求放行：{asked.campaign}", f"Asks to set aside: {asked.campaign}"),
        why=Text(f"{asked.code}，{asked.asked_by}：{asked.reason}", f"{asked.code}, {asked.asked_by}: {asked.reason}"),
        mark=Text("等第二个人", "second person"),
        path=f"/campaigns/{asked.campaign}#check",
    )


def timer_late(late: LateTimers, now_ms: int) -> Need | None:
    """A timer is due for more than 10 s and has not fired."""
    behind_ms = now_ms - late.due_ms
    if behind_ms <= LATE_MS:
        return None
    of = Text(late.play or "订单", late.play or "orders")
    s = behind_ms // 1000
    return Need(
        rule="timer_late",
        icon="hourglass",
        tone="red",
        title=Text(f"定时未执行：{of.zh}", f"Timers are late: {of.en}"),
        why=Text(
            f"{late.count:,} 个定时（成团截止、占位到期）该执行而没有执行",
            f"{late.count:,} timers (end of a group, expiry of a hold) should have fired",
        ),
        mark=Text(f"晚 {s:,} 秒", f"{s:,} s late"),
        path=f"/campaigns/{late.campaign}#plays" if late.campaign else "/healthz",
    )


def tasks_late(work: Sheet) -> Need | None:
    """The last day of a task has passed and it is not done."""
    late = work.late
    if not late:
        return None
    past = [job for job in late if job.state(work.today) == "late"]
    first = min(late, key=lambda job: job.last)
    zh, en = (", ".join(job.task.title(language) for job in late[:3]) for language in ("zh", "en"))
    days = (work.today - first.last).days
    name = work.campaign.name
    return Need(
        rule="tasks_late",
        icon="list-check",
        tone="red" if past else "amber",
        title=Text(f"任务晚了：{name.zh}", f"Late tasks: {name.en}"),
        why=Text(
            f"{len(late)} 项：{zh}{'…' if len(late) > 3 else ''}", f"{len(late)}: {en}{' ...' if len(late) > 3 else ''}"
        ),
        mark=Text(f"晚 {days} 天", f"{days} d late"),
        path=f"/campaigns/{work.campaign.id}/tasks",
    )


def needs(
    campaigns: Iterable[Campaign],
    fairs: dict[str, Fair],
    late: Iterable[LateTimers],
    lag_ms: int,
    now_ms: int,
    work: Iterable[Sheet] = (),
    alarms: Mapping[str, Iterable[int]] = {},
    reviews: Mapping[str, Review] = {},
    asked: Iterable[Override] = (),
    me: str = "",
) -> list[Need]:
    """All rows: what is broken first, then approvals, then what runs out, then late tasks."""

    def found() -> Iterator[Need | None]:
        yield events_late(lag_ms)
        for timers in late:
            yield timer_late(timers, now_ms)
        every = list(campaigns)
        for campaign in every:
            yield approval_waiting(campaign, reviews.get(campaign.id), me)
        for question in asked:
            yield override_waiting(question, me)
        for campaign in every:
            if campaign.status.state in OPEN:
                fair = fairs[campaign.id]
                yield budget_used(campaign.name, fair.funds, alarms.get(campaign.id, ()))
                for play in fair.plays:
                    for pool in play.stock:
                        yield stock_low(campaign.id, play, pool)
        for one in work:
            yield tasks_late(one)

    return [need for need in found() if need is not None]


def _percent(share: float) -> Text:
    shown = f"{share * 100:.1f}%"
    return Text(shown, shown)
