"""The document as a form: sections, fields and what may be added, all from the grammar; a new play brings its own fields.

    sections(text)               what the form shows of a text; every control knows its path
    toml(text, path, value)      what an operator typed into the control at `path`, as TOML writes it

The form never holds anything of its own: a change is an edit of the text (`campaign.edits`), and the form is made anew from it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Literal

import tomlkit
from msgspec import Struct
from tomlkit.exceptions import TOMLKitError

from miaohui import plays
from miaohui.campaign import grammar
from miaohui.campaign.document import Document
from miaohui.campaign.edits import CannotEdit, Edit
from miaohui.campaign.grammar import (
    Amount,
    Both,
    Choice,
    Field,
    Gifts,
    Instant,
    Kind,
    Many,
    Named,
    Number,
    Off,
    Percent,
    PlaysHere,
    Table,
    Valid,
    Whole,
    Words,
    YesNo,
)
from miaohui.campaign.offer import Head
from miaohui.campaign.places import Path
from miaohui.campaign.problem import written
from miaohui.campaign.renaming import is_name
from miaohui.campaign.terms import NAME
from miaohui.console.option_words import meaning
from miaohui.text import Text

BASICS = "basics"
_NUMBER = re.compile(r"[+-]?\d[\d_]*(\.\d[\d_]*)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?")
_LANGUAGES = {"zh": Text("中文", "Chinese"), "en": Text("英文", "English")}


class Control(Struct, frozen=True, kw_only=True):
    """One field of the form. `style`: a line, an area of several lines, a choice, several of a few, a time (written, or picked as a
    day), the name of a group; `options`: what may be chosen or proposed, with what it means; `unit`: what a number is in;
    `default`: the choice that counts where none is written; `renames`: a new value is a new name, which all that refers to it
    follows."""

    path: Path
    label: Text
    hint: Text
    value: str
    style: Literal["line", "area", "choice", "several", "time", "name"] = "line"
    options: Mapping[str, Text] = {}
    unit: str = ""
    whole: bool = False
    default: Text | None = None
    needed: bool = False
    renames: bool = False

    @property
    def chosen(self) -> tuple[str, ...]:
        """The options of several that are written."""
        return tuple(self.value.split("\n")) if self.value else ()

    @property
    def day(self) -> str:
        """The day that a time is written with, if it is."""
        found = _DAY.match(self.value)
        return found[0] if found else ""

    @property
    def at(self) -> str:
        """The path as the page carries it."""
        return json.dumps(self.path)

    @property
    def name(self) -> str:
        """The path as problems write it."""
        return written(self.path)


class Addition(Struct, frozen=True, kw_only=True):
    """Something that may be added below `path`: an element, something named, or a play of a kind (`options`: which there are)."""

    path: Path
    what: Literal["element", "named", "play"]
    options: Mapping[str, Text] = {}

    @property
    def at(self) -> str:
        """The path as the page carries it."""
        return json.dumps(self.path)


class Group(Struct, frozen=True, kw_only=True):
    """Fields that stand together; one that was added may be taken out."""

    title: str
    path: Path
    controls: tuple[Control, ...]
    removable: bool = False
    addition: Addition | None = None

    @property
    def at(self) -> str:
        """The path as the page carries it."""
        return json.dumps(self.path)

    @property
    def name(self) -> str:
        """The path as problems write it."""
        return written(self.path)


class Section(Struct, frozen=True, kw_only=True):
    """A section of the document."""

    key: str
    title: Text
    groups: tuple[Group, ...]
    addition: Addition | None = None

    def holds(self, path: str) -> bool:
        """Whether a problem at `path` belongs here."""
        first = re.split(r"[.\[]", path)[0]
        return first == self.key or (self.key == BASICS and first in _BASIC)


_BASIC = {
    field.key for field in grammar.table(Document).fields if not isinstance(field.kind, Table | Named)
    and not (isinstance(field.kind, Many) and isinstance(field.kind.of, Table))
} | {""}  # fmt: skip


def sections(text: str) -> tuple[Section, ...]:
    """The whole form. CannotEdit: the text is no TOML."""
    raw = _parsed(text)
    fields = grammar.table(Document).fields
    basics = [field for field in fields if field.key in _BASIC and field.key != "campaign"]
    controls = tuple(control for field in basics for control in _controls(field, raw, (), raw))
    first = Section(
        key=BASICS,
        title=Text("活动", "The campaign"),
        groups=(Group(title="", path=(), controls=controls),),
    )
    return (first, *(_section(field, raw) for field in fields if field.key not in _BASIC))


def _parsed(text: str) -> Any:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise CannotEdit(str(error)) from error


def _section(field: Field, raw: Any) -> Section:
    path: Path = (field.key,)
    here = raw.get(field.key)
    title = field.sentence or Text(field.key, field.key)
    match field.kind:
        case Named(of=Table() | PlaysHere() as of):
            plays_here = isinstance(of, PlaysHere)
            names = list(here) if isinstance(here, Mapping) else []
            groups = [group for name in names for group in _groups(of, here[name], (*path, name), raw, name)]
            addition = Addition(
                path=path,
                what="play" if plays_here else "named",
                options={name: plays.find(name).TITLE for name in plays.names()} if plays_here else {},
            )
            return Section(key=field.key, title=title, groups=tuple(groups), addition=addition)
        case Named():
            names = list(here) if isinstance(here, Mapping) else []
            groups = [_named(field.kind, (*path, name), _shown(here[name])) for name in names]
            return Section(key=field.key, title=title, groups=tuple(groups), addition=Addition(path=path, what="named"))
        case Many(of=Table() as table):
            groups = list(_elements(table, here, path, raw))
            return Section(
                key=field.key, title=title, groups=tuple(groups), addition=Addition(path=path, what="element")
            )
        case Table() as table:
            return Section(key=field.key, title=title, groups=tuple(_groups(table, here, path, raw, "", False)))
    raise AssertionError(field.key)


def _named(kind: Named, path: Path, value: str) -> Group:
    """A name and its one value, such as an audience and its condition."""
    name = str(path[-1])
    says = Control(path=path, label=Text("条件", "Condition"), hint=_hint(kind.of), value=value, style="area")
    return Group(title=name, path=path, controls=(_name(path), says), removable=True)


def _name(path: Path) -> Control:
    """The name of a group, which can be changed."""
    return Control(
        path=path,
        label=Text("名称", "Name"),
        hint=Text("改名时，引用它的地方一起改", "What refers to it follows"),
        value=str(path[-1]),
        style="name",
        renames=True,
    )


def _groups(kind: Kind, here: Any, path: Path, raw: Any, title: str, removable: bool = True) -> Iterator[Group]:
    """The fields of one table, then the tables below it."""
    fields = _fields(kind, here)
    here = here if isinstance(here, Mapping) else {}
    deeper = [field for field in fields if isinstance(field.kind, Many) and isinstance(field.kind.of, Table)]
    tables = [field for field in fields if isinstance(field.kind, Table)]
    named = [field for field in fields if isinstance(field.kind, Named) and isinstance(field.kind.of, Table)]
    controls = [_name(path)] if is_name(path) else []
    for field in fields:
        if field not in deeper and field not in tables and field not in named:
            controls += _controls(field, here, path, raw)
    yield Group(title=title, path=path, controls=tuple(controls), removable=removable)
    for field in tables:
        assert isinstance(field.kind, Table)
        name = f"{title} · {field.key}" if title else field.key
        yield from _groups(field.kind, here.get(field.key), (*path, field.key), raw, name, False)
    for field in named:
        assert isinstance(field.kind, Named)
        below, own = (*path, field.key), here.get(field.key)
        for name in own if isinstance(own, Mapping) else ():
            yield from _groups(field.kind.of, own[name], (*below, name), raw, f"{title} {field.key} · {name}".strip())
        addition = Addition(path=below, what="named")
        yield Group(title=f"{title} {field.key}".strip(), path=below, controls=(), addition=addition)
    for field in deeper:
        assert isinstance(field.kind, Many)
        assert isinstance(field.kind.of, Table)
        below = (*path, field.key)
        yield from _elements(field.kind.of, here.get(field.key), below, raw, f"{title} {field.key}".strip())
        yield Group(
            title=f"{title} {field.key}".strip(),
            path=below,
            controls=(),
            addition=Addition(path=below, what="element"),
        )


def _elements(table: Table, here: Any, path: Path, raw: Any, title: str = "") -> Iterator[Group]:
    for n, element in enumerate(here if isinstance(here, list) else []):
        name = str(element.get("id") or element.get("for") or element.get("who") or n + 1) if element else str(n + 1)
        yield from _groups(table, element, (*path, n), raw, f"{title} {name}".strip())


def _fields(kind: Kind, here: Any) -> tuple[Field, ...]:
    """The fields of a table; of a play, the head's and those of its module."""
    if isinstance(kind, Table):
        return kind.fields
    head = grammar.table(Head).fields
    module = here.get("play") if isinstance(here, Mapping) else None
    if module not in plays.names():
        return head
    rules = grammar.rules(plays.find(str(module)))
    return (*head[:2], *rules.fields, *(field for field in head[2:] if not rules.field(field.key)))


