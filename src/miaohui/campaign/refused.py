"""Why something about a campaign was refused: a code, its sentence, its data. Nothing was changed.

In the order in which they are checked: forbidden, too_large, unreadable, unknown_campaign, other_id, campaign_exists, stale_base,
the codes of `lifecycle`, has_problems, not_your_signature, audiences_fixed, play_removed, play_replaced, not_enough and the host's
other refusals of an opening.
"""

from typing import Any

from miaohui.campaign.lifecycle import STATE_NAMES, VERB_NAMES
from miaohui.text import Text

SENTENCES: dict[str, Text] = {
    "forbidden": Text("需要权限 {permission}", "This needs the permission {permission}"),
    "unknown_campaign": Text("没有活动 {campaign}", "There is no campaign {campaign}"),
    "unreadable": Text("这份文件读不成活动：{what}", "This cannot be read as a campaign: {what}"),
    "other_id": Text(
        "活动编号不能从 {campaign} 改成 {written}",
        "The id of a campaign never changes: write {campaign}, not {written}",
    ),
    "campaign_exists": Text(
        "已经有活动 {campaign}", "There is a campaign {campaign} already: save a new version of it"
    ),
    "stale_base": Text(
        "文件已被改过：现在是第 {version} 版，你改的是第 {base} 版",
        "Somebody saved version {version} since you read {base}: read it, and make your change there",
    ),
    "too_large": Text("文件太大：至多 {limit} 个字符", "The document is too large: {limit} characters at most"),
    "not_from_here": Text("活动现在是“{state}”，不能{verb}", "The campaign is {state}: {verb} is not possible now"),
    "nothing_new": Text("没有可以{verb}的新版本", "There is no new version to {verb}"),
    "not_paused": Text("活动没有暂停", "The campaign is not paused"),
    "already_paused": Text("活动已经暂停", "The campaign is paused already"),
    "other_version": Text("等待审批的是第 {submitted} 版", "Version {submitted} waits for approval: read that one"),
    "already_over": Text("收尾时间已过，不能开始", "The wrap-up has passed: move the phases first"),
    "audiences_fixed": Text(
        "人群和对照组在启动时已固定，不能再改：恢复原样，或另做一个活动",
        "Audiences and control group were fixed at launch: leave them as they were, or make another campaign",
    ),
    "play_removed": Text(
        "玩法 {play} 正在进行，不能删去：要提前结束就改 closes",
        "{play} is running and cannot be taken out: to end it early, change `closes`",
    ),
    "play_replaced": Text(
        "玩法 {play} 正在进行，不能从 {was} 换成 {written}：另加一个玩法",
        "{play} is running as {was} and cannot become {written}: add another play",
    ),
    "not_overridable": Text("{finding} 不能放行，只能改正", "{finding} cannot be set aside: put it right"),
    "no_reason": Text("写明理由", "Say why"),
    "asked_already": Text("已有人提出放行，等第二个人同意", "Somebody has asked already: a second person must agree"),
    "unknown_override": Text("没有待决的放行请求", "There is no such question, or it is decided: reload the page"),
    "second_person": Text("要另一个人来同意", "Somebody else must agree: you have asked"),
    "not_your_signature": Text(
        "还缺 {missing} 的签字，你不能代签", "The signature of {missing} is missing; you cannot give it"
    ),
    "name_in_use": Text(
        "“{name}” 之下已有记录（{what}），不能再改名", "{name} cannot be renamed: {what} is kept under that name"
    ),
    "cannot_fix": Text("不能一键改正：{what}", "It cannot be put right with one click: {what}"),
    "no_text": Text("写上评论内容", "Write something"),
    "unknown_thread": Text(
        "没有这条评论，或已解决：请刷新", "There is no such comment, or it is resolved: reload the page"
    ),
    "no_single_use": Text(
        "{play} 没有写 single_use = true，不用一次性优惠码",
        "{play} has no single_use = true: it takes no codes that work once",
    ),
    "bad_batch": Text(
        "每批 1 到 {most} 个，码长 {least} 到 {longest} 位，前缀至多 12 个大写字母或数字",
        "A batch has 1 to {most} codes of {least} to {longest} characters, and a prefix of at most 12 letters and digits",
    ),
    "guessable": Text(
        "{count} 个码这样短容易被猜中：码长至少 {length} 位",
        "{count} codes so short can be guessed: {length} characters or more",
    ),
    "unknown_batch": Text("没有这批优惠码 {batch}", "There is no batch of codes {batch}"),
    "has_problems": Text("文件还有 {count} 处必须改正，第一处：{what}", "{count} must be put right first: {what}"),
}


class CampaignRefused(Exception):
    """The refusal; `sentence` is filled."""

    def __init__(self, code: str, sentence: Text | None = None, **data: Any) -> None:
        self.code, self.data = code, data
        self.sentence = sentence or _filled(SENTENCES[code], data)
        super().__init__(self.sentence.en)


def _filled(text: Text, data: dict[str, Any]) -> Text:
    return Text(text.zh.format_map(_said("zh", data)), text.en.format_map(_said("en", data)))


def _said(language: str, data: dict[str, Any]) -> dict[str, Any]:
    """The data as a sentence shows it: states and verbs by their names, texts in their language."""
    names: dict[str, Any] = {"state": STATE_NAMES, "verb": VERB_NAMES}
    shown = {key: names[key].get(value, value) if key in names else value for key, value in data.items()}
    return {key: value(language) if isinstance(value, Text) else value for key, value in shown.items()}
