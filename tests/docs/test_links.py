"""Links between the documents lead somewhere, and what they name in the tree is there."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PAGES = sorted([CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" not in target and not target.startswith("#"):
            assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_files_that_are_named_are_there(page):
    for name in re.findall(r"`((?:src|docs|tests)/[\w/.-]+)`", page.read_text()):
        assert (CHECKOUT / name).exists(), name


def test_the_tree_of_the_readme_is_the_tree():
    tree = (CHECKOUT / "README.md").read_text().split("src/miaohui/\n")[1].split("```")[0]
    named = set(re.findall(r"(?:^|\s)(\w+)/", tree)) - {"docs", "tests"}
    assert named == {folder.parent.name for folder in (CHECKOUT / "src/miaohui").glob("*/__init__.py")}