def _controls(field: Field, here: Any, path: Path, raw: Any) -> Iterator[Control]:
    """One control for a field; two for what stands in both languages."""
    place, value = (*path, field.key), here.get(field.key) if isinstance(here, Mapping) else None
    label = field.sentence or Text(field.key, field.key)
    if place[:1] == ("plays",) and place[2:] == ("play",):
        titles = {name: plays.find(name).TITLE for name in plays.names()}
        kind = Text("玩法", "What kind of play")
        shown = _shown(value)
        yield Control(
            path=place, label=kind, hint=Text("", ""), value=shown, style="choice", options=titles, needed=True
        )
        return
    if isinstance(field.kind, Both):
        for language, name in _LANGUAGES.items():
            said = value.get(language, "") if isinstance(value, Mapping) else ""
            yield Control(
                path=(*place, language),
                label=Text(f"{label.zh}（{name.zh}）", f"{label.en} ({name.en})"),
                hint=Text("", ""),
                value=str(said),
                needed=field.required,
            )
        return
    yield Control(
        path=place,
        label=label,
        hint=_hint(field.kind),
        value=_grouped(_shown(value)) if isinstance(field.kind, Whole | Number | Amount | Percent) else _shown(value),
        style=_style(field.kind),
        options={option: meaning(field.key, option) for option in _options(field.kind, raw)},
        unit=_unit(field.kind, raw),
        whole=isinstance(field.kind, Whole),
        default=_default(field),
        needed=field.required,
        renames=value is not None and is_name(place),
    )


