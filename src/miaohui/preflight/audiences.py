"""Audiences that cannot be read, words that no customer's data holds, and offers that nobody is ever given."""

from miaohui.audiences import language
from miaohui.audiences.known import Known, vocabulary
from miaohui.audiences.mistakes import BadCondition
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.places import Path
from miaohui.campaign.terms import EVERYBODY
from miaohui.plays._fields import Given
from miaohui.preflight._look import fields
from miaohui.preflight._rule import Finding, Findings, hint, stop, warn
from miaohui.text import Text

TITLE = Text("人群", "Audiences")
SAYS = {
    "bad_audience": stop(
        Text("人群条件看不懂：{value}", "The condition cannot be read: {value}"),
        Text("改正 >>> 之后：{condition}", "Correct what follows the mark: {condition}"),
    ),
    "word_not_in_data": hint(Text("{value}", "{value}"), Text("{near}", "{near}")),
    "never_reached": warn(
        Text("{value} 永远轮不到：everybody 在它前面", "{value} is never reached: everybody stands before it"),
        Text("把 everybody 放在最后", "Put everybody last: the first match wins"),
    ),
}  # fmt: skip
_AS_MEANT = Text("若数据还没导入，可以不管", "Leave it if the data is still to come")


def find(document: Document, facts: Facts) -> Findings:
    """What is wrong with whom the campaign is for."""
    known = facts.known or Known(document.currency, document.zone, vocabulary())
    for name, condition in document.audiences.items():
        path: Path = ("audiences", name)
        try:
            hints = language.read(condition, known).hints
        except BadCondition as bad:
            marked = f"{condition[: bad.offset]} >>> {condition[bad.offset :]}"
            yield Finding(path, "bad_audience", {"value": bad.sentence, "condition": marked})
            continue
        for one in hints:
            near = Text(f"是不是 {one.nearest}？", f"Did you mean {one.nearest}?") if one.nearest else _AS_MEANT
            yield Finding(path, "word_not_in_data", {"value": one.sentence, "near": near})
    for name, play in document.plays.items():
        for key, given in fields(play.rules, Given):
            names = [gift.audience for gift in given]
            for hidden in names[names.index(EVERYBODY) + 1 :] if EVERYBODY in names else []:
                yield Finding(("plays", name, key, hidden), "never_reached", {"value": hidden})
