"""What is wrong with a condition, shown at its place.

    count(order.payed, last 90 days) >= 3
          ^^^^^^^^^^^
    expected the name of an event, found 'order.payed'; did you mean 'order.paid'?

Words of the language stand in quotes, descriptions do not.

A `BadCondition` cannot be asked. A `Hint` can be asked, yet probably misses what was meant (a tag nobody carries).
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import takewhile

from msgspec import Struct

from miaohui.text import Text


class Hint(Struct, frozen=True):
    """A word that is unknown in the data; `nearest` is the closest known one, or empty."""

    offset: int
    length: int
    sentence: Text
    nearest: str = ""


class BadCondition(ValueError):
    """The text cannot be read: what was expected at `offset` (characters from 0), what stands there, the nearest known word."""

    code = "bad_condition"

    def __init__(self, text: str, offset: int, length: int, expected: tuple[Text, ...], nearest: str = "") -> None:
        self.text, self.offset, self.length = text, offset, length
        self.expected, self.nearest = expected, nearest
        self.found = text[offset : offset + length]
        super().__init__(self.shown("en"))

    @property
    def sentence(self) -> Text:
        """One sentence, in both languages."""
        zh = "、".join(_shown(word, "zh") for word in self.expected)
        *most, last = (_shown(word, "en") for word in self.expected)
        en = f"{', '.join(most)} or {last}" if most else last
        found = (f"“{self.found}”", f"'{self.found}'") if self.found else ("句末", "the end")
        maybe = (f"；是不是“{self.nearest}”？", f"; did you mean '{self.nearest}'?") if self.nearest else ("", "")
        return Text(f"这里应是{zh}，写的是{found[0]}{maybe[0]}", f"expected {en}, found {found[1]}{maybe[1]}")

    def shown(self, language: str) -> str:
        """The line with a caret under the place, then the sentence."""
        start = self.text.rfind("\n", 0, self.offset) + 1
        line = self.text[start:].split("\n", 1)[0]
        column = self.offset - start
        caret = "^" * max(1, min(self.length, len(line) - column))
        return f"{line}\n{' ' * column}{caret}\n{self.sentence(language)}"


def nearest_word(word: str, words: Iterable[str]) -> str:
    """The one of `words` that `word` is most like, or empty; of two that are about as like, the one that begins like it."""
    scored = [(_likeness(word, known), known) for known in sorted(words) if known != word]
    best = max(scored, default=(0.0, ""))[0]
    close = [known for score, known in scored if score >= max(best - 0.05, 0.6)]
    return max(close, key=lambda known: _shared_start(word, known), default="")


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _shared_start(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one.lower(), other.lower(), strict=False)))


def _shown(word: Text, language: str) -> str:
    if word.zh != word.en:
        return word(language)
    return f"“{word.zh}”" if language == "zh" else f"'{word.en}'"
