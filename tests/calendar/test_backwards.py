"""The worked examples: from the day itself to the first day of work."""

from datetime import date

import pytest

from miaohui.calendar.almanac import Almanac, known, together
from miaohui.calendar.backwards import backwards
from miaohui.calendar.lead import DEFAULTS, Lead, learned, of
from miaohui.calendar.workdays import Workdays

CHINA = Workdays("CN")
FESTIVAL = DEFAULTS["lunar_festival"]


@pytest.mark.parametrize(
    ("live", "warm_up", "start"),
    [
        ("2026-09-25", "2026-09-20", "2026-08-27"),  # Mid-Autumn: the warm-up begins on a make-up Sunday
        ("2026-02-17", "2026-02-12", "2026-01-20"),  # Spring Festival
        ("2026-11-11", "2026-11-06", "2026-10-14"),  # 11.11, prepared like a festival
    ],
)
def test_worked_examples(live, warm_up, start):
    plan = backwards(date.fromisoformat(live), FESTIVAL, CHINA)
    assert (str(plan.warm_up), str(plan.start), plan.unannounced) == (warm_up, start, ())
    assert not plan.late(plan.start)
    assert plan.late(plan.warm_up)


def test_national_day_week_is_skipped():
    plan = backwards(date(2026, 11, 11), DEFAULTS["shopping_festival"], CHINA)
    assert (str(plan.warm_up), str(plan.start), str(plan.wrap_up)) == ("2026-11-04", "2026-09-17", "2026-11-14")


@pytest.mark.parametrize(
    ("class_", "days"),
    [
        ("shopping_festival", (30, 7, 14, 3, 14)),
        ("lunar_festival", (17, 5, 0, 3, 7)),
        ("own_day", (5, 2, 0, 1, 0)),
        ("fission", (10, 2, 3, 5, 10)),
        ("brand", (20, 5, 0, 7, 21)),
        ("hot_spot", (0, 0, 0, 1, 3)),
    ],
)
def test_the_table_of_lead_times(class_, days):
    lead = of(class_)
    assert (lead.prepare_workdays, lead.warm_up_days, lead.warm_up_most, lead.live_days, lead.live_most) == days


def test_operators_and_cases_change_them():
    ours = Lead(prepare_workdays=9, warm_up_days=1, live_days=2)
    assert of("own_day", {"own_day": ours}) == ours
    assert of("", {}) == FESTIVAL
    assert learned(FESTIVAL, [12, 30]) == FESTIVAL
    assert learned(FESTIVAL, [12, 30, 14, 15, 16]).prepare_workdays == 16
    assert learned(FESTIVAL, [12, 30, 14]).prepare_workdays == 30


def test_a_hot_spot_starts_on_the_day_and_an_unknown_year_is_said():
    plan = backwards(date(2026, 8, 1), DEFAULTS["hot_spot"], CHINA)
    assert (plan.start, plan.warm_up, plan.live, str(plan.wrap_up)) == (
        plan.live,
        plan.live,
        date(2026, 8, 1),
        "2026-08-02",
    )
    assert backwards(date(2031, 1, 23), FESTIVAL, CHINA).unannounced == (2030, 2031)


def test_a_quarter_of_the_almanac():
    almanac = Almanac(days=together([]), workdays=CHINA)
    found = [(str(one.first)[5:], one.day.id) for one in almanac.occasions(date(2026, 9, 1), date(2026, 11, 30))]
    assert found == [
        ("09-07", "term-bailu"), ("09-09", "9-9"), ("09-10", "teachers-day"), ("09-23", "term-qiufen"),
        ("09-25", "mid-autumn"), ("10-01", "national-day"), ("10-08", "term-hanlu"), ("10-18", "double-ninth"),
        ("10-23", "term-shuangjiang"), ("10-31", "halloween"), ("11-07", "term-lidong"), ("11-11", "11-11"),
        ("11-22", "term-xiaoxue"), ("11-23", "xiayuan"), ("11-26", "thanksgiving"), ("11-27", "black-friday"),
        ("11-30", "cyber-monday"),
    ]  # fmt: skip
    assert almanac.find("mid-autumn", date(2026, 9, 25)).key == "mid-autumn/2026-09-25"
    assert almanac.find("mid-autumn", date(2026, 9, 26)) is None
    assert str(almanac.next("mid-autumn", date(2026, 9, 26)).first) == "2027-09-15"


def test_every_known_day_has_a_source_and_operators_win():
    assert [day.id for day in known() if not day.source] == []
    assert len({day.id for day in known()}) == len(known())
    kept = next(day for day in known() if day.id == "6-18")
    days = together([kept], hidden=["11-11"])
    assert [day.id for day in days].count("6-18") == 1
    assert "11-11" not in [day.id for day in days]


def test_days_off_abroad_stand_with_their_country():
    almanac = Almanac(days=(), workdays=CHINA, abroad=("US", "JP"))
    found = [
        one.day.title.en for one in almanac.occasions(date(2026, 11, 3), date(2026, 11, 11)) if one.day.kind == "abroad"
    ]
    assert found == ["Culture Day (JP)", "Veterans Day (US)"]


def test_in_another_country_its_own_days_off_are_the_statutory_ones():
    almanac = Almanac(days=together([]), workdays=Workdays("US"))
    found = almanac.occasions(date(2026, 9, 1), date(2026, 12, 31))
    kinds = {str(one.first)[5:] + " " + one.day.title.en: one.day.kind for one in found if one.day.kind != "term"}
    assert kinds["09-07 Labor Day"] == "statutory"
    assert kinds["09-25 Mid-Autumn Festival"] == "lunar"
    assert kinds["10-01 National Day"] == "abroad"
    assert [name for name in kinds if "11-26" in name] == ["11-26 Thanksgiving"]  # known by that name already
    assert [one.day.title.zh for one in found if str(one.first) == "2026-09-07" and one.day.kind != "term"] == [
        "劳工节"
    ]
    assert almanac.find("us-2026-09-07", date(2026, 9, 7)).day.title.en == "Labor Day"
