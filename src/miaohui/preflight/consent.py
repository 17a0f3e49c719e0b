"""Consent: what tells something about a person needs his agreement, and every message offers a way out."""
# ruff: noqa: E501 - sentences are read across

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._rule import Finding, Findings, warn
from miaohui.text import Text

TITLE = Text("同意与退订", "Consent")
SAYS = {
    "personal_without_consent": warn(
        Text("{value} 涉及个人信息，没有玩法要求同意", "{value} tells something about a person, and no play asks for consent"),
        Text("给收集它的玩法写 consent，或去掉 personal", "Write `consent` for the play that collects it, or take `personal` out"),
        Text("《个人信息保护法》第十三条，2021-11-01 起：处理个人信息须经同意", "Personal Information Protection Law of the PRC, article 13, since 2021-11-01; GDPR, article 6"),
    ),
    "no_way_out": warn(
        Text("{value} 没有退订方式", "{value} offers no way out"),
        Text("短信写“回T退订”和 \"Reply T to stop\"，邮件放退订链接", 'Write "回T退订" and "Reply T to stop" in an SMS, a link to unsubscribe in an e-mail'),
        Text("《通信短信息服务管理规定》第二十条，2015-06-30 起：商业短信须能退订", "Provisions on SMS Services of the PRC, article 20, since 2015-06-30"),
    ),
}  # fmt: skip
_ZH = ("退订", "拒收")
_EN = ("stop", "unsubscribe", "opt out")
MESSAGES = ("sms", "email")


def find(document: Document, facts: Facts) -> Findings:
    """What is collected or sent without asking."""
    if not any(play.head.consent for play in document.plays.values()):
        for name, entry in document.collect.items():
            if entry.personal:
                yield Finding(("collect", name, "personal"), "personal_without_consent", {"value": name})
    for name, content in document.content.items():
        zh, en = content.text.zh, content.text.en.lower()
        if content.channel in MESSAGES and not (any(w in zh for w in _ZH) and any(w in en for w in _EN)):
            yield Finding(("content", name, "text"), "no_way_out", {"value": name})
