"""One thing that is wrong with a document, at its line and path ("plays.eight-oclock.price"); see `sentences` for all there are."""

import json
import re
from collections.abc import Mapping

from msgspec import Struct

from miaohui.campaign.places import Path, Place
from miaohui.campaign.sentences import CODES, Level
from miaohui.text import Text


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, where it stands, and what to do about it."""

    level: Level
    code: str
    line: int
    column: int
    path: str
    what: Text
    remedy: Text


class Problems:
    """The problems of one document, gathered with their places."""

    def __init__(self, places: Mapping[Path, Place]) -> None:
        self._places = places
        self._found: list[Problem] = []

    def add(self, path: Path, code: str, **data: str | Text) -> None:
        """Note the problem `code` at `path`; a path that is not written stands at the nearest table around it."""
        kept, place = CODES[code], self._place(path)
        self._found.append(
            Problem(
                level=kept.level,
                code=code,
                line=place.line,
                column=place.column,
                path=written(path),
                what=_filled(kept.what, data),
                remedy=_filled(kept.remedy, data),
            )
        )

    def all(self) -> list[Problem]:
        """All of them, from the first line to the last."""
        return sorted(set(self._found), key=lambda p: (p.line, p.column, p.path, p.code))

    def _place(self, path: Path) -> Place:
        while path not in self._places:
            path = path[:-1]
        return self._places[path]


def written(path: Path) -> str:
    """A path as people read it: ("plays", "x", "slots", 0) is `plays.x.slots[0]`; odd keys stand in quotes."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in path).lstrip(".")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key) else json.dumps(key, ensure_ascii=False)


def stops(problems: list[Problem]) -> bool:
    """Whether something must be put right first."""
    return any(problem.level == "stop" for problem in problems)


def _filled(text: Text, data: Mapping[str, str | Text]) -> Text:
    def said(language: str) -> dict[str, str]:
        return {name: value(language) if isinstance(value, Text) else value for name, value in data.items()}

    return Text(text.zh.format(**said("zh")), text.en.format(**said("en")))
