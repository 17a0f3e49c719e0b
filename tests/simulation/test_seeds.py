"""Twenty seeds, and that a seed is a story: the same every time, told byte for byte."""

import os
import subprocess
import sys

import pytest

from miaohui.simulation.run import simulate

HOURS, CUSTOMERS = 12, 500


def told(outcome):
    """What a failing seed prints: the findings, and how to see it again."""
    again = (
        f"miaohui simulate --seed {outcome.seed} --hours {outcome.hours:g} --customers {outcome.customers} --log FILE"
    )
    return "\n".join([f"seed {outcome.seed} fails; see it again: {again}", *map(str, outcome.findings)])


@pytest.mark.parametrize("seed", range(1, 21))
async def test_nothing_is_oversold_lost_or_given_twice(seed):
    outcome = await simulate(seed, hours=HOURS, customers=CUSTOMERS)
    assert outcome.findings == (), told(outcome)
    assert outcome.granted > 100
    assert sum(outcome.faults.values()) > 5, "nothing went wrong: the seed shows nothing"


def in_a_process_of_its_own(seed, hash_seed):
    code = (
        "import asyncio; from miaohui.simulation.run import simulate;"
        f"print(asyncio.run(simulate({seed}, hours=6, customers=150)).digest)"
    )
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def test_the_same_seed_tells_the_same_log_byte_for_byte():
    lines = []
    here = await simulate(3, hours=6, customers=150, log=lines.append)
    assert {in_a_process_of_its_own(3, "1"), in_a_process_of_its_own(3, "2")} == {here.digest}
    again = []
    await simulate(3, hours=6, customers=150, log=again.append)
    assert again == lines
    assert (await simulate(4, hours=6, customers=150)).digest != here.digest
