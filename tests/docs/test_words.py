"""The glossary speaks of the code that is there, and in the words that pages show."""

import re
from pathlib import Path

from miaohui import plays
from miaohui.console.stages import STATE_NAMES

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs/reference/words.md").read_text()
SOURCE = "\n".join(file.read_text() for file in sorted((CHECKOUT / "src/miaohui").rglob("*.py")))
SHIPPED = ("coupon", "flash_sale", "group_buy")


def test_every_word_in_code_type_is_in_the_code():
    columns = re.findall(r"^\|[^|]*\|[^|]*\|([^|]*)\|", PAGE, re.MULTILINE)
    words = {word for column in columns for word in re.findall("`(.+?)`", column)}
    assert len(words) > 60
    assert [word for word in sorted(words) if not re.search(rf"\b{re.escape(word)}\b", SOURCE)] == []


def test_states_and_plays_are_called_as_on_the_pages():
    for state, shown in STATE_NAMES.items():
        assert f"{state} {shown.zh}" in PAGE
    for play in map(plays.find, SHIPPED):
        assert play.TITLE.zh in PAGE
        assert play.TITLE.en.lower() in PAGE
