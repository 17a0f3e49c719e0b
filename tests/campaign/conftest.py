"""A toy play for the document to speak of: one file beside the others, and nothing else."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from miaohui import plays


@pytest.fixture(scope="module", autouse=True)
def tombola() -> Iterator[None]:
    """`play = "tombola"` exists while the tests of one file run."""
    toys = str(Path(__file__).parent / "toys")
    plays.__path__.append(toys)
    yield
    plays.__path__.remove(toys)
    sys.modules.pop("miaohui.plays.tombola", None)
