"""One thing that is wrong with a document, at its line and path ("plays.eight-oclock.price"); see `sentences` for all there are."""

import json
import re
from collections.abc import Mapping

from msgspec import Struct

from miaohui.campaign.edits import Fix
from miaohui.campaign.places import Path, Place
from miaohui.campaign.sentences import CODES, Kept, Level
from miaohui.text import Text


class Way(Struct, frozen=True):
    """Where else than in the document something is put right: `page`, below the campaign's own, and the link that leads there."""

    page: str
    label: Text


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong, where it stands, and what to do about it.

    `why`: the threshold and what is known about it. `rule`: the module of `preflight` that found it; empty for what is wrong with
    the form. `fix`: edits that put it right; `way`: the page that does. A stop that is `overridable` may be set aside by two
    people; `overridden` says by whom and why.
    """

    level: Level
    code: str
    line: int
    column: int
    path: str
    what: Text
    remedy: Text
    why: Text | None = None
    rule: str = ""
    fix: Fix | None = None
    way: Way | None = None
    overridable: bool = False
    overridden: str = ""

    @property
    def stops(self) -> bool:
        """Whether it must be put right first."""
        return self.level == "stop" and not self.overridden


class Problems:
    """The problems of one document, gathered with their places."""

    def __init__(self, places: Mapping[Path, Place]) -> None:
        self._places = places
        self._found: list[Problem] = []

    def add(self, path: Path, code: str, **data: str | Text) -> None:
        """Note the problem `code` of the form at `path`."""
        self.note(path, code, CODES[code], data)

    def note(
        self,
        path: Path,
        code: str,
        kept: Kept,
        data: Mapping[str, str | Text],
        rule: str = "",
        fix: Fix | None = None,
        way: Way | None = None,
    ) -> None:
        """Note what `kept` says at `path`; a path that is not written stands at the nearest table around it."""
        place = self._place(path)
        self._found.append(
            Problem(
                level=kept.level,
                code=code,
                line=place.line,
                column=place.column,
                path=written(path),
                what=_filled(kept.what, data),
                remedy=_filled(kept.remedy, data),
                why=_filled(kept.why, data) if kept.why else None,
                rule=rule,
                fix=fix,
                way=way,
                overridable=kept.overridable,
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
    return any(problem.stops for problem in problems)


def _filled(text: Text, data: Mapping[str, str | Text]) -> Text:
    def said(language: str) -> dict[str, str]:
        return {name: value(language) if isinstance(value, Text) else value for name, value in data.items()}

    return Text(text.zh.format(**said("zh")), text.en.format(**said("en")))
