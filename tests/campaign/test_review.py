"""A review in a real workspace: several signers, one version and no other; stops that two people set aside; fixes."""

import json
from datetime import datetime, timedelta

import pytest

from miaohui.campaign import overrides, review, store
from miaohui.team import notices, operators
from tests.campaign.conftest import BOSS, LIN, VIEWER, Desk, Somebody
from tests.campaign.test_office import refused

ID = "lantern-fair"
FAN = Somebody("fan", "operator")
SIGNS = '[approval]\nsigns = [{ who = "finance", above = 400.00 }, { who = "boss" }]\n'


@pytest.fixture
async def team(desk: Desk) -> dict[str, str]:
    """Lin, Fan of finance and the boss: name -> id."""
    ids = {}
    async with desk.db.acquire() as c:
        for actor in (LIN, FAN, BOSS, VIEWER):
            ids[actor.name] = (await operators.add(c, "setup", actor.name, actor.role, "ten letters")).id
        await c.execute("update operator set department = 'finance', email = 'fan@example.com' where name = 'fan'")
    return ids


async def told(desk: Desk, id: str) -> list[tuple[str, str]]:
    async with desk.db.acquire() as c:
        return [(one.title.en, one.mail) for one in await notices.notices(c, id)]


async def state(desk: Desk) -> tuple[str, int, int]:
    async with desk.db.acquire() as c:
        status = (await store.get(c, ID)).status
    return status.state, status.submitted, status.approved


async def test_two_sign_and_then_it_is_approved(desk: Desk, team: dict[str, str]) -> None:
    office = desk.office
    await office.create(LIN, desk.document() + SIGNS)
    await office.act(LIN, ID, "submit")
    assert await told(desk, team["fan"]) == [("Your signature: Lantern fair v1", "waiting")]
    assert await told(desk, team["boss"]) == [("Your signature: Lantern fair v1", "none")]
    assert await told(desk, team["lin"]) == []
    await refused("forbidden", office.act(VIEWER, ID, "approve", version=1))
    await office.act(FAN, ID, "approve", version=1, note="the money is there")
    assert await state(desk) == ("in_review", 1, 0)
    await refused("forbidden", office.act(FAN, ID, "approve", version=1))
    await office.act(BOSS, ID, "approve", version=1)
    assert await state(desk) == ("approved", 0, 1)
    assert (await told(desk, team["lin"]))[0][0] == "Approved: Lantern fair"
    assert [entry for entry in await desk.audit() if entry[1].startswith("campaign")] == [
        ("lin", "campaign.created"),
        ("lin", "campaign.submitted"),
        ("fan", "campaign.signed"),
        ("boss", "campaign.approved"),
    ]


async def test_a_signature_is_for_one_version_and_no_other(desk: Desk, team: dict[str, str]) -> None:
    office = desk.office
    await office.create(LIN, desk.document() + SIGNS)
    await office.act(LIN, ID, "submit")
    await office.act(FAN, ID, "approve", version=1)
    await office.save(LIN, ID, 1, desk.document(stock=12) + SIGNS)
    await office.act(LIN, ID, "submit")
    await refused("other_version", office.act(BOSS, ID, "approve", version=1))
    await office.act(BOSS, ID, "approve", version=2)
    assert await state(desk) == ("in_review", 2, 0)  # finance signed for version 1
    await office.act(BOSS, ID, "reject", version=2, note="no")
    await office.act(LIN, ID, "submit")
    await office.act(FAN, ID, "approve", version=2)
    assert await state(desk) == ("in_review", 2, 0)  # what was signed before the rejection counts no longer
    await office.act(BOSS, ID, "approve", version=2)
    assert await state(desk) == ("approved", 0, 2)


async def test_an_administrator_stands_in_for_a_department_of_nobody(desk: Desk, team: dict[str, str]) -> None:
    text = desk.document() + '[approval]\nsigns = [{ who = "legal" }]\n'
    await desk.office.create(LIN, text)
    await desk.office.act(LIN, ID, "submit")
    await desk.office.act(BOSS, ID, "approve", version=1)
    row = await desk.db.fetchrow("select who, by, stands_in from campaign_signature")
    assert tuple(row) == ("legal", "boss", True)
    found = await desk.office.check(text)
    assert [p.what.en for p in found.problems if p.code == "unknown_signer"] == ["Nobody can sign as legal"]


def short(desk: Desk) -> str:
    """A campaign of one day, which is stopped unless two people say why."""
    text = desk.document()
    end = next(line for line in text.split("\n") if line.startswith("wrap_up"))
    live = next(line for line in text.split("\n") if line.startswith("live")).split(" = ")[1]
    return text.replace(end, f"wrap_up = {(datetime.fromisoformat(live) + timedelta(1)).isoformat()}")


