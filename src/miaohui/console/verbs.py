"""What an operator may do to a campaign now: each verb as a button that asks first, with the people and the money it touches;
where a verb is not possible now, the reason."""

from msgspec import Struct

from miaohui.campaign import lifecycle
from miaohui.campaign.lifecycle import FROM, PERMISSION, Forbidden, Verb
from miaohui.campaign.problem import Problem
from miaohui.campaign.refused import SENTENCES
from miaohui.campaign.signing import Review, called
from miaohui.campaign.store import Campaign
from miaohui.money import Money
from miaohui.team.operators import Operator
from miaohui.team.roles import ROLE_NAMES, roles_with
from miaohui.text import Text


class Touched(Struct, frozen=True, kw_only=True):
    """What a verb is about: customers whom the plays are for, customers who hold something, the money."""

    reached: int
    holders: int
    budget: Money
    promised: Money
    free: Money


class Button(Struct, frozen=True, kw_only=True):
    """A verb. `reason` is why it cannot be done now; with one the button does nothing."""

    verb: Verb
    icon: str
    label: Text
    title: Text
    asks: Text
    primary: bool = False
    reason: Text | None = None


_LOOKS: dict[Verb, tuple[str, Text, Text]] = {
    "submit": ("send", Text("提交审批", "Submit"), Text("提交第 {version} 版审批？", "Submit version {version}?")),
    "approve": ("check", Text("批准", "Approve"), Text("批准第 {version} 版？", "Approve version {version}?")),
    "reject": ("arrow-back-up", Text("退回", "Reject"), Text("退回第 {version} 版？", "Reject version {version}?")),
    "open": ("player-play", Text("现在上线", "Open now"), Text("现在上线“{name}”？", 'Open "{name}" now?')),
    "pause": ("player-pause", Text("暂停", "Pause"), Text("暂停“{name}”？", 'Pause "{name}"?')),
    "resume": ("player-play", Text("恢复", "Resume"), Text("恢复“{name}”？", 'Resume "{name}"?')),
    "stop": ("player-stop", Text("停止", "Stop"), Text("停止“{name}”？", 'Stop "{name}"?')),
    "close_review": ("clipboard-check", Text("完成复盘", "Close the review"), Text("完成复盘？", "Close the review?")),
    "archive": ("archive", Text("归档", "Archive"), Text("归档“{name}”？", 'Archive "{name}"?')),
}
_SIGN = ("check", Text("签字", "Sign"), Text("为第 {version} 版签字？", "Sign version {version}?"))
_SIGN_ASKS = Text(
    "还有别人要签；都签了就批准。涉及 {reached} 位顾客，预算 {budget}。",
    "Others must sign too; it is approved when all have. It concerns {reached} customers and a budget of {budget}.",
)
_ASKS: dict[Verb, Text] = {
    "submit": Text(
        "管理员批准后才会生效。涉及 {reached} 位顾客，预算 {budget}。",
        "It takes effect when an administrator approves it. It concerns {reached} customers and a budget of {budget}.",
    ),
    "approve": Text(
        "到时间自动开始；已经开着的活动立即按新版运行。涉及 {reached} 位顾客，预算 {budget}。",
        "It opens at its time; if the campaign is open, the new version runs at once. It concerns {reached} customers and a "
        "budget of {budget}.",
    ),
    "reject": Text(
        "作者可以修改后再提交；正在运行的版本不变。",
        "The author may change it and submit again; what runs now stays as it is.",
    ),
    "open": Text(
        "玩法对 {reached} 位顾客开放，{budget} 预算和备货转入玩法的账户。",
        "The plays open to {reached} customers; the budget of {budget} and the stock move into their accounts.",
    ),
    "pause": Text(
        "不再开始新的参与；{holders} 位顾客手里的券和名额照常有效，承诺 {promised} 照常兑付。",
        "Nothing new is started. What {holders} customers hold stays good, and {promised} promised is honoured.",
    ),
    "resume": Text(
        "重新对 {reached} 位顾客开放，还可发放 {free}。",
        "It opens again to {reached} customers; {free} may still be promised.",
    ),
    "stop": Text(
        "活动就此结束，不能再开。{holders} 位顾客手里有券或名额，承诺 {promised}；没有发出的 {free} 和剩余库存退回。",
        "The campaign ends for good. {holders} customers hold coupons or seats, {promised} promised; {free} that was not promised "
        "and the stock that is left go back.",
    ),
    "close_review": Text(
        "玩法的账户再清一次，活动记为已复盘。涉及 {holders} 位顾客，承诺 {promised}。",
        "The accounts of the plays are emptied once more and the campaign counts as reviewed. {holders} customers hold something, "
        "{promised} promised.",
    ),
    "archive": Text(
        "不再出现在今日页；文件、账本和复盘都保留。不影响顾客，不动钱。",
        "It leaves the page of today; document, ledger and review stay. No customer and no money is touched.",
    ),
}
_NEXT: tuple[Verb, ...] = ("approve", "submit", "open", "resume", "close_review")
"""The verb that leads on; the first of these that is there is the page's main button."""


