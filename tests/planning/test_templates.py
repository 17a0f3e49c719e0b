"""Each template, with every proposal taken: nothing stops it, and it runs from the draft to the archive on a real host."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from miaohui.campaign.facts import Facts
from miaohui.campaign.reader import read
from miaohui.host.setup import machine
from miaohui.host.submission import Caller, Customer, Submission, body_hash
from miaohui.planning.asks import BadAnswer
from miaohui.planning.begin import step
from miaohui.planning.library import shipped
from tests.conftest import STAGE_MONTH
from tests.planning.conftest import ZONE, Desk, at, facts, occasion, proposals, world

TEMPLATES = {template.id: template for template in shipped()}
IDS = list(TEMPLATES)
SOMEBODY = str(UUID(int=0x0190B000_0000_7000_8000_000000000001))
HOUR_MS = 3_600_000


def test_there_are_six_in_their_order() -> None:
    assert IDS == ["festival", "flash-sale-day", "group-buying-week", "wake-the-silent", "own-day", "hot-spot"]
    assert {play for one in shipped() for play in ("coupon", "flash_sale", "group_buy") if f'= "{play}"' in one.text} == {
        "coupon", "flash_sale", "group_buy",
    }  # fmt: skip


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("about", ["mid-autumn", "11-11", None])
def test_with_every_proposal_taken_nothing_is_found(id: str, about: str | None) -> None:
    template = TEMPLATES[id]
    written = proposals(template, occasion(about) if about else None)
    assert "@" not in written
    found = read(written, facts(world(template, None)))
    assert [problem.code for problem in found.problems if problem.code != "not_run_yet"] == []
    assert [problem.level for problem in read(written, Facts()).problems if problem.level != "hint"] == []
    assert found.document is not None
    assert found.document.occasion == (about or "")


def test_the_festival_of_mid_autumn_2026() -> None:
    document = read(proposals(TEMPLATES["festival"], occasion()), Facts()).document
    assert document is not None
    assert (document.campaign, document.class_, document.owner) == ("mid-autumn-2026", "lunar_festival", "lin")
    assert dict(document.phases.each()) == {
        "prepare": at("2026-08-27"),
        "warm_up": at("2026-09-20"),
        "live": at("2026-09-25"),
        "wrap_up": at("2026-09-28"),
        "review": at("2026-10-05"),
    }
    assert document.budget is not None
    cost_minor = 200 * 3700 + 50 * 1000 + 90 * 2560
    assert (cost_minor, document.budget.total_minor) == (1_020_400, 1_100_000)  # what all plays may cost, rounded up
    assert sum(task.workdays for task in document.tasks if task.id in PATH) == 17


PATH = ("goal", "rules", "copy", "visuals", "pages", "rehearsal", "approval")


def test_a_shopping_day_gives_its_own_class_and_a_late_one_begins_today() -> None:
    document = read(proposals(TEMPLATES["festival"], occasion("8-8")), Facts()).document
    assert document is not None
    assert (document.campaign, document.class_) == ("day-8-8-2026", "shopping_festival")
    assert dict(document.phases.each()) | {"review": 0} == {
        "prepare": at("2026-07-31"),
        "warm_up": at("2026-08-01"),
        "live": at("2026-08-08"),
        "wrap_up": at("2026-08-11"),
        "review": 0,
    }


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"name__zh": " "}, "name.zh", "Write 1 to 60 characters"),
        ({"live__day": "soon"}, "live.day", "Choose a day"),
        ({"live__day": "2026-07-20"}, "live.day", "That would be over by 2026-08-01: choose a later day"),
        ({"live__days": "0"}, "live.days", "Write a whole number from 1 to 60"),
        ({"hero": "tea-9"}, "hero", "Choose a product that has a list price"),
        ({"hero__price": "128.00"}, "hero.price", "Must be below the list price of 50.00"),
        ({"hero__price": "12.345"}, "hero.price", "Write an amount such as 99.00"),
        ({"hero__stock": "501"}, "hero.stock", "The shop has 500"),
        ({"coupon__amount": "900"}, "coupon.amount", "Cannot be more than the basket it is taken off"),
        ({"budget": "much"}, "budget", "Write an amount such as 99.00"),
    ],
)
def test_answers_that_cannot_be_taken(changed: dict[str, str], field: str, why: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        proposals(TEMPLATES["festival"], occasion(), **changed)
    assert (refused.value.field, refused.value.why.en) == (field, why)


def test_what_people_write_stays_inside_its_text() -> None:
    name = 'Tea "first"\\ # [plays] \n[budget]\ntotal = 1'
    written = proposals(TEMPLATES["own-day"], None, name__en=name, name__zh="茶")
    document = read(written, Facts()).document
    assert document is not None
    assert document.name.en == name.strip()
    assert list(document.plays) == ["members-coupon", "at-eight"]


def test_without_an_occasion_a_hot_spot_begins_today_and_a_festival_when_it_can_be_prepared() -> None:
    for id, live, name in (("hot-spot", "2026-08-01", "What is hot"), ("festival", "2026-08-31", "Festival treats")):
        document = read(proposals(TEMPLATES[id], None), Facts()).document
        assert document is not None
        assert (document.phases.live_ms, document.name.en) == (at(live), name)
    asked = step(
        TEMPLATES["festival"],
        {"name.zh": "a", "name.en": "b"},
        world(TEMPLATES["festival"], occasion("8-8")),
        1,
        Facts(),
    )
    assert (
        asked.fields[0].hint.en
        == "With 30 workdays of preparation, work starts on 2026-06-22: that is past, it begins today"
    )


def test_questions_come_one_by_one_and_know_the_answers_before() -> None:
    template, inside = TEMPLATES["festival"], world(TEMPLATES["festival"], occasion())
    first = step(template, {}, inside, 0, facts(inside))
    assert first.ask is not None
    assert [(field.name, field.value) for field in first.fields] == [
        ("name.zh", "中秋节好礼"),
        ("name.en", "Mid-Autumn Festival treats"),
    ]
    given = {
        "name.zh": "a",
        "name.en": "b",
        "live.day": "2026-09-25",
        "live.days": "3",
        "hero": "tea-1",
        "hero.stock": "5",
    }
    fourth = step(template, given, inside, 3, facts(inside))
    assert fourth.fields[0].value == "tea-2"  # not the product that is taken already


async def act(desk: Desk, campaign: str, play: str, action: str) -> Any:
    """Somebody takes part; the reply, or the refusal's code."""
    setup = desk.host.register.entries[campaign, play].current
    caller = Caller("shop")
    answer = await desk.host.submit(
        Submission(
            id=desk.host.id(caller, SOMEBODY, campaign, play, "k1"), hash=body_hash(b"{}"), what="play", action=action,
            fields=machine(setup.module).inputs[action].decode(b"{}"), campaign=campaign, play=play, caller=caller,
            customer=Customer(id=SOMEBODY),
        )
    )  # fmt: skip
    return json.loads(answer.body) if answer.refusal is None else answer.refusal.code


