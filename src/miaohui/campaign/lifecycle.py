"""The life of a campaign: a table of verbs, and what the clock does. Pure; `office` carries the steps out.

    draft -> in_review -> approved -> warm_up -> live -> wrap_up -> reviewed -> archived

| verb         | from                              | to                          | who               |
|--------------|-----------------------------------|-----------------------------|-------------------|
| submit       | draft                             | in_review                   | campaign.edit     |
| approve      | in_review                         | approved                    | campaign.approve  |
| reject       | in_review                         | draft                       | campaign.approve  |
| open         | approved                          | warm_up, or live            | campaign.open     |
| pause        | warm_up, live                     | the same, paused            | campaign.open     |
| resume       | warm_up, live (paused)            | the same                    | campaign.open     |
| stop         | warm_up, live, wrap_up            | wrap_up, stopped            | campaign.stop     |
| close_review | wrap_up                           | reviewed                    | campaign.edit     |
| archive      | draft, approved, reviewed         | archived                    | campaign.edit     |

The clock opens approved campaigns when their warm-up (or live) begins, and moves open ones on; it moves nothing else.

An edit makes a new version. Before the opening it takes the campaign back to draft. While the campaign is open the approved
version goes on running; the new one is submitted, approved or rejected beside it, and runs from its approval on.
When the review is closed, the pools are emptied once more: what came back since the end goes home.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from miaohui.campaign.phases import Phases
from miaohui.text import Text

State = Literal["draft", "in_review", "approved", "warm_up", "live", "wrap_up", "reviewed", "archived"]
Verb = Literal["submit", "approve", "reject", "open", "pause", "resume", "stop", "close_review", "archive"]
How = Literal["let_run", "fail_all"]
Effect = Literal["open", "change", "pause", "resume", "close"]
Code = Literal["not_from_here", "nothing_new", "not_paused", "already_paused", "other_version", "already_over"]

OPEN: frozenset[State] = frozenset({"warm_up", "live"})
_DRAFT: frozenset[State] = frozenset({"draft"})
_IN_REVIEW: frozenset[State] = frozenset({"in_review"})
_WRAP_UP: frozenset[State] = frozenset({"wrap_up"})

STATE_NAMES: dict[State, Text] = {
    "draft": Text("草稿", "a draft"),
    "in_review": Text("审批中", "in review"),
    "approved": Text("已批准", "approved"),
    "warm_up": Text("预热中", "warming up"),
    "live": Text("进行中", "live"),
    "wrap_up": Text("收尾", "wrapping up"),
    "reviewed": Text("已复盘", "reviewed"),
    "archived": Text("已归档", "archived"),
}
VERB_NAMES: dict[Verb, Text] = {
    "submit": Text("提交审批", "submit"),
    "approve": Text("批准", "approve"),
    "reject": Text("退回", "reject"),
    "open": Text("上线", "open"),
    "pause": Text("暂停", "pause"),
    "resume": Text("恢复", "resume"),
    "stop": Text("停止", "stop"),
    "close_review": Text("完成复盘", "close the review"),
    "archive": Text("归档", "archive"),
}

FROM: dict[Verb, frozenset[State]] = {
    "submit": _DRAFT | OPEN,
    "approve": _IN_REVIEW | OPEN,
    "reject": _IN_REVIEW | OPEN,
    "open": frozenset({"approved"}),
    "pause": OPEN,
    "resume": OPEN,
    "stop": OPEN | _WRAP_UP,
    "close_review": _WRAP_UP,
    "archive": frozenset({"draft", "approved", "reviewed"}),
}
PERMISSION: dict[Verb, str] = {
    "submit": "campaign.edit",
    "approve": "campaign.approve",
    "reject": "campaign.approve",
    "open": "campaign.open",
    "pause": "campaign.open",
    "resume": "campaign.open",
    "stop": "campaign.stop",
    "close_review": "campaign.edit",
    "archive": "campaign.edit",
}


class Status(Struct, frozen=True, kw_only=True):
    """Where a campaign stands. `version` is the newest; `submitted` waits for approval, `approved` has it (0: none)."""

    state: State = "draft"
    paused: bool = False
    stopped: bool = False
    version: int = 1
    submitted: int = 0
    approved: int = 0


class Step(Struct, frozen=True):
    """The status after a verb, and what has to be done for it: with the plays, or nothing."""

    status: Status
    effect: Effect | None = None


class Forbidden(Exception):
    """The verb cannot be done now."""

    def __init__(self, code: Code, verb: str, status: Status) -> None:
        super().__init__(code, verb, status)
        self.code, self.verb, self.status = code, verb, status


def edited(status: Status) -> Status:
    """A new version was saved: what was in review or approved, and not open yet, is a draft again. Forbidden after the end."""
    if status.state not in {"draft", "in_review", "approved", *OPEN}:
        raise Forbidden("not_from_here", "edit", status)
    if status.state in OPEN:
        return replace(status, version=status.version + 1, submitted=0)
    return replace(status, version=status.version + 1, submitted=0, approved=0, state="draft")


def step(status: Status, verb: Verb, phases: Phases, now_ms: int, version: int = 0) -> Step:
    """What `verb` leads to; `version`, where it is given, must be the one that is approved or rejected. Forbidden."""
    if status.state not in FROM[verb]:
        raise Forbidden("not_from_here", verb, status)
    match verb:
        case "submit":
            return Step(_submitted(status))
        case "approve" | "reject":
            return _decided(status, verb, version)
        case "open":
            return _opened(status, phases, now_ms)
        case "pause":
            if status.paused:
                raise Forbidden("already_paused", verb, status)
            return Step(replace(status, paused=True), "pause")
        case "resume":
            if not status.paused:
                raise Forbidden("not_paused", verb, status)
            return Step(replace(status, paused=False), "resume")
        case "stop":
            return Step(replace(status, state="wrap_up", paused=False, stopped=True, submitted=0), "close")
        case "close_review":
            return Step(replace(status, state="reviewed"), "close")
        case "archive":
            return Step(replace(status, state="archived"))


def possible(status: Status, phases: Phases, now_ms: int) -> tuple[Verb, ...]:
    """The verbs that are not forbidden now."""

    def allowed(verb: Verb) -> bool:
        try:
            step(status, verb, phases, now_ms)
        except Forbidden:
            return False
        return True

    return tuple(verb for verb in FROM if allowed(verb))


def tick(status: Status, phases: Phases, now_ms: int) -> Step | None:
    """What the clock does to a campaign at `now_ms`; None: nothing. A paused campaign stays paused, and ends in time."""
    if status.state == "approved" and phases.opens_ms() <= now_ms < phases.wrap_up_ms:
        return _opened(status, phases, now_ms)
    if status.state in OPEN and now_ms >= phases.wrap_up_ms:
        return Step(replace(status, state="wrap_up", paused=False, submitted=0), "close")
    if status.state == "warm_up" and now_ms >= phases.live_ms:
        return Step(replace(status, state="live"))
    return None


def _submitted(status: Status) -> Status:
    if status.state == "draft":
        return replace(status, state="in_review", submitted=status.version)
    if status.version in (status.approved, status.submitted):
        raise Forbidden("nothing_new", "submit", status)
    return replace(status, submitted=status.version)


def _decided(status: Status, verb: Verb, version: int) -> Step:
    if not status.submitted:
        raise Forbidden("nothing_new", verb, status)
    if version and version != status.submitted:
        raise Forbidden("other_version", verb, status)
    is_open = status.state in OPEN
    if verb == "reject":
        return Step(replace(status, state=status.state if is_open else "draft", submitted=0))
    approved = replace(status, approved=status.submitted, submitted=0)
    return Step(approved, "change") if is_open else Step(replace(approved, state="approved"))


def _opened(status: Status, phases: Phases, now_ms: int) -> Step:
    if now_ms >= phases.wrap_up_ms:
        raise Forbidden("already_over", "open", status)
    return Step(replace(status, state="live" if now_ms >= phases.live_ms else "warm_up"), "open")