def _default(field: Field) -> Text | None:
    default = str(field.default).lower() if isinstance(field.default, bool) else field.default
    return meaning(field.key, default) if isinstance(field.kind, Choice | YesNo) and default else None


def _grouped(number: str) -> str:
    """110_000.00 as people write it: 110,000.00."""
    found = number.replace("_", ",")
    return found if _GROUPED.fullmatch(found) else number


def _unit(kind: Kind, raw: Any) -> str:
    """What stands behind the number."""
    return "%" if isinstance(kind, Percent) else str(raw.get("currency", "")) if isinstance(kind, Amount) else ""


def _hint(kind: Kind) -> Text:
    """What may be typed; nothing for plain text."""
    match kind:
        case Words(refers="") | Choice() | YesNo() | Many(of=Choice()):
            return Text("", "")
        case Many(of=of):
            inner = _hint(of)
            return Text(f"{inner.zh}，每行一项".removeprefix("，"), f"{inner.en}, one a line".removeprefix(", "))
        case Named() | Gifts():
            inner = _hint(kind.of if isinstance(kind, Named) else Off())
            return Text(f"名称 = {inner.zh}，每行一项", f"name = {inner.en}, one a line")
        case Valid():
            return Text("from = warm_up；days = 7", "from = warm_up; days = 7")
    return grammar.expected(kind)


def _style(kind: Kind) -> Literal["line", "area", "choice", "several", "time"]:
    if isinstance(kind, Choice | YesNo):
        return "choice"
    if isinstance(kind, Many) and isinstance(kind.of, Choice):
        return "several"
    if isinstance(kind, Instant):
        return "time"
    return "area" if isinstance(kind, Many | Named | Gifts | Valid) else "line"


def _options(kind: Kind, raw: Any) -> tuple[str, ...]:
    match kind:
        case Choice(options=options) | Many(of=Choice(options=options)):
            return tuple(option for option in options if option)
        case YesNo():
            return ("true", "false")
        case Words(refers=refers) if refers in _REFERRED:
            found = raw.get(_REFERRED[refers])
            return tuple(found) if isinstance(found, Mapping) else ()
        case grammar.Ware():
            found = raw.get("products")
            return tuple(found) if isinstance(found, Mapping) else ()
    return ()


