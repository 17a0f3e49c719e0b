"""Documents as pages read them: a version never changes, so that it is read once."""

from functools import lru_cache

from miaohui.campaign import store
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.reader import read
from miaohui.campaign.store import Campaign, Connection
from miaohui.workspace import Workspace


@lru_cache(maxsize=128)
def read_text(text: str, zone: str, currency: str) -> Document | None:
    """The document of a text; None if it cannot be read."""
    return read(text, Facts(zone=zone, currency=currency)).document


async def document_of(c: Connection, workspace: Workspace, campaign: Campaign) -> Document | None:
    """The version that runs, or will: the approved one, else the newest; without what only the shop knows of products."""
    version = await store.version(c, campaign.id, campaign.status.approved or campaign.status.version)
    return read_text(version.text, workspace.zone, workspace.currency)
