"""`miaohui check`, and the example documents: each of them may be submitted."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from miaohui import preflight
from miaohui.campaign.reader import read
from miaohui.campaign.report import check_files
from miaohui.server.command import app

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
DOCUMENTS = sorted(EXAMPLES.glob("*.toml"))

BAD = """\
campaign = "tea-day"
name = { zh = "茶日", en = "Tea day" }
kind = "promotonal"
[phases]
warm_up = 2026-03-01
live = 2026-03-03
wrap_up = 2026-03-02
[control]
share = 5
"""


@pytest.mark.parametrize("file", DOCUMENTS, ids=[file.name for file in DOCUMENTS])
def test_an_example_has_nothing_that_must_be_put_right(file: Path) -> None:
    assert [problem for problem in read(file.read_text()).problems if problem.level == "stop"] == []


def test_the_whole_example_has_no_warning_either() -> None:
    problems = read((EXAMPLES / "mid-autumn.toml").read_text()).problems
    assert {problem.code for problem in problems} == {"shop_not_asked", "not_run_yet"}


def test_the_report_names_file_line_reason_and_remedy(tmp_path: Path) -> None:
    file = tmp_path / "tea.toml"
    file.write_text(BAD)
    printed = io.StringIO()
    assert not check_files([file], form="text", language="en", console=Console(file=printed, width=200))
    assert printed.getvalue() == (
        f"{file}:1:1 warn  no_plays\n"
        "    There are no plays\n"
        "    -> Add at least one [plays.<name>]\n"
        f"{file}:3:1 stop kind bad_choice\n"
        '    "promotonal" is not one of the choices\n'
        "    -> Choose one of brand, promotional, user\n"
        f"{file}:7:1 stop phases.wrap_up phases_out_of_order\n"
        "    wrap_up (2026-03-02 00:00) does not come after live (2026-03-03 00:00)\n"
        "    -> Phases follow each other: prepare, warm_up, live, wrap_up, review\n"
        f"{file}: 2 stops, 1 warning, {len(preflight.names()) - 3} rules passed, 2 not known yet\n"
    )


def test_the_command_ends_with_1_and_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tea.toml"
    file.write_text(BAD)
    with pytest.raises(SystemExit) as ended:
        app(["check", str(file), "--json"])
    assert ended.value.code == 1
    found = json.loads(capsys.readouterr().out)
    assert [(p["line"], p["path"], p["code"]) for p in found[str(file)]] == [
        (1, "", "no_plays"),
        (3, "kind", "bad_choice"),
        (7, "phases.wrap_up", "phases_out_of_order"),
    ]


def test_the_command_ends_with_0_when_nothing_must_be_put_right(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["check", str(EXAMPLES / "mid-autumn.toml"), "--language", "zh"])
    assert ended.value.code == 0
    assert "没有与店铺的商品核对" in capsys.readouterr().out


def test_sarif_is_what_code_hosts_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tea.toml"
    file.write_text(BAD)
    with pytest.raises(SystemExit) as ended:
        app(["check", str(file), "--sarif"])
    assert ended.value.code == 1
    log = json.loads(capsys.readouterr().out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["bad_choice", "no_plays", "phases_out_of_order"]
    last = run["results"][-1]
    assert (last["ruleId"], last["level"]) == ("phases_out_of_order", "error")
    assert last["message"]["text"].startswith("wrap_up (2026-03-02 00:00) does not come after live")
    (place,) = last["locations"]
    assert place["physicalLocation"]["region"] == {"startLine": 7, "startColumn": 1}
    assert place["physicalLocation"]["artifactLocation"]["uri"] == file.as_posix()
    assert place["logicalLocations"] == [{"fullyQualifiedName": "phases.wrap_up"}]
