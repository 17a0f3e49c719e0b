"""Icons as inline SVG: the outline set of Tabler, cut down to the icons we use (`make vendor` refreshes the file)."""

import json
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

_FILE = Path(__file__).parents[1] / "console/static/vendor/icons.json"

LOGO = Markup(Path(__file__).with_name("static").joinpath("logo.svg").read_text().strip())
"""Also the icon of every page's tab."""


@cache
def icon_names() -> frozenset[str]:
    """All icons there are."""
    return frozenset(_shapes())


@cache
def _shapes() -> dict[str, str]:
    shapes: dict[str, str] = json.loads(_FILE.read_text())
    return shapes


@cache
def icon(name: str, css: str = "", label: str = "") -> Markup:
    """The icon `name`; silent beside a text, with `label` it speaks for itself. `css` adds classes such as "icon-s"."""
    if name not in _shapes():
        raise LookupError(f"there is no icon {name!r}: add its Tabler name to console/vendor.py and run `make vendor`")
    voice = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    paint = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
    shape = _shapes()[name]
    return Markup(f'<svg class="icon {escape(css)}" viewBox="0 0 24 24" {paint} {voice}>{shape}</svg>')
