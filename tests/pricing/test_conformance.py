"""Every case of two public suites comes to the cent. Their carts and figures are restated in `cases/`, with source and licence."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.pricing import conformance

CASES = Path(__file__).parent / "cases"


def cases(name: str) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in json.loads((CASES / f"{name}.json").read_text())["cases"]]


@pytest.mark.parametrize("case", cases("sylius"))
def test_sylius(case: dict[str, Any]) -> None:
    assert conformance.sylius(case) == []


@pytest.mark.parametrize("case", cases("medusa"))
def test_medusa(case: dict[str, Any]) -> None:
    assert conformance.medusa(case) == []


def test_all_of_them_are_there() -> None:
    assert [len(cases(name)) for name in ("sylius", "medusa")] == [84, 35]


def test_a_figure_that_differs_is_named_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = json.loads((CASES / "sylius.json").read_text())
    file["cases"] = file["cases"][:2]
    file["cases"][1]["expected"]["total"] += 1
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(file))
    monkeypatch.setattr("sys.argv", ["conformance", str(path)])
    assert conformance.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "sylius-003: total is 9000, expected 9001",
        "2 cases, 1 differ",
    ]
