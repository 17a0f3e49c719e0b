"""Texts that people read, in both languages."""

from typing import Literal

from msgspec import Struct

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


class Text(Struct, frozen=True):
    """A text in Chinese and English; `{name}` is filled from data by whoever shows it."""

    zh: str
    en: str

    def __call__(self, language: str) -> str:
        """The text in `language`; English for any language that is not Chinese."""
        return self.zh if language == "zh" else self.en
