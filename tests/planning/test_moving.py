"""A campaign moved: what moves, what follows, what stays."""

from datetime import date
from pathlib import Path

import pytest
import tomlkit

from miaohui.calendar.workdays import Workdays
from miaohui.campaign.facts import Facts
from miaohui.campaign.leaves import leaves
from miaohui.campaign.reader import read
from miaohui.planning.moving import Change, moved

EXAMPLE = (Path(__file__).parents[2] / "docs/examples/mid-autumn.toml").read_text()
CHINA = Workdays("CN")
SMALL = """\
campaign = "lantern"
name = { zh = "灯会", en = "Lanterns" }
kind = "brand"
zone = "America/New_York"
[phases]
prepare = 2026-10-19               # a Monday
warm_up = 2026-10-30T10:00:00-04:00   # with its offset
live = 2026-10-31T18:30:00
wrap_up = "live + 3 days"
[logistics]
last_order = "2026-10-31 20:00"
note = { zh = "10月31日前下单", en = "Order by 31 October" }
[plays.eight]
play = "flash_sale"
product = "lantern"
price = 60.00
slots = ["live 20:00 for 30 minutes", "2026-11-01 20:00 for 30 minutes"]   # two
stock = 10
[products.lantern]
price = 99.00
"""


def test_every_written_day_moves_and_the_rest_of_the_text_stays() -> None:
    document = read(SMALL, Facts()).document
    assert document is not None
    found = moved(SMALL, document, 2, CHINA)
    assert found.changes == [
        Change("phases.prepare", "2026-10-19", "2026-10-20"),
        Change("phases.warm_up", "2026-10-30 10:00:00-04:00", "2026-11-01 10:00:00-05:00"),
        Change("phases.live", "2026-10-31 18:30:00", "2026-11-02 18:30:00"),
        Change("logistics.last_order", "2026-10-31 20:00", "2026-11-02 20:00"),
        Change("plays.eight.slots.1", "2026-11-01 20:00 for 30 minutes", "2026-11-03 20:00 for 30 minutes"),
    ]
    assert found.left == ["logistics.note"]
    expected = SMALL
    for before, after in (
        ("prepare = 2026-10-19 ", "prepare = 2026-10-20 "),
        ("2026-10-30T10:00:00-04:00", "2026-11-01T10:00:00-05:00"),
        ("live = 2026-10-31T18:30:00", "live = 2026-11-02T18:30:00"),
        ('"2026-10-31 20:00"', '"2026-11-02 20:00"'),
        ("2026-11-01 20:00", "2026-11-03 20:00"),
    ):
        expected = expected.replace(before, after)
    assert found.text == expected


@pytest.mark.parametrize("days", [-400, -7, -1, 1, 3, 30, 365])
def test_the_example_is_as_sound_as_before(days: int) -> None:
    before = read(EXAMPLE, Facts())
    assert before.document is not None
    after = read(moved(EXAMPLE, before.document, days, CHINA).text, Facts())
    assert [problem.code for problem in after.problems] == [problem.code for problem in before.problems]
    assert after.document is not None
    day_ms = 86_400_000  # no clock changes in Shanghai
    assert after.document.phases.live_ms == before.document.phases.live_ms + days * day_ms
    spans = [(play.span.start_ms, play.span.end_ms) for play in before.document.plays.values()]
    later = [(play.span.start_ms, play.span.end_ms) for play in after.document.plays.values()]
    assert later == [(start + days * day_ms, end + days * day_ms) for start, end in spans]


def test_the_preparation_keeps_its_workdays() -> None:
    before = read(EXAMPLE.replace("2027-", "2026-"), Facts()).document
    assert before is not None
    found = moved(EXAMPLE.replace("2027-", "2026-"), before, 28, CHINA)  # over the week of the National Day
    assert found.changes[0] == Change("phases.prepare", "2026-08-16", "2026-09-10")
    assert CHINA.count(date(2026, 8, 16), date(2026, 9, 10)) == 18
    assert CHINA.count(date(2026, 9, 7), date(2026, 10, 8)) == 18


def test_leaves_know_their_kind() -> None:
    kinds = {".".join(map(str, leaf.path)): type(leaf.kind).__name__ for leaf in leaves(tomlkit.parse(EXAMPLE))}
    assert kinds["phases.live"] == "Instant"
    assert kinds["plays.eight-oclock.slots.0"] == "Window"
    assert kinds["plays.eight-oclock.title"] == "Both"
    assert kinds["plays.reunion-coupon.valid.from"] == "Instant"
    assert kinds["tasks.1.after.0"] == "Words"
    assert kinds["journeys.wake-up.steps.3.content"] == "Words"
