"""The reference page of the preflight, from the rules themselves."""

from collections.abc import Iterator

from miaohui import preflight
from miaohui.preflight._look import plain

_INTRODUCTION = """\
# 上线前检查 · Preflight

This page is made from the code (`miaohui reference`).

Every rule runs when a document is saved, on the page of the campaign, in the editor while it is written, and in `miaohui check`
(exit code 1 while a stop stands; `--json` and `--sarif` for other programs). A finding says what is wrong, why, where it stands,
and what helps; some can be put right with one click. What a rule cannot know yet it says, and does not count as passed.

- a **stop** must be put right before the campaign is submitted. One that *may be overridden* can be set aside: somebody asks with a
  reason, a second person who may approve agrees; both and the reason are kept, and it holds for this very sentence only.
- a **warning** should be read; a **hint** is for information.

Thresholds are data: an administrator changes them on the page Preflight of the console. Those marked *(judgement)* are opinions of
ours without data behind them; replace them by what your own campaigns show. The least days of warm-up and of preparation belong to
the classes of the calendar. What is wrong with the form of a document is in [document.md](document.md).
"""


def reference() -> str:
    """The reference page."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield _INTRODUCTION
    for name in preflight.names():
        rule = preflight.find(name)
        yield from (f"## `{name}` {rule.TITLE.zh} · {rule.TITLE.en}", "", (rule.__doc__ or "").strip(), "")
        if rule.SAYS:
            yield from _says(name)
        limits = [limit for limit in preflight.limits().values() if limit.name.split(".")[0] == name]
        if limits:
            yield from ("| threshold | default | | |", "|---|---|---|---|")
            for limit in limits:
                source = f"{limit.source.zh} · {limit.source.en}" if limit.source else "*(judgement)*"
                value = f"{plain(limit.value)} {limit.unit.en}"
                yield f"| `{limit.name}` | {value} | {limit.says.zh} · {limit.says.en} | {source} |"
            yield ""
    yield from ("## 法规出处 · Sources in law", "", "Reminders, no legal advice.", "")
    yield from ("| point | since | source | |", "|---|---|---|---|")
    for law in preflight.laws():
        said, source = f"{law.says.zh} · {law.says.en}", f"{law.source.zh} · {law.source.en}"
        yield f"| `{law.name}` ({law.currency}) | {law.since} | {source} | {said} |"


def _says(name: str) -> Iterator[str]:
    yield from ("| code | level | what | why | what helps |", "|---|---|---|---|---|")
    for code, kept in preflight.find(name).SAYS.items():
        level = f"{kept.level}, may be overridden" if kept.overridable else kept.level
        why = kept.why.en if kept.why else ""
        row = f"| `{code}` | {level} | {kept.what.en} | {why} | {kept.remedy.en} |"
        yield row.replace("{{", "{").replace("}}", "}")
    yield ""
