"""Sections that are kept and checked, and that nothing acts on yet."""

from miaohui.campaign.document import NOT_RUN, Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._rule import Finding, Findings, hint
from miaohui.text import Text

TITLE = Text("尚未执行的部分", "Sections not run yet")
SAYS = {
    "not_run_yet": hint(
        Text("{key}：本版本保存并检查，但不执行", "{key} is kept and checked, but not run by this version"),
        Text("照常写，以后的版本会执行", "Leave it: a later version runs it"),
    ),
}


def find(document: Document, facts: Facts) -> Findings:
    """What is written and not run."""
    for section in NOT_RUN:
        if getattr(document, section):
            yield Finding((section,), "not_run_yet", {"key": section})
