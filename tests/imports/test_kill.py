"""An import that is killed (-9) at random moments, again and again, ends as if nothing had happened."""

import asyncio
import contextlib
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from miaohui.customers import complete_journey
from miaohui.server.database import drop_workspace
from tests.imports.import_and_die import digest
from tests.imports.small_journey import at, silent, write_small

KILLS = 10
IMPORTER = Path(__file__).with_name("import_and_die.py")


@pytest.fixture
def workspace(postgres_url: str) -> str:
    """A workspace of the killed process."""
    return f"killed_{random.randrange(1 << 40):x}"


async def test_killed_anywhere_it_goes_on(
    database, store, vault, postgres_url: str, workspace: str, tmp_path: Path
) -> None:
    files = await write_small(store, tmp_path)
    await complete_journey.run(at(database, store, vault), silent, folder=tmp_path, files=files)
    expected = [str(value) for value in (await digest(store)).values()]
    chance = random.Random(20171231)
    command = [sys.executable, str(IMPORTER), postgres_url, workspace, str(tmp_path / "data"), str(files)]
    try:
        for step in chance.sample(range(7, 28), KILLS):
            while not await asyncio.to_thread(kill, command, step, chance.random() / 4):
                await drop_workspace(postgres_url, workspace)  # the import was faster: there is nothing left to kill
                shutil.rmtree(tmp_path / "data")
        done = await asyncio.to_thread(subprocess.check_output, command, text=True)
    finally:
        await drop_workspace(postgres_url, workspace)
    assert done.splitlines()[-1].split() == expected


def kill(command: list[str], step: int, after_s: float) -> bool:
    """Run the import and kill it `after_s` after it began its `step`-th step; False if it was whole before."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        came = any(line.split()[-2:-1] == [str(step)] for line in process.stdout)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after_s)
        process.kill()
    return came and process.returncode == -signal.SIGKILL
