"""The page of formulas is run: each line that ends in a comment gives what the comment says; its table of tasks is the schedule."""

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from miaohui.calendar.schedule import Piece, schedule
from miaohui.campaign.chain import Bait, Share, carried, cost_per_new, promised, seeds_for
from miaohui.planning.fission import MODES, dominated, ranking, robustness
from miaohui.planning.forecast import Level, forecast, level
from miaohui.planning.gap import Channel, contributions, mix
from miaohui.planning.money import expected
from miaohui.planning.parts import split
from miaohui.planning.sharing import waves

PAGE = (Path(__file__).parents[2] / "docs/reference/planning.md").read_text()
WORDS = {
    each.__name__: each
    for each in (
        Bait, Channel, Decimal, Level, Share, carried, contributions, cost_per_new, dominated, expected, forecast, level,
        mix, promised, ranking, robustness, seeds_for, split, waves,
    )
} | {"scores": {name: mode.scores for name, mode in MODES.items()}}  # fmt: skip


def test_every_example_gives_what_the_page_says() -> None:
    known, checked = dict(WORDS), 0
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.S):
        for line in block.splitlines():
            code, _, said = line.partition("  # ")
            if not said:
                exec(code, known)
                continue
            found = eval(code, known)
            if isinstance(found, list):
                found = [int(each) if isinstance(each, Fraction) else each for each in found]
            assert found == eval(said), line
            checked += 1
    assert checked == 23


def test_the_table_of_tasks_is_the_schedule() -> None:
    rows = re.findall(r"^\| ([a-z-]+) \| (\d+) \| ([a-z, -]*) ?\| (\d+) \|$", PAGE, re.M)
    assert len(rows) == 12
    pieces = [Piece(id=id, workdays=int(n), after=tuple(after.strip().split(", "))) for id, n, after, _ in rows]
    places = schedule(pieces)
    assert {id: place.slack for id, place in places.items()} == {id: int(slack) for id, _, _, slack in rows}
    assert max(place.ends for place in places.values()) == 22
