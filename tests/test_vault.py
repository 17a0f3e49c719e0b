"""The secret of a workspace: made once, whole, whoever starts first."""

import subprocess
import sys
from pathlib import Path

from miaohui.vault import Vault

ROUNDS, PROCESSES = 100, 4
OPENS = """
import sys
from pathlib import Path
from miaohui.vault import Vault
print("ready", flush=True)
for folder in sys.stdin:
    try:
        print(Vault.open(Path(folder.strip()) / "secret", "main").key("host").hex(), flush=True)
    except Exception as e:
        print(repr(e), flush=True)
"""


def test_first_starts_at_the_same_moment_have_one_secret(tmp_path: Path) -> None:
    starts = [
        subprocess.Popen([sys.executable, "-c", OPENS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    pipes = [(start.stdin, start.stdout) for start in starts]
    try:
        assert {told.readline() for _, told in pipes if told} == {"ready\n"}
        for n in range(ROUNDS):
            folder = tmp_path / str(n)
            for door, _ in pipes:
                assert door is not None
                door.write(f"{folder}\n")
                door.flush()
            (key,) = {told.readline().strip() for _, told in pipes if told}
            assert key == Vault.open(folder / "secret", "main").key("host").hex()
            assert [(file.name, file.stat().st_mode & 0o777) for file in folder.iterdir()] == [("secret", 0o600)]
    finally:
        for start in starts:
            start.kill()
            start.communicate()


def test_a_secret_that_is_there_is_only_read(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("ab" * 32 + "\n")
    file.chmod(0o400)
    assert Vault.open(file, "main").key("host") == Vault(bytes.fromhex("ab" * 32), "main").key("host")
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]