async def test_a_stop_is_set_aside_by_two_people_with_a_reason(desk: Desk, team: dict[str, str]) -> None:
    office, where = desk.office, ("very_short_run", "phases.wrap_up")
    await office.create(LIN, short(desk))
    await refused("has_problems", office.act(LIN, ID, "submit"))
    await refused("no_reason", review.ask_override(office, LIN, ID, *where, "  "))
    await refused("cannot_fix", review.ask_override(office, LIN, ID, "very_short_run", "phases.live", "why not"))
    await refused("forbidden", review.ask_override(office, VIEWER, ID, *where, "why not"))
    await review.ask_override(office, LIN, ID, *where, "the square is ours for one day")
    await refused("asked_already", review.ask_override(office, LIN, ID, *where, "again"))
    assert (await told(desk, team["boss"]))[0][0].startswith(
        "Asks to set aside: Lantern fair, The campaign is live for 1"
    )
    async with desk.db.acquire() as c:
        (asked,) = await overrides.of(c, ID)
    await refused("has_problems", office.act(LIN, ID, "submit"))
    await refused("forbidden", review.decide_override(office, LIN, ID, asked.id, True))
    await review.decide_override(office, BOSS, ID, asked.id, True)
    await refused("unknown_override", review.decide_override(office, BOSS, ID, asked.id, False))
    await office.act(LIN, ID, "submit")
    found = await office.check(short(desk))
    assert [p.overridden for p in found.problems if p.code == "very_short_run"] == [
        "lin, boss: the square is ours for one day"
    ]
    assert found.sound
    assert ("boss", "campaign.override_agreed") in await desk.audit()


async def test_nobody_agrees_with_himself_and_what_cannot_be_set_aside_is_not(desk: Desk, team: dict[str, str]) -> None:
    office = desk.office
    await office.create(
        BOSS, short(desk).replace("count = 40", "count = 40\nbudget = 900.00", 1).replace("budget = 200.00\n", "")
    )
    await review.ask_override(office, BOSS, ID, "very_short_run", "phases.wrap_up", "I say so")
    async with desk.db.acquire() as c:
        (asked,) = await overrides.of(c, ID)
    await refused("second_person", review.decide_override(office, BOSS, ID, asked.id, True))
    await refused("not_overridable", review.ask_override(office, LIN, ID, "over_budget", "budget.total", "please"))
    async with desk.db.acquire() as c:
        assert [one.agreed for one in await overrides.of(c, ID)] == [None]


async def test_one_click_saves_a_version(desk: Desk, team: dict[str, str]) -> None:
    office = desk.office
    text = desk.document(stock=70)
    await office.create(LIN, text)
    await refused("forbidden", review.fix(office, VIEWER, ID, 1, "over_stock", "products.lantern"))
    campaign = await review.fix(office, LIN, ID, 1, "over_stock", "products.lantern")
    assert campaign.status.version == 2
    async with desk.db.acquire() as c:
        kept = await store.version(c, ID)
    assert kept.text == text.replace("stock = 70", "stock = 60")
    assert kept.note == "改为 60 · Set to 60 (over_stock)"
    await refused("stale_base", review.fix(office, LIN, ID, 1, "over_stock", "products.lantern"))
    await refused("cannot_fix", review.fix(office, LIN, ID, 2, "over_stock", "products.lantern"))


async def test_thresholds_are_the_workspaces(desk: Desk) -> None:
    await desk.db.execute("insert into preflight_limit (name, value, by) values ('short_run.never_days', 1, 'boss')")
    found = await desk.office.check(short(desk))
    assert [p.code for p in found.problems if p.rule == "short_run"] == ["short_run"]


async def test_every_change_is_kept_from_what_to_what(desk: Desk) -> None:
    await desk.office.create(LIN, desk.document())
    text = desk.document(stock=12).replace("[control]\nshare = 5\n", "").replace("count = 40", "count = 40   # same")
    await desk.office.save(LIN, ID, 1, text)
    row = await desk.db.fetchrow(
        "select operator, detail->>'changes' as changes, detail->>'more' as more from audit where action = 'campaign.edited'"
    )
    assert (row["operator"], row["more"]) == ("lin", "0")
    assert json.loads(row["changes"]) == [
        {"field": "plays.eight.stock", "from": "10", "to": "12"},
        {"field": "control.share", "from": "5", "to": ""},
    ]
