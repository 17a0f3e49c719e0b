"""Three finished campaigns of a class say how long the next one takes."""

from datetime import date

from miaohui.calendar import store
from miaohui.calendar.lead import DEFAULTS
from miaohui.planning.lead_times import calendar_with_cases, learned
from tests.planning.conftest import ALMANAC, ZONE, Desk

TEXT = """\
campaign = "{id}"
name = {{ zh = "灯", en = "Lamp" }}
kind = "brand"
class = "brand"
zone = "Asia/Shanghai"
[phases]
prepare = {prepare}
warm_up = 2026-06-01
live = 2026-06-05
wrap_up = 2026-06-10
"""


async def test_they_replace_the_default_and_operators_have_the_last_word(desk: Desk) -> None:
    async with desk.db.acquire() as c:
        for n, workdays in enumerate((12, 30, 14)):
            prepare = ALMANAC.workdays.before(date(2026, 6, 1), workdays)
            await c.execute(
                """insert into campaign (id, state, version, approved, name_zh, name_en, zone, opens_ms, live_ms, wrap_up_ms)
                   values ($1, 'archived', 1, 1, '', '', $2, 0, 0, 0)""",
                f"c{n}", ZONE,
            )  # fmt: skip
            await c.execute(
                "insert into campaign_version (campaign, version, text, by) values ($1, 1, $2, 'lin')",
                f"c{n}", TEXT.format(id=f"c{n}", prepare=prepare),
            )  # fmt: skip
            before = await calendar_with_cases(c, ZONE, "CNY")
            assert (before.lead("brand") == DEFAULTS["brand"]) is (n < 2)
        found = (await calendar_with_cases(c, ZONE, "CNY")).lead("brand")
        assert (found.prepare_workdays, found.cases, found.warm_up_days) == (30, 3, 5)
        await store.set_lead(c, "lin", "brand", 9, 4, 7)
        found = (await calendar_with_cases(c, ZONE, "CNY")).lead("brand")
        assert (found.prepare_workdays, found.cases) == (9, 0)


def test_four_out_of_five() -> None:
    assert learned({"own_day": [3, 9, 4, 5, 6], "": [1, 1, 1], "fission": [2, 2]}).keys() == {"own_day"}
    assert learned({"own_day": [3, 9, 4, 5, 6]})["own_day"].prepare_workdays == 6
