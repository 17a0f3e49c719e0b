"""A name is changed wherever it stands: where it is given, and in everything that refers to it. All else of the text stays.

    renamed(text, ("audiences", "silent"), "asleep")        `silent = ...`, `give = { silent = ... }`, `for = "silent"`,
                                                            `when = "audience silent"`, `enter = "audience silent"`
    renamed(text, ("tasks", 0, "id"), "words")              `id = "copy"`, and each `after = ["copy"]`

Names are given by keys of [goals], [audiences], [merchants], [products], [plays], [pages], [journeys], [content], [collect] and the
channels and baits of [fission], by the `id` of a task and that of a step, and by what a line of the budget is `for`. What refers to
a name is known from the grammar (`refers`), and where a sentence of its own holds it (a goal's `is`, what promotions give, when,
and on what, how a journey is entered), from that sentence.

A product without `sku` is the shop's product of its name, a goal without `measure` is measured by its name: both are written down,
so that the new name changes no meaning. Conditions of audiences speak of what has happened, by the names that it had: where one
names a play of this campaign (`where campaign = tea and play = silent`) it follows; where it names no campaign, or another, it may
mean an older play of that name: it stays, and `left` says so.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tomlkit

from miaohui.campaign.edits import CannotEdit, Edit, edit
from miaohui.campaign.goals import MEASURES
from miaohui.campaign.grammar import Covers, Gifts, Gives, Named, Ware, When, Words
from miaohui.campaign.leaves import Leaf, leaves
from miaohui.campaign.places import Path, spelled
from miaohui.campaign.problem import written
from miaohui.campaign.terms import EVERYBODY, NAME

SECTIONS: Mapping[str, str] = {
    "goals": "goal",
    "audiences": "audience",
    "merchants": "merchant",
    "products": "product",
    "plays": "play_here",
    "pages": "",
    "journeys": "",
    "content": "content",
    "collect": "",
}
"""Section whose keys are names -> how the grammar calls a reference to one of them."""
VALUES = ("id", "for")
"""Keys whose value is a name."""


def is_name(path: Path) -> bool:
    """Whether what stands at `path` is a name that the operator gives: a key, or the value of an `id`."""
    match path:
        case (str(section), str()):
            return section in SECTIONS
        case ("fission", "channels" | "baits", str()) | ("tasks", int(), "id"):
            return True
        case ("journeys", str(), "steps", int(), "id") | ("budget", "lines", int(), "for"):
            return True
    return False


def renamed(text: str, path: Path, name: str) -> str:
    """`text` with `name` for what is called otherwise at `path`. CannotEdit: no TOML, nothing there, or no free name."""
    text = text.replace("\r\n", "\n")
    try:
        raw = tomllib.loads(text)
        old, taken = _given(raw, path)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise CannotEdit(f"there is no name at {written(path)}: {error}") from error
    if name == old:
        return text
    fits = name if path[-1] == "for" else re.fullmatch(NAME, name)  # what money is for is said in plain words
    if not fits or name in taken or name == EVERYBODY:
        raise CannotEdit(f"{name!r} is no name, or there is one already: small letters, digits and hyphens")
    keys, values = _found(raw, path, old, name)
    if path[0] == "plays":
        values |= {
            place: said
            for place, condition in _conditions(raw)
            if (said := _of_play(condition, old, name, str(raw.get("campaign", "")))) != condition
        }
    return edit(_respelled(text, keys, values, name), _kept(raw, path, old, name))


def left(text: str, play: str) -> list[str]:
    """The audiences whose conditions speak of a play called `play`; none if the text is no TOML."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return []
    return [str(path[1]) for path, condition in _conditions(raw) if _a_play(play).search(condition)]


def _given(raw: Any, path: Path) -> tuple[str, list[Any]]:
    """The name at `path`, and all names of its kind."""
    if not is_name(path):
        raise KeyError(written(path))
    *way, last = path
    holder = raw
    for part in way:
        holder = holder[part]
    if last in VALUES:
        elements = raw
        for part in way[:-1]:
            elements = elements[part]
        return str(holder[last]), [element.get(last) for element in elements]
    if last not in holder:
        raise KeyError(last)
    return str(last), list(holder)


def _found(raw: Any, path: Path, old: str, new: str) -> tuple[set[Path], dict[Path, str]]:
    """The keys that are to be spelled otherwise, and the values with what they are to say."""
    if path[-1] not in VALUES:
        keys, values = {path}, dict[Path, str]()
    else:
        keys, values = set[Path](), {path: new}
    if path[0] == "journeys" and path[-1] == "id":
        steps = path[:-2]
        for n, step in enumerate(raw["journeys"][path[1]]["steps"]):
            values |= {(*steps, n, key): new for key in ("then", "otherwise") if step.get(key) == old}
        return keys, values
    refers = "task" if path[-1] == "id" else SECTIONS.get(str(path[0]), "")
    for leaf in leaves(raw) if refers else ():
        if isinstance(leaf.kind, Gifts | Named):
            audiences = isinstance(leaf.kind, Gifts) or leaf.kind.keys.refers == refers
            if audiences and refers == "audience" and isinstance(leaf.value, dict) and old in leaf.value:
                keys.add((*leaf.path, old))
        else:
            values |= {place: said for place, was, said in _said(leaf, refers, old, new) if said != was}
    return keys, values


