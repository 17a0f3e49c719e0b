"""A template: a whole document with questions in it. The file has two parts, both TOML:

    +++
    title = { zh = "...", en = "..." }        what it is called, and `about`, what it is for
    class = "lunar_festival"                  lead times come from it; `days`, `warm_up_days`, `prepare_workdays` change them
    [[ask]]                                   the questions, one by one; kinds in `asks`
    +++
    campaign = "@campaign@"                   the document; @words@ are replaced by the answers
    ...

Dates are relative: only `live` is a day, the other phases are written "live - 5 days". So a template is never out of date.
"""

import re
import tomllib
from collections.abc import Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from miaohui.calendar.almanac import Class
from miaohui.calendar.lead import Lead
from miaohui.planning.asks import Ask
from miaohui.text import Text

_PARTS = re.compile(r"\+\+\+\n(.*?)\n\+\+\+\n(.*)", re.DOTALL)
_WORD = re.compile(r"@([a-z][a-z0-9_.-]*)@")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


class Head(Struct, frozen=True, kw_only=True):
    """The first part of the file."""

    title: Text
    about: Text
    class_: Class = msgspec.field(name="class", default="")
    icon: str = "gift"
    order: int = 100
    days: int | None = None
    warm_up_days: int | None = None
    prepare_workdays: int | None = None
    ask: tuple[Ask, ...] = ()


class Template(Struct, frozen=True, kw_only=True):
    """A template; `source`: the campaign it was made from."""

    id: str
    head: Head
    text: str
    source: str = ""

    def lead(self, lead: Lead) -> Lead:
        """The lead times of its class, as the template changes them."""
        head = self.head
        return replace(
            lead,
            live_days=lead.live_days if head.days is None else head.days,
            warm_up_days=lead.warm_up_days if head.warm_up_days is None else head.warm_up_days,
            prepare_workdays=lead.prepare_workdays if head.prepare_workdays is None else head.prepare_workdays,
        )

    def words(self) -> set[str]:
        """The words that its document waits for."""
        return set(_WORD.findall(self.text))


def read(id: str, written: str, source: str = "") -> Template:
    """The template of a file."""
    parts = _PARTS.fullmatch(written)
    assert parts, f"{id}: a template begins with +++"
    return Template(id=id, head=msgspec.convert(tomllib.loads(parts[1]), Head), text=parts[2], source=source)


def filled(text: str, words: Mapping[str, str]) -> str:
    """The document: every word that was answered is replaced, written as inside a TOML text."""

    def said(found: re.Match[str]) -> str:
        word = words.get(found[1])
        return (
            found[0] if word is None else "".join(_ESCAPES.get(c, c) for c in word if c in _ESCAPES or c.isprintable())
        )

    return _WORD.sub(said, text)