def buttons(
    campaign: Campaign, operator: Operator, touched: Touched, stops: list[Problem], standing: Review | None = None
) -> list[Button]:
    """The verbs of the state a campaign is in; `stops`: what must be put right before it may be submitted or opened;
    `standing`: who must sign the version that waits."""
    found = []
    for verb, states in FROM.items():
        if campaign.status.state not in states:
            continue
        reason = _refused(campaign, verb)
        if reason is not None and reason[0] in ("nothing_new", "not_paused", "already_paused"):
            continue
        signing = verb == "approve" and standing is not None
        missing = _not_mine(operator, standing) if signing and standing else _missing(operator, verb)
        why = reason[1] if reason else missing or _stopped(verb, stops)
        found.append(_button(campaign, verb, touched, why, last=_last(operator, standing)))
    main = next((verb for verb in _NEXT if any(b.verb == verb for b in found)), None)
    return [
        Button(**{name: getattr(b, name) for name in Button.__struct_fields__} | {"primary": b.verb == main})
        for b in found
    ]


def _last(operator: Operator, standing: Review | None) -> bool:
    """Whether the operator's signature would be the last one that is missing."""
    return standing is None or len(standing.can_give(operator.name)) >= len(standing.missing())


def _not_mine(operator: Operator, standing: Review) -> Text | None:
    """Why the operator cannot sign."""
    if standing.can_give(operator.name):
        return None
    wanted = called(standing.missing())
    return Text(f"等 {wanted.zh} 签字", f"Waits for the signature of {wanted.en}")


def _button(campaign: Campaign, verb: Verb, touched: Touched, reason: Text | None, *, last: bool = True) -> Button:
    icon, label, title = _LOOKS[verb] if last or verb != "approve" else _SIGN
    version = campaign.status.submitted or campaign.status.version
    asked = []
    asks = _ASKS[verb] if last or verb != "approve" else _SIGN_ASKS
    for language in ("zh", "en"):
        money = {name: getattr(touched, name).text(language, cents=False) for name in ("budget", "promised", "free")}
        people = {"reached": f"{touched.reached:,}", "holders": f"{touched.holders:,}"}
        names = {"version": version, "name": campaign.name(language)}
        asked.append((title(language).format(**names), asks(language).format(**money, **people)))
    (title_zh, asks_zh), (title_en, asks_en) = asked
    return Button(
        verb=verb, icon=icon, label=label, title=Text(title_zh, title_en), asks=Text(asks_zh, asks_en), reason=reason
    )


def _refused(campaign: Campaign, verb: Verb) -> tuple[str, Text] | None:
    try:
        lifecycle.step(campaign.status, verb, campaign.phases, campaign.now_ms)
    except Forbidden as forbidden:
        return forbidden.code, SENTENCES[forbidden.code]
    return None


def _missing(operator: Operator, verb: Verb) -> Text | None:
    permission = PERMISSION[verb]
    if operator.may(permission):
        return None
    zh, en = (" / ".join(ROLE_NAMES[role](language) for role in roles_with(permission)) for language in ("zh", "en"))
    return Text(f"需要权限 {permission}（{zh}）", f"Needs {permission} ({en})")


def _stopped(verb: Verb, stops: list[Problem]) -> Text | None:
    if verb not in ("submit", "approve", "open") or not stops:
        return None
    first = stops[0]
    return Text(
        f"有 {len(stops)} 处阻断：第 {first.line} 行，{first.what.zh}",
        f"{len(stops)} to put right first: line {first.line}, {first.what.en}",
    )
