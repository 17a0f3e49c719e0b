"""No control group: the review could only say what happened during the campaign, not what the campaign did."""

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._rule import Edit, Finding, Findings, Fix, warn
from miaohui.text import Text

TITLE = Text("对照组", "Control group")
SAYS = {
    "no_control": warn(
        Text("没有对照组：复盘只能说“活动期间”", 'There is no control group: the review can only say "during the campaign"'),
        Text("写 [control] share = 5", "Write [control] share = 5"),
        Text("没有对照组就没有因果", "Without a control there is no causal claim"),
    ),
}  # fmt: skip
LEAVE_FIVE = Fix(Text("留 5 % 对照", "Leave 5 % alone"), (Edit(("control", "share"), "5"),))


def find(document: Document, facts: Facts) -> Findings:
    """Nobody is left alone."""
    if not document.control.share_ppm:
        yield Finding(("control",), "no_control", fix=LEAVE_FIVE)
