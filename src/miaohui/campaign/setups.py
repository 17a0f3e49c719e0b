"""What the host is told about each play of a document."""

from miaohui.campaign.document import Document
from miaohui.campaign.terms import EVERYBODY
from miaohui.host.setup import Setup


def setups(document: Document, version: int) -> list[Setup]:
    """One Setup for each play, in the order of the document, under `version` of the campaign.

    The document must have been read as sound (`Read.sound`) with the facts of the shop: then every play has its rules.
    """
    found = []
    for name, play in document.plays.items():
        head = play.head
        assert play.rules is not None, f"{document.campaign}/{name} was not read as sound"
        found.append(
            Setup(
                campaign=document.campaign,
                play=name,
                module=head.play,
                version=version,
                title=head.title or document.name,
                currency=document.currency,
                zone=document.zone,
                opens_ms=play.span.start_ms,
                ends_ms=play.span.end_ms,
                audience="" if head.for_ == EVERYBODY else head.for_,
                consent=head.consent,
                rate_count=head.rate.count,
                rate_s=head.rate.seconds,
                rules=play.rules,
            )
        )
    return found
