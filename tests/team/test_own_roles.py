"""Roles that the team makes itself, departments, and who is away."""

from datetime import date
from typing import Any

import pytest

from miaohui.team import TeamRefusal, absence, operators, own_roles
from miaohui.text import Text

SIGNER = Text("签字人", "Signer")


async def test_a_role_is_a_set_of_permissions(database: Any) -> None:
    async with database.acquire() as c:
        await own_roles.keep(c, "boss", "signer", SIGNER, ["campaign.view", "campaign.approve"])
        fan = await operators.add(c, "boss", "fan", "signer", "ten letters")
        assert fan.role_name == SIGNER
        assert (fan.may("campaign.approve"), fan.may("campaign.edit")) == (True, False)
        await own_roles.keep(c, "boss", "signer", SIGNER, ["campaign.view"])
        (again,) = await operators.operators(c)
        assert not again.may("campaign.approve")
        with pytest.raises(TeamRefusal, match="fan has it"):
            await own_roles.archive(c, "boss", "signer")
        await operators.change_role(c, "boss", fan.id, "viewer")
        await own_roles.archive(c, "boss", "signer")
        assert await own_roles.own_roles(c) == []
        with pytest.raises(TeamRefusal, match="There is no role"):
            await operators.change_role(c, "boss", fan.id, "signer")


@pytest.mark.parametrize(
    ("name", "title", "permissions", "why"),
    [
        ("admin", SIGNER, ["campaign.view"], "built in"),
        ("Signer", SIGNER, ["campaign.view"], "small letters"),
        ("signer", Text("签字人", " "), ["campaign.view"], "both languages"),
        ("signer", SIGNER, ["campaign.sing"], "campaign.sing is none"),
        ("signer", SIGNER, [], "Choose permissions"),
    ],
)
async def test_what_is_no_role_is_refused(
    database: Any, name: str, title: Text, permissions: list[str], why: str
) -> None:
    async with database.acquire() as c:
        with pytest.raises(TeamRefusal, match=why):
            await own_roles.keep(c, "boss", name, title, permissions)
        assert await c.fetchval("select count(*) from role") + await c.fetchval("select count(*) from audit") == 0


async def test_who_is_away_can_do_nothing(database: Any) -> None:
    async with database.acquire() as c:
        lin = await operators.add(c, "boss", "lin", "operator", "ten letters")
        await operators.add(c, "boss", "wang", "operator", "ten letters")
        await absence.add(c, "boss", lin.id, date(2026, 9, 20), date(2026, 9, 23), 0, "leave")
        await absence.add(c, "boss", lin.id, date(2026, 9, 22), date(2026, 9, 25), 50, "half days")
        days = [date(2026, 9, day) for day in (19, 20, 22, 23, 25)]
        assert [(await absence.capacity(c, day))["lin"] for day in days] == [100, 0, 0, 50, 100]
        assert (await absence.capacity(c, days[1]))["wang"] == 100
        first, second = await absence.absences(c, date(2026, 9, 21))
        assert (first.name, first.why, second.works) == ("lin", "leave", 50)
        await absence.archive(c, "boss", first.id)
        assert (await absence.capacity(c, days[1]))["lin"] == 100
        for wrong in ((date(2026, 9, 23), date(2026, 9, 23), 0), (date(2026, 9, 23), date(2026, 9, 24), 100)):
            with pytest.raises(TeamRefusal):
                await absence.add(c, "boss", lin.id, *wrong, "")


async def test_an_address_is_one(database: Any) -> None:
    async with database.acquire() as c:
        lin = await operators.add(c, "boss", "lin", "operator", "ten letters")
        with pytest.raises(TeamRefusal, match="lin at home"):
            await operators.place(c, "boss", lin.id, "", "lin at home")
        placed = await operators.place(c, "boss", lin.id, "  store   team ", "lin@example.com")
        assert (placed.department, placed.email) == ("store team", "lin@example.com")
