"""What `miaohui check` prints: every problem of some documents, for people or as JSON."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape

from miaohui.campaign.problem import Problem, stops
from miaohui.campaign.reader import read

_COLOURS = {"stop": "red", "warn": "yellow", "hint": "cyan"}
_ONE = {"stop": "stop", "warn": "warning", "hint": "hint"}


def check_files(files: Iterable[Path], *, as_json: bool, language: str, console: Console) -> bool:
    """Read each file and print what is wrong with it; whether all may be submitted. OSError if one cannot be read."""
    found = {str(file): read(file.read_text(encoding="utf-8-sig")).problems for file in files}
    if as_json:
        console.out(msgspec.json.format(msgspec.json.encode(found)).decode(), highlight=False)
    else:
        for name, problems in found.items():
            _print(name, problems, language, console)
    return not any(stops(problems) for problems in found.values())


def _print(name: str, problems: list[Problem], language: str, console: Console) -> None:
    for p in problems:
        colour = _COLOURS[p.level]
        console.print(
            f"[bold]{escape(name)}:{p.line}:{p.column}[/] [{colour}]{p.level}[/] {escape(p.path)} [dim]{p.code}[/]",
            soft_wrap=True,
        )
        console.print(f"    {escape(p.what(language))}", soft_wrap=True, highlight=False)
        console.print(f"    [dim]->[/] {escape(p.remedy(language))}", soft_wrap=True, highlight=False)
    console.print(f"[bold]{escape(name)}[/]: {_counted(problems)}", soft_wrap=True, highlight=False)


def _counted(problems: list[Problem]) -> str:
    counts = {level: sum(p.level == level for p in problems) for level in _ONE}
    said = [f"{n} {_ONE[level]}{'s' if n > 1 else ''}" for level, n in counts.items() if n]
    return ", ".join(said) or "nothing to say"
