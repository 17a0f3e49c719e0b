"""The browser libraries we ship: `python -m miaohui.console.vendor` (or `make vendor`) fetches them anew by npm.

They lie minified beside their licences in `static/vendor` (axe-core, which only tests use, in `tests/vendor`), each
folder with a `manifest.json` of name, version, licence, file and SHA-256. To take a new version: change it here,
run, look at the pages. To use another icon: add its Tabler name to ICONS and run.
"""

import hashlib
import json
import re
import subprocess
import tempfile
from pathlib import Path

from msgspec import Struct

HERE = Path(__file__).parent / "static/vendor"
TESTS = Path(__file__).parents[3] / "tests/vendor"

ICONS = """
adjustments alert-triangle archive arrow-back-up arrow-down arrow-left arrow-right arrow-up ban basket bell
bolt box brand-wechat building-pavilion building-store bulb calendar-event calendar-time cash chart-bar
chart-line check chevron-down chevron-left chevron-right circle-check circle-x clipboard-check clock code coin
copy database device-desktop-analytics device-mobile dice-5 discount dots download edit external-link eye
file-import file-text filter flag flame flask gift heart help-circle history home hourglass info-circle key
language layout-dashboard link list list-check list-search lock login logout map-pin menu-2 message minus
package paperclip pencil player-pause player-play player-stop plus qrcode receipt receipt-2 receipt-refund refresh
report-analytics route scale scissors search send settings share shield-check shopping-bag shopping-cart
speakerphone star tag target test-pipe ticket transfer trash trending-up truck upload user user-check user-cog
user-plus users users-group wallet webhook world x
"""

_MIT = """MIT License

Copyright (c) 2018-2026 The Tabler Authors
Copyright (c) 2018-2026 codecalm.net Paweł Kuna

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the
Software, and to permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions
of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED
TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL
THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
DEALINGS IN THE SOFTWARE.
"""


class Library(Struct, frozen=True):
    """One npm package: the files taken from it and its licence files (empty: the package ships none, see `_MIT`)."""

    name: str
    version: str
    licence: str
    files: dict[str, str]
    licence_files: tuple[str, ...] = ("LICENSE",)
    folder: Path = HERE


LIBRARIES = [
    Library("@tabler/core", "1.6.1", "MIT", {"tabler.min.css": "dist/css/tabler.min.css"}, ()),
    Library("@tabler/icons", "3.51.0", "MIT", {"icons.json": "icons/outline"}),
    Library("weui", "2.6.26", "MIT", {"weui.min.css": "dist/style/weui.min.css"}, ("LICENSE.txt",)),
    Library("htmx.org", "4.0.1", "0BSD", {"htmx.min.js": "dist/htmx.min.js"}),
    Library("echarts", "6.1.0", "Apache-2.0", {"echarts.min.js": "dist/echarts.common.min.js"}, ("LICENSE", "NOTICE")),
    Library(
        "dhtmlx-gantt",
        "10.0.3",
        "MIT",
        {"dhtmlxgantt.js": "codebase/dhtmlxgantt.js", "dhtmlxgantt.css": "codebase/dhtmlxgantt.css"},
        ("LICENSE.md",),
    ),
    Library(
        "swagger-ui-dist",
        "5.35.0",
        "Apache-2.0",
        {"swagger-ui.css": "swagger-ui.css", "swagger-ui-bundle.js": "swagger-ui-bundle.js"},
        ("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"),
    ),
    Library("axe-core", "4.14.1", "MPL-2.0", {"axe.min.js": "axe.min.js"}, ("LICENSE", "LICENSE-3RD-PARTY.txt"), TESTS),
]


def main() -> None:
    """Fetch all libraries and write them with their manifests."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = [f"{each.name}@{each.version}" for each in LIBRARIES]
        options = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(["npm", "install", "--prefix", folder, *options, *wanted], check=True)
        manifests: dict[Path, list[dict[str, str]]] = {HERE: [], TESTS: []}
        for library in LIBRARIES:
            manifests[library.folder] += _taken(library, Path(folder) / "node_modules" / library.name)
    for target, entries in manifests.items():
        _write(target / "manifest.json", json.dumps(entries, indent=1, ensure_ascii=False) + "\n")
        known = {"manifest.json", *(entry["file"] for entry in entries), *(entry["licence_file"] for entry in entries)}
        for stale in (file for file in target.iterdir() if file.name not in known and ".LICENSE" not in file.name):
            stale.unlink()
    print(f"{len(LIBRARIES)} libraries in {HERE} and {TESTS}")


def _taken(library: Library, package: Path) -> list[dict[str, str]]:
    assert json.loads((package / "package.json").read_text())["version"] == library.version, library
    short = library.name.strip("@").replace("/", "-")
    licence_file = f"{short}.LICENSE.txt"
    licence = "\n\n".join((package / name).read_text() for name in library.licence_files) or _MIT
    _write(library.folder / licence_file, licence)
    entries = []
    for file, source in library.files.items():
        text = _icons(package / source) if file == "icons.json" else _ours((package / source).read_text())
        _write(library.folder / file, text)
        entries.append(
            {
                "name": library.name,
                "version": library.version,
                "licence": library.licence,
                "licence_file": licence_file,
                "file": file,
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
        )
    return entries


def _icons(folder: Path) -> str:
    """The shapes of ICONS as one JSON object."""
    shapes = {}
    for name in sorted(ICONS.split()):
        drawing = re.search(r"<svg[^>]*>(.*)</svg>", (folder / f"{name}.svg").read_text(), re.S)
        assert drawing, name
        shapes[name] = re.sub(r"\s*\n\s*", "", drawing[1])
    return json.dumps(shapes, indent=0) + "\n"


def _ours(text: str) -> str:
    """Without the pointer to a source map, which we do not ship, and without fonts: the pages' policy would refuse them."""
    text = re.sub(r"@font-face\s*{[^}]*}", "", text)
    return re.sub(r"\n?(//|/\*)# sourceMappingURL=\S+( \*/)?\s*$", "\n", text)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


if __name__ == "__main__":
    main()
