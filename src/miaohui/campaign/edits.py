"""A change of a document by a program: one value at a time, in the operator's own text. Comments, order and spacing stay.

    edit(text, [Edit(("plays", "noon", "stock"), "20")])        sets a value, written as TOML
    edit(text, [Edit(("control", "share"), "")])                takes it out

A table that is not there yet is written at the end; an array element is reached by its number, and the number behind the last one
adds an element. What the text means afterwards is for the reader to judge.
"""

from collections.abc import Iterable
from typing import Any

import tomlkit
from msgspec import Struct
from tomlkit.exceptions import ParseError, TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Table

from miaohui.campaign.places import Path
from miaohui.text import Text


class Edit(Struct, frozen=True):
    """`path` is to hold `value`, written as TOML; an empty value takes it out."""

    path: Path
    value: str


class Fix(Struct, frozen=True):
    """Edits that put a finding right, and the button that offers them."""

    label: Text
    edits: tuple[Edit, ...]


class CannotEdit(ValueError):
    """The text is no TOML, the value is none, or the path leads nowhere."""


def edit(text: str, edits: Iterable[Edit]) -> str:
    """`text` with the edits made, one after another. CannotEdit."""
    try:
        document = tomlkit.parse(text)
        for one in edits:
            _set(document, one.path, value_of(one.value) if one.value else None)
        return tomlkit.dumps(document)
    except (TOMLKitError, KeyError, IndexError, TypeError, ValueError) as error:
        raise CannotEdit(str(error)) from error


def value_of(written: str) -> Any:
    """A value as TOML writes it -> the item, which keeps its spelling. CannotEdit."""
    try:
        return tomlkit.parse(f"value = {written}\n")["value"]
    except ParseError as error:
        raise CannotEdit(f"{written!r} is not a value of TOML: {error}") from error


def _set(holder: Any, path: Path, value: Any) -> None:
    *way, last = path
    above, behind = holder, last
    for part, following in zip(way, path[1:], strict=True):
        above, behind = holder, part
        holder = _below(holder, part, following, make=value is not None)
        if holder is None:
            return
    if isinstance(holder, AoT) and value is None and len(holder) == 1:
        del above[behind]  # the last [[element]] goes, and the array with it
    elif isinstance(holder, list | AoT):
        _set_element(holder, int(last), value)
    elif isinstance(holder, InlineTable):
        _rewrite(above, behind, holder, str(last), value)
    elif value is None:
        if last in holder:
            del holder[last]
    elif last in holder and not isinstance(holder[last], Table | AoT):
        _replace(holder, str(last), value)
    else:
        holder[last] = _as_table(value) if _is_section(holder) and isinstance(value, InlineTable) else value


def _replace(holder: Any, key: str, value: Any) -> None:
    """The value alone changes: what stands behind it on its line (a comment, its spacing) stays."""
    old = holder[key]
    trivia = getattr(old, "trivia", None)
    if trivia is not None and hasattr(value, "trivia"):
        value.trivia.comment, value.trivia.comment_ws = trivia.comment, trivia.comment_ws
        value.trivia.trail = trivia.trail
    holder[key] = value


def _rewrite(above: Any, behind: str | int, table: InlineTable, key: str, value: Any) -> None:
    """An inline table is written anew, { a = 1, b = 2 }, with every value as it was spelled."""
    written = {name: item.as_string() for name, item in table.value.items()}
    if value is None:
        written.pop(key, None)
    else:
        written[key] = value.as_string()
    inner = ", ".join(f"{tomlkit.key(name).as_string()} = {item.strip()}" for name, item in written.items())
    new = value_of(f"{{ {inner} }}" if inner else "{}")
    if isinstance(above, list):
        above[int(behind)] = new
    else:
        _replace(above, str(behind), new)


def _set_element(holder: Any, at: int, value: Any) -> None:
    if value is None:
        del holder[at]
    elif at == len(holder):
        holder.append(_as_table(value) if isinstance(holder, AoT) else value)
    elif isinstance(holder, AoT):
        holder[at] = _as_table(value)
    else:
        holder[at] = value


def _below(holder: Any, part: str | int, following: str | int, *, make: bool) -> Any:
    """The table or array at `part`; made if it is not there."""
    if isinstance(part, int):
        if part == len(holder) and make:
            holder.append(tomlkit.table() if isinstance(holder, AoT) else tomlkit.inline_table())
        return holder[part]
    if part not in holder:
        if not make:
            return None
        holder[part] = _new(holder, following)
    return holder[part]


def _new(holder: Any, following: str | int) -> Any:
    if isinstance(following, int):
        return tomlkit.aot() if _is_section(holder) else tomlkit.array()
    return tomlkit.table() if _is_section(holder) else tomlkit.inline_table()


def _is_section(holder: Any) -> bool:
    return not isinstance(holder, InlineTable | Array)


def _as_table(value: Any) -> Any:
    """An inline table as a table of its own."""
    if not isinstance(value, InlineTable):
        return value
    table = tomlkit.table()
    for key, item in value.items():
        table[key] = item
    return table