@pytest.mark.parametrize("id", IDS)
async def test_it_runs_to_its_end(desk: Desk, id: str) -> None:
    written = proposals(TEMPLATES[id], None, STAGE_MONTH)
    lin, boss = await desk.actor("lin"), await desk.actor("boss")
    made = await desk.office.create(lin, written)
    await desk.office.act(lin, made.id, "submit")
    await desk.office.act(boss, made.id, "approve", version=1)
    document = read(written, Facts(zone=ZONE)).document
    assert document is not None
    live_ms, wrap_up_ms = document.phases.live_ms, document.phases.wrap_up_ms
    await desk.at(document.phases.opens_ms() + 1)
    await desk.at(live_ms + 20 * HOUR_MS + 60_000)
    assert (await desk.plays(), await desk.db.fetchval("select state from campaign")) == ({"running"}, "live")
    await desk.db.execute("insert into customer (id, label) values ($1, '')", SOMEBODY)
    first = {"coupon": "claim", "flash_sale": "token", "group_buy": "open"}
    for name, play in document.plays.items():
        said = await act(desk, made.id, name, first[play.head.play])
        expected = str if id == "wake-the-silent" or name == "at-noon" else dict
        assert isinstance(said, expected), (name, said)
    await desk.at(wrap_up_ms + 1)
    assert (await desk.plays(), await desk.db.fetchval("select state from campaign")) == ({"closed"}, "wrap_up")
    await desk.at(wrap_up_ms + int(timedelta(days=8) / timedelta(milliseconds=1)))
    await desk.office.act(lin, made.id, "close_review")
    assert (await desk.office.act(lin, made.id, "archive")).status.state == "archived"
    assert [await desk.free(sku) for sku in ("tea-1", "tea-2")] == [500, 500]
