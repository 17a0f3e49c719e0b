"""One play is new files only: a module, a page, a test, an example document. Everything else comes by itself.

A toy play is laid into a copy of the checkout; not one line of another file is changed. There its document is checked, the whole
of its own test runs, and `lucky_bag/appears.py` opens its form, its reference, its operation and its page.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
TOY = Path(__file__).parent / "lucky_bag"
FILES = {
    "lucky_bag.py": "src/miaohui/plays/lucky_bag.py",
    "lucky_bag.html": "src/miaohui/storefront/templates/plays/lucky_bag.html",
    "tests_of_it.py": "tests/plays/test_lucky_bag.py",
    "lucky_bag.toml": "docs/examples/lucky_bag.toml",
}
"""The four files of the play, and where each goes."""


@pytest.fixture
def copy(tmp_path):
    """The checkout with the play."""
    for folder in ("src", "tests", "docs"):
        shutil.copytree(CHECKOUT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("pyproject.toml", "miaohui.toml"):
        shutil.copy(CHECKOUT / name, tmp_path)
    for name, place in FILES.items():
        shutil.copy(TOY / name, tmp_path / place)
    return tmp_path


def in_the_copy(copy, postgres_url, *command):
    """Run python in the copy; what it printed."""
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "MIAOHUI_DATABASE_URL": postgres_url}
    done = subprocess.run(
        [sys.executable, "-B", *command], cwd=copy, env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_play_of_four_files_has_form_page_docs_and_operation(copy, postgres_url):
    assert not any((CHECKOUT / place).exists() for place in FILES.values())
    checked = in_the_copy(copy, postgres_url, "-m", "miaohui", "check", "docs/examples/lucky_bag.toml")
    assert "stop" not in checked, checked
    told = in_the_copy(
        copy, postgres_url, "-m", "pytest", "-p", "no:cacheprovider",
        "tests/plays/test_lucky_bag.py", "tests/plays/lucky_bag/appears.py",
    )  # fmt: skip
    assert "9 passed" in told, told
    in_the_copy(copy, postgres_url, "-m", "miaohui", "reference")
    assert 'play = "lucky_bag"' in (copy / "docs/reference/document.md").read_text()
