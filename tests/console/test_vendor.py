"""The browser libraries we ship are those of the manifest, with their licences, and name no address of a registry."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from miaohui.console.vendor import HERE, ICONS, LIBRARIES, TESTS
from miaohui.pages.icons import icon_names

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", [HERE, TESTS])
def test_every_file_is_the_one_of_the_manifest(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest:
        assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"], entry
        assert len((folder / entry["licence_file"]).read_text()) > 400, entry
    known = {"manifest.json"} | {entry[part] for entry in manifest for part in ("file", "licence_file")}
    assert {file.name for file in folder.iterdir()} == known


def test_the_manifest_lists_what_the_script_fetches() -> None:
    listed = [
        (e["name"], e["version"], e["licence"])
        for f in (HERE, TESTS)
        for e in json.loads((f / "manifest.json").read_text())
    ]
    fetched = [(each.name, each.version, each.licence) for each in LIBRARIES for _ in each.files]
    assert sorted(listed) == sorted(fetched)


def test_nothing_names_a_registry_or_a_source_map() -> None:
    for folder in (HERE, TESTS):
        for file in folder.iterdir():
            text = file.read_text()
            assert not re.search(r"https?://registry\.|sourceMappingURL", text), file


def test_the_icons_that_pages_name_are_there() -> None:
    assert icon_names() == set(ICONS.split())
    named = set()
    for file in (ROOT / "src/miaohui").rglob("*.html"):
        named |= set(re.findall(r"\bicon\('([a-z0-9-]+)'", file.read_text()))
    assert named <= icon_names()
