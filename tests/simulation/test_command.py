"""`miaohui simulate`: the report, the log, and the exit code of a broken promise."""

import json
import subprocess
import sys

from miaohui.host import order_refund
from miaohui.server.simulating import simulate_here


def test_the_command_writes_the_log_and_says_what_came_of_it(tmp_path):
    log = tmp_path / "log"
    done = subprocess.run(
        [sys.executable, "-m", "miaohui", "simulate", "--seed", "5", "--hours", "2", "--customers", "30", "--log", log, "--json"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    outcome = json.loads(done.stdout)
    assert (done.returncode, outcome["seed"], outcome["customers"], outcome["findings"]) == (0, 5, 30, [])
    assert " open east let_run: done" in log.read_text().splitlines()[0]


def test_a_broken_promise_is_told_with_the_command_that_shows_it_again(monkeypatch, capsys):
    right = order_refund.refund_minor
    monkeypatch.setattr(
        "miaohui.host.order_refund.refund_minor", lambda *a: {line: m + 1 for line, m in right(*a).items()}
    )
    assert not simulate_here(1, 8, 200, "memory", None, as_json=False)
    told = " ".join(capsys.readouterr().out.split())
    assert "went back" in told
    assert "miaohui simulate --seed 1 --hours 8 --customers 200 --on memory --log FILE" in told
