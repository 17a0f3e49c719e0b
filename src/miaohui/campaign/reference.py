"""The reference page of the document, from the types that read it: every field with what is written, its default, its sentence."""

import json
from collections.abc import Iterable, Iterator

from miaohui import plays
from miaohui.campaign import grammar
from miaohui.campaign.document import NOT_RUN, Document
from miaohui.campaign.goals import MEASURES
from miaohui.campaign.grammar import (
    Choice,
    Field,
    Frequency,
    Kind,
    Many,
    Named,
    Percent,
    PlaysHere,
    Table,
    Valid,
    Whole,
    Words,
    YesNo,
    expected,
)
from miaohui.campaign.offer import Head
from miaohui.campaign.sentences import CODES
from miaohui.text import Text

_INTRODUCTION = """\
# 活动文件 · The campaign document

This page is made from the code (`miaohui reference`); `campaign.schema.json` beside it is for editors.

A campaign is one TOML document. Money is a decimal in the campaign's currency (`99.00`), a percentage a number in percent. Texts
that customers read stand in both languages: `{ zh = "...", en = "..." }`. Windows are [start, end). Times are written as

| written | means |
|---|---|
| `2026-09-20` | the beginning of that day in the campaign's zone |
| `2026-09-20T20:00:00` | in the campaign's zone; with an offset, exactly that instant |
| `"warm_up"` | the beginning of a phase |
| `"live 20:00"`, `"live + 1 day 20:00"` | a time of day, on the phase's day or one counted from it |
| `"wrap_up - 2 hours"` | counted in hours or minutes |
| `"live 20:00 for 30 minutes"` | a window |

Days are turned over on the calendar of the zone, hours and minutes are counted. A time that the clocks skip is refused; of a time
that comes twice, the first is meant.
"""


def reference() -> str:
    """The reference page."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield _INTRODUCTION
    named = [field for field in grammar.table(Document).fields if _inner(field.kind) is None]
    yield from ("## 活动 · The campaign", "", *_rows(named), "")
    for field in grammar.table(Document).fields:
        table = _inner(field.kind)
        if table is not None:
            yield from _section(field, table)
    yield from ("## 玩法 · Plays", "", "Every play has these keys.", "", *_rows(grammar.table(Head).fields), "")
    for name in plays.names():
        module = plays.find(name)
        first = (module.__doc__ or "").split("\n", 1)[0]
        yield from (f'### `play = "{name}"` {module.TITLE.zh} · {module.TITLE.en}', "", first, "")
        yield from (*_rows(grammar.rules(module).fields), "")
    yield from _measures()
    yield from _problems()


def _section(field: Field, table: Table) -> Iterator[str]:
    assert field.sentence is not None, field.name
    heading = {Named: f"[{field.key}.<name>]", Many: f"[[{field.key}]]"}.get(type(field.kind), f"[{field.key}]")
    yield from (f"## `{heading}` {field.sentence.zh} · {field.sentence.en}", "", (table.cls.__doc__ or "").strip(), "")
    if field.key in NOT_RUN:
        yield from ("Kept and checked; not run by this version. 保存并检查，本版本不执行。", "")
    yield from (*_rows(table.fields), "")
    for inner in table.fields:
        below = _inner(inner.kind)
        if below is not None:
            yield from (f"### `{field.key}` … `{inner.key}`", "", (below.cls.__doc__ or "").strip(), "")
            yield from (*_rows(below.fields), "")


def _inner(kind: Kind) -> Table | None:
    """The table that is written below `kind`, if there is one."""
    match kind:
        case Table():
            return kind
        case Many(of=Table() as table) | Named(of=Table() as table):
            return table
    return None


def _rows(fields: Iterable[Field]) -> Iterator[str]:
    yield "| key | what is written | if left out | |"
    yield "|---|---|---|---|"
    for field in fields:
        sentence = f"{field.sentence.zh} · {field.sentence.en}" if field.sentence else ""
        yield f"| `{field.key}` | {_written(field.kind)} | {_default(field)} | {sentence} |".replace("<", "&lt;")


def _written(kind: Kind) -> str:
    match kind:
        case Whole() | Percent():
            unit = 10_000 if isinstance(kind, Percent) else 1
            low, high = (None if n is None else f"{n / unit:g}" for n in (kind.least, kind.most))
            limits = (
                f", {low} to {high}"
                if low and high
                else f", at least {low}"
                if low
                else f", at most {high}"
                if high
                else ""
            )
            return expected(kind).en + limits
        case Named(of=of):
            return f"a table, name = {expected(of).en}"
        case PlaysHere():
            return "a play"
        case _:
            return expected(kind).en


def _default(field: Field) -> str:
    if field.required:
        return "**needed**"
    value = field.default
    if value in (None, "", (), {}) or isinstance(value, Text) or isinstance(field.kind, Table):
        return ""
    match field.kind:
        case YesNo():
            return f"`{str(value).lower()}`"
        case Percent():
            return f"`{grammar.decimal_of_percent(value):f}`"
        case Many():
            return f"`{json.dumps(list(value))}`"
        case Frequency():
            return f'`"{value.count} per {value.seconds} s"`'
        case Valid():
            return f"`{{ days = {value.days} }}`"
        case Whole() | Words() | Choice():
            return f"`{json.dumps(value)}`"
    return ""


def _measures() -> Iterator[str]:
    yield from ("## 衡量方式 · Measures", "", "What a goal may be measured by.", "", "| measure | |", "|---|---|")
    yield from (f"| `{name}` | {text.zh} · {text.en} |" for name, text in MEASURES.items())
    yield ""


def _problems() -> Iterator[str]:
    yield from (
        "## 问题 · Problems",
        "",
        "What `miaohui check` may say of the form. A stop must be put right before the campaign is submitted.",
        "What is well written and still wrong stands in [preflight.md](preflight.md).",
        "",
    )
    yield from ("| code | level | what | what helps |", "|---|---|---|---|")
    for code, kept in CODES.items():
        yield f"| `{code}` | {kept.level} | {kept.what.en} | {kept.remedy.en} |".replace("{{", "{").replace("}}", "}")
