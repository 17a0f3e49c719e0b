"""Nobody has played it through: a rehearsal with virtual customers shows reach, cost and leaks that no rule sees. This version has
none, and says so."""

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.sentences import Kept
from miaohui.preflight._rule import Findings, NotKnown
from miaohui.text import Text

TITLE = Text("彩排", "Rehearsal")
SAYS: dict[str, Kept] = {}


def find(document: Document, facts: Facts) -> Findings:
    """What only a rehearsal would show."""
    yield NotKnown(Text("没有彩排过：本版本还不能彩排", "It was not rehearsed: this version cannot rehearse yet"))
