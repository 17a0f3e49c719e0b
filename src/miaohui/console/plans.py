"""Documents as pages read them: a version never changes, so that it is read once."""

from miaohui.campaign import around, store
from miaohui.campaign.document import Document
from miaohui.campaign.signing import Review
from miaohui.campaign.store import Campaign, Connection
from miaohui.workspace import Workspace


def read_text(text: str, zone: str, currency: str) -> Document | None:
    """The document of a text; None if it cannot be read."""
    return around.plain(text, zone, currency)


async def document_of(c: Connection, workspace: Workspace, campaign: Campaign) -> Document | None:
    """The version that runs, or will: the approved one, else the newest; without what only the shop knows of products."""
    version = await store.version(c, campaign.id, campaign.status.approved or campaign.status.version)
    return read_text(version.text, workspace.zone, workspace.currency)


async def standing(c: Connection, workspace: Workspace, one: Campaign) -> Review | None:
    """Who must sign the version that waits, and who has."""
    version = one.status.submitted
    if not version:
        return None
    text = (await store.version(c, one.id, version)).text
    document = around.plain(text, workspace.zone, workspace.currency)
    return await workspace.office.review(c, one, document, version) if document else None
