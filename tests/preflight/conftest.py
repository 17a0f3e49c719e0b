"""A sound document, the facts around it, and a toy play that has prizes."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from miaohui import plays
from miaohui.campaign.facts import Facts, ShopProduct
from miaohui.campaign.problem import Problem
from miaohui.campaign.reader import read
from miaohui.text import Text

SOUND = (Path(__file__).parent / "sound.toml").read_text()
AUGUST = int(datetime(2026, 8, 1, tzinfo=UTC).timestamp() * 1000)
FACTS = Facts(
    products={
        name: ShopProduct(sku=name, title=Text(name, name), currency="CNY", list_price_minor=1, stock=500)
        for name in ("tea", "cup")
    },
    people=frozenset({"lin", "wang"}),
    departments=frozenset({"finance"}),
    others=(),
    now_ms=AUGUST,
)


@pytest.fixture(scope="module", autouse=True)
def raffle() -> Iterator[None]:
    """`play = "raffle"` exists while the tests of one file run."""
    toys = str(Path(__file__).parent / "toys")
    plays.__path__.append(toys)
    yield
    plays.__path__.remove(toys)
    sys.modules.pop("miaohui.plays.raffle", None)


def planted(*changes: tuple[str, str]) -> str:
    """The sound document with changes; each must change something."""
    text = SOUND
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def found(text: str, facts: Facts = FACTS) -> list[Problem]:
    """What the preflight says, but for sections that are not run yet."""
    return [problem for problem in read(text, facts).problems if problem.code != "not_run_yet"]
