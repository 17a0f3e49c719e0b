"""How a campaign's state is called and shown, on every page that names one; and the entries of its pages in the side bar."""

from msgspec import Struct

from miaohui import plays
from miaohui.campaign.lifecycle import State, Status
from miaohui.campaign.phases import Phases
from miaohui.console.frame import Entry, Group
from miaohui.text import Text

STATE_NAMES: dict[State, Text] = {
    "draft": Text("草稿", "Draft"),
    "in_review": Text("审批中", "In review"),
    "approved": Text("已批准", "Approved"),
    "warm_up": Text("预热中", "Warm-up"),
    "live": Text("进行中", "Live"),
    "wrap_up": Text("收尾", "Wrap-up"),
    "reviewed": Text("已复盘", "Reviewed"),
    "archived": Text("已归档", "Archived"),
}
_TONES: dict[State, str] = {"in_review": "gold", "approved": "info", "warm_up": "warn", "live": "ok", "wrap_up": "info"}


AT_WORK: list[State] = ["draft", "in_review", "approved", "warm_up", "live", "wrap_up"]
"""The states in which people work on a campaign."""


class Tag(Struct, frozen=True):
    """A state in a word, with its tone."""

    text: Text
    tone: str


def tags(status: Status) -> tuple[Tag, ...]:
    """The state, and what else must be known of it."""
    found = [Tag(STATE_NAMES[status.state], _TONES.get(status.state, ""))]
    if status.paused:
        found.append(Tag(Text("已暂停", "Paused"), "bad"))
    if status.stopped:
        found.append(Tag(Text("已停止", "Stopped"), "bad"))
    if status.submitted and status.state not in ("in_review",):
        found.append(Tag(Text(f"第 {status.submitted} 版待审批", f"Version {status.submitted} waits"), "gold"))
    return tuple(found)


class Stage(Struct, frozen=True):
    """A stage of the rail: `css` is done, now or nothing; `end_ms` is where the next one begins, None for the last."""

    name: Text
    css: str
    start_ms: int | None
    end_ms: int | None


_STAGES = {
    "prepare": Text("筹备", "Prepare"),
    "warm_up": Text("预热", "Warm-up"),
    "live": Text("正式", "Live"),
    "wrap_up": Text("收尾", "Wrap-up"),
    "review": Text("复盘", "Review"),
}
_AT: dict[State, str] = {
    "draft": "prepare",
    "in_review": "prepare",
    "approved": "prepare",
    "warm_up": "warm_up",
    "live": "live",
    "wrap_up": "wrap_up",
    "reviewed": "review",
    "archived": "review",
}


def rail(state: State, phases: Phases) -> list[Stage]:
    """The stages of a campaign; one without a warm-up has none. What is over is done, the present one is now."""
    written = dict(phases.each())
    names = [name for name in _STAGES if name in written or name in ("prepare", "review")]
    here = names.index(_AT[state]) if _AT[state] in names else 0
    found = []
    for n, name in enumerate(names):
        following = next((written[other] for other in names[n + 1 :] if other in written), None)
        over = n < here or state == "archived"
        css = "done" if over else "now" if n == here else ""
        found.append(Stage(_STAGES[name], css, written.get(name), following))
    return found


def play_title(module: str) -> Text:
    """What kind of play a module is."""
    return plays.find(module).TITLE


def play_icon(module: str) -> str:
    """The icon of a play; one that names none has a gift."""
    return getattr(plays.find(module), "ICON", "gift")


def pages_of(campaign: str, name: Text) -> Group:
    """The entries of one campaign."""
    at = f"/campaigns/{campaign}"
    entries = (
        Entry(at, "layout-dashboard", Text("总览", "Overview"), "campaign.view"),
        Entry(f"{at}/plan", "file-text", Text("策划", "Plan"), "campaign.view"),
        Entry(f"{at}/promotions", "discount", Text("促销", "Promotions"), "campaign.view"),
        Entry(f"{at}/goals", "target", Text("目标", "Goals"), "campaign.view"),
        Entry(f"{at}/tasks", "list-check", Text("任务", "Tasks"), "campaign.view"),
        Entry(f"{at}/budget", "coin", Text("预算", "Budget"), "campaign.view"),
        Entry(f"{at}/fission", "share", Text("裂变", "Spreading"), "campaign.view"),
        Entry(f"{at}/audiences", "users", Text("人群", "Audiences"), "audience.count"),
        Entry(f"{at}/war-room", "device-desktop-analytics", Text("作战室", "War room"), "campaign.view"),
        Entry(f"{at}/review", "report-analytics", Text("复盘", "Review"), "campaign.view"),
    )
    return Group(name, entries)


def pages_of_past(campaign: str, name: Text) -> Group:
    """The entries of an imported campaign: its review."""
    entry = Entry(f"/campaigns/{campaign}/review", "report-analytics", Text("复盘", "Review"), "campaign.view")
    return Group(name, (entry,))
