"""What `miaohui check` prints: every problem of some documents, for people, as JSON, or as SARIF for code hosts that show findings
beside the line."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec
from rich.console import Console
from rich.markup import escape

from miaohui.campaign.problem import Problem, stops
from miaohui.campaign.reader import Read, read

Form = Literal["text", "json", "sarif"]
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_COLOURS = {"stop": "red", "warn": "yellow", "hint": "cyan"}
_ONE = {"stop": "stop", "warn": "warning", "hint": "hint"}
_LEVELS = {"stop": "error", "warn": "warning", "hint": "note"}


def check_files(files: Iterable[Path], *, form: Form, language: str, console: Console) -> bool:
    """Read each file and print what is wrong with it; whether all may be submitted. OSError if one cannot be read."""
    found = {str(file): read(file.read_text(encoding="utf-8-sig")) for file in files}
    problems = {name: one.problems for name, one in found.items()}
    match form:
        case "json":
            console.out(msgspec.json.format(msgspec.json.encode(problems)).decode(), highlight=False)
        case "sarif":
            console.out(msgspec.json.format(msgspec.json.encode(sarif(problems, language))).decode(), highlight=False)
        case "text":
            for name, one in found.items():
                _print(name, one, language, console)
    return not any(stops(one) for one in problems.values())


def sarif(found: dict[str, list[Problem]], language: str) -> dict[str, Any]:
    """The findings as a SARIF log (OASIS, version 2.1.0)."""
    rules = {p.code: p for problems in found.values() for p in problems}
    return {
        "$schema": SARIF,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "miaohui check",
                        "rules": [
                            {"id": code, "properties": {"rule": p.rule or "form"}} for code, p in sorted(rules.items())
                        ],
                    }
                },
                "results": [_result(name, p, language) for name, problems in found.items() for p in problems],
            }
        ],
    }


def _result(name: str, p: Problem, language: str) -> dict[str, Any]:
    said = [p.what(language), p.why(language) if p.why else "", p.remedy(language)]
    region = {"startLine": p.line, "startColumn": p.column}
    return {
        "ruleId": p.code,
        "level": _LEVELS[p.level],
        "message": {"text": ". ".join(part for part in said if part)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": Path(name).as_posix()}, "region": region},
                "logicalLocations": [{"fullyQualifiedName": p.path}],
            }
        ],
    }


def _print(name: str, found: Read, language: str, console: Console) -> None:
    for p in found.problems:
        colour = _COLOURS[p.level]
        console.print(
            f"[bold]{escape(name)}:{p.line}:{p.column}[/] [{colour}]{p.level}[/] {escape(p.path)} [dim]{p.code}[/]",
            soft_wrap=True,
        )
        console.print(f"    {escape(p.what(language))}", soft_wrap=True, highlight=False)
        if p.why:
            console.print(f"    [dim]{escape(p.why(language))}[/]", soft_wrap=True, highlight=False)
        console.print(f"    [dim]->[/] {escape(p.remedy(language))}", soft_wrap=True, highlight=False)
    console.print(f"[bold]{escape(name)}[/]: {_counted(found)}", soft_wrap=True, highlight=False)


def _counted(found: Read) -> str:
    counts = {level: sum(p.level == level for p in found.problems) for level in _ONE}
    said = [f"{n} {_ONE[level]}{'s' if n > 1 else ''}" for level, n in counts.items() if n]
    passed = sum(ruling.passed for ruling in found.rulings)
    unknown = sum(bool(ruling.not_known) for ruling in found.rulings)
    rules = [f"{passed} rules passed"] if passed else []
    return ", ".join([*(said or ["nothing to say"]), *rules, *([f"{unknown} not known yet"] if unknown else [])])