_REFERRED = {
    "audience": "audiences",
    "play_here": "plays",
    "goal": "goals",
    "content": "content",
    "merchant": "merchants",
}


def _shown(value: Any) -> str:
    """A value as a control shows it: one line for each element, name = value for each pair."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "\n".join(f"{key} = {_shown(below)}" for key, below in value.items())
    if isinstance(value, list):
        return "\n".join(_shown(below) for below in value)
    if isinstance(value, str):
        return str(value)
    return str(value.as_string()) if hasattr(value, "as_string") else str(value).lower()


# -- back into the text ----------------------------------------------------------------------------------------------------------


def toml(text: str, path: Path, typed: str) -> str:
    """What was typed, as TOML writes it; empty where nothing was. CannotEdit: there is no such field."""
    kind = _kind_at(_parsed(text), path)
    typed = typed.replace("\r\n", "\n").strip()
    return _toml(kind, typed) if typed else ""


def added(text: str, path: Path, name: str, play: str) -> Edit:
    """What adds an element to the array at `path`, or something called `name` (empty: the next free one) to the table; `play`:
    which module. CannotEdit."""
    raw = _parsed(text)
    kind = _kind_at(raw, path)
    here: Any = raw
    for part in path:
        here = here[part] if _has(here, part) else None
    if isinstance(kind, Many):
        return Edit((*path, len(here) if isinstance(here, list) else 0), "{}")
    if not isinstance(kind, Named):
        raise CannotEdit(f"nothing can be added to {written(path)}")
    name = name or _free(play.replace("_", "-") or str(path[-1]).removesuffix("s"), here)
    if not re.fullmatch(NAME, name) or (isinstance(here, Mapping) and name in here):
        raise CannotEdit(f"{name!r} is no name, or there is one already: small letters, digits and hyphens")
    if isinstance(kind.of, PlaysHere):
        if play not in plays.names():
            raise CannotEdit(f"there is no play {play!r}")
        return Edit((*path, name), f'{{ play = "{play}" }}')
    return Edit((*path, name), "{}" if isinstance(kind.of, Table) else '""')


def _free(base: str, here: Any) -> str:
    """`base`, or `base` with the first number that is free."""
    taken = here if isinstance(here, Mapping) else {}
    return next(name for n in count(1) if (name := base if n == 1 else f"{base}-{n}") not in taken)


def _has(here: Any, part: str | int) -> bool:
    if isinstance(here, Mapping):
        return part in here
    return isinstance(here, list) and isinstance(part, int) and part < len(here)


def _kind_at(raw: Any, path: Path) -> Kind:
    kind: Kind = grammar.table(Document)
    here = raw
    for part in path:
        match kind:
            case Table() | PlaysHere():
                field = next((field for field in _fields(kind, here) if field.key == part), None)
                if field is None:
                    raise CannotEdit(f"there is no field {written(path)}")
                kind = field.kind
            case Named(of=of) | Many(of=of):
                kind = of
            case Gifts():
                kind = Off()
            case Valid():
                kind = Whole() if part == "days" else Instant()
            case Both():
                kind = Words()
            case _:
                raise CannotEdit(f"there is no field {written(path)}")
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = {}
    return kind


def _toml(kind: Kind, typed: str) -> str:
    match kind:
        case Many(of=of):
            return f"[{', '.join(_toml(of, line.strip()) for line in typed.split(chr(10)) if line.strip())}]"
        case Named(of=of):
            return _pairs(typed, lambda _: of)
        case Gifts():
            return _pairs(typed, lambda _: Off())
        case Valid():
            return _pairs(typed, lambda name: Whole() if name == "days" else Instant())
        case Whole() | Number() | Amount() | Percent() if _NUMBER.fullmatch(typed):
            return typed
        case Whole() | Number() | Amount() | Percent() if _GROUPED.fullmatch(typed):
            return typed.replace(",", "_")
        case YesNo() if typed in ("true", "false"):
            return typed
        case Instant() if _TIME.fullmatch(typed):
            return typed
    return tomlkit.item(typed).as_string()


def _pairs(typed: str, kind_of: Any) -> str:
    pairs = []
    for line in typed.split("\n"):
        name, equals, value = (part.strip() for part in line.partition("="))
        if name and equals:
            pairs.append(f"{tomlkit.key(name).as_string()} = {_toml(kind_of(name), value)}")
    return f"{{ {', '.join(pairs)} }}" if pairs else ""
