"""Prices the cases of a file in the form of Sylius's or Medusa's public suite and compares every figure to the cent.

    .venv/bin/python -m tests.pricing.conformance tests/pricing/cases/sylius.json

prints each figure that differs and ends with `N cases, M differ`; exit status 1 if any does. An adapter turns a case into our own
promotions and options; where the two systems mean different things, an option of ours says so (`SYLIUS`, `MEDUSA` in the adapters).
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.pricing.medusa import differences as medusa
from tests.pricing.sylius import differences as sylius

Case = dict[str, Any]
ADAPTERS: dict[str, Callable[[Case], list[str]]] = {"sylius": sylius, "medusa": medusa}


def adapter(name: str, cases: list[Case]) -> Callable[[Case], list[str]]:
    """The adapter by the file's name for itself, else by what its cases hold."""
    if name in ADAPTERS:
        return ADAPTERS[name]
    return sylius if cases and "products" in cases[0] else medusa


def run(path: Path) -> list[tuple[str, list[str]]]:
    """(case, what differs) for every case of the file."""
    file = json.loads(path.read_text())
    compare = adapter(file.get("name", ""), file["cases"])
    return [(case["id"], differences(compare, case)) for case in file["cases"]]


def differences(compare: Callable[[Case], list[str]], case: Case) -> list[str]:
    """What differs; a case that the adapter cannot read differs as a whole."""
    try:
        return compare(case)
    except (KeyError, ValueError) as unread:
        return [f"not read: {unread!r}"]


def main() -> int:
    """Every file named on the command line."""
    if len(sys.argv) < 2:
        print("usage: python -m tests.pricing.conformance FILE [FILE ...]")
        return 2
    outcomes = [outcome for name in sys.argv[1:] for outcome in run(Path(name))]
    for case, wrong in outcomes:
        for sentence in wrong:
            print(f"{case}: {sentence}")
    differ = sum(bool(wrong) for _, wrong in outcomes)
    print(f"{len(outcomes)} cases, {differ} differ")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
