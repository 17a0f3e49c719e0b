"""What differs between two texts of one document, field by field; and two people's changes brought together.

    changes(old, new)            the fields that differ, with what stood there and what stands there now, as TOML spells it
    merge(base, mine, theirs)    both made `base` into something else: different fields are merged, the same field is a conflict

A field is a leaf: a value, or a list of values. Arrays of tables ([[tasks]]) are compared element by element while all texts have
the same number of them, else as a whole.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from msgspec import Struct
from tomlkit.exceptions import TOMLKitError

from miaohui.campaign.edits import CannotEdit, Edit, edit
from miaohui.campaign.places import Path
from miaohui.campaign.renaming import is_name

Leaves = dict[Path, str]


class Change(Struct, frozen=True):
    """A field and its values, as TOML spells them; an empty one: it is not there."""

    path: Path
    before: str
    after: str


class Conflict(Struct, frozen=True):
    """A field that both changed, each in his own way."""

    path: Path
    base: str
    mine: str
    theirs: str


class Merged(Struct, frozen=True):
    """`text`: theirs with all that is mine; where both changed a field, mine stands in it and the conflict says so."""

    text: str
    mine: tuple[Change, ...]
    theirs: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]


def changes(old: str, new: str) -> list[Change]:
    """The fields that differ, in the order of the new text, then those that are gone. What has another name and is otherwise the
    same, or nearly, is one change of its name. CannotEdit: one is no TOML."""
    before, after = _together(old, new)
    found = []
    for was, now in _renamed(before, after).items():
        found.append(Change(now, f'"{was[-1]}"', f'"{now[-1]}"'))
        before = {(*now, *path[2:]) if path[:2] == was else path: value for path, value in before.items()}
    found += [Change(path, before.get(path, ""), value) for path, value in after.items() if before.get(path) != value]
    return found + [Change(path, value, "") for path, value in before.items() if path not in after]


def renames(old: str, new: str) -> dict[Path, Path]:
    """Old place -> new place of what has another name, as `changes` sees it. CannotEdit: one is no TOML."""
    return _renamed(*_together(old, new))


def _renamed(before: Leaves, after: Leaves) -> dict[Path, Path]:
    """Old place -> new place of what has another name in the same section, with half of its values or more as they were."""
    olds, news = _tables(before), _tables(after)
    found: dict[Path, Path] = {}
    for was, values in olds.items():
        for now, others in news.items() if was not in news else ():
            same = sum(values.get(path) == value for path, value in others.items())
            like = was[0] == now[0] and 2 * same >= max(len(values), len(others))
            if like and now not in olds and now not in found.values():
                found[was] = now
                break
    return found


def _tables(leaves: Leaves) -> dict[Path, Leaves]:
    """[section.name] -> the leaves below it, where the operator gives the name."""
    found: dict[Path, Leaves] = {}
    for path, value in leaves.items():
        if is_name(path[:2]):
            found.setdefault(path[:2], {})[path[2:]] = value
    return found


def merge(base: str, mine: str, theirs: str) -> Merged:
    """Bring two versions of `base` together. CannotEdit: one is no TOML."""
    first, ours, others = _together(base, mine, theirs)
    my, their = _changed(first, ours), _changed(first, others)
    conflicts = [
        Conflict(path, first.get(path, ""), ours.get(path, ""), others.get(path, ""))
        for path in my
        if any(_meet(path, other) and not (path == other and my[path] == their[other]) for other in their)
    ]
    text = edit(theirs, list(_edits(ours, others, my)))
    as_changes = [
        tuple(Change(path, first.get(path, ""), value) for path, value in some.items()) for some in (my, their)
    ]
    return Merged(text, as_changes[0], as_changes[1], tuple(conflicts))


def _changed(before: Leaves, after: Leaves) -> Leaves:
    """Path -> new value ("": taken out) of every leaf that differs."""
    found = {path: value for path, value in after.items() if before.get(path) != value}
    return found | {path: "" for path in before if path not in after}


def _meet(one: Path, other: Path) -> bool:
    """Whether one of the paths leads through the other."""
    short = min(len(one), len(other))
    return one[:short] == other[:short]


def _edits(ours: Leaves, others: Leaves, my: Leaves) -> Iterator[Edit]:
    """My changes; a table of which nothing is left, mine or theirs, goes as a whole."""
    kept = [*ours, *(path for path in others if my.get(path) != "")]
    gone: set[Path] = set()
    for path, value in my.items():
        if value:
            yield Edit(path, value)
            continue
        top = next((path[:n] for n in range(1, len(path)) if not any(left[:n] == path[:n] for left in kept)), path)
        if top not in gone:
            gone.add(top)
            yield Edit(top, "")


def _together(*texts: str) -> list[Leaves]:
    """The leaves of each text, arrays of tables cut alike in all of them."""
    try:
        parsed = [tomlkit.parse(text) for text in texts]
    except TOMLKitError as error:
        raise CannotEdit(str(error)) from error
    lengths: dict[Path, set[int]] = {}
    for document in parsed:
        for path, length in _arrays(document, ()):
            lengths.setdefault(path, set()).add(length)
    whole = {path for path, found in lengths.items() if len(found) > 1}
    return [dict(_leaves(document, (), whole)) for document in parsed]


def _arrays(value: Any, path: Path) -> Iterator[tuple[Path, int]]:
    for key, below in _items(value):
        yield from _arrays(below, (*path, key))
    if _of_tables(value):
        yield path, len(value)


def _leaves(value: Any, path: Path, whole: set[Path]) -> Iterator[tuple[Path, str]]:
    items = list(_items(value)) if path not in whole else []
    if items:
        for key, below in items:
            yield from _leaves(below, (*path, key), whole)
    elif path and not (isinstance(value, Mapping) and not value):  # an empty table says nothing
        yield path, _spelled(value)


def _items(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(key), below) for key, below in value.items())
    elif _of_tables(value):
        yield from enumerate(value)


def _of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(element, Mapping) for element in value)


def _spelled(value: Any) -> str:
    """The value on one line, as TOML writes it; an array of tables as an array of inline tables."""
    plain = value.unwrap() if hasattr(value, "unwrap") else value
    if isinstance(plain, Mapping | list):
        return _inline(plain)
    return str(value.as_string()).strip() if hasattr(value, "as_string") else str(tomlkit.item(value).as_string())


def _inline(plain: Any) -> str:
    if isinstance(plain, Mapping):
        inner = ", ".join(f"{tomlkit.key(str(key)).as_string()} = {_inline(value)}" for key, value in plain.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(plain, list):
        return f"[{', '.join(_inline(value) for value in plain)}]"
    return str(tomlkit.item(plain).as_string())
