"""The files that are made from the code, so that they cannot say anything else. A test compares them."""

from collections.abc import Callable
from pathlib import Path

from miaohui import plays
from miaohui.campaign import reference as document
from miaohui.campaign import schema
from miaohui.events import dictionary
from miaohui.events.envelope import wire_name
from miaohui.preflight import _reference as preflight
from miaohui.server import settings


def events() -> str:
    """The event dictionary, with the events of every play."""
    return dictionary.page(
        dictionary.PlayEvents(
            play.TITLE, [(wire_name(name, kind), kind, play.LABELS[kind.__name__]) for kind in play.EVENTS]
        )
        for name, play in ((name, plays.find(name)) for name in plays.names())
    )


FILES: dict[str, Callable[[], str]] = {
    "miaohui.toml": settings.example,
    "docs/reference/settings.md": settings.reference,
    "docs/reference/document.md": document.reference,
    "docs/reference/campaign.schema.json": schema.schema,
    "docs/reference/preflight.md": preflight.reference,
    "docs/reference/events.md": events,
}
"""Path in the checkout -> what stands there."""


def write_all(checkout: Path = Path()) -> list[Path]:
    """Write all of them; the paths."""
    for name, text in FILES.items():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text())
    return [checkout / name for name in FILES]
