"""Where everything stands in a document: line and column of each table, key and element.

`tomllib` says what a text means but not where; this walks the same text once more and notes the places. It runs on texts that
`tomllib` has accepted, so it only has to find its way, not to judge.
"""

import re
import tomllib

from msgspec import Struct

Path = tuple[str | int, ...]
"""Way to a value: table names and keys as text, elements of an array as their index."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'", re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class Place(Struct, frozen=True):
    """Line and column, both counted from 1."""

    line: int
    column: int


class Spelled(Struct, frozen=True):
    """Where a text spells what: each time a key is written, and each value; [start, end) in characters."""

    keys: list[tuple[Path, int, int]]
    values: dict[Path, tuple[int, int]]


def places(text: str) -> dict[Path, Place]:
    """The place of every path in `text`, a valid TOML document; () is the beginning."""
    walk = _Walk(text.replace("\r\n", "\n"))
    walk.document()
    return walk.found


def spelled(text: str) -> Spelled:
    """Where `text`, a valid TOML document with \\n at the ends of its lines, spells its keys and values."""
    walk = _Walk(text)
    walk.document()
    return Spelled(walk.keys, walk.values)


class _Walk:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.found: dict[Path, Place] = {(): Place(1, 1)}
        self.counts: dict[Path, int] = {}
        self.keys: list[tuple[Path, int, int]] = []
        self.values: dict[Path, tuple[int, int]] = {}

    def document(self) -> None:
        table: Path = ()
        while True:
            self.skip(_BLANK)
            if self.at == len(self.text):
                return
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def header(self) -> Path:
        start, many = self.at, self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        names = self.names()
        self.at += 2 if many else 1
        path = (*self.resolve(names[:-1], start), names[-1][0])
        self.keys.append((path, *names[-1][1:]))
        if many:
            self.note(path, start)
            self.counts[path] = self.counts.get(path, 0) + 1
            path = (*path, self.counts[path] - 1)
        self.found[path] = self.place(start)
        return path

    def resolve(self, names: list[tuple[str, int, int]], start: int) -> Path:
        """The table that a header stands in: the last element wherever a name is an array of tables."""
        path: Path = ()
        for name, *span in names:
            path = (*path, name)
            self.keys.append((path, span[0], span[1]))
            self.note(path, start)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def pair(self, table: Path) -> None:
        start = self.at
        path = table
        for name, *span in self.names():
            path = (*path, name)
            self.keys.append((path, span[0], span[1]))
            self.note(path, start)
        self.at += 1  # the equals sign
        self.skip(_SPACE)
        self.value(path)

    def names(self) -> list[tuple[str, int, int]]:
        """One key, dotted or not, part by part with where it is spelled; stops behind it."""
        names = []
        while True:
            self.skip(_SPACE)
            start = self.at
            quoted = self.text[self.at] in "\"'"
            word = self.skip(_QUOTED if quoted else _BARE)
            names.append((str(tomllib.loads(f"key = {word}")["key"]) if quoted else word, start, self.at))
            self.skip(_SPACE)
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def value(self, path: Path) -> None:
        start = self.at
        self.written(path)
        self.values[path] = (start, self.at)

    def written(self, path: Path) -> None:
        match self.text[self.at]:
            case "[":
                self.elements(path)
            case "{":
                self.inline(path)
            case '"' | "'":
                self.skip(_QUOTED)
            case _:
                self.skip(_SCALAR)

    def elements(self, path: Path) -> None:
        self.at += 1
        index = 0
        while True:
            self.skip(_BLANK)
            if self.text[self.at] == "]":
                self.at += 1
                return
            self.note((*path, index), self.at)
            self.value((*path, index))
            index += 1
            self.skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1

    def inline(self, path: Path) -> None:
        self.at += 1
        while True:
            self.skip(_BLANK)
            if self.text[self.at] == "}":
                self.at += 1
                return
            self.pair(path)
            self.skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1

    def skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        assert match, (pattern.pattern, self.text[self.at : self.at + 40])
        self.at = match.end()
        return match[0]

    def note(self, path: Path, start: int) -> None:
        self.found.setdefault(path, self.place(start))

    def place(self, start: int) -> Place:
        low, high = 0, len(self.starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.starts[middle] <= start else (low, middle)
        return Place(low + 1, start - self.starts[low] + 1)