def _said(leaf: Leaf, refers: str, old: str, new: str) -> Iterator[tuple[Path, str, str]]:
    """Path, text and new text of each text of `leaf` that may hold the name."""
    many = leaf.value if isinstance(leaf.value, list) else [leaf.value]
    says = _sayer(leaf, refers)
    for n, said in enumerate(many):
        if says and isinstance(said, str):
            yield (*leaf.path, n) if isinstance(leaf.value, list) else leaf.path, said, says(said, old, new)


def _sayer(leaf: Leaf, refers: str) -> "Callable[[str, str, str], str] | None":
    match leaf.kind, refers:
        case (Words(refers=found), _) if found == refers:
            return _whole
        case (Ware(), "product"):
            return _whole
        case (Covers(), "product"):
            return _scope
        case (Gives(), "product"):
            return _gives
        case (When(), "product" | "audience"):
            return _when_product if refers == "product" else _when_audience
    match leaf.path:
        case ("goals", _, "is") if refers == "goal":
            return _token
        case ("journeys", *_, "enter" | "if") if refers == "audience":
            return _audience
    return None


# -- sentences: (text, old name, new name) -> text ---------------------------------------------------------------------------------


def _whole(said: str, old: str, new: str) -> str:
    return new if said == old else said


def _token(said: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])", new, said)


def _audience(said: str, old: str, new: str) -> str:
    return re.sub(rf"\baudience {re.escape(old)}(?![\w-])", f"audience {new}", said)


def _scope(said: str, old: str, new: str) -> str:
    """ "tea, not cup": see `promotion_words`."""
    return ", ".join(re.sub(rf"^(not )?{re.escape(old)}$", rf"\g<1>{new}", part) for part in said.split(", "))


def _conditions(raw: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    audiences = raw.get("audiences")
    for name, condition in audiences.items() if isinstance(audiences, dict) else ():
        if isinstance(condition, str):
            yield ("audiences", name), condition


def _a_play(name: str) -> re.Pattern[str]:
    """A wish for the play, before its name, or several: "play = noon", "play not in (noon, night)"."""
    wish = r"(\bplay\s*(?:=|!=|≠|is\s+not\b|is\b|(?:not\s+)?in\b)[\s(（]*(?:[^()（）]*?[,，]\s*)?['‘’]?)"
    return re.compile(rf"{wish}{re.escape(name)}(?![\w-])", re.IGNORECASE)


def _of_play(said: str, old: str, new: str, campaign: str) -> str:
    """ "count(coupon.claimed where campaign = tea and play = noon) >= 1": the events in brackets that name the campaign follow."""
    ours = re.compile(rf"\bcampaign\s*(?:=|is)\s*['‘’]?{re.escape(campaign)}(?![\w-])", re.IGNORECASE)

    def events(found: re.Match[str]) -> str:
        return _a_play(old).sub(rf"\g<1>{new}", found[0]) if ours.search(found[0]) else found[0]

    return re.sub(r"[(（](?:[^()（）]|[(（][^()（）]*[)）])*[)）]", events, said)


def _on(said: str, old: str, new: str) -> tuple[str, str]:
    head, on, scope = said.partition(" on ")
    return head, on + (_scope(scope, old, new) if on else "")


def _gives(said: str, old: str, new: str) -> str:
    """ "1 tea + 2 cup for 59.00", "buy 2 get 1 of mug or cup", "gift 2 of mug or cup": see `promotion_gives`."""
    head, about = _on(said, old, new)
    first, comma, options = head.partition(", ")
    piece = re.compile(rf"((?:gift )?(?:.* of )?(?:\d+ )?){re.escape(old)}((?: for .*)?)")
    parts = re.split(r"( or | \+ )", first)
    first = "".join(piece.sub(rf"\g<1>{new}\g<2>", part) if piece.fullmatch(part) else part for part in parts)
    return first + comma + options + about


def _when_product(said: str, old: str, new: str) -> str:
    if said.startswith("either "):
        return " or else ".join("".join(_on(part, old, new)) for part in said.split(" or else "))
    return "".join(_on(said, old, new))


def _when_audience(said: str, old: str, new: str) -> str:
    def one(part: str) -> str:
        head, audience, names = part.partition("audience ")
        if not audience or head not in ("", "not ", "either ", "either not "):
            return part
        return head + audience + " or ".join(new if name == old else name for name in names.split(" or "))

    return " or else ".join(one(part) for part in said.split(" or else "))


# -- back into the text ------------------------------------------------------------------------------------------------------------


def _respelled(text: str, keys: set[Path], values: Mapping[Path, str], name: str) -> str:
    found = spelled(text)
    changes = [(start, end, name) for path, start, end in found.keys if path in keys]
    changes += [(*found.values[path], tomlkit.item(said).as_string()) for path, said in values.items()]
    for start, end, said in sorted(changes, reverse=True):
        text = text[:start] + said + text[end:]
    return text


def _kept(raw: Any, path: Path, old: str, new: str) -> Iterator[Edit]:
    """What the old name meant by itself."""
    match path:
        case ("products", str()) if not raw["products"][old].get("sku"):
            yield Edit(("products", new, "sku"), f'"{old}"')
        case ("goals", str()) if old in MEASURES and not raw["goals"][old].get("measure"):
            yield Edit(("goals", new, "measure"), f'"{old}"')
