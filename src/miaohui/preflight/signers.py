"""Signatures that nobody can give: the signer is neither an operator nor a department that somebody works in, or the condition is
not one that is understood."""
# ruff: noqa: E501 - sentences are read across

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.signatures import CONDITIONS
from miaohui.campaign.tables import suggest
from miaohui.preflight._rule import Finding, Findings, NotKnown, warn
from miaohui.text import Text

TITLE = Text("签字", "Signatures")
SAYS = {
    "unknown_signer": warn(
        Text("没有人能以 {value} 签字", "Nobody can sign as {value}"),
        Text("给操作员设部门 {value}，或改 who；在此之前由管理员代签", "Give an operator the department {value}, or change `who`; until then an administrator signs for it"),
    ),
    "unknown_condition": warn(
        Text("签字条件 {value} 看不懂，当作总是需要", "The condition {value} is not understood: the signature is always needed"),
        Text("{known}", "{known}"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Signatures that nobody can give."""
    for n, sign in enumerate(document.approval.signs):
        if sign.if_ and sign.if_ not in CONDITIONS:
            known = suggest(sign.if_, list(CONDITIONS))
            yield Finding(("approval", "signs", n, "if"), "unknown_condition", {"value": sign.if_, "known": known})
        if facts.people is not None and sign.who not in facts.people | facts.departments:
            yield Finding(("approval", "signs", n, "who"), "unknown_signer", {"value": sign.who})
    if document.approval.signs and facts.people is None:
        yield NotKnown(Text("没有与团队核对", "It was not compared with the team"))
