"""Icons as inline SVG: the outline set of Tabler, cut down to the icons we use (`make vendor` refreshes the file)."""

import json
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

_FILE = Path(__file__).parents[1] / "console/static/vendor/icons.json"

LOGO = Markup(
    '<svg class="logo" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" rx="9" fill="#b3261e"/>'
    '<path d="M6 17c5-.6 9.6-3.2 14-8.2 4.4 5 9 7.6 14 8.2-1.7 1.9-3.6 2.8-6 3H12c-2.4-.2-4.3-1.1-6-3Z"'
    ' fill="#f4d58d"/>'
    '<path d="M11.5 22h17v2.2h-17zM13 25.8h3.2V32H13zm10.8 0H27V32h-3.2zM18.4 25.8h3.2V32h-3.2z" fill="#f4d58d"/>'
    '<circle cx="20" cy="15.6" r="1.9" fill="#b3261e"/></svg>'
)


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
