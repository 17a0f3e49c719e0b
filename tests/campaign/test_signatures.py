"""Who must sign: by money, people and what is in a campaign. A table, without a database."""

import pytest
from msgspec.structs import replace

from miaohui.campaign.facts import Facts
from miaohui.campaign.reader import read
from miaohui.campaign.signatures import ANYBODY, Signature, Signer, Stake, at_stake, may_sign, missing, needed

HEAD = """\
campaign = "tea"
name = { zh = "茶", en = "Tea" }
kind = "promotional"
currency = "CNY"
[phases]
live = 2026-03-03
wrap_up = 2026-03-06
[budget]
total = 50_000.00
[plays.c]
play = "coupon"
give = { everybody = "5.00 off 49.00" }
count = 40
[collect.age]
event = "page.viewed"
why = "how old"
personal = true
[approval]
signs = [SIGNS]
"""


def wanted(signs: str, **stake: object) -> tuple[str, ...]:
    document = read(HEAD.replace("SIGNS", signs), Facts()).document
    assert document is not None
    return needed(document, Stake(**({"money_minor": at_stake(document)} | stake)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("signs", "stake", "expected"),
    [
        ("", {}, (ANYBODY,)),
        ('{ who = "finance" }', {}, ("finance",)),
        ('{ who = "finance", above = 50_000.00 }', {}, (ANYBODY,)),
        ('{ who = "finance", above = 49_999.99 }', {}, ("finance",)),
        ('{ who = "finance", above = 50_000.00 }', {"money_minor": 5_000_001}, ("finance",)),
        ('{ who = "head", people = 10_000 }', {"people": 10_000}, (ANYBODY,)),
        ('{ who = "head", people = 10_000 }', {"people": 10_001}, ("head",)),
        ('{ who = "head", people = 10_000, above = 60_000.00 }', {"people": 10_001}, (ANYBODY,)),
        ('{ who = "legal", if = "personal" }, { who = "legal", if = "draw" }', {}, ("legal",)),
        ('{ who = "legal", if = "draw" }, { who = "legal", if = "commission" }', {}, (ANYBODY,)),
        ('{ who = "legal", if = "coupon" }, { who = "it", if = "flash_sale" }', {}, ("legal",)),
        ('{ who = "boss", if = "override" }', {"overridden": True}, ("boss",)),
        ('{ who = "boss", if = "nonsense" }', {}, ("boss",)),
        ('{ who = "b" }, { who = "a" }, { who = "b", if = "coupon" }', {}, ("b", "a")),
    ],
)
def test_what_is_needed(signs: str, stake: dict[str, object], expected: tuple[str, ...]) -> None:
    assert wanted(signs, **stake) == expected


def test_what_the_plays_may_cost_counts_where_it_is_more_than_the_budget() -> None:
    document = read(HEAD.replace("SIGNS", "").replace("count = 40", "count = 20_000"), Facts()).document
    assert document is not None
    assert at_stake(document) == 10_000_000
    assert document.budget is not None
    assert at_stake(replace(document, budget=replace(document.budget, total_minor=10_000_001))) == 10_000_001


TEAM = (
    Signer(name="lin", department="marketing"),
    Signer(name="fan", department="finance"),
    Signer(name="boss", approves=True),
)


@pytest.mark.parametrize(
    ("who", "name", "expected"),
    [
        ("finance", "fan", Signature(who="finance", by="fan")),
        ("finance", "boss", None),  # somebody works in finance: he signs himself
        ("legal", "boss", Signature(who="legal", by="boss", stands_in=True)),
        ("legal", "fan", None),
        ("fan", "fan", Signature(who="fan", by="fan")),
        (ANYBODY, "boss", Signature(who=ANYBODY, by="boss")),
        (ANYBODY, "fan", None),
    ],
)
def test_who_may_sign(who: str, name: str, expected: Signature | None) -> None:
    signer = next(one for one in TEAM if one.name == name)
    assert may_sign(who, signer, TEAM) == expected


def test_one_signature_is_enough_for_each() -> None:
    given = [Signature(who="finance", by="fan")]
    assert missing(("finance", "legal"), given) == ("legal",)
    assert missing(("finance",), [*given, *given]) == ()
